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
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tests.postgresql_server import running as postgresql

from benchmarks.delivery.entry import body_of
from benchmarks.delivery.measure import LATENCY_MS
from benchmarks.delivery.processes import Stub
from benchmarks.delivery.table import table_of

Figures = dict[str, Any]
PROCESSES = {"embedded": (1,), "procrastinate": (1, 2)}


def main() -> None:
    asked = _options()
    report: Figures = {"python": platform.python_version(), "cores": os.cpu_count(), "small": asked.small}
    for part in asked.only:
        report[part] = throughput(asked) if part == "b" else by_engine(part, asked)
    print(json.dumps(report) if asked.json else table_of(report))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=LATENCY_MS, default=list(LATENCY_MS))
    parser.add_argument("--engine", nargs="+", choices=PROCESSES, default=list(PROCESSES))
    parser.add_argument("--small", action="store_true", help="far fewer entries: to see that it works")
    parser.add_argument(
        "--profile", metavar="FILE", help="profile the product: FILE.ENGINE.THREAD, for every thread"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser.parse_args()


def by_engine(part: str, asked: argparse.Namespace) -> Figures:
    """One part on every engine."""
    return {engine: measure(part, engine, asked) for engine in asked.engine}


def throughput(asked: argparse.Namespace) -> Figures:
    """(b) The product beside bare loops, in turns, because the machine is faster at one moment than at another.

    The fastest turn of each counts; `over_bare_in_turn` compares what was measured side by side.
    """
    environments, entries, turns = (20, 1_000, 1) if asked.small else (100, 6_000, 3)
    products = [(engine, count) for engine in asked.engine for count in PROCESSES[engine]]
    runs: defaultdict[str, list[Figures]] = defaultdict(list)
    with bare(environments) as run:
        for _ in range(turns):
            runs["bare_aiohttp"].append(run("aiohttp", entries))
            for engine, count in products:
                runs[f"{engine}_{count}"].append(measure("b", engine, asked, "--processes", str(count)))
        runs["bare_httpx"] = [run("httpx", entries)]
        runs["bare_requests"] = [run("requests", entries // 20)]
    return {name: _compared(of_it, runs["bare_aiohttp"]) for name, of_it in runs.items()}


def _compared(runs: Sequence[Figures], bare_runs: Sequence[Figures]) -> Figures:
    """The fastest of these, beside the fastest bare loop, and each beside the bare loop of its turn."""
    best, fastest = (max(each, key=lambda run: run["booked_per_second"]) for each in (runs, bare_runs))
    return best | {
        "speed_over_bare": best["booked_per_second"] / fastest["booked_per_second"],
        "cpu_over_bare": best["booked_cpu_us"] / fastest["booked_cpu_us"],
        "over_bare_in_turn": {
            str(turn): run["booked_per_second"] / beside["booked_per_second"]
            for turn, (run, beside) in enumerate(zip(runs, bare_runs, strict=False), start=1)
        },
    }


@contextmanager
def bare(environments: int) -> Iterator[Callable[[str, int], Figures]]:
    """Runs a bare loop over so many environments, against a stub of its own."""
    with tempfile.TemporaryDirectory(prefix="loonbrug-bench-") as folder:
        body = Path(folder, "entry.json")
        body.write_bytes(body_of(1))
        stub = Stub(LATENCY_MS["b"])
        shape = ["--url", stub.url, "--body", str(body), "--environments", str(environments), "--calls", "5"]
        try:
            yield lambda loop, entries: run_module(
                "benchmarks.delivery.bare", [loop, *shape, "--entries", str(entries)], os.environ
            )
        finally:
            stub.end()


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


def run_module(module: str, given: Sequence[str], environment: Mapping[str, str]) -> Figures:
    """Run it and read the JSON that it prints."""
    print(f"{module} {' '.join(given)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", module, *given]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    figures: Figures = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
