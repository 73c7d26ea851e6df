"""Records are strict about ids and lenient about everything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmbrs_client import records
from nmbrs_client.records import Debtor, PayrollRun, company_of, debtor_of, run_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
BARE = PayrollRun("r1", None, None, None, None, "", None, locked=False, kind="")


def run(**fields: object) -> PayrollRun:
    return run_of({"payrollRunId": "r1", **fields})


def test_a_whole_run_is_read() -> None:
    given = {
        "number": 12,
        "year": 2026,
        "periodStart": 10,
        "periodEnd": 11,
        "description": "Oktober en november",
        "createdAt": "2026-11-23T08:59:11Z",
        "locked": True,
        "type": "normal_twk",
    }
    assert run(**given) == PayrollRun(
        id="r1",
        number=12,
        year=2026,
        period_start=10,
        period_end=11,
        description="Oktober en november",
        created_at=datetime(2026, 11, 23, 9, 59, 11, tzinfo=AMSTERDAM),
        locked=True,
        kind="normal_twk",
    )


def test_a_run_of_which_only_the_id_is_given_is_open_and_empty() -> None:
    assert run() == BARE
    nothing = dict.fromkeys(["number", "year", "periodStart", "periodEnd", "locked", "type", "createdAt"])
    assert run(**nothing) == BARE


@pytest.mark.parametrize(
    ("given", "period"),
    [
        (3, 3),
        ("3", 3),
        ("03", 3),
        (13, 13),
        (53, 53),
        ("2026-3-M", 3),
        ("2026-13-4W", 13),
        (0, None),
        (-1, None),
        (99, None),
        (20260301, None),
        (True, None),
        ("maart", None),
        ("2026-31-02", None),
        ("2026-03-31", date(2026, 3, 31)),
        ("2026-03-31T00:00:00", date(2026, 3, 31)),
        # Midnight of 1 March in Amsterdam, told in UTC: winter, then summer time.
        ("2026-02-28T23:00:00Z", date(2026, 3, 1)),
        ("2026-07-31T22:00:00Z", date(2026, 8, 1)),
        ("2026-03-31T00:00:00+02:00", date(2026, 3, 31)),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("", None),
        ({}, None),
    ],
)
def test_a_period_is_a_number_a_date_or_unknown(given: object, period: object) -> None:
    found = run(periodStart=given, periodEnd=given)
    assert (found.period_start, found.period_end) == (period, period)


@pytest.mark.parametrize(
    ("given", "locked"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (False, False),
        ("false", False),
        (1, False),
        (None, False),
    ],
)
def test_a_run_is_locked_only_where_nmbrs_says_so(given: object, locked: bool) -> None:
    assert run(locked=given).locked is locked


def test_a_kind_nobody_knows_yet_is_kept() -> None:
    assert run(type="bonus_2030").kind == "bonus_2030"


@pytest.mark.parametrize("moment", ["2026-10-25T02:30:00", "2026-10-25T00:30:00Z"])
def test_the_hour_that_comes_twice_is_read(moment: str) -> None:
    assert run(createdAt=moment).created_at == datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM)


@pytest.mark.parametrize("number", ["0042", " 0042 "])
def test_numbers_of_debtors_and_companies_are_texts(number: str) -> None:
    assert debtor_of({"debtorId": "d1", "number": number, "name": "X"}) == Debtor("d1", "0042", "X")
    assert company_of({"companyId": "c1", "number": 42}).number == "42"


READERS = [
    (records.debtor_of, "debtorId"),
    (records.company_of, "companyId"),
    (records.run_of, "payrollRunId"),
    (records.cost_centre_of, "code"),
    (records.cost_unit_of, "code"),
]


@pytest.mark.parametrize(("reader", "needed"), READERS)
@pytest.mark.parametrize("missing", [None, "", "  ", [], True])
def test_what_a_record_cannot_do_without_is_asked_for_by_name(
    reader: Any, needed: str, missing: object
) -> None:
    assert reader({needed: "x"})
    with pytest.raises(ValueError, match=needed):
        reader({needed: missing})


VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.lists(st.integers(), max_size=2)
)
FIELDS = st.sampled_from(
    ["number", "year", "periodStart", "periodEnd", "description", "createdAt", "locked", "type"]
)


@given(st.dictionaries(FIELDS, VALUES | st.datetimes().map(str) | st.dates().map(str)))
def test_nothing_in_a_run_but_its_id_can_make_it_unreadable(fields: dict[str, object]) -> None:
    found = run(**fields)
    assert replace(found, id="r1") == found
    for period in (found.period_start, found.period_end):
        assert period is None or isinstance(period, date) or 1 <= period <= 54


def test_an_id_that_is_longer_than_any_is_no_id() -> None:
    assert records.run_of({"payrollRunId": "x" * 64}).id == "x" * 64
    with pytest.raises(ValueError, match="longer"):
        records.run_of({"payrollRunId": "x" * 65})
    assert records.cost_centre_of({"code": "x" * 65}).code == "x" * 65
