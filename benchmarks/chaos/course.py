"""One run from the list of entries to the report; imported when the product's settings are there."""

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

from tests.running import ask

from benchmarks.chaos.faults import Faults
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.office import DONE, Harness, contents
from benchmarks.chaos.processes import Surroundings
from benchmarks.chaos.storm import Storm
from benchmarks.chaos.verdict import compare, most_at_once
from benchmarks.chaos.world import ENVIRONMENTS, entries

Calls = dict[str, list[dict[str, Any]]]


def run(
    options: argparse.Namespace,
    limit_seconds: float,
    folder: Path,
    surroundings: Surroundings,
    installation: Installation,
) -> dict[str, Any]:
    """The storm, and what it came to; AFAS's log of calls stays in the folder."""
    wanted = entries(options.deliveries, options.seed)
    harness = Harness(surroundings)
    harness.prepare()
    faults = Faults(surroundings, limit_seconds, wanted)
    installation.start()
    chance = random.Random(options.seed)
    storm = Storm(installation, faults, harness, wanted, chance, options.events, options.within)
    storm.rage()
    calls = _finished_calls(surroundings, limit_seconds)
    (folder / "calls.json").write_text(json.dumps(calls))
    return {
        "deliveries": len(wanted),
        "engine": options.engine,
        "seed": options.seed,
        "scale": options.scale,
        **_judged(surroundings, harness, storm, calls),
        **_told(harness, storm),
    }


def _judged(surroundings: Surroundings, harness: Harness, storm: Storm, calls: Calls) -> dict[str, int]:
    books = {
        number: ask(f"{surroundings.control}/books/{number}.resttest")["entries"] for number in ENVIRONMENTS
    }
    states, limits = harness.states(), harness.limits()
    loads = [most_at_once(of_host, limits[host]) for host, of_host in calls.items()]
    return {
        **compare(storm.entries, contents(books)),
        "in_doubt_left": len(storm.entries) - sum(states[state] for state in DONE),
        "limit_exceeded": sum(exceeded for _, exceeded in loads),
        "most_calls_at_once": max(most for most, _ in loads),
    }


def _told(harness: Harness, storm: Storm) -> dict[str, Any]:
    """What struck, and what else helps to understand a run."""
    return {
        **{str(way): storm.events[way] for way in storm.ways},
        "attempts_struck": {str(way): storm.attempts_struck[way] for way in storm.ways},
        "on_pages": {str(way): count for way, count in storm.on_pages.items()},
        "ended_by_themselves": storm.ended_by_themselves,
        "faults": dict(storm.faults.struck),
        "first_entries_struck": dict(storm.faults.struck_first),
        "signed_in_again": harness.signed_in_again,
        "missing": storm.missing(),
        "states": dict(harness.states()),
    }


def _finished_calls(surroundings: Surroundings, limit_seconds: float) -> Calls:
    """All calls, once AFAS works on nothing any more: what it books after its caller has gone counts too."""
    until = time.monotonic() + limit_seconds + 5
    while True:
        calls = {
            f"{number}.resttest": ask(f"{surroundings.control}/calls/{number}.resttest")["calls"]
            for number in ENVIRONMENTS
        }
        at_work = any(call["ended_at"] is None for of_host in calls.values() for call in of_host)
        if not at_work or time.monotonic() > until:
            return calls
        time.sleep(0.2)
