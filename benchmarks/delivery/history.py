"""(d) What claiming and recording cost when the tables hold years of what was delivered before.

The operations themselves, called as the writer calls them: groups of as many claims as an environment has calls.
"""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from benchmarks.delivery import office
from benchmarks.delivery.office import BenchOffice, Shape, now
from loonbrug.delivery.claiming import Claim, Claimed, Wish, claim_all
from loonbrug.delivery.models import Attempt, Delivery, Payload
from loonbrug.delivery.operations import Begun, raise_epochs
from loonbrug.delivery.outcomes import Answer, Outcome, Policy
from loonbrug.delivery.reading_ahead import Candidate, Outlook, ready_all
from loonbrug.delivery.recording import Report, record_all
from loonbrug.delivery.states import State
from loonbrug.project.wiring import new_claim_id

Times = defaultdict[str, list[float]]
POLICY = Policy()
SIZES = (1_000, 100_000, 1_000_000)
SMALL_SIZES = (10, 100, 1_000)
CALLS = 5
#: Groups that are measured at every size.
GROUPS, SMALL_GROUPS = 400, 4
#: Old deliveries that are made in one transaction.
CHUNK = 50_000
ADMINISTRATIONS = 20
_NUMBERS = (
    "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
)


def claim_and_record(*, small: bool) -> dict[str, Any]:
    """Microseconds per entry at every size. All old deliveries are in the one environment that is measured."""
    sizes, groups = (SMALL_SIZES, SMALL_GROUPS) if small else (SIZES, GROUPS)
    bench = BenchOffice()
    (environment_id,) = bench.queue(Shape(1, ADMINISTRATIONS, CALLS))
    deliver(environment_id)
    figures: dict[str, Any] = {}
    for before, size in zip((0, *sizes), sizes, strict=False):
        for first in range(before, size, CHUNK):
            grow_old(1 + first, min(first + CHUNK, size))
        settle()
        bench.queue_more(environment_id, groups * CALLS)
        figures[str(size)] = deliver(environment_id)
    smallest, largest = figures[str(sizes[0])], figures[str(sizes[-1])]
    return {"old_deliveries": figures, "growth": {step: largest[step] / smallest[step] for step in smallest}}


def settle() -> None:
    """Until the disk has taken what was written: what is still on its way there would slow the commits down."""
    with connection.cursor() as cursor:
        is_postgresql = connection.vendor == "postgresql"
        cursor.execute("CHECKPOINT" if is_postgresql else "PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()


def deliver(environment_id: int) -> dict[str, float]:
    """Claim what is queued and record it as booked, group by group; microseconds per entry of every step."""
    office.release()
    with transaction.atomic():
        (begun,) = raise_epochs([environment_id])
    assert isinstance(begun, Begun)
    times: Times = defaultdict(list)
    while True:
        started = time.perf_counter()
        with transaction.atomic():
            (ahead,) = ready_all([Outlook(environment_id, POLICY, now())])
        assert not isinstance(ahead, Exception)
        if not ahead:
            break
        times["read_ahead"].append((time.perf_counter() - started) / len(ahead) * 1e6)
        for at in range(0, len(ahead), CALLS):
            _deliver_group(environment_id, begun.epoch, ahead[at : at + CALLS], times)
    Delivery.objects.filter(state=State.BOOKED).update(state=State.VERIFIED, due_at=None)
    return {name: figure for step, each in times.items() for name, figure in _figures(step, each)}


def _figures(step: str, times: list[float]) -> Iterator[tuple[str, float]]:
    """The median, and what nine out of ten took more than: other work on the machine hardly moves that."""
    yield f"{step}_us", statistics.median(times)
    yield f"{step}_best_us", sorted(times)[len(times) // 10]


def _deliver_group(environment_id: int, epoch: int, ahead: Sequence[Candidate], times: Times) -> None:
    wish = Wish(environment_id, epoch, ahead, [new_claim_id() for _ in ahead], 0, POLICY, now())
    with _timed(times, "claim", len(ahead)), transaction.atomic():
        (claimed,) = claim_all([wish])
    assert isinstance(claimed, Claimed)
    assert len(claimed.claims) == len(ahead)
    reports = [_booked(claim) for claim in claimed.claims]
    with _timed(times, "record", len(ahead)), transaction.atomic():
        record_all(reports)


def _booked(claim: Claim) -> Report:
    answer = Answer(Outcome.BOOKED, entry_number=str(claim.delivery_id), status=201)
    return Report(claim.claim_id, answer, POLICY, now())


@contextmanager
def _timed(times: Times, step: str, entries: int) -> Iterator[None]:
    """Note what each of so many entries took, the commit included."""
    started = time.perf_counter()
    yield
    times[step].append((time.perf_counter() - started) / entries * 1e6)


@transaction.atomic
def grow_old(first: int, last: int) -> None:
    """Copies of a verified delivery and its attempt, with a small payload: from this number until and with that one."""
    oldest = Delivery.objects.earliest("id").pk
    delivery, payload, attempt = (model._meta.db_table for model in (Delivery, Payload, Attempt))
    copied = _columns(Delivery, "d") | {
        "run_id": "1000000000 + n",
        "journal_id": "1000000000 + n",
        "administration": f"1 + n % {ADMINISTRATIONS}",
        "voucher_number": "'202512-OLD-' || n",
    }
    random_id = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    tried = _columns(Attempt, "a") | {"delivery_id": "d.id", "claim_id": random_id}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {delivery} ({", ".join(copied)}) {_NUMBERS.format(first=first, last=last)}
            SELECT {", ".join(copied.values())} FROM numbers, {delivery} d WHERE d.id = {oldest}"""
        )
        cursor.execute(
            f"""INSERT INTO {payload} (delivery_id, content) SELECT id, %s FROM {delivery}
            WHERE run_id BETWEEN 1000000000 + {first} AND 1000000000 + {last}""",
            [b"{}"],  # nothing reads them: whole ones would only fill the disk
        )
        cursor.execute(
            f"""INSERT INTO {attempt} ({", ".join(tried)})
            SELECT {", ".join(tried.values())} FROM {delivery} d, {attempt} a
            WHERE a.delivery_id = {oldest} AND d.run_id BETWEEN 1000000000 + {first} AND 1000000000 + {last}"""
        )


def _columns(model: type[Model], alias: str) -> dict[str, str]:
    """Every column of a table but its id, and where it is copied from."""
    names = (str(field.column) for field in model._meta.local_concrete_fields if not field.primary_key)
    return {name: f"{alias}.{name}" for name in names}
