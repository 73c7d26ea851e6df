"""What an administration keeps: journals, periods, accounts, allocation, relations and booked entries."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

AXES = 5
NO_CODES = ("",) * AXES


class JournalType(StrEnum):
    """Kinds of journal. The codes are ours: AFAS does not publish the values of `JournalType`."""

    PURCHASE = "I"
    SALES = "V"
    FINANCIAL = "F"
    GENERAL = "M"
    OPENING = "B"


class AxisUse(StrEnum):
    """How an account treats an allocation axis (`DimAx1`..`DimAx5`)."""

    NONE = "N"
    MANUAL = "B"
    """By hand at booking: a code must be given."""
    AUTOMATIC = "P"


class ProjectUse(StrEnum):
    """Whether an account's lines are passed on to projects (`ToProject`)."""

    NONE = "N"
    ALLOWED = "T"
    MANDATORY = "V"
    INVESTMENT = "I"


class VatDirection(StrEnum):
    """The side a VAT code is for (`VatType`); the codes are ours."""

    PURCHASE = "I"
    SALES = "V"


@dataclass
class Account:
    """A ledger account. All administrations of an environment share the chart of accounts."""

    number: str
    description: str
    type: str = "4"
    """1 assets, 2 liabilities, 3 revenue, 4 costs."""
    kind: str = "G"
    """G general ledger, D debtors, I creditors, B VAT, O, GD."""
    vat_code: str = ""
    """The preferred VAT code."""
    vat_allowed_in: set[int] = field(default_factory=set)
    """Administrations in which *Btw toestaan* is ticked: VAT is then allowed and demanded."""
    blocked: bool = False
    axes: tuple[AxisUse, ...] = (AxisUse.NONE,) * AXES
    to_project: ProjectUse = ProjectUse.NONE


@dataclass
class AxisCode:
    """An allocation code (code verbijzondering) on an axis (1..5)."""

    axis: int
    code: str
    description: str
    blocked: bool = False


@dataclass
class VatCode:
    code: str
    description: str
    account: str
    percentage: Decimal
    direction: VatDirection
    blocked: bool = False


@dataclass
class Relation:
    """A debtor or a creditor."""

    number: str
    name: str
    blocked: bool = False
    bank_accounts: set[str] = field(default_factory=set)


@dataclass
class Project:
    number: str
    description: str
    administrations: set[int] | None = None
    """Administrations that may book on it; None for all of them."""


@dataclass
class Period:
    """A period of the period table, with the administration's own block."""

    year: int
    number: int
    first: date
    last: date
    description: str
    blocked: bool = False

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass
class Journal:
    """A journal (dagboek)."""

    code: str
    description: str
    type: JournalType = JournalType.GENERAL
    blocked: bool = False
    blocked_periods: set[tuple[int, int]] = field(default_factory=set)
    """(year, period) ticked at the journal's own tab Perioden: no GetConnector shows these."""
    locked_by: str = ""
    """The user who has the journal's entry layout open; empty when nobody has."""


@dataclass
class ProjectLine:
    project: str
    item: str
    description: str
    quantity: Decimal
    cost: Decimal
    employee: str = ""


@dataclass
class Transitory:
    """A line that is spread over periods through an interim account."""

    first: tuple[int, int]
    last: tuple[int, int]
    interim_account: str
    rounding: str = ""


@dataclass
class EntryLine:
    """One booked line. Amounts are in euros; `codes` are those AFAS kept, by axis."""

    sequence: int
    ledger: str
    """`VaAs`: 1 ledger account, 2 debtor, 3 creditor."""
    account: str
    debit: Decimal
    credit: Decimal
    entry_date: date
    voucher_date: date
    year: int
    period: int
    voucher_number: str = ""
    invoice: str = ""
    description: str = ""
    vat_code: str = ""
    vat_amount: Decimal = Decimal(0)
    currency: str = ""
    due_date: date | None = None
    codes: tuple[str, ...] = NO_CODES
    allocated_debit: Decimal = Decimal(0)
    allocated_credit: Decimal = Decimal(0)
    projects: list[ProjectLine] = field(default_factory=list)
    transitory: Transitory | None = None


@dataclass
class Entry:
    """A booked journal entry (journaalpost)."""

    number: int
    journal: str
    year: int
    period: int
    lines: list[EntryLine]
    created_at: datetime
    created_by: str
    reconciled: bool = False
    """A reconciled entry cannot be deleted."""

    @property
    def total(self) -> Decimal:
        """What is debited, in euros."""
        return sum((line.debit for line in self.lines), Decimal(0))


@dataclass
class Invoice:
    """An open item: an invoice of a debtor (`2`) or a creditor (`3`)."""

    number: str
    ledger: str
    relation: str
    open_amount: Decimal
    """Positive while it is to be received (debtor) or paid (creditor)."""
    entry_number: int | None = None


@dataclass
class EmployerCode:
    """A cost centre or cost unit of an employer in AFAS's own payroll; no allocation code."""

    employer: str
    code: str
    description: str
    modified_at: datetime
    blocked: bool = False


@dataclass
class Administration:
    id: int
    name: str
    code: str = ""
    axis_count: int = AXES
    """Axes in use here, at most those of the environment."""
    period_table: int = 1
    period_table_name: str = "Maanden"
    interim_account: str = ""
    """Where a transitory line waits when the message names no account."""
    journals: dict[str, Journal] = field(default_factory=dict)
    periods: list[Period] = field(default_factory=list)
    assignments: set[tuple[str, int, str]] = field(default_factory=set)
    """(account, axis, code): which codes may be used on which account."""
    invoices: dict[str, Invoice] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    changed_days: dict[date, datetime] = field(default_factory=dict)
    """Entry dates on which something was booked or deleted, with the last time of it."""
    next_entry: int = 1
    next_invoice: int = 1

    def period_of(self, day: date) -> Period | None:
        return next((period for period in self.periods if period.holds(day)), None)

    def period(self, year: int, number: int) -> Period | None:
        return next((p for p in self.periods if (p.year, p.number) == (year, number)), None)

    def entries_of(self, journal: str) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.journal == journal]


_MONTHS = (
    "Januari", "Februari", "Maart", "April", "Mei", "Juni",
    "Juli", "Augustus", "September", "Oktober", "November", "December",
)  # fmt: skip


def months(year: int) -> list[Period]:
    """The twelve months of a year."""
    starts = [date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)]
    return [
        Period(year, number, starts[number - 1], starts[number] - timedelta(days=1), name)
        for number, name in enumerate(_MONTHS, start=1)
    ]


def four_week_periods(year: int) -> list[Period]:
    """The thirteen periods of four weeks of a year; the first and the last reach to the year's ends."""
    monday = date.fromisocalendar(year, 1, 1)
    periods = []
    for number in range(1, 14):
        first = date(year, 1, 1) if number == 1 else monday + timedelta(weeks=4 * (number - 1))
        last = date(year, 12, 31) if number == 13 else monday + timedelta(weeks=4 * number, days=-1)
        periods.append(Period(year, number, first, last, f"Periode {number}"))
    return periods
