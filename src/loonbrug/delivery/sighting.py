"""What looking in AFAS's books tells: found and equal, found otherwise, or proven not to be there. Pure.

Absence is the hard one. AFAS may still be working on an attempt, its rows may be hidden from us, and clocks can be
set. So absence counts only by two look-ups with the same question and the same token, the second at least AFAS's
limit and a margin after the first, by the smaller of what AFAS's clock and this machine's clock since boot say, and
only when that round shows that we can see our entries at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeVar

from afas_client.transactions import Transaction
from loonbrug.delivery.outcomes import Policy

K = TypeVar("K")


class Sighting(StrEnum):
    """What the books hold under a voucher number."""

    ABSENT = "absent"
    EQUAL = "equal"
    DIFFERENT = "different"
    DOUBLE = "double"


class Sum(NamedTuple):
    """Debit and credit in euros on one account, or on one account and its allocation codes."""

    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)


_NOTHING = Sum()


@dataclass(frozen=True, slots=True)
class Expected:
    """What was sent: totals per account, and per account and the codes on the axes that we sent."""

    accounts: dict[str, Sum]
    allocated: dict[tuple[str, tuple[str, ...]], Sum]
    axes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the books hold under one voucher number."""

    sighting: Sighting
    entry_number: str = ""
    same_allocation: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """One look in the books for one delivery that found nothing.

    `question` and `token` tell whether two looks can be compared; `boot` names the boot that `boot_seconds` count in.
    """

    at: datetime
    question: str
    token: str
    has_sight: bool
    afas_clock: datetime | None
    boot: str
    boot_seconds: Decimal


def seen(lines: Sequence[Transaction], expected: Expected) -> Seen:
    """Judge the lines that AFAS holds under our voucher number in our administration and journal."""
    entries = {line.entry_number for line in lines}
    if not entries:
        return Seen(Sighting.ABSENT)
    if len(entries) > 1:
        return Seen(Sighting.DOUBLE, entry_number=min(entries))
    (entry_number,) = entries
    if _per_account(lines) != expected.accounts:
        return Seen(Sighting.DIFFERENT, entry_number=entry_number)
    same = _allocated(lines, expected.axes) == expected.allocated
    return Seen(Sighting.EQUAL, entry_number=entry_number, same_allocation=same)


def summed(amounts: Iterable[tuple[K, Decimal, Decimal]]) -> dict[K, Sum]:
    """Debit and credit added up per key."""
    sums: dict[K, Sum] = {}
    for key, debit, credit in amounts:
        so_far = sums.get(key, _NOTHING)
        sums[key] = Sum(so_far.debit + debit, so_far.credit + credit)
    return sums


def _per_account(lines: Iterable[Transaction]) -> dict[str, Sum]:
    return summed((line.account, line.debit, line.credit) for line in lines)


def _allocated(lines: Iterable[Transaction], axes: frozenset[int]) -> dict[tuple[str, tuple[str, ...]], Sum]:
    """Only the axes that we sent count: AFAS may fill others by itself."""
    places = [axis - 1 for axis in sorted(axes)]
    return summed(
        ((line.account, tuple([line.codes[place] for place in places])), line.debit, line.credit)
        for line in lines
    )


def proven_absent(look_ups: Sequence[LookUp], *, policy: Policy, countable_from: datetime) -> bool:
    """Whether the newest look-up, with an earlier one that can be compared, proves that nothing was booked.

    `countable_from` is when the first look-up counts: nothing that left in time is on its way any more.
    """
    counted = [look_up for look_up in look_ups if look_up.at >= countable_from]
    if not counted or not counted[-1].has_sight:
        return False
    newest = counted[-1]
    return any(_apart(earlier, newest) >= policy.read_time_out for earlier in counted[:-1])


def _apart(earlier: LookUp, newest: LookUp) -> timedelta:
    """The time between two look-ups that nobody can dispute; none where they cannot be compared."""
    if (earlier.question, earlier.token) != (newest.question, newest.token):
        return timedelta(0)
    said = []
    if earlier.afas_clock is not None and newest.afas_clock is not None:
        said.append(newest.afas_clock - earlier.afas_clock)
    if earlier.boot == newest.boot:
        # Seconds since boot are counted in Decimal: no rounding can make them more.
        microseconds = int((newest.boot_seconds - earlier.boot_seconds) * 1_000_000)
        said.append(timedelta(microseconds=microseconds))
    return min(said, default=timedelta(0))
