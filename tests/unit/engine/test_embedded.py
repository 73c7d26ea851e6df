"""The engine of one process: keyed work once at a time, periodic work, and an end."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from loonbrug.engine.embedded import EmbeddedEngine, EngineLock, EngineTakenError
from loonbrug.engine.work import Periodic


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.01)
    return False


class Recorder:
    """Work that says when it runs, and ends when it is told to."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.broken_off: list[int] = []
        self.may_end = threading.Event()

    async def __call__(self, key: int) -> None:
        self.started.append(key)
        try:
            while not self.may_end.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.broken_off.append(key)
            raise


def engine_of(work: Recorder, *periodic: Periodic) -> EmbeddedEngine:
    engine = EmbeddedEngine(kinds={"drain": work}, periodic=list(periodic), places=2)
    engine.start()
    return engine


def test_the_same_key_runs_once_at_a_time_and_other_keys_beside_it() -> None:
    work = Recorder()
    engine = engine_of(work)
    for key in (1, 1, 2, 1):
        engine.run("drain", key)
    assert eventually(lambda: sorted(work.started) == [1, 2])
    time.sleep(0.05)
    assert sorted(work.started) == [1, 2]
    work.may_end.set()
    engine.stop(within_seconds=2)


def test_a_key_can_run_again_after_it_ended() -> None:
    work = Recorder()
    work.may_end.set()
    engine = engine_of(work)
    engine.run("drain", 1)
    assert eventually(lambda: work.started == [1])
    assert eventually(lambda: engine.run("drain", 1) is None and len(work.started) > 1)
    engine.stop(within_seconds=2)


def test_periodic_work_asks_for_what_is_due_and_goes_on_after_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Recorder()
    work.may_end.set()
    rounds: list[int] = []

    async def due() -> list[tuple[str, int]]:
        rounds.append(1)
        if len(rounds) == 1:
            raise RuntimeError("the database was away")
        return [("drain", 7)]

    engine = engine_of(work, Periodic(0.1, due))
    assert eventually(lambda: 7 in work.started)
    engine.stop(within_seconds=2)


def test_a_stop_waits_for_work_that_ends_in_time() -> None:
    work = Recorder()
    engine = engine_of(work)
    engine.run("drain", 1)
    assert eventually(lambda: work.started == [1])
    ending = threading.Timer(0.4, work.may_end.set)
    ending.start()
    engine.stop(within_seconds=5)
    assert (engine.is_alive(), work.may_end.is_set(), work.broken_off) == (False, True, [])


def test_a_stop_does_not_wait_for_ever_and_breaks_off_what_is_left() -> None:
    work = Recorder()
    engine = engine_of(work)
    engine.run("drain", 1)
    assert eventually(lambda: work.started == [1])
    engine.stop(within_seconds=0.2)
    assert work.broken_off == [1]


def test_after_a_stop_nothing_starts() -> None:
    work = Recorder()
    work.may_end.set()
    engine = engine_of(work)
    engine.stop(within_seconds=2)
    engine.run("drain", 1)
    assert engine.is_stopping()
    assert work.started == []


def test_one_process_holds_the_engine(tmp_path: Path) -> None:
    first, second = EngineLock(tmp_path / "engine.lock"), EngineLock(tmp_path / "engine.lock")
    first.take()
    with pytest.raises(EngineTakenError):
        second.take()
    first.release()
    second.take()
    second.release()


def test_when_all_places_are_taken_others_wait_for_their_turn() -> None:
    work = Recorder()
    engine = engine_of(work)
    for key in (1, 2, 3, 4, 3):
        engine.run("drain", key)
    assert eventually(lambda: engine.others_wait() and work.started == [1, 2])
    work.may_end.set()
    assert eventually(lambda: work.started == [1, 2, 3, 4])
    assert eventually(lambda: not engine.others_wait())
    engine.stop(within_seconds=2)


def test_an_engine_whose_surroundings_fail_does_not_keep_its_starter_waiting() -> None:
    @asynccontextmanager
    async def no_database() -> AsyncIterator[None]:
        raise ConnectionError("the database is away")
        yield

    engine = EmbeddedEngine(kinds={}, periodic=[], places=1, around=no_database)
    engine.start()
    assert eventually(lambda: not engine.is_alive())
