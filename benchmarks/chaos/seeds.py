"""`python -m benchmarks.chaos.seeds --seeds 1 2 3 --file storms.jsonl`: one storm after another, and their table.

Even seeds run on the embedded engine, odd ones on procrastinate. Every finished run is a line of JSON in the file; the
table on stdout is of all that the file holds. Exit code 0 when every run of now was clean.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.chaos.verdict import is_clean
from loonbrug.project.engines import EngineName

FIGURES = (
    "booked_once",
    "lost",
    "doubled",
    "wrong_amounts",
    "in_doubt_left",
    "limit_exceeded",
    "kills",
    "stops",
    "restarts",
)
HEADS = (
    "seed", "engine", "deliveries", "booked once", "lost", "doubled", "wrong", "in doubt", "over the limit",
    "kills", "stops", "restarts", "of each fault", "attempts struck by events", "seconds",
)  # fmt: skip


def main() -> None:
    options = _options()
    runs = [_run(seed, options) for seed in options.seeds]
    with options.file.open() as lines:
        print(table(json.loads(line) for line in lines))
    sys.exit(0 if all(runs) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.chaos.seeds", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 21)))
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--file", type=Path, default=Path("storms.jsonl"))
    return parser.parse_args()


def engine_of(seed: int) -> EngineName:
    return EngineName.PROCRASTINATE if seed % 2 else EngineName.EMBEDDED


def _run(seed: int, options: argparse.Namespace) -> bool:
    """Whether the storm of this seed left everything booked once."""
    command = [sys.executable, "-m", "benchmarks.chaos", "--json", "--seed", str(seed)]
    command += ["--engine", engine_of(seed), "--deliveries", str(options.deliveries)]
    print(f"seed {seed} on {engine_of(seed)}", file=sys.stderr, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        return False
    with options.file.open("a") as lines:
        lines.write(done.stdout)
    return is_clean(json.loads(done.stdout))


def table(reports: Iterable[Mapping[str, Any]]) -> str:
    """The runs as a table in Markdown."""
    rows = [HEADS, ["---:"] * len(HEADS), *(_row(report) for report in reports)]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _row(report: Mapping[str, Any]) -> list[object]:
    faults = report["faults"].values()
    return [
        report["seed"],
        report["engine"],
        report["deliveries"],
        *(report.get(name, "") for name in FIGURES),
        f"{min(faults)} to {max(faults)}",
        sum(report["attempts_struck"].values()),
        report["seconds"],
    ]


if __name__ == "__main__":
    main()
