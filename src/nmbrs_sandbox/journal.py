"""The journal of a run: what its employees earn, as dated transactions that balance, split by variant.

The accounts are those of the standard scheme in Nmbrs's own help pages.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from nmbrs_sandbox.world import Company, Employee, Run, RunType

CENT = Decimal("0.01")


class Variant(StrEnum):
    """The five splits of a journal; the value is the last part of the address that asks for it."""

    COMPANY = "journals"
    COST_CENTRE = "journalscostcenter"
    COST_CENTRE_UNIT = "journalscostcenterunit"
    DEPARTMENT = "journalsdepartment"
    EMPLOYEE = "journalsemployee"


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account of the standard scheme; cost centres stand on accounts of profit and loss only."""

    number: str
    description: str
    is_cost: bool = False


WAGES = Account("4000", "Bruto lonen", is_cost=True)
HOLIDAY = Account("4010", "Reservering en opslag vakantiegeld", is_cost=True)
CONTRIBUTIONS = Account("4050", "Afdracht sociale lasten (WG)", is_cost=True)
TRAVEL = Account("4070", "Reiskostenvergoeding", is_cost=True)
ONCE = Account("4090", "Eenmalige uitkering", is_cost=True)
TAX = Account("1700", "Loonheffingen")
PENSION = Account("1710", "Pensioenpremies")
HOLIDAY_RESERVED = Account("1830", "Reservering en opslag vakantiegeld")
NET = Account("2100", "Nettoloon")


@dataclass(frozen=True, slots=True)
class Split:
    """What a variant keeps apart; empty where it does not."""

    cost_centre: str = ""
    cost_unit: str = ""
    department: str = ""
    employee: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line; a debit is above zero, a credit below."""

    account: str
    description: str
    split: Split
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Transaction:
    """The lines of one date; they balance."""

    date: date
    lines: tuple[Line, ...]


Posted = Iterator[tuple[Account, Decimal]]


def journal_of(company: Company, run: Run, variant: Variant) -> list[Transaction]:
    """The transactions of a run: one for each period that it pays, and for each that it corrects."""
    paid = [] if run.type is RunType.TWK else [(run.year, period) for period in run.periods]
    return [_transaction(company, run, period, variant, corrects=False) for period in paid] + [
        _transaction(company, run, period, variant, corrects=True) for period in run.corrected
    ]


def _transaction(
    company: Company, run: Run, period: tuple[int, int], variant: Variant, *, corrects: bool
) -> Transaction:
    sums: dict[tuple[Account, Split], Decimal] = defaultdict(Decimal)
    for employee in company.employees:
        posted = (_correction if corrects else _pay)(company, run, employee, period)
        for account, amount in posted:
            sums[account, _split(employee, account, variant)] += amount
    ordered = sorted(sums.items(), key=lambda item: (not item[0][0].is_cost, item[0][0].number))
    lines = tuple(
        Line(run.scheme.get(account.number, account.number), account.description, split, amount)
        for (account, split), amount in ordered
        if amount
    )
    return Transaction(company.period_end(*period), lines)


def _pay(company: Company, run: Run, employee: Employee, period: tuple[int, int]) -> Posted:
    chance = _chance(company.number, *period, run.number, run.revision, employee.number)
    if run.type is RunType.PARTIAL:
        return _once(Decimal(250 + chance % 500))
    hours = Decimal(970 + chance % 61) / 1000  # from 97 to 103 percent of the usual wage
    return _wage((employee.salary * hours).quantize(CENT), employee.travel)


def _correction(company: Company, run: Run, employee: Employee, period: tuple[int, int]) -> Posted:
    """A rise with effect from then, or for one employee in four a lower wage."""
    chance = _chance(company.number, run.revision, *period, employee.number)
    share = Decimal(-1 if chance % 4 == 0 else 2) / 100
    return _wage((employee.salary * share).quantize(CENT), Decimal(0))


def _wage(gross: Decimal, travel: Decimal) -> Posted:
    holiday = (gross * Decimal("0.08")).quantize(CENT)
    contributions = (gross * Decimal("0.184")).quantize(CENT)
    tax = (gross * Decimal("0.236")).quantize(CENT)
    pension = (gross * Decimal("0.09")).quantize(CENT)
    yield WAGES, gross
    yield HOLIDAY, holiday
    yield CONTRIBUTIONS, contributions
    yield TRAVEL, travel
    yield TAX, -(tax + contributions)
    yield PENSION, -pension
    yield HOLIDAY_RESERVED, -holiday
    yield NET, -(gross + travel - tax - pension)


def _once(gross: Decimal) -> Posted:
    tax = (gross * Decimal("0.495")).quantize(CENT)
    yield ONCE, gross
    yield TAX, -tax
    yield NET, tax - gross


def _split(employee: Employee, account: Account, variant: Variant) -> Split:
    match variant:
        case Variant.DEPARTMENT:
            return Split(department=employee.department)
        case Variant.EMPLOYEE:
            return Split(employee=str(employee.number))
        case Variant.COST_CENTRE if account.is_cost:
            return Split(cost_centre=employee.cost_centre)
        case Variant.COST_CENTRE_UNIT if account.is_cost:
            return Split(cost_centre=employee.cost_centre, cost_unit=employee.cost_unit)
        case _:
            return Split()


def _chance(*parts: object) -> int:
    """The same number for the same parts, without a pattern."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4])
