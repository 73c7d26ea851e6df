"""The record is only ever added to: the database itself refuses the rest."""

from typing import Any

from django.db import migrations

REFUSAL = "the audit record is only ever added to"

SQLITE = [
    f"""
    CREATE TRIGGER audit_record_no_{verb} BEFORE {verb} ON audit_record
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """
    for verb in ("UPDATE", "DELETE")
]

# An empty record may be truncated: nothing is lost by it.
POSTGRESQL = [
    f"""
    CREATE FUNCTION audit_record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP <> 'TRUNCATE' OR EXISTS (SELECT FROM audit_record) THEN
        RAISE integrity_constraint_violation USING MESSAGE = '{REFUSAL}';
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION audit_record_refuse()
    """,
    """
    CREATE TRIGGER audit_record_no_truncate BEFORE TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION audit_record_refuse()
    """,
]


def install(_apps: Any, editor: Any) -> None:
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[editor.connection.vendor]:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install)]
