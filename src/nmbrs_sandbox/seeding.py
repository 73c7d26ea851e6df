"""The world that a sandbox begins with: a seed's companies, with payrolls that reach to a given day."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import Any

import msgspec

from nmbrs_sandbox.payroll import add_run
from nmbrs_sandbox.periods import LAST_PERIOD, before, period_end, period_of
from nmbrs_sandbox.world import Company, Debtor, Login, Partner, RunType, World

SEEDS = ("demo", "empty")
PAID_BEFORE = timedelta(days=8)
"""How long before the end of its period a run is made."""


class SeedError(ValueError):
    """There is no such seed, or it cannot be read."""


class Extra(msgspec.Struct, forbid_unknown_fields=True):
    """A run that is not like the others; `ago` and `corrects` count periods back from the newest."""

    ago: int
    type: RunType
    corrects: list[int] = []


class History(msgspec.Struct, forbid_unknown_fields=True):
    """The payrolls of a company until now."""

    first: int = 0
    """The periods that it has been here; none by default."""
    unlocked: int = 1
    """The newest runs that are not locked yet."""
    missing: list[int] = []
    """Periods without a run of their own, counted back."""
    double: list[int] = []
    """Periods, counted back, whose run pays the next period of the year too."""
    extra: list[Extra] = []
    thirteenth: bool = False
    """Whether a company that pays by the month had a thirteenth period last year."""


def seed(name: str, today: date) -> World:
    """A new world from one of the `SEEDS`, the same for the same day. Raises SeedError."""
    if name not in SEEDS:
        raise SeedError(f"There is no seed {name!r}; choose one of {', '.join(SEEDS)}.")
    text = resources.files("nmbrs_sandbox").joinpath("seeds", f"{name}.toml").read_text("utf-8")
    document = tomllib.loads(text)
    world = World(
        subscription_keys=set(document["subscription_keys"]),
        partners={row["client_id"]: msgspec.convert(row, Partner) for row in document["partners"]},
        logins={row["email"]: msgspec.convert(row, Login) for row in document.get("logins", [])},
        debtors={row["number"]: msgspec.convert(row, Debtor) for row in document.get("debtors", [])},
    )
    for row in document.get("companies", []):
        _add_company(world, row, today)
    return world


def _add_company(world: World, row: Mapping[str, Any], today: date) -> None:
    history = msgspec.convert(row.get("history", {}), History)
    company = msgspec.convert({name: row[name] for name in row if name != "history"}, Company)
    world.companies[company.number] = company
    newest = _newest_period(company, today)
    for ago in reversed(range(history.first)):
        if ago not in history.missing:
            _add_regular(company, history, newest, ago)
    if history.thirteenth:
        year = today.year - 1
        made = _made_at(company, year, LAST_PERIOD)
        add_run(company, year=year, period=LAST_PERIOD, type_=RunType.PARTIAL, at=made, locked=True)


def _add_regular(company: Company, history: History, newest: tuple[int, int], ago: int) -> None:
    """The normal run of a period, and the extra one, which a normal_twk run takes the place of."""
    year, period = before(company.period_type, *newest, ago)
    last = min(period + 1, company.period_type.regular) if ago in history.double else period
    made, locked = _made_at(company, year, last), ago >= history.unlocked
    extra = next((extra for extra in history.extra if extra.ago == ago), None)
    if extra is None or extra.type is not RunType.NORMAL_TWK:
        add_run(
            company,
            year=year,
            period=period,
            type_=RunType.NORMAL,
            at=made,
            last_period=last,
            locked=locked,
        )
    if extra is not None:
        corrected = [before(company.period_type, *newest, steps) for steps in extra.corrects]
        add_run(
            company, year=year, period=period, type_=extra.type, at=made, corrected=corrected, locked=locked
        )


def _newest_period(company: Company, today: date) -> tuple[int, int]:
    """The newest period of which the run has been made."""
    current = period_of(company.period_type, today)
    is_made = _made_at(company, *current).date() <= today
    return current if is_made else before(company.period_type, *current, 1)


def _made_at(company: Company, year: int, period: int) -> datetime:
    return datetime.combine(period_end(company.period_type, year, period) - PAID_BEFORE, time(9, 30), UTC)
