"""The product's own processes deliver what was queued, and are watched from outside."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.db.models import Max, Min

from benchmarks.delivery import office
from benchmarks.delivery.office import BenchOffice, Shape
from benchmarks.delivery.processes import Cost, Product, Stub
from loonbrug.delivery.models import Attempt, Delivery

WITHIN_SECONDS = 900
LOOK_EVERY_SECONDS = 0.03
#: By then whatever follows a claim has been done.
SETTLE_SECONDS = 2.0
Figures = dict[str, Any]


@dataclass
class Run:
    """An installation with its processes, which start when all is queued and stop with the block."""

    folder: Path
    engine: str
    processes: int
    profile: str | None
    stub: Stub
    small: bool
    products: list[Product] = field(default_factory=list)
    office: BenchOffice = field(default_factory=BenchOffice)

    def __enter__(self) -> Self:
        self._ending = ExitStack()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    def start(self) -> None:
        for _ in range(self.processes):
            self.products.append(Product(self.folder, self.engine, self.profile))
            self._ending.callback(self.products[-1].end)

    def cost(self) -> Cost:
        """CPU of all processes together, and the memory of the largest."""
        costs = [product.cost() for product in self.products]
        return Cost(
            sum(cost.cpu_seconds for cost in costs),
            max(cost.memory_mb for cost in costs),
            max(cost.most_memory_mb for cost in costs),
        )

    def seen(self, name: str) -> list[Any]:
        """One of the stub's figures, for every environment."""
        return [figures[name] for figures in self.stub.figures().values()]


def one_environment(run: Run, latency: float) -> Figures:
    """(a) One environment of many administrations: how near the least time that AFAS's limit allows."""
    shape = Shape(1, 10, 40) if run.small else Shape(1, 100, 400)
    run.office.queue(shape)
    run.start()
    figures = _delivered(run, shape.entries)
    floor = shape.entries * latency / shape.calls
    verified_floor = (shape.entries + figures["reads"]) * latency / shape.calls
    return figures | {
        "floor_seconds": floor,
        "booked_over_floor": figures["booked_seconds"] / floor,
        "verified_floor_seconds": verified_floor,
        "verified_over_floor": figures["verified_seconds"] / verified_floor,
    }


def many_environments(run: Run, latency: float) -> Figures:  # noqa: ARG001 (every part has the same signature)
    """(b) Many environments at once: entries per second, and CPU per entry of the processes that do the work."""
    shape = Shape(20, 10, 50) if run.small else Shape(100, 10, 60)
    run.office.queue(shape)
    run.start()
    return _delivered(run, shape.environments * shape.entries)


def _delivered(run: Run, entries: int) -> Figures:
    """Release what was queued, and wait until it is booked, then verified."""
    before = run.cost().cpu_seconds
    released_at = office.release()
    _wait_until(lambda: not run.office.is_left("queued", "sending"))
    until_booked = run.cost().cpu_seconds - before
    _wait_until(lambda: not run.office.is_left("booked"))
    cost = run.cost()
    first, last = _first_and_last(released_at)
    verified_at = Delivery.objects.aggregate(last=Max("changed_at"))["last"]
    seconds = (last - first).total_seconds()
    return {
        "entries": entries,
        "processes": run.processes,
        "first_claim_after_seconds": (first - released_at).total_seconds(),
        "booked_seconds": seconds,
        "booked_per_second": entries / seconds,
        "booked_cpu_us": until_booked / entries * 1e6,
        "verified_seconds": (verified_at - first).total_seconds(),
        "verified_cpu_us": (cost.cpu_seconds - before) / entries * 1e6,
        "reads": sum(run.seen("reads")),
        "most_at_once": max(run.seen("most_at_once")),
        "doubled": sum(run.seen("doubled")),
        "most_memory_mb": cost.most_memory_mb,
        "states": dict(office.states()),
    }


def _first_and_last(since: datetime, environment_ids: tuple[int, ...] = ()) -> tuple[datetime, datetime]:
    """The first claim since then, and the last answer: in these environments, or anywhere."""
    attempts = Attempt.objects.filter(claimed_at__gte=since)
    answered = attempts.filter(delivery__environment_id__in=environment_ids) if environment_ids else attempts
    first: datetime = attempts.aggregate(first=Min("claimed_at"))["first"]
    last: datetime = answered.aggregate(last=Max("ended_at"))["last"]
    return first, last


def fairness(run: Run, latency: float) -> Figures:  # noqa: ARG001
    """(c) Small environments alone, and then the same behind a large one that was queued before them."""
    small, large = (
        (Shape(5, 5, 10), Shape(1, 10, 500)) if run.small else (Shape(20, 5, 10), Shape(1, 10, 5000))
    )
    alone = run.office.queue(small)
    run.start()
    alone_seconds = _seconds_until_booked(run, alone)
    _wait_until(lambda: not run.office.is_left("booked"))
    (first,) = run.office.queue(large)
    behind_seconds = _seconds_until_booked(run, run.office.queue(small))
    return {
        "alone_seconds": alone_seconds,
        "behind_seconds": behind_seconds,
        "bound_seconds": alone_seconds * 1.2 + 1,
        "large_left": Delivery.objects.filter(environment_id=first, state="queued").count(),
    }


def _seconds_until_booked(run: Run, environment_ids: tuple[int, ...]) -> float:
    """From the first claim anywhere until the last answer in these environments."""
    released_at = office.release()
    _wait_until(lambda: not run.office.is_left("queued", "sending", environment_ids=environment_ids))
    first, last = _first_and_last(released_at, environment_ids)
    return (last - first).total_seconds()


def memory(run: Run, latency: float) -> Figures:  # noqa: ARG001
    """(e) What one process holds with thousands due and every call of a hundred environments under way."""
    shape = Shape(10, 10, 20) if run.small else Shape(100, 10, 100)
    in_flight = shape.environments * shape.calls
    run.office.queue(shape)
    run.start()
    before = run.cost()
    office.release()
    _wait_until(lambda: sum(run.seen("at_once")) == in_flight)
    time.sleep(SETTLE_SECONDS)
    cost = run.cost()
    return {
        "due": shape.environments * shape.entries,
        "in_flight": sum(run.seen("at_once")),
        "idle_memory_mb": before.memory_mb,
        "memory_mb": cost.memory_mb,
        "most_memory_mb": cost.most_memory_mb,
    }


def _wait_until(is_so: Callable[[], bool]) -> None:
    """Raises RuntimeError when it takes too long."""
    until = time.monotonic() + WITHIN_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise RuntimeError(f"not done within {WITHIN_SECONDS} seconds: {dict(office.states())}")
        time.sleep(LOOK_EVERY_SECONDS)


PARTS: dict[str, Callable[[Run, float], Figures]] = {
    "a": one_environment,
    "b": many_environments,
    "c": fairness,
    "e": memory,
}
