"""One part on one engine: `python -m benchmarks.delivery.measure PART ENGINE [--small]` prints its figures as JSON.

The environment names the installation, an empty one; `benchmarks.delivery` makes it and reads the figures.
"""

import argparse
import json
import os
from pathlib import Path

import django
from django.core.management import call_command

from benchmarks.delivery.processes import Stub

#: How long the stub takes for every answer; (d) never asks it.
LATENCY_MS = {"a": 300, "b": 20, "c": 20, "d": 0, "e": 20_000}


def main() -> None:
    asked = _options()
    stub = Stub(LATENCY_MS[asked.part])
    os.environ["LOONBRUG_AFAS_URL"] = stub.url
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        print(json.dumps(_figures(asked, stub)))
    finally:
        stub.end()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=LATENCY_MS)
    parser.add_argument("engine", choices=["embedded", "procrastinate"])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--profile")
    return parser.parse_args()


def _figures(asked: argparse.Namespace, stub: Stub) -> dict[str, object]:
    from benchmarks.delivery import delivering, history  # noqa: PLC0415 (both read tables of the product)

    if asked.part == "d":
        return history.claim_and_record(small=asked.small)
    folder = Path(os.environ["LOONBRUG_DATA"])
    run = delivering.Run(folder, asked.engine, asked.processes, asked.profile, stub, small=asked.small)
    with run:
        return delivering.PARTS[asked.part](run, LATENCY_MS[asked.part] / 1000)


if __name__ == "__main__":
    main()
