"""Real processes: a worker is killed while it sends, and another takes over what it was doing."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from benchmarks.chaos.office import Harness, contents
from benchmarks.chaos.processes import Surroundings
from benchmarks.chaos.world import ENVIRONMENTS, entries, sandbox_document
from django.conf import settings
from django.db import connection
from tests.running import Process, ask

from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.states import State
from loonbrug.project.installation_mark import LAST_CLAIM, MARK

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("record_is_emptied")]

#: AFAS's limit of 900 s becomes a minute.
SCALE = 15
TAKEN_OVER_WITHIN_SECONDS = 30.0
DONE = {State.BOOKED, State.VERIFIED}


@pytest.fixture
def afas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    for beside in (MARK, LAST_CLAIM):
        (settings.DATA / beside).unlink(missing_ok=True)  # every test has a database of its own
    surroundings = Surroundings(tmp_path, 900_000 // SCALE, sandbox_document())
    monkeypatch.setattr(settings, "AFAS_URL", surroundings.afas_url_by(surroundings.relay.open()))
    try:
        yield surroundings
    finally:
        surroundings.end()


@contextmanager
def worker(log: Path) -> Iterator[Process]:
    """A `loonbrug worker` on the database of this test."""
    given = os.environ | {
        "LOONBRUG_DATABASE": urlsplit(settings.DATABASE)
        ._replace(path=f"/{connection.settings_dict['NAME']}")
        .geturl(),
        "LOONBRUG_DATA": str(settings.DATA),
        "LOONBRUG_AFAS_URL": settings.AFAS_URL,
        "LOONBRUG_SCALE": str(SCALE),
    }
    with Process("loonbrug.project.main", "worker", output=log, environment=given) as process:
        yield process


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"{what} not within {seconds} s"
        time.sleep(0.1)


def test_a_killed_workers_call_is_in_doubt_and_the_rest_is_booked_by_another(
    afas: Surroundings, tmp_path: Path
) -> None:
    wanted = entries(12, seed=1)
    harness = Harness(afas)
    harness.prepare()
    harness.queue(wanted)
    slow = Delivery.objects.filter(environment__participant_number="11111").earliest("pk")
    fault = {"kind": "latency", "operation": "POST FiEntries", "delay_ms": 20_000, "count": 1}
    there = {"environment": "11111.resttest", "administration": slow.administration}
    ask(f"{afas.control}/faults", "POST", fault | there)
    first_log, second_log = tmp_path / "first.log", tmp_path / "second.log"
    with worker(first_log) as first:
        wait_until(lambda: afas_is_busy(afas) and only_under_way(slow), 60, "the slow call alone left")
        with worker(second_log) as second:
            wait_until(lambda: '"working"' in second.output, 60, "the second worker working")
            first.kill()
            wait_until(
                lambda: state_of(slow) is State.IN_DOUBT, TAKEN_OVER_WITHIN_SECONDS, "the call in doubt"
            )
            wait_until(lambda: set(states()) <= DONE, 60, "everything booked")
    assert Attempt.objects.filter(delivery=slow).count() == 1
    books = {number: ask(f"{afas.control}/books/{number}.resttest")["entries"] for number in ENVIRONMENTS}
    assert contents(books) == Counter(entry.content for entry in wanted)


def afas_is_busy(afas: Surroundings) -> bool:
    """Whether the slow call has arrived."""
    return not any(fault["count"] for fault in ask(f"{afas.control}/faults")["faults"])


def only_under_way(delivery: Delivery) -> bool:
    return list(Delivery.objects.filter(state=State.SENDING).values_list("pk", flat=True)) == [delivery.pk]


def state_of(delivery: Delivery) -> State:
    return State(Delivery.objects.get(pk=delivery.pk).state)


def states() -> list[State]:
    return [State(state) for state in Delivery.objects.values_list("state", flat=True)]
