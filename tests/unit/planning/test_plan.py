"""What is due when, counted in days of Amsterdam."""

from datetime import UTC, datetime, timedelta

import pytest

from loonbrug.planning.plan import AMSTERDAM, Happened, Planned, Step, Turn, Turns, course, due_at

LOCKED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
AT_ONCE = Turn(by_itself=True)
ALL = Turns(AT_ONCE, AT_ONCE, AT_ONCE)


def after(days: int) -> Turn:
    return Turn(by_itself=True, days=days)


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=AMSTERDAM)  # type: ignore[misc, arg-type]


def test_nothing_is_planned_for_a_run_that_is_not_locked() -> None:
    assert course(ALL, Happened(), now=LOCKED) == ()


def test_without_a_choice_the_first_step_waits_for_a_person() -> None:
    assert course(Turns(), Happened(LOCKED), now=LOCKED) == (Planned(Step.GENERATE, None),)


def test_what_follows_a_step_by_hand_cannot_be_foreseen() -> None:
    turns = Turns(AT_ONCE, Turn(), AT_ONCE)
    assert course(turns, Happened(LOCKED), now=LOCKED) == (
        Planned(Step.GENERATE, LOCKED),
        Planned(Step.CHECK, None),
    )


def test_each_step_counts_from_the_one_before() -> None:
    turns = Turns(after(1), after(2), after(3))
    assert [each.at for each in course(turns, Happened(LOCKED), now=LOCKED)] == [
        local(2026, 11, 21, 7),
        local(2026, 11, 23, 7),
        local(2026, 11, 26, 7),
    ]


def test_what_was_taken_counts_from_when_it_was_taken() -> None:
    generated = LOCKED + timedelta(days=4)
    found = course(Turns(AT_ONCE, after(1), Turn()), Happened(LOCKED, generated), now=generated)
    assert found == (Planned(Step.CHECK, local(2026, 11, 25, 7)), Planned(Step.SEND, None))


def test_a_journal_from_before_the_lock_counts_from_the_lock() -> None:
    turns = Turns(AT_ONCE, after(1), Turn())
    (check, _) = course(turns, Happened(LOCKED, LOCKED - timedelta(days=9)), now=LOCKED)
    assert check.at == local(2026, 11, 21, 7)


def test_what_is_overdue_pushes_what_follows() -> None:
    now = LOCKED + timedelta(days=30)
    generate, check, _ = course(Turns(AT_ONCE, after(1), AT_ONCE), Happened(LOCKED), now=now)
    assert generate.at == LOCKED
    assert check.at == local(2026, 12, 21, 7)


def test_what_was_sent_has_nothing_left_to_do() -> None:
    assert course(ALL, Happened(LOCKED, sent_at=LOCKED), now=LOCKED) == ()


@pytest.mark.parametrize(
    ("after_moment", "days", "expected"),
    [
        (local(2026, 3, 28, 23, 30), 1, datetime(2026, 3, 29, 5, tzinfo=UTC)),  # clocks go forward that night
        (local(2026, 10, 24, 12), 1, datetime(2026, 10, 25, 6, tzinfo=UTC)),  # clocks go back that night
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), 1, datetime(2026, 7, 2, 5, tzinfo=UTC)),  # already 1 July
        (local(2026, 12, 31, 23, 59), 1, local(2027, 1, 1, 7)),
        (local(2026, 11, 20, 3), 1, local(2026, 11, 21, 7)),
    ],
)
def test_a_later_day_begins_at_seven_in_amsterdam(
    after_moment: datetime, days: int, expected: datetime
) -> None:
    assert due_at(after_moment, days) == expected


def test_at_once_is_the_moment_itself() -> None:
    assert due_at(LOCKED, 0) == LOCKED
