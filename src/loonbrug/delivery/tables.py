"""What raw SQL needs to be the same on both databases. Claiming, recording and steps write with it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection

T = TypeVar("T")


def one_of(values: Iterable[T]) -> tuple[str, list[T]]:
    """`IN (%s, %s)` for these values, and its parameters; there must be at least one.

    The last is repeated up to a power of two: so few statements differ that the database knows them all already.
    """
    found = list(values)
    found += found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))
    return f"IN ({', '.join(['%s'] * len(found))})", found


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
