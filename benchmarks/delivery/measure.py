"""One part on one engine: `python -m benchmarks.delivery.measure PART ENGINE [--small]` prints its figures as JSON.

The environment names the installation, an empty one; `benchmarks.delivery` makes it and reads the figures.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from benchmarks.delivery.processes import Product, Stub

WITHIN_SECONDS = 900
LOOK_EVERY_SECONDS = 0.03
Figures = dict[str, Any]


def throughput(asked: argparse.Namespace, stub: Stub) -> Figures:
    """Many environments at once: entries per second, and CPU per entry of the processes that do the work."""
    from benchmarks.delivery.office import BenchOffice, Shape  # noqa: PLC0415

    environments, entries = (20, 50) if asked.small else (100, 60)
    BenchOffice().queue(Shape(environments, 10, entries))
    products = start(asked)
    try:
        return delivered(products, stub, entries * environments)
    finally:
        for product in products:
            product.end()


def start(asked: argparse.Namespace) -> list[Product]:
    folder = Path(os.environ["LOONBRUG_DATA"])
    return [Product(folder, asked.engine, asked.profile) for _ in range(asked.processes)]


def delivered(products: Sequence[Product], stub: Stub, entries: int) -> Figures:
    """Release what was queued, and wait until it is booked, then verified."""
    from django.db.models import Max, Min  # noqa: PLC0415

    from benchmarks.delivery import office  # noqa: PLC0415
    from loonbrug.delivery.models import Attempt, Delivery  # noqa: PLC0415

    def cpu() -> float:
        return sum(product.cost().cpu_seconds for product in products)

    before = cpu()
    office.release()
    wait_until(lambda: not office.is_left("queued", "sending"))
    until_booked = cpu() - before
    wait_until(lambda: not office.is_left("booked"))
    until_verified = cpu() - before
    attempts = Attempt.objects.aggregate(first=Min("claimed_at"), last=Max("ended_at"))
    verified_at = Delivery.objects.aggregate(last=Max("changed_at"))["last"]
    seconds = (attempts["last"] - attempts["first"]).total_seconds()
    seen = stub.figures().values()
    return {
        "entries": entries,
        "processes": len(products),
        "booked_seconds": seconds,
        "booked_per_second": entries / seconds,
        "booked_cpu_us_per_entry": until_booked / entries * 1e6,
        "verified_seconds": (verified_at - attempts["first"]).total_seconds(),
        "verified_cpu_us_per_entry": until_verified / entries * 1e6,
        "reads": sum(figures["reads"] for figures in seen),
        "most_at_once": max(figures["most_at_once"] for figures in seen),
        "doubled": sum(figures["doubled"] for figures in seen),
        "most_memory_mb": max(product.cost().most_memory_mb for product in products),
        "states": dict(office.states()),
    }


def wait_until(is_so: Callable[[], bool]) -> None:
    """Raises RuntimeError when it takes too long."""
    until = time.monotonic() + WITHIN_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise RuntimeError(f"not done within {WITHIN_SECONDS} seconds")
        time.sleep(LOOK_EVERY_SECONDS)


PARTS: dict[str, tuple[int, Callable[[argparse.Namespace, Stub], Figures]]] = {
    "b": (20, throughput),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("engine", choices=["embedded", "procrastinate"])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--profile")
    asked = parser.parse_args()
    latency_ms, measure = PARTS[asked.part]
    stub = Stub(latency_ms)
    os.environ["LOONBRUG_AFAS_URL"] = stub.url
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        print(json.dumps(measure(asked, stub)))
    finally:
        stub.end()


if __name__ == "__main__":
    main()
