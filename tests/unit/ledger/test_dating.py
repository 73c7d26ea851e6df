import datetime

import pytest

from loonbrug.ledger.dating import BookingDate, Dating
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.run_name import RunName

FOUR_WEEKS = PeriodRule.FOUR_WEEKS
END = BookingDate.PERIOD_END


def booked(dating: Dating, dated: str, year: int, period: int) -> str:
    run = RunName("Bakkerij Van Dam", year, period, 1)
    return dating.date_of(datetime.date.fromisoformat(dated), run).isoformat()


def test_unless_chosen_otherwise_an_entry_has_the_date_of_its_document() -> None:
    assert booked(Dating(), "2026-10-25", 2026, 11) == "2026-10-25"
    assert booked(Dating(), "2026-12-20", 2026, 13) == "2026-12-20"


@pytest.mark.parametrize(
    ("dated", "year", "period", "expected"),
    [
        ("2026-02-25", 2026, 2, "2026-02-28"),
        ("2028-02-25", 2028, 2, "2028-02-29"),
        ("2026-12-05", 2026, 11, "2026-11-30"),  # paid after the period: still of the period
        ("2026-09-25", 2026, 11, "2026-09-30"),  # dated before the period: a correction of that one
        ("2025-12-25", 2026, 1, "2025-12-31"),
        ("2026-12-20", 2026, 13, "2026-12-31"),
        ("2026-11-20", 2026, 13, "2026-11-30"),
    ],
)
def test_the_end_of_a_month(dated: str, year: int, period: int, expected: str) -> None:
    assert booked(Dating(END), dated, year, period) == expected


@pytest.mark.parametrize(
    ("dated", "year", "period", "expected"),
    [
        ("2026-11-20", 2026, 12, "2026-11-29"),
        ("2026-10-20", 2026, 12, "2026-11-01"),  # a correction of period 11
        ("2026-12-20", 2026, 13, "2027-01-03"),  # 2026 has a week 53
        ("2025-12-20", 2025, 13, "2025-12-28"),
    ],
)
def test_the_end_of_four_weeks(dated: str, year: int, period: int, expected: str) -> None:
    assert booked(Dating(END, payroll_periods=FOUR_WEEKS), dated, year, period) == expected


def test_a_day_of_the_month_in_which_the_period_ends() -> None:
    chosen = Dating(BookingDate.DAY, day=30)
    assert booked(chosen, "2026-11-25", 2026, 11) == "2026-11-30"
    assert booked(chosen, "2026-02-25", 2026, 2) == "2026-02-28"
    four_weeks = Dating(BookingDate.DAY, day=5, payroll_periods=FOUR_WEEKS)
    assert booked(four_weeks, "2026-10-20", 2026, 11) == "2026-11-05"


def test_the_thirteenth_period_of_months_goes_to_the_end_of_the_year_where_that_is_chosen() -> None:
    chosen = Dating(BookingDate.DAY, day=25, thirteenth_at_year_end=True)
    assert booked(chosen, "2026-12-20", 2026, 13) == "2026-12-31"
    assert booked(chosen, "2026-12-20", 2026, 12) == "2026-12-25"
    assert booked(Dating(BookingDate.DAY, day=25), "2026-12-20", 2026, 13) == "2026-12-25"
    assert booked(Dating(thirteenth_at_year_end=True), "2026-12-20", 2026, 13) == "2026-12-31"


def test_the_thirteenth_period_of_four_weeks_is_one_like_the_others() -> None:
    chosen = Dating(payroll_periods=FOUR_WEEKS, thirteenth_at_year_end=True)
    assert booked(chosen, "2025-12-20", 2025, 13) == "2025-12-20"
