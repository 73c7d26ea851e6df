"""`python -m benchmarks.chaos --deliveries N --seed S --engine embedded --json`.

Real processes; AFAS's limit, our margin and `send_before` are shrunk together. While the product delivers, faults
strike the attempts under way, and the product itself is killed and stopped. At the end AFAS's books are compared by
content with the list that was made before anything was queued.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.chaos.processes import Process, Surroundings, ask, free_port
from benchmarks.chaos.world import ENVIRONMENTS, Entry, entries, sandbox_document

AFAS_LIMIT_SECONDS = 900
DONE = {"booked", "verified"}
#: Kinds of fault and what is different about each; `book_late` waits until 0.95 of AFAS's limit.
FAULTS: dict[str, dict[str, Any]] = {
    "cut_before": {},
    "cut_after": {},
    "book_late": {},
    "unavailable": {"retry_after": 1},
    "layout_lock": {},
    "expired_token": {"operation": "POST FiEntries"},
}
#: The smallest share of deliveries that every kind of fault has to strike.
LEAST_SHARE = 0.01
LEAST_EVENTS = 5


@dataclass
class Storm:
    """What is done to a run, and what it did."""

    surroundings: Surroundings
    product: Process
    chance: random.Random
    limit_seconds: float
    deliveries: int
    wanted: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    stops: int = 0

    def __post_init__(self) -> None:
        least = max(2, round(self.deliveries * LEAST_SHARE * 1.3))
        self.wanted = Counter(dict.fromkeys(FAULTS, least))

    @property
    def is_over(self) -> bool:
        """Whether everything has struck as often as it should."""
        struck = all(self.struck[kind] >= count for kind, count in self.wanted.items())
        return struck and self.kills >= LEAST_EVENTS and self.stops >= LEAST_EVENTS

    def blow(self) -> None:
        """Count what struck, and put the next faults in its place."""
        in_force = ask(f"{self.surroundings.control}/faults")["faults"]
        left = Counter({fault["kind"]: 0 for fault in in_force})
        for fault in in_force:
            left[fault["kind"]] += fault["count"]
        for kind, options in FAULTS.items():
            self.struck[kind] = self._given[kind] - left[kind]
            if not left[kind] and self._given[kind] < self.wanted[kind]:
                self._given[kind] += 1
                ask(
                    f"{self.surroundings.control}/faults",
                    "POST",
                    {"kind": kind, "count": 1, **self._more(kind), **options},
                )

    _given: Counter[str] = field(default_factory=Counter)

    def _more(self, kind: str) -> dict[str, Any]:
        return {"delay_ms": int(self.limit_seconds * 950)} if kind == "book_late" else {}

    def strike_product(self) -> None:
        """Kill it and start it again, or stop it for longer than AFAS's limit."""
        if self.kills < LEAST_EVENTS and (self.kills <= self.stops or self.stops >= LEAST_EVENTS):
            self.kills += 1
            self.product.kill()
            self.product.start()
        elif self.stops < LEAST_EVENTS:
            self.stops += 1
            self.product.send(signal.SIGSTOP)
            time.sleep(self.limit_seconds * 1.2)
            self.product.send(signal.SIGCONT)


def main() -> None:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="loonbrug-chaos-"))
    started = time.monotonic()
    limit_seconds = AFAS_LIMIT_SECONDS / options.scale
    surroundings = Surroundings(folder, int(limit_seconds * 1000), sandbox_document())
    os.environ |= {
        "LOONBRUG_DATA": str(folder / "data"),
        "LOONBRUG_AFAS_URL": surroundings.afas_url,
        "LOONBRUG_SCALE": str(options.scale),
        "DJANGO_SETTINGS_MODULE": "loonbrug.project.settings",
    }
    port = free_port()
    product = Process(
        ["loonbrug.project.main", "serve", "--port", str(port)], port, folder / "product.log", os.environ
    )
    try:
        report = _run(options, surroundings, product, limit_seconds)
    finally:
        product.send(signal.SIGCONT)
        product.end()
        surroundings.end()
    report["seconds"] = round(time.monotonic() - started)
    if report["booked_once"] == report["deliveries"] and not options.keep:
        shutil.rmtree(folder)
    else:
        _say(f"kept: {folder}")
    if options.json:
        print(json.dumps(report))
    sys.exit(0 if _is_good(report) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["embedded"], default="embedded")
    parser.add_argument("--scale", type=int, default=150, help="AFAS's limit of 900 s is divided by this")
    parser.add_argument("--within", type=int, default=1200, help="seconds after which a run is given up")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep database and logs")
    return parser.parse_args()


def _run(
    options: argparse.Namespace, surroundings: Surroundings, product: Process, limit_seconds: float
) -> dict[str, Any]:
    import django  # noqa: PLC0415 (the settings read what was put in the environment above)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    from benchmarks.chaos.office import Harness, contents  # noqa: PLC0415

    wanted = entries(options.deliveries, options.seed)
    harness = Harness(surroundings)
    harness.prepare(wanted)
    _say(f"{len(wanted)} entries queued")
    chance = random.Random(options.seed)
    storm = Storm(surroundings, product, chance, limit_seconds, options.deliveries)
    product.start()
    _weather(storm, harness, options)
    books = {
        number: ask(f"{surroundings.control}/books/{number}.resttest")["entries"] for number in ENVIRONMENTS
    }
    return _judge(wanted, contents(books), harness.states(), storm, options)


def _weather(storm: Storm, harness: Any, options: argparse.Namespace) -> None:
    """Until all is done or time is up: faults, kills, stops, and signing in again."""
    until = time.monotonic() + options.within
    next_strike = time.monotonic() + 2
    said = 0.0
    while time.monotonic() < until:
        states = harness.states()
        if sum(states[state] for state in DONE) == options.deliveries:
            return
        storm.blow()
        harness.sign_in_again()
        busy = states["queued"] + states["sending"]
        if time.monotonic() >= next_strike and busy:
            storm.strike_product()
            next_strike = time.monotonic() + storm.chance.uniform(1, 3)
        if time.monotonic() - said > 5:
            said = time.monotonic()
            _say(f"{dict(states)} struck {dict(storm.struck)} kills {storm.kills} stops {storm.stops}")
        time.sleep(0.1)


def _judge(
    wanted: list[Entry],
    found: Counter[tuple[Any, ...]],
    states: Counter[str],
    storm: Storm,
    options: argparse.Namespace,
) -> dict[str, Any]:
    expected = Counter(entry.content for entry in wanted)
    strange = sum((found - expected).values())
    doubled = sum(count - 1 for content, count in found.items() if content in expected and count > 1)
    return {
        "deliveries": len(wanted),
        "engine": options.engine,
        "seed": options.seed,
        "booked_once": sum(1 for content in expected if found[content] == 1),
        "lost": sum(1 for content in expected if not found[content]),
        "doubled": doubled,
        "wrong_amounts": strange - doubled,
        "in_doubt_left": len(wanted) - sum(states[state] for state in DONE),
        "states": dict(states),
        "kills": storm.kills,
        "stops": storm.stops,
        "faults": dict(storm.struck),
        "storm_was_whole": storm.is_over,
    }


def _is_good(report: dict[str, Any]) -> bool:
    nothing = ("lost", "doubled", "wrong_amounts", "in_doubt_left")
    return report["booked_once"] == report["deliveries"] and not any(report[name] for name in nothing)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
