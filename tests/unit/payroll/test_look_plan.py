from datetime import date, timedelta

import pytest

from loonbrug.payroll.look_plan import runs_every, years

QUARTER, HOUR, SIX_HOURS = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
JUNE, FEBRUARY, APRIL = date(2026, 6, 1), date(2026, 2, 10), date(2026, 4, 1)


def every(
    year: int = 2026, today: date = JUNE, *, quiet: timedelta | None = timedelta(days=9), open_: bool = False
) -> timedelta:
    return runs_every(year=year, today=today, quiet_for=quiet, has_open_run=open_)


def test_several_years_are_looked_at_the_newest_first() -> None:
    assert years(JUNE) == (2026, 2025, 2024, 2023)


def test_in_december_january_may_be_there_already() -> None:
    assert years(date(2026, 12, 1)) == (2026, 2025, 2024, 2023, 2027)


@pytest.mark.parametrize(
    ("quiet", "wanted"),
    [
        (timedelta(0), QUARTER),
        (timedelta(days=2), HOUR),
        (timedelta(days=40), SIX_HOURS),
        (None, SIX_HOURS),
    ],
)
def test_the_longer_nothing_happened_the_seldomer_it_is_looked_at(
    quiet: timedelta | None, wanted: timedelta
) -> None:
    assert every(quiet=quiet) == wanted


def test_an_open_run_is_looked_at_soon_however_old_it_is() -> None:
    assert every(quiet=timedelta(days=90), open_=True) == QUARTER


def test_the_year_before_counts_as_this_one_in_its_first_months() -> None:
    assert every(2025, FEBRUARY) == HOUR
    assert every(2025, APRIL) == DAY


def test_older_years_are_looked_at_once_a_week() -> None:
    assert every(2024, FEBRUARY, open_=True) == WEEK
