from datetime import date, timedelta

import pytest

from nmbrs_sandbox.periods import PeriodType, before, period_end, period_of


@pytest.mark.parametrize(
    ("kind", "year", "period", "end"),
    [
        (PeriodType.MONTH, 2028, 2, date(2028, 2, 29)),
        (PeriodType.MONTH, 2026, 13, date(2026, 12, 31)),
        (PeriodType.FOUR_WEEKS, 2026, 1, date(2026, 1, 25)),
        (PeriodType.FOUR_WEEKS, 2026, 11, date(2026, 11, 1)),
        (PeriodType.FOUR_WEEKS, 2026, 13, date(2026, 12, 31)),
    ],
)
def test_a_period_ends_on_its_day(kind: PeriodType, year: int, period: int, end: date) -> None:
    assert period_end(kind, year, period) == end


@pytest.mark.parametrize("kind", PeriodType)
def test_every_day_of_a_year_is_in_the_period_that_ends_next(kind: PeriodType) -> None:
    day, last = date(2026, 1, 1), 0
    while day.year == 2026:
        year, period = period_of(kind, day)
        assert (year, period - last) in ((2026, 0), (2026, 1))
        last = period
        day += timedelta(days=1)
    assert last == kind.regular


def test_counting_back_crosses_the_year() -> None:
    assert before(PeriodType.MONTH, 2026, 1, 1) == (2025, 12)
    assert before(PeriodType.FOUR_WEEKS, 2026, 2, 3) == (2025, 12)
    assert before(PeriodType.MONTH, 2026, 12, -1) == (2027, 1)
