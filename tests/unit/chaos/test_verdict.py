"""What the storm's judge sees: every way in which books can differ, and calls above a limit."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

from benchmarks.chaos.verdict import compare, is_clean, most_at_once
from benchmarks.chaos.world import ENVIRONMENTS, LEAST_PER_LANE, Entry, entries

ENTRY = Entry(
    "Noord",
    "11111",
    1,
    "90",
    date(2026, 10, 31),
    (("4000", Decimal("10.00"), Decimal("0.00")), ("2100", Decimal("0.00"), Decimal("10.00"))),
)
OTHER = replace(ENTRY, administration=2)
CLEAN = {"lost": 0, "doubled": 0, "wrong_amounts": 0, "in_doubt_left": 0, "limit_exceeded": 0}


def test_books_that_hold_each_entry_once_are_as_wanted() -> None:
    found = Counter([ENTRY.content, OTHER.content])
    assert compare([ENTRY, OTHER], found) == {
        "booked_once": 2,
        "lost": 0,
        "doubled": 0,
        "wrong_amounts": 0,
    }


def test_an_entry_that_is_nowhere_is_lost_and_one_that_is_there_thrice_is_doubled_twice() -> None:
    found = Counter([ENTRY.content] * 3)
    assert compare([ENTRY, OTHER], found) == {
        "booked_once": 0,
        "lost": 1,
        "doubled": 2,
        "wrong_amounts": 0,
    }


def test_an_entry_in_another_administration_is_both_lost_and_wrong() -> None:
    found = Counter([OTHER.content])
    assert compare([ENTRY], found) == {"booked_once": 0, "lost": 1, "doubled": 0, "wrong_amounts": 1}


def call(operation: str, began: int, ended: int | None, *, is_late: bool = False) -> dict[str, object]:
    return {
        "operation": operation,
        "is_late": is_late,
        "began_at": f"2026-11-23T08:00:{began:02d}+00:00",
        "ended_at": f"2026-11-23T08:00:{ended:02d}+00:00" if ended is not None else None,
    }


def test_a_call_that_begins_while_the_limit_is_used_up_exceeds_it() -> None:
    post, look = "POST FiEntries", "GET Profit_Transactions_Allocated"
    calls = [call(post, 0, 5), call(look, 1, 3), call(post, 2, 4), call(post, 4, None), call(look, 5, 6)]
    assert most_at_once(calls, 3) == (3, 0)
    assert most_at_once(calls, 2) == (3, 1)


def test_what_is_worked_on_late_counts_and_its_look_up_uses_the_same_call() -> None:
    post, look = "POST FiEntries", "GET Profit_Transactions_Allocated"
    calls = [call(post, 0, 9, is_late=True), call(post, 1, 8), call(look, 2, 3)]
    assert most_at_once(calls, 2) == (2, 0)
    assert most_at_once([*calls, call(look, 2, 4)], 2) == (3, 1)
    assert most_at_once([*calls, call(post, 4, 5)], 2) == (3, 1)


def test_signing_in_again_is_not_a_call_of_a_drain() -> None:
    assert most_at_once([call("GET metainfo", 0, 9), call("POST OtpValidation", 1, 2)], 1) == (0, 0)


def test_a_run_is_clean_only_when_nothing_went_wrong_and_the_storm_was_whole() -> None:
    report = CLEAN | {"deliveries": 3, "booked_once": 3, "missing": {}}
    assert is_clean(report)
    assert not is_clean(report | {"doubled": 1})
    assert not is_clean(report | {"booked_once": 2})
    assert not is_clean(report | {"missing": {"kills": 1}})


def test_the_same_seed_makes_the_same_entries_and_every_lane_gets_its_least() -> None:
    made = entries(200, seed=7)
    assert made == entries(200, seed=7) != entries(200, seed=8)
    assert min(Counter(entry.lane for entry in made).values()) >= LEAST_PER_LANE
    assert len({entry.content for entry in made}) == 200
    assert set(Counter(entry.environment for entry in made).values()) == {200 // len(ENVIRONMENTS)}
