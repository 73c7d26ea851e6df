"""The engine inside the serving process: one thread, one event loop, keyed and periodic work."""

import asyncio
import fcntl
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import IO

import structlog

from loonbrug.engine.work import Keyed, Periodic, Work

log = structlog.get_logger()

#: How soon a stop is noticed.
STEP_SECONDS = 0.1


class EngineTakenError(Exception):
    """Another process holds this installation's engine; this one can serve pages only."""


class EngineLock:
    """Held for the life of the process that runs the engine; the operating system frees it with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises EngineTakenError when another process holds it."""
        file = self._path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise EngineTakenError(f"{self._path} is held by another process") from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class EmbeddedEngine:
    """An `Engine` of one process: each key runs at most once at a time.

    At most `places` keys run at once; others wait for their turn, first come first served. Work that is asked
    for while it runs is not queued: it looks for what is due itself, and the next round of periodic work asks
    again. `around` is entered before anything runs, and left after everything has ended.
    """

    def __init__(
        self,
        *,
        kinds: Mapping[str, Work],
        periodic: list[Periodic],
        places: int,
        around: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        self._kinds = kinds
        self._periodic = periodic
        self._places = places
        self._around = around
        self._running: dict[Keyed, asyncio.Task[None]] = {}
        self._waiting: dict[Keyed, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="engine", daemon=True)
        self._started = threading.Event()
        self._stopping = threading.Event()

    def start(self) -> None:
        """See `Engine.start`."""
        self._thread.start()
        self._started.wait()

    def stop(self, *, within_seconds: float) -> None:
        """See `Engine.stop`."""
        self._stopping.set()
        self._thread.join(within_seconds)
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._break_off)
            self._thread.join(within_seconds)

    def is_alive(self) -> bool:
        """See `Engine.is_alive`."""
        return self._thread.is_alive()

    def is_stopping(self) -> bool:
        """See `Engine.is_stopping`."""
        return self._stopping.is_set()

    def others_wait(self) -> bool:
        """See `Engine.others_wait`."""
        return bool(self._waiting)

    def run(self, kind: str, key: int) -> None:
        """See `Engine.run`."""
        if self._loop is not None and not self._stopping.is_set():
            self._loop.call_soon_threadsafe(self._begin, kind, key)

    def _live(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception:
            log.exception("engine_ended")
        finally:
            self._started.set()

    async def _main(self) -> None:
        async with self._around():
            await self._work()

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        rounds = [asyncio.create_task(self._rounds(periodic)) for periodic in self._periodic]
        while not self._stopping.is_set():
            await asyncio.sleep(STEP_SECONDS)
        await asyncio.gather(*rounds)
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _rounds(self, periodic: Periodic) -> None:
        while not self._stopping.is_set():
            try:
                for kind, key in await periodic.due():
                    self._begin(kind, key)
            except Exception:
                log.exception("periodic_work_failed")
            await self._pause(periodic.every_seconds)

    async def _pause(self, seconds: float) -> None:
        """Sleep in small steps, so that a stop is noticed."""
        for _ in range(max(1, round(seconds / STEP_SECONDS))):
            if self._stopping.is_set():
                return
            await asyncio.sleep(STEP_SECONDS)

    def _begin(self, kind: str, key: int) -> None:
        if (kind, key) in self._running or self._stopping.is_set():
            return
        if len(self._running) >= self._places:
            self._waiting[kind, key] = None
            return
        task = asyncio.ensure_future(self._kinds[kind](key))
        self._running[kind, key] = task
        task.add_done_callback(lambda done: self._ended(kind, key, done))

    def _ended(self, kind: str, key: int, task: "asyncio.Future[None]") -> None:
        del self._running[kind, key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work_failed", kind=kind, key=key, exc_info=error)
        if self._waiting:
            first = next(iter(self._waiting))
            del self._waiting[first]
            self._begin(*first)

    def _break_off(self) -> None:
        for task in self._running.values():
            task.cancel()
