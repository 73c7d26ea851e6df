"""What people do in Nmbrs, as far as a link can notice: companies, cost centres and runs come, change and go."""

from datetime import datetime

from nmbrs_sandbox.periods import LAST_PERIOD
from nmbrs_sandbox.world import (
    Company,
    NotThereError,
    RefusedError,
    Run,
    RunKey,
    RunType,
    World,
    lasting_id,
)


def add_run(
    company: Company,
    *,
    year: int,
    period: int,
    type_: RunType,
    at: datetime,
    last_period: int | None = None,
    corrected: list[tuple[int, int]] | None = None,
    locked: bool = False,
) -> Run:
    """A new run. Raises RefusedError for a period that is none, or corrections that do not suit its type."""
    last = period if last_period is None else last_period
    for one_year, one_period in [(year, period), (year, last), *(corrected or [])]:
        if not (2000 <= one_year <= 2099 and 1 <= one_period <= LAST_PERIOD):
            raise RefusedError(f"There is no period {one_year}-{one_period}.")
    if last < period:
        raise RefusedError("A run ends with its first period or a later one.")
    if type_.corrects != bool(corrected):
        raise RefusedError("A run of type normal_twk or twk names the periods it corrects, another does not.")
    covered = f"Periode {period}" if last == period else f"Periode {period} t/m {last}"
    number = company.given.get((year, period), 0) + 1
    company.given[year, period] = number
    run = Run(
        lasting_id("run", company.number, year, period, number),
        year,
        period,
        last,
        number,
        type_,
        at,
        description=covered if number == 1 else f"{covered}, run {number}",
        locked=locked,
        corrected=list(corrected or []),
        scheme=dict(company.scheme),
    )
    company.runs[year, period, number] = run
    return run


def lock_run(run: Run, *, locked: bool = True) -> None:
    """Lock a run (vergrendelen), or release it."""
    run.locked = locked


def recalculate_run(company: Company, run: Run) -> None:
    """Calculate a run again, with the ledger scheme of now: its journals change, its id does not."""
    run.revision += 1
    run.scheme = dict(company.scheme)


def delete_run(company: Company, key: RunKey) -> None:
    """Delete a run. Raises NotThereError."""
    company.run(key)
    del company.runs[key]


def add_company(world: World, company: Company) -> None:
    """A new company. Raises RefusedError for a number that is taken, NotThereError for an unknown debtor."""
    world.debtor(company.debtor)
    if company.number in world.companies:
        raise RefusedError(f"Company number {company.number} is taken.")
    world.companies[company.number] = company


def change_company(world: World, number: str, *, name: str | None = None, debtor: str | None = None) -> None:
    """Rename a company, move it to another debtor, or both. Raises NotThereError."""
    company = world.company(number)
    if debtor is not None:
        company.debtor = world.debtor(debtor).number
    if name is not None:
        company.name = name


def remove_company(world: World, number: str) -> None:
    """Remove a company with its runs. Raises NotThereError."""
    world.company(number)
    del world.companies[number]


def remove_code(codes: dict[str, str], code: str) -> None:
    """Remove a cost centre or a cost unit. Raises NotThereError."""
    if code not in codes:
        raise NotThereError(f"There is no code {code}.")
    del codes[code]
