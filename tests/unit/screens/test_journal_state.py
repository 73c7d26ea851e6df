"""The state of a journal follows from its entries."""

import pytest

from loonbrug.delivery.states import State
from loonbrug.screens.journal_export import JournalState, derived_state


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([None], JournalState.READY),
        ([State.BOOKED, State.VERIFIED], JournalState.BOOKED),
        ([State.BOOKED, State.BOOKED_BY_HAND], JournalState.BOOKED),
        ([State.BOOKED, State.REJECTED], JournalState.PARTLY_BOOKED),
        ([State.BOOKED, None], JournalState.PARTLY_BOOKED),
        ([State.BOOKED, State.IN_DOUBT], JournalState.PARTLY_BOOKED),
        ([State.QUEUED, State.REJECTED], JournalState.ATTENTION),
        ([State.IN_DOUBT, State.UNDECIDED], JournalState.ATTENTION),
        ([State.IN_DOUBT, State.QUEUED], JournalState.IN_DOUBT),
        ([State.QUEUED, State.SENDING], JournalState.UNDER_WAY),
        ([State.CANCELLED, State.QUEUED], JournalState.UNDER_WAY),
        ([State.CANCELLED, None], JournalState.CANCELLED),
        ([State.REVERSED, State.REVERSED], JournalState.REVERSED),
    ],
)
def test_a_journal_stands_where_its_entries_stand(states: list[State | None], expected: JournalState) -> None:
    assert derived_state(states, 0) is expected


@pytest.mark.parametrize("state", State)
def test_a_journal_is_booked_only_when_every_entry_is(state: State) -> None:
    is_in_afas = state in {State.BOOKED, State.VERIFIED, State.BOOKED_BY_HAND}
    assert (derived_state([State.BOOKED, state], 0) is JournalState.BOOKED) == is_in_afas


def test_problems_block_only_what_is_still_to_be_sent() -> None:
    assert derived_state([None], 2) is JournalState.BLOCKED
    assert derived_state([State.BOOKED], 2) is JournalState.BOOKED


@pytest.mark.parametrize("state", State)
def test_every_state_of_an_entry_leads_to_a_state_of_the_journal(state: State) -> None:
    assert derived_state([state], 0) is not JournalState.READY


def test_no_entries_is_never_booked() -> None:
    assert derived_state([], 0) is not JournalState.BOOKED
