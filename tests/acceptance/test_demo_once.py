"""`loonbrug demo --once --json`: the main job by script, and that it can fail."""

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from loonbrug.project.demo import rehearsal

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "journals"
STATES_IN_AFAS = {"booked", "verified"}


def test_the_main_job_is_done_once_and_told_as_one_json_object(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loonbrug.project.main", "demo", "--once", "--json"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data")],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    journals = {journal["file"]: journal for journal in told["journals"]}
    assert {journal["source"] for journal in journals.values()} == {"file"}
    assert {journal["state"] for journal in journals.values()} <= STATES_IN_AFAS
    assert all(journal["afas_entry_number"].isdecimal() for journal in journals.values())
    assert sum(journal["entries"] for journal in journals.values()) == len(expected())
    assert journals["garage-2026-10.csv"]["problems"] == ["vat-mandatory"]
    assert journals["transport-2026-p11.xml"]["problems"] == ["answer_lost"]
    assert len(done.stderr.splitlines()) > len(journals)


def expected() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SAMPLES / "expected-books.json").read_text())
    return found


def books() -> list[dict[str, Any]]:
    """AFAS's books as they should be, in the sandbox's own form."""
    return [
        {
            "administration": entry["administration"],
            "journal": entry["journal_code"],
            "year": entry["year"],
            "period": entry["period"],
            "lines": [
                {
                    "account": account,
                    "debit": debit,
                    "credit": credit,
                    "codes": [code],
                    "voucher_date": entry["date"],
                }
                for account, debit, credit, code in entry["lines"]
            ],
        }
        for entry in expected()
    ]


def test_books_as_expected_show_no_difference() -> None:
    assert rehearsal._differences(books()) == []


def twice(found: list[dict[str, Any]]) -> None:
    found.append(deepcopy(found[0]))


def missing(found: list[dict[str, Any]]) -> None:
    found.pop()


def another_amount(found: list[dict[str, Any]]) -> None:
    found[0]["lines"][0]["debit"] = "0.01"


def another_cost_centre(found: list[dict[str, Any]]) -> None:
    found[0]["lines"][-1]["codes"] = ["999"]


def another_period(found: list[dict[str, Any]]) -> None:
    found[0]["period"] += 1


def another_administration(found: list[dict[str, Any]]) -> None:
    found[0]["administration"] += 1


@pytest.mark.parametrize(
    "alter", [twice, missing, another_amount, another_cost_centre, another_period, another_administration]
)
def test_books_that_differ_in_anything_are_told(alter: Any) -> None:
    found = books()
    alter(found)
    assert rehearsal._differences(found)
