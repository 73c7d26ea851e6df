"""What PostgreSQL can do to a whole table at once is refused as well."""

import pytest
from django.db import DatabaseError, connection, transaction
from tests.integration.delivery_office import NOW, make_office

from loonbrug.audit import operations

pytestmark = pytest.mark.django_db


def test_a_record_with_rows_cannot_be_truncated() -> None:
    scope = make_office().scope
    operations.write(by=scope, at=NOW, verb="office_founded", subject_kind="office", subject_id=1)
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        connection.cursor().execute("TRUNCATE audit_record")
