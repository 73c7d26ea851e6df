"""Periods of a year: which one a date falls in, and where each begins and ends."""

import datetime
from calendar import monthrange
from enum import StrEnum

#: The last period of four weeks; beside twelve months, the one in which payroll settles the year.
THIRTEENTH = 13
_DECEMBER = 12


class PeriodRule(StrEnum):
    """How a year is divided: twelve months, or thirteen periods of four weeks."""

    MONTH = "month"
    FOUR_WEEKS = "four_weeks"


def book_period(date: datetime.date, rule: PeriodRule) -> tuple[int, int]:
    """Year and period of a date.

    Four-week periods follow the ISO weeks: period n holds weeks 4n-3 to 4n of the ISO year, and week 53,
    where a year has one, belongs to period 13. So 1 January can lie in period 13 of the year before.
    """
    if rule is PeriodRule.MONTH:
        return date.year, date.month
    year, week, _ = date.isocalendar()
    return year, min((week - 1) // 4 + 1, THIRTEENTH)


def period_start(year: int, period: int, rule: PeriodRule) -> datetime.date:
    """The first day of a period; a 13th period beside twelve months lies in December.

    Raises ValueError for a period that the year does not have.
    """
    if rule is PeriodRule.MONTH:
        return datetime.date(year, _month(period), 1)
    return datetime.date.fromisocalendar(year, 4 * period - 3, 1)


def period_end(year: int, period: int, rule: PeriodRule) -> datetime.date:
    """The last day of a period; a 13th period beside twelve months ends with the year. Raises as `period_start`."""
    if rule is PeriodRule.MONTH:
        return last_of_month(datetime.date(year, _month(period), 1))
    last_week = datetime.date(year, 12, 28).isocalendar().week  # 28 December always lies in the last one
    week = last_week if period == THIRTEENTH else 4 * period
    return datetime.date.fromisocalendar(year, week, 7)


def last_of_month(date: datetime.date) -> datetime.date:
    """The last day of the month that a date lies in."""
    return date.replace(day=monthrange(date.year, date.month)[1])


def _month(period: int) -> int:
    return _DECEMBER if period == THIRTEENTH else period
