"""What is recorded must be on disk before anybody acts on it: checked when the service starts."""

from django.db import connection

#: SQLite's `synchronous`: 2 is FULL, which writes a commit through to the disk.
FULL = 2


class NotDurableError(Exception):
    """The database would lose commits at a power cut; set what the message names."""


def assert_durable() -> None:
    """Raises NotDurableError unless the database writes every commit through before it says so."""
    if connection.vendor == "postgresql":
        _assert_postgresql()
    else:
        _assert_sqlite()


def _assert_sqlite() -> None:
    journal_mode, synchronous = _setting("PRAGMA journal_mode"), _setting("PRAGMA synchronous")
    if journal_mode.lower() != "wal" or int(synchronous) < FULL:
        raise NotDurableError(
            f"journal_mode is {journal_mode} and synchronous {synchronous}; they must be WAL and FULL (2)"
        )


def _assert_postgresql() -> None:
    for name in ("synchronous_commit", "fsync", "full_page_writes"):
        if (value := _setting(f"SHOW {name}")) not in {"on", "remote_apply"}:
            raise NotDurableError(f"{name} is {value}; it must be on for this database and its user")


def _setting(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        (value,) = cursor.fetchone()
    return str(value)
