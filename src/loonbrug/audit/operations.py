"""Write down who did what. The only writer of the record, inside the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from loonbrug.audit.models import Record


class Actor(Protocol):
    """Who acts, for which office; `access.rights.Scope` is one."""

    @property
    def office_id(self) -> int: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def user_name(self) -> str: ...


def write(
    *,
    by: Actor,
    at: datetime,
    verb: str,
    subject_kind: str,
    subject_id: int,
    details: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Add one row. `details` holds no secret and no person's salary; the caller sees to that."""
    Record.objects.create(
        office_id=by.office_id,
        user_id=by.user_id,
        user_name=by.user_name,
        at=at,
        verb=verb,
        subject_kind=subject_kind,
        subject_id=subject_id,
        details=dict(details or {}),
    )
