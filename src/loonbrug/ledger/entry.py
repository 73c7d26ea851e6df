"""Dated entries as payroll wrote them, and the postings that a mapping makes of them."""

import datetime
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from loonbrug.ledger.money import ZERO, AmountError, amount


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry: euros on one side at most, never negative.

    Raises AmountError for a negative amount, amounts on both sides, or what `money.amount` refuses.
    """

    account: str
    debit: Decimal
    credit: Decimal
    cost_centre: str = ""
    cost_unit: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        debit, credit = _sides(self.debit, self.credit)
        object.__setattr__(self, "debit", debit)
        object.__setattr__(self, "credit", credit)


@dataclass(frozen=True, slots=True)
class Entry:
    """One dated set of lines of a journal; becomes one entry in AFAS."""

    date: datetime.date
    lines: tuple[Line, ...]

    def totals(self) -> tuple[Decimal, Decimal]:
        """Total debit and total credit in euros."""
        return _totals(self.lines)

    def residual(self) -> Decimal:
        """Debit minus credit in euros: zero when the entry balances."""
        debit, credit = self.totals()
        return debit - credit


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One line as it is to be booked: allocations are pairs of axis number and code, by axis."""

    account: str
    debit: Decimal
    credit: Decimal
    allocations: tuple[tuple[int, str], ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        debit, credit = _sides(self.debit, self.credit)
        object.__setattr__(self, "debit", debit)
        object.__setattr__(self, "credit", credit)


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry translated by a mapping: what is to be booked, in which book year and period."""

    date: datetime.date
    year: int
    period: int
    lines: tuple[PostingLine, ...]

    def totals(self) -> tuple[Decimal, Decimal]:
        """Total debit and total credit in euros."""
        return _totals(self.lines)

    def residual(self) -> Decimal:
        """Debit minus credit in euros: zero when the posting balances."""
        debit, credit = self.totals()
        return debit - credit


def line_of(
    account: str,
    signed: Decimal,
    *,
    cost_centre: str = "",
    cost_unit: str = "",
    description: str = "",
) -> Line:
    """A line from one signed amount in euros: positive is debit, negative is credit."""
    debit, credit = sides_of(signed)
    return Line(account, debit, credit, cost_centre, cost_unit, description)


def sides_of(signed: Decimal) -> tuple[Decimal, Decimal]:
    """Debit and credit of one signed amount in euros: positive is debit, negative is credit."""
    return (signed, ZERO) if signed > 0 else (ZERO, -signed)


def tidy(text: str) -> str:
    """The text with one space between words, none around them, and each letter in its one composed form."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _sides(debit: Decimal, credit: Decimal) -> tuple[Decimal, Decimal]:
    debit, credit = amount(debit), amount(credit)
    if debit < 0 or credit < 0:
        raise AmountError("negative: a negative amount belongs on the other side")
    if debit and credit:
        raise AmountError("on both sides: a line is either debit or credit")
    return debit, credit


def _totals(lines: tuple[Line, ...] | tuple[PostingLine, ...]) -> tuple[Decimal, Decimal]:
    return sum((line.debit for line in lines), ZERO), sum((line.credit for line in lines), ZERO)
