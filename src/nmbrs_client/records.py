"""Debtors, companies, runs and codes, as Nmbrs gives them: strict about ids, lenient about the rest.

The REST reference of Nmbrs marks hardly any field as required, and calls the two period fields of a run
whole numbers in the form of a date-time. So a number, a date and either of them as text are all read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from nmbrs_client.wire import fields_of, text_of, whole_of

LONGEST_ID = 64
"""Characters; Nmbrs's ids are GUIDs. What is longer is none, and nobody need keep it."""

Item = Mapping[str, Any]
_LAST_PERIOD = 54  # weeks of a year, and one for a 13th month and the like
_LOCAL = ZoneInfo("Europe/Amsterdam")
_DISPLAYED = re.compile(r"[0-9]{4}-([0-9]{1,2})-[0-9]?[A-Za-z]{1,2}")  # such as 2021-2-M


class Variant(StrEnum):
    """The five ways to split the journal of a run; the value is the last part of its path."""

    COMPANY = "journals"
    DEPARTMENT = "journalsdepartment"
    EMPLOYEE = "journalsemployee"
    COST_CENTRE = "journalscostcenter"
    COST_CENTRE_AND_UNIT = "journalscostcenterunit"


@dataclass(frozen=True, slots=True)
class Debtor:
    """A customer of the office. `number` is a text: it may have leading zeros."""

    id: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Company:
    """An employer under a debtor. `number` is a text: it may have leading zeros."""

    id: str
    number: str
    name: str
    debtor_id: str


@dataclass(frozen=True, slots=True)
class PayrollRun:
    """A processed payroll. What Nmbrs leaves out is None or empty; a run that is not said locked is open.

    `period_start` and `period_end` are the numbers of periods within the year (months, weeks or four weeks,
    from 1), or dates where Nmbrs gives those. `kind` is none, normal, normal_twk, twk, partial, or whatever
    else Nmbrs comes to call it.
    """

    id: str
    number: int | None
    year: int | None
    period_start: int | date | None
    period_end: int | date | None
    description: str
    created_at: datetime | None
    locked: bool
    kind: str


@dataclass(frozen=True, slots=True)
class CostCentre:
    """A cost centre of a company."""

    id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class CostUnit:
    """A cost unit of a company."""

    id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class CurrentPeriod:
    """The period that a company is working in. `kind` is month, 1-week or 4-weeks; `shown` as on screen."""

    year: int
    period: int
    kind: str
    shown: str


def _id(item: Item, name: str) -> str:
    found = _given(item, name)
    if len(found) > LONGEST_ID:
        raise ValueError(f"{name} is longer than {LONGEST_ID}")
    return found


def _given(item: Item, name: str) -> str:
    found = text_of(item.get(name))
    if not found:
        raise ValueError(f"{name} is missing")
    return found


def debtor_of(item: Item) -> Debtor:
    """Raises ValueError for an item without its id, as all of these do."""
    return Debtor(_id(item, "debtorId"), text_of(item.get("number")), text_of(item.get("name")))


def company_of(item: Item) -> Company:
    """See `debtor_of`. The debtor may be missing."""
    return Company(
        id=_id(item, "companyId"),
        number=text_of(item.get("number")),
        name=text_of(item.get("name")),
        debtor_id=text_of(item.get("debtorId")),
    )


def run_of(item: Item) -> PayrollRun:
    """See `debtor_of`."""
    return PayrollRun(
        id=_id(item, "payrollRunId"),
        number=whole_of(item.get("number")),
        year=whole_of(item.get("year")),
        period_start=_period_or_date(item.get("periodStart")),
        period_end=_period_or_date(item.get("periodEnd")),
        description=text_of(item.get("description")),
        created_at=_moment(item.get("createdAt")),
        locked=item.get("locked") is True or text_of(item.get("locked")).lower() == "true",
        kind=text_of(item.get("type")),
    )


def cost_centre_of(item: Item) -> CostCentre:
    """A cost centre is known by its code; Nmbrs does not promise the id. Raises ValueError without one."""
    return CostCentre(
        text_of(item.get("costCenterId")), _given(item, "code"), text_of(item.get("description"))
    )


def cost_unit_of(item: Item) -> CostUnit:
    """As `cost_centre_of`."""
    return CostUnit(text_of(item.get("costUnitId")), _given(item, "code"), text_of(item.get("description")))


def current_period_of(item: Item) -> CurrentPeriod:
    """Raises ValueError without a year and a period."""
    given = fields_of(item.get("period"))
    year, period = whole_of(given.get("year")), _period(given.get("period"))
    if year is None or period is None:
        raise ValueError("the period is missing")
    return CurrentPeriod(year, period, text_of(item.get("periodType")), text_of(item.get("displayPeriod")))


def _period(value: object) -> int | None:
    number = whole_of(value)
    return number if number is not None and 1 <= number <= _LAST_PERIOD else None


def _period_or_date(value: object) -> int | date | None:
    displayed = _DISPLAYED.fullmatch(text_of(value))
    if displayed:
        return _period(displayed[1])
    if whole_of(value) is not None:
        return _period(value)
    moment = _moment(value)
    return moment.date() if moment else None


def _moment(value: object) -> datetime | None:
    """A moment on the clock of Amsterdam: Nmbrs's runs are Dutch, and midnight there is yesterday in UTC.

    Without a zone it is taken for Dutch time, which is a guess. The year 1 stands for nothing at all.
    """
    try:
        read = datetime.fromisoformat(text_of(value))
        moment = read.astimezone(_LOCAL) if read.tzinfo else read.replace(tzinfo=_LOCAL)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1900 else None
