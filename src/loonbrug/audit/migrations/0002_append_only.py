"""The record is only ever added to: the database itself refuses the rest."""

from django.db import migrations

_REFUSE = """
CREATE TRIGGER audit_record_no_{verb} BEFORE {verb} ON audit_record
BEGIN SELECT RAISE(ABORT, 'the audit record is only ever added to'); END
"""


def triggers(verb: str) -> migrations.RunSQL:
    return migrations.RunSQL(_REFUSE.format(verb=verb), f"DROP TRIGGER audit_record_no_{verb}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [triggers("UPDATE"), triggers("DELETE")]
