"""Read the record of an office, or of one of its things, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from loonbrug.audit.models import Record


@dataclass(frozen=True, slots=True)
class RecordView:
    """One act as it was written down."""

    at: datetime
    user_name: str
    verb: str
    subject_kind: str
    subject_id: int
    details: Mapping[str, str | int | bool | None]


def latest(*, office_id: int, count: int) -> list[RecordView]:
    """The newest acts of an office, at most `count`."""
    return _views(Record.objects.filter(office_id=office_id), count)


def of_subject(*, office_id: int, subject_kind: str, subject_id: int, count: int) -> list[RecordView]:
    """The newest acts on one thing of an office, at most `count`."""
    rows = Record.objects.filter(office_id=office_id, subject_kind=subject_kind, subject_id=subject_id)
    return _views(rows, count)


def _views(rows: QuerySet[Record], count: int) -> list[RecordView]:
    return [
        RecordView(
            at=row.at,
            user_name=row.user_name,
            verb=row.verb,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            details=row.details,
        )
        for row in rows.order_by("-at", "-id")[:count]
    ]
