"""What raw SQL needs to be the same on both databases, and the one question that several ask with it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar
from uuid import UUID

import msgspec
from django.db import connection

T = TypeVar("T")
#: What a statement may be given.
Value = bool | int | str | datetime | UUID | None


def one_of(values: Iterable[T]) -> tuple[str, list[T] | list[str]]:
    """A condition that holds for these ids, to be written behind the column, and its parameters; at least one id.

    PostgreSQL takes all of them as one array. For SQLite the last is repeated up to a power of two: so few statements
    differ that the database knows them all already.
    """
    found = list(values)
    if not _keeps_text():
        of_what = "uuid" if isinstance(found[0], UUID) else "bigint"
        return f"= ANY(%s::{of_what}[])", ["{" + ",".join(map(str, found)) + "}"]
    found += found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))
    return f"IN ({', '.join(['%s'] * len(found))})", found


def under_way(environment_id: int) -> list[int]:
    """The deliveries of an environment that are being sent, in doubt or being reversed; never many.

    The states are written out because only then SQLite uses the small index of what is under way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM delivery_delivery
            WHERE environment_id = %s AND state IN ('sending', 'in_doubt', 'reversing')""",
            [environment_id],
        )
        return [pk for (pk,) in cursor.fetchall()]


def values_of(types: Sequence[str], rows: Sequence[Sequence[Value]]) -> tuple[str, str]:
    """A table of these rows with columns named column1, column2, ..., and the one parameter that holds them.

    A statement for each row, or a parameter for each value, would cost many times as much. PostgreSQL wants to be told
    each column's type; SQLite has none to tell.
    """
    if _keeps_text():
        columns = [f"json_extract(value, '$[{place}]')" for place in range(len(types))]
        table = "json_each(%s)"
    else:
        columns = [f"(value ->> {place})::{type_}" for place, type_ in enumerate(types)]
        table = "jsonb_array_elements(%s::jsonb)"
    named = ", ".join(f"{column} AS column{number}" for number, column in enumerate(columns, start=1))
    return f"(SELECT {named} FROM {table})", msgspec.json.encode(rows).decode()


def stored(moment: datetime | None) -> datetime | str | None:
    """A moment as this database stores it; SQLite keeps it as text in UTC."""
    if moment is None or not _keeps_text():
        return moment
    return str(moment.astimezone(UTC)).removesuffix("+00:00")


@cache
def _keeps_text() -> bool:
    """SQLite has no type of its own for moments and ids. Asked once: asking costs more than all else here."""
    return connection.vendor == "sqlite"


def stored_id(value: UUID) -> UUID | str:
    """An id as this database stores it."""
    return value.hex if _keeps_text() else value
