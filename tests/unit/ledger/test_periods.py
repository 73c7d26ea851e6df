import datetime

import pytest

from loonbrug.ledger.periods import PeriodRule, book_period


def test_a_month_is_its_number() -> None:
    assert book_period(datetime.date(2026, 10, 31), PeriodRule.MONTH) == (2026, 10)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2025-12-29", (2026, 1)),
        ("2026-01-25", (2026, 1)),
        ("2026-01-26", (2026, 2)),
        ("2026-10-04", (2026, 10)),
        ("2026-10-05", (2026, 11)),
        ("2026-11-01", (2026, 11)),
        ("2026-12-27", (2026, 13)),
        ("2026-12-28", (2026, 13)),
        ("2027-01-03", (2026, 13)),
        ("2027-01-04", (2027, 1)),
    ],
)
def test_four_weeks_follow_the_iso_weeks_and_week_53_belongs_to_period_13(
    date: str, expected: tuple[int, int]
) -> None:
    assert book_period(datetime.date.fromisoformat(date), PeriodRule.FOUR_WEEKS) == expected
