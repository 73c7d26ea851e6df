"""The database itself refuses what the table of states does not allow, and any change of what was frozen.

Made again after every migration, because SQLite drops a table's triggers when it rebuilds the table.
"""

from django.db import connection

from loonbrug.delivery.states import TRANSITIONS

FROZEN = (
    "payload_hash",
    "voucher_number",
    "administration",
    "journal_code",
    "total_debit",
    "total_credit",
    "reverses_id",
)


TRANSITION_REFUSED = "a delivery cannot make this step"
CHANGE_REFUSED = "what was approved for sending is frozen"


def install(**_: object) -> None:
    """Create the triggers on deliveries and their payloads."""
    statements = _for_postgresql() if connection.vendor == "postgresql" else _for_sqlite()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _for_sqlite() -> list[str]:
    """One text to search in: SQLite would make a table of a list, anew for every row.

    A state that holds the text's own mark could spell two steps that stand beside each other in it.
    """
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in FROZEN)
    allowed = "".join(f"|{before}>{after}|" for before, after in sorted(TRANSITIONS))
    step = "'|' || OLD.state || '>' || NEW.state || '|'"
    not_allowed = f"instr('{allowed}', {step}) = 0 OR instr(OLD.state || NEW.state, '|') > 0"
    forbidden = f"OLD.state <> NEW.state AND ({not_allowed})"
    return [
        "DROP TRIGGER IF EXISTS delivery_transition",
        f"""CREATE TRIGGER delivery_transition BEFORE UPDATE OF state ON delivery_delivery
        WHEN {forbidden} BEGIN SELECT RAISE(ABORT, '{TRANSITION_REFUSED}'); END""",
        "DROP TRIGGER IF EXISTS delivery_frozen",
        f"""CREATE TRIGGER delivery_frozen BEFORE UPDATE OF {", ".join(FROZEN)} ON delivery_delivery
        WHEN {changed} BEGIN SELECT RAISE(ABORT, '{CHANGE_REFUSED}'); END""",
        "DROP TRIGGER IF EXISTS delivery_payload_frozen",
        f"""CREATE TRIGGER delivery_payload_frozen BEFORE UPDATE ON delivery_payload
        BEGIN SELECT RAISE(ABORT, '{CHANGE_REFUSED}'); END""",
    ]


def _for_postgresql() -> list[str]:
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in FROZEN)
    allowed = ", ".join(f"'{before}>{after}'" for before, after in sorted(TRANSITIONS))
    forbidden = f"OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({allowed})"
    return [
        """CREATE OR REPLACE FUNCTION delivery_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE integrity_constraint_violation USING MESSAGE = TG_ARGV[0]; END $$""",
        f"""CREATE OR REPLACE TRIGGER delivery_transition BEFORE UPDATE OF state ON delivery_delivery
        FOR EACH ROW WHEN ({forbidden}) EXECUTE FUNCTION delivery_refuse('{TRANSITION_REFUSED}')""",
        f"""CREATE OR REPLACE TRIGGER delivery_frozen BEFORE UPDATE OF {", ".join(FROZEN)} ON delivery_delivery
        FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION delivery_refuse('{CHANGE_REFUSED}')""",
        f"""CREATE OR REPLACE TRIGGER delivery_payload_frozen BEFORE UPDATE ON delivery_payload
        FOR EACH ROW EXECUTE FUNCTION delivery_refuse('{CHANGE_REFUSED}')""",
    ]
