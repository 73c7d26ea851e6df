"""A small storm of faults over real processes; `make chaos` and every run of the CI have larger ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where the tests run on PostgreSQL, the storm does so with several workers, on a server of its own.
ENGINE = "procrastinate" if os.environ.get("LOONBRUG_DATABASE") else "embedded"
STRUCK = {"embedded": ("kills", "stops"), "procrastinate": ("kills", "stops", "restarts")}


def test_after_a_storm_every_entry_is_in_afas_once() -> None:
    command = [sys.executable, "-m", "benchmarks.chaos", "--json", "--engine", ENGINE]
    small = ["--deliveries", "90", "--events", "1", "--scale", "150", "--seed", "1"]
    done = subprocess.run([*command, *small], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["booked_once"] == told["deliveries"] == 90
    wrong = ("lost", "doubled", "wrong_amounts", "in_doubt_left", "limit_exceeded")
    assert {name: told[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert all(told[way] >= 1 and told["attempts_struck"][way] >= 1 for way in STRUCK[ENGINE])
    assert min(told["faults"].values()) >= 2
    assert min(told["first_entries_struck"].values()) >= 1
