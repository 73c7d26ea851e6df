"""`loonbrug journal import FILE`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.integration.payroll_office import PayrollOffice, csv_file, make_office

from loonbrug.cli.journal import journal
from loonbrug.payroll import queries

pytestmark = pytest.mark.django_db

FULL = csv_file(
    "1001;2026;11;3;25-11-2026;4000;100;Bruto lonen;1.000,00;",
    "1001;2026;11;3;25-11-2026;2100;;Nettoloon;;1.000,00",
)


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


def command(*options: str, language: str = "nl") -> Result:
    return CliRunner().invoke(journal, ["import", *options], obj=language)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "journaal.csv"
    path.write_bytes(FULL)
    return path


def test_a_file_that_names_its_run_needs_no_more(office: PayrollOffice, file: Path) -> None:
    result = command(str(file), "--json")

    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.stdout)["journals"]
    found = queries.journal(scope=office.scope, journal_id=told.pop("journal"))
    assert told == {"company": "1001", "year": 2026, "period": 11, "run": 3, "outcome": "new"}
    assert (found.file_name, found.imported_by) == ("journaal.csv", "Loonbrug")


def test_doing_it_twice_is_said(office: PayrollOffice, file: Path) -> None:
    command(str(file))
    again = command(str(file), language="en")

    assert again.exit_code == 0
    assert "was imported already" in again.stdout
    assert len(queries.live_journals(scope=office.scope)) == 1


def test_a_refusal_tells_every_problem_in_the_language_asked_for(office: PayrollOffice, file: Path) -> None:
    file.write_bytes(FULL.replace(b"1.000,00", b"veel").replace(b"25-11-2026;4000", b"31-11-2026;4000"))

    dutch, english = command(str(file)), command(str(file), language="en")

    assert (dutch.exit_code, english.exit_code) == (1, 1)
    assert "rij 2" in dutch.stderr
    assert "rij 3" in dutch.stderr
    assert "row 2" in english.stderr
    assert "Traceback" not in dutch.output
    assert queries.live_journals(scope=office.scope) == ()


def test_another_journal_for_the_run_needs_replace(office: PayrollOffice, file: Path) -> None:
    command(str(file))
    file.write_bytes(FULL.replace(b"1.000,00", b"2.000,00"))

    refused = command(str(file), "--json")
    replaced = command(str(file), "--replace", "--json")

    assert refused.exit_code == 1
    assert [found["code"] for found in json.loads(refused.stdout)["problems"]] == ["run_has_other_journal"]
    assert json.loads(replaced.stdout)["journals"][0]["outcome"] == "differs"


def test_with_several_offices_one_has_to_be_named(office: PayrollOffice, file: Path) -> None:
    other = make_office("Ander kantoor")

    unnamed = command(str(file))
    named = command(str(file), "--office", str(other.scope.office_id))

    assert unnamed.exit_code == 2
    assert "Ander kantoor" in unnamed.stderr
    assert named.exit_code == 0
    assert len(queries.live_journals(scope=other.scope)) == 1
    assert queries.live_journals(scope=office.scope) == ()


@pytest.mark.parametrize(
    "options",
    [("--company", "9999"), ("--as", "niemand@example.nl"), ("--office", "77")],
    ids=["company", "user", "office"],
)
def test_what_is_not_there_is_said(office: PayrollOffice, file: Path, options: tuple[str, str]) -> None:
    result = command(str(file), *options)

    assert result.exit_code == 1
    assert options[1] in result.stderr
