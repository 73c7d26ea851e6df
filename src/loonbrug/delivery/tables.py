"""What raw SQL needs to be the same on both databases. Claiming, recording and steps write with it."""

from collections.abc import Sized
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection


def marks(values: Sized) -> str:
    """As many placeholders as there are values."""
    return ", ".join(["%s"] * len(values))


def stored(moment: datetime | None) -> datetime | str | None:
    """A moment as this database stores it; SQLite keeps it as text in UTC."""
    if moment is None or connection.vendor != "sqlite":
        return moment
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def stored_id(value: UUID) -> UUID | str:
    """An id as this database stores it."""
    return value if connection.features.has_native_uuid_field else value.hex


def moment(value: datetime) -> datetime:
    """A moment as this database gave it to raw SQL; SQLite leaves out that it is in UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)
