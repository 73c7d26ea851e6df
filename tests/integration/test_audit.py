"""The record of who did what is only ever added to."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from tests.integration.two_offices import OfficeWithAll

from loonbrug.audit import queries
from loonbrug.audit.models import Record
from loonbrug.audit.operations import write

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize("statement", ["UPDATE audit_record SET verb = 'x'", "DELETE FROM audit_record"])
def test_the_database_refuses_to_change_or_remove_a_record(noord: OfficeWithAll, statement: str) -> None:
    before = list(Record.objects.values())
    assert before
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        connection.cursor().execute(statement)
    assert list(Record.objects.values()) == before


def test_an_office_reads_its_own_records_newest_first(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    by = noord.manager.scope
    for verb, minute in (("first", 1), ("second", 2)):
        write(by=by, at=NOW.replace(minute=minute), verb=verb, subject_kind="thing", subject_id=1)
    write(by=zuid.manager.scope, at=NOW, verb="other", subject_kind="thing", subject_id=1)
    seen = queries.of_subject(office_id=by.office_id, subject_kind="thing", subject_id=1, count=9)
    assert [(row.verb, row.user_name) for row in seen] == [("second", "anna"), ("first", "anna")]
    assert [row.verb for row in queries.latest(office_id=by.office_id, count=1)] == ["second"]
