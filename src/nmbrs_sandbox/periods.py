"""Payroll periods: their ends, and which one a day is in."""

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum


class PeriodType(StrEnum):
    """How often a company pays wages, in the words of the API."""

    MONTH = "month"
    FOUR_WEEKS = "4-weeks"

    @property
    def regular(self) -> int:
        """The number of regular periods of a year."""
        return 12 if self is PeriodType.MONTH else 13

    @property
    def letter(self) -> str:
        """How Nmbrs writes it behind a period; only the M of months is published."""
        return "M" if self is PeriodType.MONTH else "4W"


LAST_PERIOD = 13
"""Also of a company that pays by the month: there it is the extra period at the end of the year."""


def period_end(kind: PeriodType, year: int, period: int) -> date:
    """The last day of a period; the thirteenth ends with the year."""
    if period == LAST_PERIOD:
        return date(year, 12, 31)
    if kind is PeriodType.MONTH:
        return date(year, period, monthrange(year, period)[1])
    return date.fromisocalendar(year, 1, 1) + timedelta(weeks=4 * period, days=-1)


def period_of(kind: PeriodType, day: date) -> tuple[int, int]:
    """The year and the regular period that a day is in."""
    numbers = range(1, kind.regular + 1)
    return day.year, next(number for number in numbers if day <= period_end(kind, day.year, number))


def before(kind: PeriodType, year: int, period: int, steps: int) -> tuple[int, int]:
    """The regular period `steps` periods earlier."""
    index = year * kind.regular + period - 1 - steps
    return index // kind.regular, index % kind.regular + 1
