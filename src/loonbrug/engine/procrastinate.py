"""The engine on PostgreSQL: any number of processes, on any number of machines, take keyed work from one table.

Procrastinate keeps the jobs and the workers' heartbeats. Its own worker is not used: at the first error of the
database it goes on without a heartbeat, and a job whose end could not be stored stays "doing" for ever. Here each
step is repeated, and the same embedded engine as elsewhere runs what was taken.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from psycopg.errors import ForeignKeyViolation, RaiseException

from loonbrug.engine.embedded import EmbeddedEngine
from loonbrug.engine.work import Keyed, Periodic, Work

log = structlog.get_logger()

HEARTBEAT_SECONDS = 3.0
STALLED_AFTER_SECONDS = 12.0
TAKE_EVERY_SECONDS = 0.1
#: Taken at once, so that processes that look at the same time share what is there.
TAKE_AT_ONCE = 25
#: Asked at once: more would keep the heartbeat waiting for a line to the database.
ASK_AT_ONCE = 50
AGAIN_AFTER_SECONDS = 1.0
TIDY_EVERY_SECONDS = 3600.0
FAILED_KEPT_HOURS = 24


class ProcrastinateEngine:
    """An `Engine` whose asked-for work is a table that all processes share."""

    def __init__(
        self,
        *,
        kinds: Mapping[str, Work],
        periodic: list[Periodic],
        places: int,
        connector: PsycopgConnector,
    ) -> None:
        self._app = App(connector=connector)
        self._manager = self._app.job_manager
        self._kinds = kinds
        self._places = places
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker_id: int | None = None
        self._jobs: dict[Keyed, int] = {}
        self._take_was_cut_off = False
        self._others_wait = False
        self._here = EmbeddedEngine(
            kinds={kind: self._as_job(kind, work) for kind, work in kinds.items()},
            periodic=[
                *(self._asking(each) for each in periodic),
                Periodic(HEARTBEAT_SECONDS, self._beat),
                Periodic(HEARTBEAT_SECONDS, self._take_over),
                Periodic(TAKE_EVERY_SECONDS, self._take),
                Periodic(TIDY_EVERY_SECONDS, self._tidy),
            ],
            places=places,
            around=self._registered,
        )

    def start(self) -> None:
        """See `Engine.start`."""
        self._here.start()

    def stop(self, *, within_seconds: float) -> None:
        """See `Engine.stop`."""
        self._here.stop(within_seconds=within_seconds)

    def is_alive(self) -> bool:
        """See `Engine.is_alive`."""
        return self._here.is_alive()

    def is_stopping(self) -> bool:
        """See `Engine.is_stopping`."""
        return self._here.is_stopping()

    def others_wait(self) -> bool:
        """See `Engine.others_wait`; as it was when this process last looked."""
        return self._others_wait

    def run(self, kind: str, key: int) -> None:
        """See `Engine.run`."""
        if self._loop is not None and not self.is_stopping():
            asked = asyncio.run_coroutine_threadsafe(self._ask(kind, key), self._loop)
            asked.add_done_callback(_log_failure)

    @asynccontextmanager
    async def _registered(self) -> AsyncIterator[None]:
        async with self._app.open_async():
            self._loop = asyncio.get_running_loop()
            yield
            if self._worker_id is not None:
                await self._manager.unregister_worker(self._worker_id)

    def _asking(self, periodic: Periodic) -> Periodic:
        """The same periodic work, but what is due goes to whoever has a place for it.

        What waits or runs already is not asked again: whoever runs it looks for more himself, and the next round is
        soon. To ask costs much more than to look.
        """

        async def due() -> list[Keyed]:
            found = await periodic.due()
            known = await self._locks() if found else {}
            new = [keyed for keyed in found if _lock(*keyed) not in known]
            for start in range(0, len(new), ASK_AT_ONCE):
                await asyncio.gather(*(self._ask(*keyed) for keyed in new[start : start + ASK_AT_ONCE]))
            return []

        return Periodic(periodic.every_seconds, due)

    async def _locks(self) -> dict[str, bool]:
        """The locks of all work that waits or runs, and whether it runs.

        Each by its own small index: what failed is kept for a day and may be much. What waits is asked first, so that
        nothing that is being taken just then is missed.
        """
        # TODO is procrastinate's name for what waits, not something left undone here.
        waits = await self._manager.list_locks_async(status=Status.TODO.value)
        runs = await self._manager.list_locks_async(status=Status.DOING.value)
        return {row["name"]: False for row in waits} | {row["name"]: True for row in runs}

    async def _ask(self, kind: str, key: int) -> None:
        lock = _lock(kind, key)
        asked = self._app.configure_task(kind, lock=lock, queueing_lock=lock, queue=kind)
        with suppress(AlreadyEnqueued):
            await asked.defer_async(key=key)

    async def _beat(self) -> list[Keyed]:
        if self._worker_id is not None:
            await self._manager.update_heartbeat(self._worker_id)
        return []

    async def _take_over(self) -> list[Keyed]:
        """Ask anew for the work of processes that are no longer heard of. Never retried in place: a retried job
        collides with the one that is queued behind it, and stands for ever."""
        for job in await self._manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
            log.warning("work_taken_over", kind=job.task_name, key=job.task_kwargs["key"])
            await self._finish(_id(job), Status.FAILED)
            await self._ask(*_keyed(job))
        await self._manager.prune_stalled_workers(STALLED_AFTER_SECONDS)
        return []

    async def _tidy(self) -> list[Keyed]:
        await self._manager.delete_old_jobs(nb_hours=FAILED_KEPT_HOURS, include_failed=True)
        return []

    async def _take(self) -> list[Keyed]:
        """Take what waits and may run, as far as there are places."""
        try:
            if self._take_was_cut_off and self._worker_id is not None:
                await self._give_back_unknown(self._worker_id)
            self._take_was_cut_off = True
            taken = await self._take_some()
        except ConnectorException as error:
            if isinstance(error.__cause__, ForeignKeyViolation):
                self._worker_id = None  # we stood still for so long that we were written off
            raise
        self._take_was_cut_off = False
        return taken

    async def _take_some(self) -> list[Keyed]:
        if self._worker_id is None:
            self._worker_id = await self._manager.register_worker()
        taken: list[Keyed] = []
        for job in await self._fetched(self._worker_id):
            if _keyed(job) in self._jobs:  # taken over from ourselves, and still running here
                await self._finish(_id(job), Status.FAILED)
                continue
            self._jobs[_keyed(job)] = _id(job)
            taken.append(_keyed(job))
        self._others_wait = len(self._jobs) >= self._places and not all((await self._locks()).values())
        return taken

    async def _fetched(self, worker_id: int) -> list[Job]:
        """One job, and where there is one, as many more as there are places for."""
        free = min(self._places - len(self._jobs), TAKE_AT_ONCE)
        first = await self._fetch(worker_id) if free else None
        if first is None:
            return []
        fetching = [self._fetch(worker_id) for _ in range(free - 1)]
        # All are awaited, so that none takes a job after the others have failed.
        more = await asyncio.gather(*fetching, return_exceptions=True)
        for failure in more:
            if isinstance(failure, BaseException):
                raise failure
        return [first, *(job for job in more if isinstance(job, Job))]

    async def _fetch(self, worker_id: int) -> Job | None:
        return await self._manager.fetch_job(queues=list(self._kinds), worker_id=worker_id)

    async def _give_back_unknown(self, worker_id: int) -> None:
        """Finish what was taken in our name without our knowing it, because the database went away just then."""
        for job in await self._manager.list_jobs_async(status=Status.DOING.value, worker_id=worker_id):
            if _id(job) not in self._jobs.values():
                await self._finish(_id(job), Status.FAILED)

    def _as_job(self, kind: str, work: Work) -> Work:
        async def run(key: int) -> None:
            status = Status.FAILED
            try:
                await work(key)
                status = Status.SUCCEEDED
            finally:
                await self._finish(self._jobs[kind, key], status)
                del self._jobs[kind, key]

        return run

    async def _finish(self, job_id: int, status: Status) -> None:
        """Until it is stored; a job that somebody else has finished meanwhile stays as it is."""
        while True:
            try:
                return await self._manager.finish_job_by_id_async(
                    job_id, status, delete_job=status is Status.SUCCEEDED
                )
            except ConnectorException as error:
                if isinstance(error.__cause__, RaiseException):
                    return None
                log.warning("job_not_finished_yet", job=job_id, why=str(error.__cause__))
            await asyncio.sleep(AGAIN_AFTER_SECONDS)


def _lock(kind: str, key: int) -> str:
    return f"{kind}:{key}"


def _keyed(job: Job) -> Keyed:
    key = job.task_kwargs["key"]
    assert isinstance(key, int)  # as it was asked
    return job.task_name, key


def _id(job: Job) -> int:
    assert job.id is not None  # it came from the table
    return job.id


def _log_failure(asked: "Future[None]") -> None:
    """Whoever asked has gone on; the next round of periodic work asks again."""
    if (error := asked.exception()) is not None:
        log.warning("asking_failed", why=str(error.__cause__ or error))
