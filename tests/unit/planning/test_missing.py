"""Which periods should have had a run by now."""

from datetime import date

import pytest

from loonbrug.ledger.periods import PeriodRule
from loonbrug.planning.missing import missing_periods, periods_until

MONTH, FOUR_WEEKS = PeriodRule.MONTH, PeriodRule.FOUR_WEEKS
#: Paid around the 24th: six to eight days before the end of the month.
REGULAR = {(2026, 8): date(2026, 8, 24), (2026, 9): date(2026, 9, 22), (2026, 10): date(2026, 10, 23)}


def missing(today: date, made_on: dict[tuple[int, int], date | None], rule: PeriodRule = MONTH) -> list[int]:
    return [period for _, period in missing_periods(made_on, rule, today=today)]


@pytest.mark.parametrize(("day", "expected"), [(24, []), (26, []), (27, [11]), (30, [11])])
def test_a_run_is_missed_a_few_days_after_it_is_usually_made(day: int, expected: list[int]) -> None:
    made_on = dict(REGULAR)
    assert missing(date(2026, 11, day), made_on) == expected


def test_a_period_with_a_run_is_not_missed() -> None:
    assert missing(date(2026, 11, 30), REGULAR | {(2026, 11): date(2026, 11, 29)}) == []


def test_the_period_before_this_one_stays_missed_until_it_has_a_run() -> None:
    without_october = {period: day for period, day in REGULAR.items() if period != (2026, 10)}
    assert missing(date(2026, 11, 2), without_october) == [10]
    assert missing(date(2026, 11, 29), without_october) == [11, 10]


def test_who_had_no_run_lately_is_not_expected_to_have_one() -> None:
    assert missing(date(2026, 11, 30), {}) == []
    assert missing(date(2026, 11, 30), {(2026, 7): date(2026, 7, 24)}) == []


def test_a_new_company_misses_nothing_from_before_its_first_run() -> None:
    assert missing(date(2026, 11, 29), {(2026, 11): date(2026, 11, 24)}) == []


def test_where_no_day_is_known_the_end_of_the_period_counts() -> None:
    unknown: dict[tuple[int, int], date | None] = {(2026, 9): None, (2026, 10): None}
    assert missing(date(2026, 12, 3), unknown) == []
    assert missing(date(2026, 12, 4), unknown) == [11]


def test_periods_of_four_weeks_go_over_the_year_by_iso_weeks() -> None:
    assert periods_until(date(2027, 1, 6), FOUR_WEEKS) == ((2027, 1), (2026, 13), (2026, 12), (2026, 11))
    made_on = {(2026, 12): date(2026, 11, 27), (2026, 11): date(2026, 10, 30)}
    assert missing(date(2027, 1, 6), made_on, FOUR_WEEKS) == [13]
