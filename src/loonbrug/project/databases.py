"""Which database an installation uses: SQLite in its own folder, or PostgreSQL by its address."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def database(*, address: str, folder: Path) -> dict[str, Any]:
    """Django's description of the database at this address; SQLite in `folder` when there is none.

    Raises ImproperlyConfigured when the address is not one of PostgreSQL.
    """
    return _postgresql(address) if address else _sqlite(folder)


def _sqlite(folder: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "loonbrug.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # 8 MiB of cache, four times the usual, hold what a busy period writes.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-8192;",
        },
        "TEST": {"NAME": folder / "test.sqlite3"},
    }


#: A process that stands still within a transaction loses it before another one takes its work over, and would wait
#: for its locks.
_IDLE_IN_TRANSACTION = "-c idle_in_transaction_session_timeout=10s"


def _postgresql(address: str) -> dict[str, Any]:
    # Each thread keeps its own connection: their number is fixed, so a pool would have nothing to share.
    parts = _parts(address)
    parts["options"] = f"{parts.get('options', '')} {_IDLE_IN_TRANSACTION}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


def _parts(address: str) -> dict[str, Any]:
    if not address.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(
            "LOONBRUG_DATABASE must be an address like postgresql://user@host/database"
        )
    try:
        from psycopg import ProgrammingError  # noqa: PLC0415 (only where PostgreSQL is chosen)
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError as missing:
        raise ImproperlyConfigured(
            "LOONBRUG_DATABASE names a PostgreSQL; install it: pip install loonbrug[postgresql]"
        ) from missing
    try:
        return dict(conninfo_to_dict(address))
    except ProgrammingError as wrong:
        raise ImproperlyConfigured(
            "LOONBRUG_DATABASE is not an address that PostgreSQL understands"
        ) from wrong
