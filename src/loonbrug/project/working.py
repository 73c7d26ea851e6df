"""A process that does nothing but work: any number of these, on any number of machines."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

import click
import structlog
from django.conf import settings

from loonbrug.cli.database import bring_up_to_date
from loonbrug.connections.queries import keys_open_tokens
from loonbrug.project import wiring
from loonbrug.project.durability import assert_durable
from loonbrug.project.engines import EngineName

log = structlog.get_logger()

#: Calls under way get this long when the process is stopped; what is not answered by then is in doubt.
STOP_WITHIN_SECONDS = 8.0


class WorkIsNotSharedError(click.ClickException):
    """This installation's work is done by `loonbrug serve` alone."""


class ForeignKeysError(click.ClickException):
    """This machine has other encryption keys than the installation that it wants to join."""


@click.command()
def worker() -> None:
    """Join the work of an installation on PostgreSQL."""
    if settings.ENGINE is not EngineName.PROCRASTINATE:
        raise WorkIsNotSharedError(
            "here `loonbrug serve` does all the work. To share it, choose LOONBRUG_ENGINE=procrastinate and "
            "name a PostgreSQL in LOONBRUG_DATABASE; SQLite serves one process only"
        )
    bring_up_to_date(verbosity=0)
    assert_durable()
    if not keys_open_tokens():
        raise ForeignKeysError(
            "the keys of this machine open none of the installation's tokens: copy secrets.keys and "
            f"session.key from its first machine into {settings.DATA}"
        )
    wiring.folder().check()
    engine = wiring.engine()
    wiring.settle_memory()
    engine.start()
    log.info("working")
    try:
        _wait_for_stop(engine.is_alive)
    finally:
        engine.stop(within_seconds=STOP_WITHIN_SECONDS)


def _wait_for_stop(is_alive: Callable[[], bool]) -> None:
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, ask)
    while is_alive() and not asked.wait(1.0):
        pass
