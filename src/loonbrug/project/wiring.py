"""Which kinds of work the engine knows, and the ground they stand on. The edge: clock, ids, sockets, threads."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import randbits
from uuid import UUID, uuid4

from django.conf import settings
from django.db import close_old_connections, connection

from afas_client.transport import AiohttpTransport
from loonbrug.connections.nmbrs_operations import warn_of_endings
from loonbrug.delivery import queries
from loonbrug.delivery.drain import drain, grouping_writer
from loonbrug.delivery.ground import Ground
from loonbrug.delivery.outcomes import Policy
from loonbrug.delivery.writer import Writer
from loonbrug.engine.embedded import EmbeddedEngine, EngineLock
from loonbrug.engine.work import Engine, Keyed, Periodic, Work
from loonbrug.project.engines import EngineName
from loonbrug.project.installation_mark import Folder
from loonbrug.project.mailing import send_waiting_mail
from loonbrug.screens.send_all import batches_with_work
from loonbrug.watch import operations as watch
from loonbrug.web.nmbrs_settings.way_back import redirect_url
from loonbrug.workflows import carry_out, generate, synchronise
from loonbrug.workflows.digest import write_digests
from loonbrug.workflows.nmbrs_ground import Ground as NmbrsGround
from loonbrug.workflows.nmbrs_ground import PacedTransport
from loonbrug.workflows.send_all import send_slice
from loonbrug.workflows.tell_failures import tell_failures
from loonbrug.workflows.watch import look_around
from nmbrs_client.transport import AiohttpTransport as NmbrsTransport

#: The kind of work that empties one environment.
DRAIN = "drain"
#: The kind of work that sends the journals of a batch, one by one.
BATCH = "batch"
#: So many journals of a batch are sent before the writer is free for drains again.
BATCH_SLICE_COUNT = 5
SWEEP_SECONDS = 2.0
NMBRS_SWEEP_SECONDS = 3.0
#: How often runs that were locked since are given to the workflow of their company.
TAKE_UP_SECONDS = 5.0
#: Calls of one process to Nmbrs at once, over all connections: they share one plan.
NMBRS_CALLS_AT_ONCE = 8
PULSE_SECONDS = 5.0
MAIL_SECONDS = 5.0
LOOK_AROUND_SECONDS = 180.0
#: What could not be done by itself within this is told in one mail.
TELL_SECONDS = 60.0
#: Environments that one process drains at once; a drain makes room after its time slice when others wait.
PLACES = 100
SLICE_SECONDS = 5.0
#: Objects made before the collector looks; the default stops a busy drain hundreds of times a second.
GC_THRESHOLD = 50_000
#: Connections of one process with the table of jobs, beside those of the pages and the writer.
TABLE_CONNECTIONS = 4


def policy() -> Policy:
    """AFAS's limit and our margins, scaled down in a rehearsal."""
    return Policy().scaled(settings.TIME_SCALE)


def engine() -> Engine:
    """The engine of this installation with everything it has to do; not started yet."""
    built: Engine

    def is_stopping() -> bool:
        return built.is_stopping()

    def others_wait() -> bool:
        return built.others_wait()

    ground = _ground(is_stopping, others_wait)

    async def empty(environment_id: int) -> None:
        await drain(environment_id=environment_id, ground=ground)

    async def sweep() -> list[Keyed]:
        due = await ground.writer.run(queries.environments_with_due_work, now=now())
        return [(DRAIN, environment_id) for environment_id in due]

    async def send(batch_id: int) -> None:
        await send_batch(batch_id=batch_id, ground=ground)

    async def look_for_batches() -> list[Keyed]:
        return [(BATCH, batch_id) for batch_id in await ground.writer.run(batches_with_work)]

    nmbrs_kinds, nmbrs_periodic = _nmbrs_work(_nmbrs_ground(ground))
    kinds: dict[str, Work] = {DRAIN: empty, BATCH: send, **nmbrs_kinds}
    periodic = [
        Periodic(SWEEP_SECONDS, sweep),
        Periodic(SWEEP_SECONDS, look_for_batches),
        *nmbrs_periodic,
        *_watching(is_stopping),
    ]
    if settings.ENGINE is EngineName.PROCRASTINATE:
        built = _shared(kinds, periodic)
    else:
        built = EmbeddedEngine(kinds=kinds, periodic=periodic, places=PLACES)
    return built


def settle_memory() -> None:
    """Let the collector pass over what was loaded at the start, and look less often at what is short-lived."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])


def _shared(kinds: dict[str, Work], periodic: list[Periodic]) -> Engine:
    from procrastinate import PsycopgConnector  # noqa: PLC0415 (installed where this engine is chosen)
    from procrastinate.contrib.django.utils import connector_params  # noqa: PLC0415

    from loonbrug.engine.procrastinate import ProcrastinateEngine  # noqa: PLC0415

    connector = PsycopgConnector(
        kwargs=connector_params(connection.alias), min_size=1, max_size=TABLE_CONNECTIONS
    )
    return ProcrastinateEngine(kinds=kinds, periodic=periodic, places=PLACES, connector=connector)


def _nmbrs_work(nmbrs: NmbrsGround) -> tuple[dict[str, Work], list[Periodic]]:
    """Synchronising, fetching journals, and what is done by itself with them."""
    fetching = asyncio.Semaphore(generate.AT_ONCE)

    async def bring_over(connection_id: int) -> None:
        await synchronise.synchronise(connection_id=connection_id, ground=nmbrs)

    async def fetch(run_id: int) -> None:
        async with fetching:
            await generate.generate(run_id=run_id, ground=nmbrs)

    async def carry(company_id: int) -> None:
        await nmbrs.write(carry_out.carry_out, company_id=company_id, now=now())

    async def look_for_connections() -> list[Keyed]:
        return await nmbrs.write(synchronise.due, now=now())

    async def look_for_journals() -> list[Keyed]:
        return await nmbrs.write(generate.due, now=now())

    async def look_for_workflows() -> list[Keyed]:
        return await nmbrs.write(carry_out.due, now=now())

    async def take_up() -> list[Keyed]:
        return await nmbrs.write(carry_out.take_up, now=now())

    async def ask_again() -> list[Keyed]:
        await nmbrs.write(generate.ask_again, now=now())
        return []

    periodic = [
        Periodic(NMBRS_SWEEP_SECONDS, look_for_connections),
        Periodic(SWEEP_SECONDS, look_for_journals),
        Periodic(SWEEP_SECONDS, look_for_workflows),
        Periodic(TAKE_UP_SECONDS, take_up),
        Periodic(LOOK_AROUND_SECONDS, ask_again),
    ]
    return {synchronise.KIND: bring_over, generate.KIND: fetch, carry_out.KIND: carry}, periodic


def _watching(is_stopping: Callable[[], bool]) -> list[Periodic]:
    """The rounds that keep an eye on things, on threads of their own so that no delivery waits for them."""
    eye = ThreadPoolExecutor(max_workers=1, thread_name_prefix="eye")
    rounds = [
        _round(PULSE_SECONDS, eye, lambda: watch.beat(now=now())),
        _round(LOOK_AROUND_SECONDS, eye, lambda: look_around(policy=policy(), now=now())),
        _round(LOOK_AROUND_SECONDS, eye, lambda: warn_of_endings(now=now())),
        _round(LOOK_AROUND_SECONDS, eye, lambda: write_digests(now=now())),
        _round(TELL_SECONDS, eye, lambda: tell_failures(now=now())),
    ]
    if settings.EMAIL_HOST:
        post = ThreadPoolExecutor(max_workers=1, thread_name_prefix="post")
        rounds.append(_round(MAIL_SECONDS, post, lambda: send_waiting_mail(now=now, is_stopping=is_stopping)))
    return rounds


def _round(every_seconds: float, thread: Executor, doing: Callable[[], object]) -> Periodic:
    def once() -> None:
        try:
            doing()
        finally:
            close_old_connections()  # the next round must not meet a line that broke in this one

    async def go() -> list[Keyed]:
        await asyncio.get_running_loop().run_in_executor(thread, once)
        return []

    return Periodic(every_seconds, go)


async def send_batch(*, batch_id: int, ground: Ground) -> None:
    """Send what is left of a batch, slice by slice, until nothing is or the engine stops."""
    while not ground.is_stopping():
        left = await ground.writer.run(
            send_slice, batch_id=batch_id, count=BATCH_SLICE_COUNT, now=ground.now()
        )
        if not left:
            return


def engine_lock() -> EngineLock:
    """The lock of this installation's embedded engine, beside its database."""
    return EngineLock(Path(settings.DATA) / "engine.lock")


def folder() -> Folder:
    """This machine's data folder, with the mark of the installation."""
    is_shared = settings.ENGINE is EngineName.PROCRASTINATE
    return Folder(path=Path(settings.DATA), is_shared=is_shared, policy=policy(), now=now, new_id=uuid4)


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def new_claim_id() -> UUID:
    """A random id that begins with the time (UUID version 7), so that new rows lie together in the index."""
    milliseconds = time.time_ns() // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | randbits(12) << 64 | 2 << 62 | randbits(62))


def _boot_seconds() -> float:
    """Seconds since this machine booted, sleep included; no wall clock can turn it back."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot() -> str:
    """Which boot the seconds count in."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _ground(is_stopping: Callable[[], bool], others_wait: Callable[[], bool]) -> Ground:
    limits = policy()

    def open_transport() -> AiohttpTransport:
        return AiohttpTransport(read_timeout=limits.read_time_out)

    return Ground(
        now=now,
        boot=_boot(),
        boot_seconds=_boot_seconds,
        new_id=new_claim_id,
        writer=grouping_writer(),
        open_transport=open_transport,
        policy=limits,
        is_stopping=is_stopping,
        others_wait=others_wait,
        slice_seconds=SLICE_SECONDS,
        note_claim=folder().note_claim,
    )


def _nmbrs_ground(ground: Ground) -> NmbrsGround:
    """A thread of its own for the database, so that no delivery waits for a synchronisation."""
    calls = asyncio.Semaphore(NMBRS_CALLS_AT_ONCE)

    @asynccontextmanager
    async def open_transport() -> AsyncIterator[PacedTransport]:
        async with NmbrsTransport() as transport:
            yield PacedTransport(transport, calls)

    return NmbrsGround(
        now=now,
        new_id=uuid4,
        write=Writer().run,
        open_transport=open_transport,
        is_stopping=ground.is_stopping,
        others_wait=ground.others_wait,
        slice_seconds=SLICE_SECONDS,
        redirect_url=redirect_url(),
        scale=settings.TIME_SCALE,
    )
