"""`loonbrug demo --once --json`: the main job by script, and that it can fail."""

import fcntl
import json
import os
import subprocess
import sys
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loonbrug.project.demo import inside, nmbrs_way, rehearsal
from loonbrug.project.demo.comparison import differences
from loonbrug.project.demo.nmbrs_side import RunInNmbrs

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "journals"
STATES_IN_AFAS = {"booked", "verified"}
NET = Decimal("-2652.50")


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
    journals = told["journals"]
    assert {journal["state"] for journal in journals} <= STATES_IN_AFAS
    assert all(journal["afas_entry_number"].isdecimal() for journal in journals)
    files = {journal["file"]: journal for journal in journals if journal["source"] == "file"}
    assert sum(journal["entries"] for journal in files.values()) == len(expected())
    assert files["garage-2026-10.csv"]["problems"] == ["vat-mandatory"]
    assert files["transport-2026-p11.xml"]["problems"] == ["answer_lost"]
    cafe, hotel = (journal for journal in journals if journal["source"] == "nmbrs")
    assert cafe["run"].startswith("2008 ")
    assert hotel["run"].startswith("2007 ")
    assert (cafe["entries"], hotel["entries"]) == (1, 2), "the hotel's run corrects a period too"
    assert cafe["problems"] == hotel["problems"] == []
    assert len(done.stderr.splitlines()) > len(journals)


def test_a_demo_leaves_the_folder_of_another_one_alone(tmp_path: Path) -> None:
    kept = tmp_path / "data" / "kept"
    kept.parent.mkdir()
    kept.touch()
    command = [sys.executable, "-m", "loonbrug.project.main", "demo", "--data", str(kept.parent)]
    with (tmp_path / "data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert refused.returncode == 1
    assert "name another folder: --data" in refused.stderr
    assert kept.exists()


def expected() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SAMPLES / "expected-books.json").read_text())
    return found


def of_a_run() -> list[dict[str, Any]]:
    """What the hotel's run should have come to, by amounts that are written down here."""
    amounts = {
        date(2026, 11, 30): {
            ("4000", "010"): Decimal(2640),
            ("4000", ""): Decimal("12.50"),
            ("1700", ""): NET,
        },
        date(2026, 10, 31): {("4010", "020"): Decimal("-40.00"), ("1700", ""): Decimal(40)},
    }
    return nmbrs_way.expected(nmbrs_way.HOTEL, RunInNmbrs("2007", 2026, 11, 1), amounts)


def books_of(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """AFAS's books with these entries, in the sandbox's own form."""
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
        for entry in entries
    ]


def test_what_a_run_comes_to_follows_from_its_amounts() -> None:
    now, corrected = of_a_run()
    assert (now["year"], now["period"], now["date"]) == (2026, 11, "2026-11-30")
    assert now["lines"] == [
        ["1700", "0", "2652.50", ""],
        ["4000", "12.50", "0", "020"],
        ["4000", "2640.00", "0", "010"],
    ]
    assert (corrected["period"], corrected["date"]) == (10, "2026-10-31")
    assert corrected["lines"] == [["1700", "40.00", "0", ""], ["4010", "0", "40.00", "020"]]


def test_books_as_expected_show_no_difference() -> None:
    should_be = [*expected(), *of_a_run()]
    assert differences(books_of(should_be), should_be) == []


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
    for should_be in (expected(), of_a_run()):
        found = books_of(should_be)
        alter(found)
        assert differences(found, should_be)


@pytest.mark.parametrize(("is_as_expected", "exit_code"), [(True, 0), (False, 1)])
def test_the_exit_code_tells_whether_all_is_as_expected(
    monkeypatch: pytest.MonkeyPatch, is_as_expected: bool, exit_code: int
) -> None:
    monkeypatch.setattr(inside, "call_command", lambda *_, **__: None)
    monkeypatch.setattr(rehearsal, "rehearse", lambda **_: is_as_expected)
    assert CliRunner().invoke(inside.inside, ["rehearsal"]).exit_code == exit_code
