"""Two contents of one journal, line by line: what is new, gone, or has another amount."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from loonbrug.ledger.entry import Entry, tidy
from loonbrug.ledger.money import ZERO


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What tells the lines of a journal apart, but for their amounts."""

    date: datetime.date
    account: str
    cost_centre: str
    cost_unit: str
    description: str


@dataclass(frozen=True, slots=True)
class LineDifference:
    """Lines that differ: their amounts in euros, debit above and credit below zero; None where there is no line."""

    key: LineKey
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal:
        """How many euros more is debited."""
        return (self.after or ZERO) - (self.before or ZERO)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two contents, by date and account, and how many lines are the same in both."""

    lines: tuple[LineDifference, ...]
    same_count: int


def difference(before: Iterable[Entry], after: Iterable[Entry]) -> Difference:
    """Compare line by line, whatever the order. Lines alike but for their amounts are one line of the difference.

    Expects that both were hashed differently: with equal content nothing differs.
    """
    old, new = _lines(before), _lines(after)
    gone, come = _sums(old - new), _sums(new - old)
    keys = sorted(gone.keys() | come.keys())
    return Difference(
        lines=tuple(LineDifference(key, gone.get(key), come.get(key)) for key in keys),
        same_count=(old & new).total(),
    )


def _lines(entries: Iterable[Entry]) -> Counter[tuple[LineKey, Decimal]]:
    return Counter(
        (
            LineKey(
                entry.date, *map(tidy, (line.account, line.cost_centre, line.cost_unit, line.description))
            ),
            line.debit - line.credit,
        )
        for entry in entries
        for line in entry.lines
    )


def _sums(lines: Counter[tuple[LineKey, Decimal]]) -> dict[LineKey, Decimal]:
    sums: dict[LineKey, Decimal] = {}
    for (key, signed), count in lines.items():
        sums[key] = sums.get(key, ZERO) + signed * count
    return sums
