"""Which book year and period a date falls in."""

import datetime
from enum import StrEnum


class PeriodRule(StrEnum):
    """How a book year is divided: twelve months, or thirteen periods of four weeks."""

    MONTH = "month"
    FOUR_WEEKS = "four_weeks"


def book_period(date: datetime.date, rule: PeriodRule) -> tuple[int, int]:
    """Book year and period of a date.

    Four-week periods follow the ISO weeks: period n holds weeks 4n-3 to 4n of the ISO year, and week 53,
    where a year has one, belongs to period 13. So 1 January can lie in period 13 of the year before.
    """
    if rule is PeriodRule.MONTH:
        return date.year, date.month
    year, week, _ = date.isocalendar()
    return year, min((week - 1) // 4 + 1, 13)
