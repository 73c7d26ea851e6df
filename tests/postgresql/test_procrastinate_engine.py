"""Engines that share one table of jobs, as processes on several machines do."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.db import connection
from procrastinate import PsycopgConnector
from procrastinate.contrib.django.utils import connector_params

from loonbrug.engine import procrastinate as engine_module
from loonbrug.engine.procrastinate import ProcrastinateEngine
from loonbrug.engine.work import Periodic

pytestmark = pytest.mark.django_db(transaction=True)


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return False


def rows(question: str, *given: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, given)
        return list(cursor.fetchall()) if cursor.description else []


#: How many rows of the table of jobs were read without an index.
_READ_ONE_BY_ONE = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'procrastinate_jobs'"


class Recorder:
    """Work that counts how often each key runs at once, wherever that is."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.under_way: list[int] = []
        self.overlapped = False
        self.may_end = threading.Event()

    async def __call__(self, key: int) -> None:
        self.overlapped |= key in self.under_way
        self.started.append(key)
        self.under_way.append(key)
        try:
            while not self.may_end.is_set():
                await asyncio.sleep(0.01)
        finally:
            self.under_way.remove(key)


class Machines:
    """Engines over the database of this test, of a kind of work that no other test has."""

    def __init__(self) -> None:
        self.kind = f"kind-{uuid4().hex[:12]}"
        self.engines: list[ProcrastinateEngine] = []

    def add(self, work: Recorder, *periodic: Periodic, places: int = 5) -> ProcrastinateEngine:
        params = connector_params(connection.alias)
        engine = ProcrastinateEngine(
            kinds={self.kind: work},
            periodic=list(periodic),
            places=places,
            connector=PsycopgConnector(kwargs=params, min_size=1, max_size=4),
        )
        engine.start()
        self.engines.append(engine)
        return engine

    def jobs(self, status: str) -> int:
        ((count,),) = rows(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND status::text = %s",
            self.kind,
            status,
        )
        assert isinstance(count, int)
        return count


@pytest.fixture
def machines() -> Iterator[Machines]:
    made = Machines()
    yield made
    for engine in made.engines:
        engine.stop(within_seconds=2)
    rows("DELETE FROM procrastinate_jobs WHERE task_name = %s", made.kind)


def test_what_one_process_asks_for_runs_once_wherever_there_is_a_place(machines: Machines) -> None:
    work = Recorder()
    first, second = machines.add(work, places=2), machines.add(work, places=2)
    for key in (1, 2, 3, 4, 1, 2):
        first.run(machines.kind, key)
    assert eventually(lambda: sorted(work.started) == [1, 2, 3, 4])
    second.run(machines.kind, 3)
    time.sleep(1.0)
    assert not work.overlapped
    work.may_end.set()
    assert eventually(lambda: not work.under_way and machines.jobs("todo") + machines.jobs("doing") == 0)
    assert not work.overlapped


def test_periodic_work_of_every_process_asks_once(machines: Machines) -> None:
    work = Recorder()

    async def due() -> list[tuple[str, int]]:
        return [(machines.kind, 7)]

    for _ in range(2):
        machines.add(work, Periodic(0.2, due))
    assert eventually(lambda: work.started == [7])
    time.sleep(0.6)
    assert machines.jobs("doing") == 1
    assert machines.jobs("todo") <= 1  # asked by both in the same moment
    assert work.started == [7]


def test_periodic_work_that_runs_is_not_asked_for_again(machines: Machines) -> None:
    work, looked = Recorder(), []

    async def due() -> list[tuple[str, int]]:
        looked.append(1)
        return [(machines.kind, 1)]

    machines.add(work, Periodic(0.1, due))
    assert eventually(lambda: work.under_way == [1])
    before = len(looked)
    assert eventually(lambda: len(looked) > before + 3)
    assert machines.jobs("todo") == 0
    work.may_end.set()
    assert eventually(lambda: len(work.started) > 1)


def test_to_see_what_waits_or_runs_costs_nothing_for_what_has_failed(machines: Machines) -> None:
    count = 20_000
    rows(
        """INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status)
        SELECT %s, %s, 'old:' || key, 'old:' || key, json_build_object('key', key)::jsonb, 'failed'
        FROM generate_series(1, %s) key""",
        machines.kind,
        machines.kind,
        count,
    )
    rows("ANALYZE procrastinate_jobs")
    ((before,),) = rows(_READ_ONE_BY_ONE)
    work = Recorder()
    engine = machines.add(work, places=1)
    for key in (1, 2):
        engine.run(machines.kind, key)
    assert eventually(engine.others_wait)
    time.sleep(2.0)  # it looks ten times a second now
    work.may_end.set()
    engine.stop(within_seconds=5)
    time.sleep(2.0)  # a session tells what it read when it ends
    ((after,),) = rows(_READ_ONE_BY_ONE)
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after - before < 3 * count  # once, to tidy


def test_who_has_no_place_left_knows_that_others_wait(machines: Machines) -> None:
    work = Recorder()
    engine = machines.add(work, places=1)
    engine.run(machines.kind, 1)
    assert eventually(lambda: work.started == [1])
    engine.run(machines.kind, 1)  # waits for itself only
    time.sleep(0.6)
    assert not engine.others_wait()
    engine.run(machines.kind, 2)
    assert eventually(engine.others_wait)


def test_the_work_of_a_process_that_is_not_heard_of_is_finished_as_failed_and_asked_anew(
    machines: Machines,
) -> None:
    ((dead,),) = rows("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
    rows("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = %s", dead)
    insert = """INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s)"""
    lock = f"{machines.kind}:5"
    given = (machines.kind, machines.kind, lock, lock, '{"key": 5}')
    rows(insert, *given, "doing", dead)
    rows(insert, *given, "todo", None)  # queued behind it meanwhile
    work = Recorder()
    machines.add(work)
    assert eventually(lambda: work.started == [5])
    assert machines.jobs("failed") == 1


def test_work_that_fails_is_finished_and_can_run_again(machines: Machines) -> None:
    tries: list[int] = []

    class Failing(Recorder):
        async def __call__(self, key: int) -> None:
            tries.append(key)
            raise RuntimeError("a mistake of ours")

    engine = machines.add(Failing())
    engine.run(machines.kind, 1)
    assert eventually(lambda: machines.jobs("failed") == 1)
    engine.run(machines.kind, 1)
    assert eventually(lambda: tries == [1, 1])


def test_an_engine_that_stops_leaves_nothing_behind_that_looks_busy(machines: Machines) -> None:
    work = Recorder()
    engine = machines.add(work)
    engine.run(machines.kind, 1)
    assert eventually(lambda: work.started == [1])
    engine.stop(within_seconds=0.5)
    assert eventually(lambda: not engine.is_alive())
    assert machines.jobs("doing") == 0


def test_a_database_that_drops_every_line_is_found_again(machines: Machines) -> None:
    work = Recorder()
    work.may_end.set()
    engine = machines.add(work)
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert eventually(lambda: engine.run(machines.kind, 3) is None and bool(work.started))


def test_a_process_that_was_written_off_registers_anew(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "TAKE_EVERY_SECONDS", 0.1)
    work = Recorder()
    work.may_end.set()
    engine = machines.add(work)
    assert eventually(lambda: bool(rows("SELECT id FROM procrastinate_workers")))
    rows("DELETE FROM procrastinate_workers")
    engine.run(machines.kind, 9)
    assert eventually(lambda: work.started == [9])
