from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loonbrug.workflows.nmbrs_runs import facts_of, has_open_run, newest_of
from nmbrs_client.records import run_of

RUN = {
    "payrollRunId": "r1",
    "number": 3,
    "year": 2026,
    "periodStart": 10,
    "periodEnd": 10,
    "createdAt": "2026-10-25T02:30:00",
    "locked": True,
    "type": "normal",
}


def facts(period_type: str = "month", **other: object):  # type: ignore[no-untyped-def]
    found, unreadable = facts_of([run_of({**RUN, **other})], year=2026, period_type=period_type)
    return found, unreadable


@pytest.mark.parametrize(
    ("period_type", "end", "period"),
    [
        ("month", 10, 10),
        ("month", "2026-10-31T00:00:00+01:00", 10),
        ("month", "2026-10-30T23:30:00Z", 10),
        ("4-weeks", "2026-01-25", 1),
        ("4-weeks", "2026-01-26", 2),
        ("4-weeks", "2026-12-31", 13),
        ("4-weeks", "2026-12-27", 13),
        ("1-week", "2026-02-08", 6),
    ],
)
def test_the_period_is_its_number_or_the_one_that_the_last_day_falls_in(
    period_type: str, end: object, period: int
) -> None:
    ((fact,), unreadable) = facts(period_type, periodStart=None, periodEnd=end)
    assert (fact.period, unreadable) == (period, 0)


def test_the_last_days_of_a_year_are_of_its_last_period_also_in_week_one_of_the_next() -> None:
    found, _ = facts_of(
        [run_of({**RUN, "year": 2025, "periodEnd": "2025-12-31"})], year=2025, period_type="4-weeks"
    )
    assert [fact.period for fact in found] == [13]


def test_midnight_in_amsterdam_is_the_day_that_has_begun_there_in_summer_and_in_winter() -> None:
    ((summer,), _) = facts(periodEnd="2026-06-29T22:00:00Z")
    ((winter,), _) = facts(periodEnd="2026-12-30T23:00:00Z")
    assert (summer.ends_on, winter.ends_on) == (date(2026, 6, 30), date(2026, 12, 31))


def test_an_hour_that_the_clock_shows_twice_is_taken_for_the_first() -> None:
    ((fact,), _) = facts()
    assert fact.made_at.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_runs_of_another_year_than_was_asked_are_left_to_that_year() -> None:
    assert facts(year=2025) == ((), 0)


def test_a_run_without_a_year_is_of_the_year_that_was_asked() -> None:
    ((fact,), _) = facts(year=None)
    assert fact.year == 2026


@pytest.mark.parametrize("missing", [{"number": None}, {"periodStart": None, "periodEnd": None}])
def test_a_run_without_number_or_period_has_no_identity(missing: dict[str, object]) -> None:
    assert facts(**missing) == ((), 1)


def test_of_two_runs_with_one_identity_the_one_that_was_made_first_counts() -> None:
    twins = [
        run_of({**RUN, "payrollRunId": "later", "createdAt": "2026-12-01T00:00:00"}),
        run_of({**RUN, "payrollRunId": "first"}),
    ]
    (kept,), unreadable = facts_of(twins, year=2026, period_type="month")
    assert (kept.nmbrs_id, unreadable) == ("first", 1)


def test_the_newest_and_the_open_are_found() -> None:
    runs, _ = facts_of(
        [run_of({**RUN, "payrollRunId": "r2", "number": 4, "createdAt": None, "locked": False}), run_of(RUN)],
        year=2026,
        period_type="month",
    )
    assert newest_of(runs) == datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
    assert has_open_run(runs)
    assert newest_of(runs[:1]) is None
