"""`loonbrug doctor`: exit code, words in two languages, JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.integration.delivery_office import make_office
from tests.integration.unguarded import sql, unguard

from loonbrug.cli.doctor import doctor

pytestmark = pytest.mark.django_db


def run(*arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(doctor, list(arguments), obj=language)


def broken() -> int:
    delivery_id = make_office("Kantoor Noord").queue()
    unguard()
    sql("UPDATE delivery_payload SET content = %s WHERE delivery_id = %s", b"{}", delivery_id)
    return delivery_id


def test_all_is_well() -> None:
    make_office().queue()
    assert run().exit_code == 0
    assert run().stdout == "All is well: 9 rules checked on every delivery.\n"
    assert run(language="nl").stdout == "Alles klopt: 9 regels nagegaan op elke verzending.\n"
    assert json.loads(run("--json").stdout) == {
        "ok": True,
        "checked": 9,
        "breaches": [],
        "paused_offices": [],
    }


def test_a_broken_rule_ends_with_1_and_says_where_and_what_to_do() -> None:
    delivery_id = broken()
    english, dutch = run(), run(language="nl")
    assert (english.exit_code, dutch.exit_code) == (1, 1)
    assert english.stdout == ""
    assert (
        f"Kantoor Noord: Deliveries whose message is no longer what was approved: 1 (number {delivery_id})."
        in (english.stderr)
    )
    assert "Send nothing" in english.stderr
    assert f"waarvan het bericht niet meer is wat is goedgekeurd: 1 (nummer {delivery_id})." in dutch.stderr


def test_a_broken_rule_as_json() -> None:
    delivery_id = broken()
    result = run("--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["breaches"]
    assert (found["invariant"], found["subjects"]) == ("breach_payload_changed", [delivery_id])


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loonbrug.project.main", "doctor"]
    without = {"LOONBRUG_DATA": str(tmp_path), "LOONBRUG_DATABASE": "", "LOONBRUG_ENGINE": "embedded"}
    environment = os.environ | without
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        "Error: the database is not there yet, or of an older version: run `loonbrug migrate`"
    ]


def test_a_database_that_is_not_there_is_named_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loonbrug.project.main", "doctor"]
    address = f"postgresql://loonbrug@/loonbrug?host={tmp_path}"
    gone = {"LOONBRUG_DATA": str(tmp_path), "LOONBRUG_DATABASE": address, "LOONBRUG_ENGINE": "embedded"}
    environment = os.environ | gone
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 1
    assert told.stderr.startswith("Error: the database cannot be reached, or takes nothing in: ")
    assert "Traceback" not in told.stderr
