"""The record of who did what cannot be changed, whatever code is above it."""

import pytest
from django.db import DatabaseError, connection, transaction
from tests.integration.delivery_office import NOW, make_office

from loonbrug.audit import operations
from loonbrug.audit.models import Record

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("change", ["UPDATE audit_record SET verb = 'nothing'", "DELETE FROM audit_record"])
def test_raw_sql_can_only_add_to_the_record(change: str) -> None:
    scope = make_office().scope
    operations.write(by=scope, at=NOW, verb="office_founded", subject_kind="office", subject_id=1)
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        connection.cursor().execute(change)
    assert Record.objects.get().verb == "office_founded"
