"""Waiting ends, whatever Nmbrs asks for."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from nmbrs_client.waiting import LONGEST_PAUSE, LONGEST_WAIT, REPEATS, Patience, growing


def test_pauses_double_up_to_the_longest() -> None:
    assert list(islice(growing(), 7)) == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]


def test_exactly_what_is_left_may_be_waited() -> None:
    patience = Patience()
    assert patience.pause_for(LONGEST_WAIT) == LONGEST_WAIT
    assert patience.pause_for(1) is None


@given(st.lists(st.none() | st.integers(0, 10**6), max_size=300))
def test_a_call_never_waits_longer_than_its_limit_nor_shorter_than_asked(asked: list[int | None]) -> None:
    patience = Patience()
    waited = 0
    for seconds in asked:
        pause = patience.pause_for(seconds)
        if pause is None:
            assert waited + (seconds or LONGEST_PAUSE) > LONGEST_WAIT
            return
        assert pause >= max(1, seconds or 1)
        waited += pause
    assert waited <= LONGEST_WAIT


def test_a_dropped_line_is_repeated_a_few_times_only() -> None:
    patience = Patience()
    assert [patience.pause_for_dropped_line() for _ in range(REPEATS + 1)] == [1, 2, None]
