"""`loonbrug migrate`: brings the database up to this version."""

import click
from django.core.management import call_command
from django.db import connection

#: PostgreSQL's advisory lock of whoever brings this database up to date: any number, as long as it is ours.
_LOCK = 7_204_631


@click.command()
def migrate() -> None:
    """Bring the database up to this version."""
    bring_up_to_date(verbosity=1)


def bring_up_to_date(*, verbosity: int) -> None:
    """Migrate; processes that start together do so one after another."""
    if connection.vendor != "postgresql":
        call_command("migrate", verbosity=verbosity)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            call_command("migrate", verbosity=verbosity)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
