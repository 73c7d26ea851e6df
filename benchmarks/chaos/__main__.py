"""`python -m benchmarks.chaos --deliveries N --seed S --engine embedded|procrastinate --json`.

Real processes; AFAS's limit, our margin and `send_before` are shrunk together. While the product delivers, faults
strike the attempts under way, its processes are killed and stopped, and its database is restarted. At the end AFAS's
books are compared by content with the list that was made before anything was queued.

Exit code 0 when everything was booked once and the storm was whole.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.chaos.installation import Installation
from benchmarks.chaos.processes import Surroundings
from benchmarks.chaos.verdict import is_clean
from benchmarks.chaos.world import sandbox_document
from loonbrug.project.engines import EngineName

AFAS_LIMIT_SECONDS = 900


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no process is left behind
    folder = Path(tempfile.mkdtemp(prefix="loonbrug-chaos-"))
    started = time.monotonic()
    clean = False
    try:
        with ExitStack() as stack:
            report = _run(options, folder, stack)
        clean = is_clean(report)
    finally:
        if clean and not options.keep:
            shutil.rmtree(folder)
        else:
            print(f"kept: {folder}", file=sys.stderr)
    report["seconds"] = round(time.monotonic() - started)
    if report["missing"]:
        print(f"the storm was not whole; missing: {report['missing']}", file=sys.stderr)
    print(json.dumps(report, indent=None if options.json else 2))
    sys.exit(0 if clean else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", type=EngineName, choices=list(EngineName), default=EngineName.EMBEDDED)
    parser.add_argument("--scale", type=int, default=90, help="AFAS's limit of 900 s is divided by this")
    parser.add_argument("--events", type=int, default=5, help="kills, stops and restarts, of each at least")
    parser.add_argument("--within", type=int, default=900, help="seconds after which a run is given up")
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--keep", action="store_true", help="keep database and logs")
    return parser.parse_args()


def _run(options: argparse.Namespace, folder: Path, stack: ExitStack) -> dict[str, Any]:
    limit_seconds = AFAS_LIMIT_SECONDS / options.scale
    surroundings = stack.enter_context(
        Surroundings(folder, int(limit_seconds * 1000), sandbox_document(), options.seed)
    )
    settings = {"LOONBRUG_SCALE": str(options.scale)}
    installation = Installation.prepare(options.engine, folder, limit_seconds, surroundings, settings, stack)

    import django  # noqa: PLC0415 (the settings read what was just put in the environment)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    from benchmarks.chaos.course import run  # noqa: PLC0415 (needs the settings too)

    return run(options, limit_seconds, folder, surroundings, installation)


if __name__ == "__main__":
    main()
