"""How fast entries get booked, side by side with a bare loop of the same HTTP client.

`python -m benchmarks.delivery [--only b] [--engine embedded] [--small] [--profile FILE] [--json]`. Every measurement
has an installation of its own, a stub for AFAS of fixed latency, and the product's own processes.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tests.postgresql_server import running as postgresql

from benchmarks.delivery.processes import Stub

Figures = dict[str, Any]
ENGINES = ("embedded", "procrastinate")


def main() -> None:
    asked = _options()
    report: Figures = {"python": platform.python_version(), "cores": os.cpu_count()}
    for part in asked.only:
        report[part] = PARTS[part](asked)
    print(json.dumps(report, indent=None if asked.json else 2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument(
        "--small", action="store_true", help="a quick look: fewer entries, no claim to precision"
    )
    parser.add_argument(
        "--profile", metavar="FILE", help="profile the product; one file per thread, FILE.NAME"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser.parse_args()


def throughput(asked: argparse.Namespace) -> Figures:
    """(b) entries per second and CPU per entry, beside bare loops."""
    environments, entries = (20, 50) if asked.small else (100, 60)
    total = environments * entries
    figures: Figures = {}
    with bare_stub(20) as (url, body):
        for loop, count in (("aiohttp", total), ("httpx", total), ("requests", total // 20)):
            shape = ["--environments", str(environments), "--calls", "5", "--entries", str(count)]
            given = [loop, "--url", url, "--body", str(body), *shape]
            figures[f"bare_{loop}"] = run_module("benchmarks.delivery.bare", given, dict(os.environ))
    for engine in asked.engine:
        for processes in (1, 2) if engine == "procrastinate" else (1,):
            figures[f"{engine}_{processes}"] = measure("b", engine, asked, "--processes", str(processes))
    return figures


PARTS = {"b": throughput}


@contextmanager
def bare_stub(latency_ms: int) -> Iterator[tuple[str, Path]]:
    """A stub, and a file with the body of one entry to post to it."""
    stub = Stub(latency_ms)
    with tempfile.TemporaryDirectory(prefix="loonbrug-bench-") as folder:
        body = Path(folder, "entry.json")
        body.write_bytes(one_body())
        try:
            yield stub.url, body
        finally:
            stub.end()


def one_body() -> bytes:
    """The bytes of one entry, as the product would send it."""
    from benchmarks.delivery.entry import posting  # noqa: PLC0415
    from loonbrug.delivery.payload import payload_of  # noqa: PLC0415

    return payload_of(posting(1), administration=1, journal_code="90", voucher_number="202610-1-BENCHMARKED")


def measure(part: str, engine: str, asked: argparse.Namespace, *more: str) -> Figures:
    """One part on one engine, in an installation of its own."""
    given = [part, engine, *more]
    given += ["--small"] if asked.small else []
    given += ["--profile", f"{asked.profile}.{engine}"] if asked.profile else []
    server = postgresql() if engine == "procrastinate" else nullcontext()
    with tempfile.TemporaryDirectory(prefix="loonbrug-bench-") as folder, server as database:
        environment = os.environ | {
            "LOONBRUG_DATA": folder,
            "LOONBRUG_ENGINE": engine,
            "LOONBRUG_DATABASE": database.address if database else "",
            "DJANGO_SETTINGS_MODULE": "loonbrug.project.settings",
        }
        return run_module("benchmarks.delivery.measure", given, environment)


def run_module(module: str, given: Sequence[str], environment: dict[str, str]) -> Figures:
    """Run it and read the JSON that it prints."""
    print(f"{module} {' '.join(given)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", module, *given]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    figures: Figures = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
