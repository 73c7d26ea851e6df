"""Which kinds of work the engine knows, and the ground they stand on. The edge: clock, ids, sockets, threads."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from afas_client.transport import AiohttpTransport
from loonbrug.delivery import queries
from loonbrug.delivery.drain import Ground, drain
from loonbrug.delivery.outcomes import Policy
from loonbrug.engine.embedded import EmbeddedEngine, EngineLock, Periodic
from loonbrug.screens.send_all import batches_with_work
from loonbrug.workflows.send_all import send_slice

#: The kind of work that empties one environment.
DRAIN = "drain"
#: The kind of work that sends what was approved together, journal by journal.
BATCH = "batch"
#: A slice of a batch is short, so that a stop is not kept waiting.
SLICE_COUNT = 10
SWEEP_SECONDS = 2.0


def policy() -> Policy:
    """AFAS's limit and our margins, scaled down in a rehearsal."""
    return Policy().scaled(settings.AFAS_TIME_SCALE)


def engine() -> EmbeddedEngine:
    """The embedded engine with everything it has to do; not started yet."""
    writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
    batch_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")
    built: EmbeddedEngine

    def is_stopping() -> bool:
        return built.is_stopping()

    async def empty(environment_id: int) -> None:
        await drain(environment_id=environment_id, ground=_ground(writer, is_stopping))

    async def send(batch_id: int) -> None:
        await send_batch(batch_id=batch_id, sender=batch_sender, is_stopping=is_stopping)

    async def sweep() -> list[tuple[str, int]]:
        question = partial(queries.environments_with_due_work, now=now())
        loop = asyncio.get_running_loop()
        due = await loop.run_in_executor(writer, question)
        waiting = await loop.run_in_executor(batch_sender, batches_with_work)
        return [(DRAIN, environment_id) for environment_id in due] + [(BATCH, each) for each in waiting]

    kinds = {DRAIN: empty, BATCH: send}
    built = EmbeddedEngine(kinds=kinds, periodic=[Periodic(SWEEP_SECONDS, sweep)])
    return built


async def send_batch(*, batch_id: int, sender: Executor, is_stopping: Callable[[], bool]) -> None:
    """Send what is left of a batch, slice by slice, until nothing is or the engine stops."""
    loop = asyncio.get_running_loop()
    while not is_stopping():
        next_slice = partial(send_slice, batch_id=batch_id, count=SLICE_COUNT, now=now())
        if not await loop.run_in_executor(sender, next_slice):
            return


def engine_lock() -> EngineLock:
    """The lock of this installation's engine, beside its database."""
    return EngineLock(Path(settings.DATA) / "engine.lock")


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def _boot_seconds() -> float:
    """Seconds since this machine booted, sleep included; no wall clock can turn it back."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot() -> str:
    """Which boot the seconds count in."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _ground(writer: Executor, is_stopping: Callable[[], bool]) -> Ground:
    limits = policy()

    def open_transport() -> AiohttpTransport:
        return AiohttpTransport(read_timeout=limits.read_time_out)

    return Ground(
        now=now,
        boot=_boot(),
        boot_seconds=_boot_seconds,
        new_id=uuid4,
        writer=writer,
        open_transport=open_transport,
        policy=limits,
        is_stopping=is_stopping,
    )
