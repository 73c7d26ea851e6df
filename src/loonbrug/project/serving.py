"""The pages and, when no other process has it, the engine: one process until somebody stops it."""

import signal
import sys
from types import FrameType

import click
import structlog
import waitress
from django.conf import settings

from loonbrug.cli.database import bring_up_to_date
from loonbrug.engine.embedded import EngineLock, EngineTakenError
from loonbrug.engine.work import Engine
from loonbrug.project import wiring
from loonbrug.project.durability import assert_durable
from loonbrug.project.engines import EngineName

log = structlog.get_logger()

#: Calls under way get this long when the service is stopped; what is not answered by then is in doubt.
STOP_WITHIN_SECONDS = 8.0

#: Bytes of one request that are taken in at all; the pages name their own, lower limits.
LARGEST_REQUEST = 64 * 1024 * 1024


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port on 127.0.0.1.")
@click.option("--threads", default=8, show_default=True, help="Pages made at the same time.")
def serve(port: int, threads: int) -> None:
    """Serve the pages, and deliver what is due unless other processes do that."""
    bring_up_to_date(verbosity=0)
    assert_durable()
    from loonbrug.project.wsgi import application  # noqa: PLC0415 (reads the static files at import)

    if not settings.EMAIL_HOST:
        log.warning(
            "no_mail", why="LOONBRUG_SMTP names no mail server; what people must know is on the pages only"
        )
    wiring.folder().check()
    lock = wiring.engine_lock()
    engine = _start_engine(lock)
    signal.signal(signal.SIGTERM, _stop)
    click.echo(f"Loonbrug: {settings.ADDRESS}/  (listening on 127.0.0.1:{port})", err=True)
    try:
        waitress.serve(
            application,
            host="127.0.0.1",
            port=port,
            threads=threads,
            ident="Loonbrug",
            max_request_body_size=LARGEST_REQUEST,
        )
    finally:
        if engine is not None:
            engine.stop(within_seconds=STOP_WITHIN_SECONDS)
        lock.release()


def _start_engine(lock: EngineLock) -> Engine | None:
    """The engine, if it is this process that does the work."""
    if settings.ENGINE is not EngineName.EMBEDDED:
        log.info("serving_pages_only", why="`loonbrug worker` processes deliver for this installation")
        return None
    try:
        lock.take()
    except EngineTakenError:
        log.warning("serving_pages_only", why="another process delivers for this installation")
        return None
    engine = wiring.engine()
    wiring.settle_memory()
    engine.start()
    return engine


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
