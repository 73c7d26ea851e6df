"""The database itself refuses what the table of states does not allow, and any change of what was frozen.

Made again after every migration, because SQLite drops a table's triggers when it rebuilds the table.
"""

from django.db import connection

from loonbrug.delivery.states import TRANSITIONS

FROZEN = (
    "payload",
    "payload_hash",
    "voucher_number",
    "administration",
    "journal_code",
    "total_debit",
    "total_credit",
)


def install(**_: object) -> None:
    """Create both triggers on the delivery table (SQLite)."""
    with connection.cursor() as cursor:
        for name, statement in _statements().items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(statement)


def _statements() -> dict[str, str]:
    pairs = ", ".join(f"'{before}>{after}'" for before, after in sorted(TRANSITIONS))
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in FROZEN)
    return {
        "delivery_transition": (
            "CREATE TRIGGER delivery_transition BEFORE UPDATE OF state ON delivery_delivery "
            f"WHEN OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({pairs}) "
            "BEGIN SELECT RAISE(ABORT, 'a delivery cannot make this step'); END"
        ),
        "delivery_frozen": (
            f"CREATE TRIGGER delivery_frozen BEFORE UPDATE ON delivery_delivery WHEN {changed} "
            "BEGIN SELECT RAISE(ABORT, 'what was approved for sending is frozen'); END"
        ),
    }
