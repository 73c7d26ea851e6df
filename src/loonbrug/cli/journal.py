"""`loonbrug journal import`: reads in a journal file, all of it or nothing."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from django.utils import timezone

from loonbrug.access import queries as access
from loonbrug.access.rights import NotAllowedError, NotFoundError, Scope, service_scope
from loonbrug.directory import queries as directory
from loonbrug.ledger.problems import Problem, ProblemsError
from loonbrug.payroll.operations import Imported
from loonbrug.payroll.queries import Fate
from loonbrug.screens.problem_texts import Language, describe
from loonbrug.workflows.import_journal import import_file

_SAID: dict[Language, dict[Fate, str]] = {
    "nl": {
        Fate.NEW: "ingelezen",
        Fate.SAME: "was al ingelezen, niets veranderd",
        Fate.DIFFERS: "ingelezen in plaats van de vorige",
    },
    "en": {
        Fate.NEW: "imported",
        Fate.SAME: "was imported already, nothing changed",
        Fate.DIFFERS: "imported in place of the earlier one",
    },
}


@click.group()
def journal() -> None:
    """Payroll journals."""


@journal.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--company", help="Number of the company, where the file does not name it.")
@click.option("--year", type=int, help="Year of the payroll run, where the file does not name it.")
@click.option("--period", type=int, help="Period of the payroll run, where the file does not name it.")
@click.option("--run", type=int, help="Number of the payroll run, where the file does not name it.")
@click.option("--office", "office_id", type=int, help="Id of the office, where there are several.")
@click.option("--as", "email", help="E-mail address of the user who imports; Loonbrug itself by default.")
@click.option("--replace", is_flag=True, help="Take the place of another journal that was not sent yet.")
@click.option("--json", "as_json", is_flag=True, help="Tell what came of it as JSON.")
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    company: str | None,
    year: int | None,
    period: int | None,
    run: int | None,
    office_id: int | None,
    email: str | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Read in FILE: journal XML of Nmbrs, or CSV or XLSX in our layout. Exit code 1 when it is refused."""
    language: Language = "en" if context.obj == "en" else "nl"
    try:
        scope = _scope(office_id, email)
        kept = import_file(
            scope=scope,
            name=file.name,
            data=file.read_bytes(),
            company_id=_company_id(scope, company),
            year=year,
            period=period,
            run=run,
            replace=replace,
            now=timezone.now(),
        )
    except ProblemsError as refused:
        _tell_problems(refused.problems, language, as_json)
        context.exit(1)
    except (NotAllowedError, NotFoundError) as error:
        raise click.ClickException(str(error)) from error
    _tell(scope, kept, language, as_json)


def _scope(office_id: int | None, email: str | None) -> Scope:
    """As whom the command works: the user with this address, or Loonbrug itself in the office."""
    if email is not None:
        scope = access.scope_by_email(email=email)
        if office_id not in (None, scope.office_id):
            raise NotFoundError("user", email)
        return scope
    offices = {office.id: office.name for office in access.offices()}
    if office_id is None and len(offices) == 1:
        return service_scope(next(iter(offices)))
    if office_id is None:
        names = ", ".join(f"{key} ({name})" for key, name in offices.items())
        raise click.UsageError(f"--office is needed; there are: {names or 'none'}")
    if office_id not in offices:
        raise NotFoundError("office", office_id)
    return service_scope(office_id)


def _company_id(scope: Scope, number: str | None) -> int | None:
    return None if number is None else directory.company_by_number(scope=scope, number=number).id


def _tell(scope: Scope, kept: Sequence[Imported], language: Language, as_json: bool) -> None:
    rows = []
    for each in kept:
        company = directory.company(scope=scope, company_id=each.run.company_id)
        run = {"year": each.run.year, "period": each.run.period, "run": each.run.number}
        rows.append({"journal": each.journal_id, "company": company.number, **run, "outcome": each.fate})
        if not as_json:
            click.echo(
                f"{company.number} {company.name}, {each.run.year}-{each.run.period:02},"
                f" run {each.run.number}: {_SAID[language][each.fate]}"
            )
    if as_json:
        click.echo(json.dumps({"ok": True, "journals": rows, "problems": []}))


def _tell_problems(problems: Sequence[Problem], language: Language, as_json: bool) -> None:
    told = [(each, describe(each, language)) for each in problems]
    if as_json:
        rows = [
            {
                "code": each.code,
                "place": text.place,
                "message": text.message,
                "cause": text.cause,
                "cure": text.cure,
                "who": text.who,
            }
            for each, text in told
        ]
        click.echo(json.dumps({"ok": False, "journals": [], "problems": rows}))
        return
    for _, text in told:
        place = f"{text.place}: " if text.place else ""
        click.echo(f"{place}{text.message}\n  {text.cause} {text.cure} ({text.who})", err=True)
