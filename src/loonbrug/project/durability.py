"""What is recorded must be on disk before anybody acts on it: checked when the service starts."""

from django.db import connection

#: SQLite's `synchronous`: 2 is FULL, which writes a commit through to the disk.
FULL = 2


class NotDurableError(Exception):
    """The database would lose commits at a power cut; set what the message names."""


def assert_durable() -> None:
    """Raises NotDurableError unless SQLite keeps a write-ahead log and writes every commit through."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        (journal_mode,) = cursor.fetchone()
        cursor.execute("PRAGMA synchronous")
        (synchronous,) = cursor.fetchone()
    if str(journal_mode).lower() != "wal" or int(synchronous) < FULL:
        raise NotDurableError(
            f"journal_mode is {journal_mode} and synchronous {synchronous}; they must be WAL and FULL (2)"
        )
