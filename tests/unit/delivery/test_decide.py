"""Every state and every outcome: what becomes of a delivery when an attempt answers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afas_client.errors import Evidence, TokenRefused
from loonbrug.delivery.outcomes import (
    Answer,
    Attempts,
    Decision,
    Outcome,
    Policy,
    Reason,
    answer_to,
    decide,
    why_not_let_in,
)
from loonbrug.delivery.states import IN_AFAS, State, allowed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BOOKED = Answer(Outcome.BOOKED, entry_number="5789")
ANSWERS = {outcome: Answer(outcome) for outcome in Outcome} | {Outcome.BOOKED: BOOKED}


def decided(
    state: State, answer: Answer, *, attempts: Attempts | None = None, entry_number: str = ""
) -> Decision | None:
    return decide(
        state=state,
        answer=answer,
        attempts=attempts or Attempts(),
        policy=Policy(),
        now=NOW,
        first_claimed_at=NOW - timedelta(minutes=1),
        entry_number=entry_number,
    )


def state_after(
    state: State, answer: Answer, *, attempts: Attempts | None = None, entry_number: str = ""
) -> State:
    decision = decided(state, answer, attempts=attempts, entry_number=entry_number)
    return state if decision is None else decision.state


@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        (Outcome.BOOKED, State.BOOKED),
        (Outcome.REFUSED, State.REJECTED),
        (Outcome.NOT_BOOKED, State.QUEUED),
        (Outcome.NOT_LET_IN, State.QUEUED),
        (Outcome.UNKNOWN, State.IN_DOUBT),
    ],
)
def test_the_answer_to_the_running_attempt_settles_it(outcome: Outcome, after: State) -> None:
    assert state_after(State.SENDING, ANSWERS[outcome]) is after


def test_a_booking_keeps_afas_entry_number() -> None:
    decision = decided(State.SENDING, BOOKED)
    assert decision is not None
    assert decision.entry_number == "5789"


def test_an_unknown_answer_is_in_doubt_and_looked_up_soon() -> None:
    decision = decided(State.SENDING, ANSWERS[Outcome.UNKNOWN])
    assert decision is not None
    assert decision.due_at == NOW + timedelta(seconds=2)


def test_look_ups_are_soon_and_often_and_never_further_apart_than_a_minute() -> None:
    policy, sent = Policy(), NOW
    waits = [policy.next_look(now=sent + timedelta(seconds=at), sent_before=sent) for at in (0, 8, 100, 900)]
    assert [wait - sent for wait in waits] == [
        timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=125), timedelta(seconds=960),
    ]  # fmt: skip


@pytest.mark.parametrize(("tries", "seconds"), [(0, 15), (1, 30), (2, 60), (7, 1800), (300, 1800)])
def test_what_was_surely_not_booked_waits_twice_as_long_every_time(tries: int, seconds: int) -> None:
    decision = decided(State.SENDING, ANSWERS[Outcome.NOT_BOOKED], attempts=Attempts(not_booked_count=tries))
    assert decision is not None
    assert decision.due_at == NOW + timedelta(seconds=seconds)


def test_afas_own_waiting_time_is_respected() -> None:
    decision = decided(State.SENDING, Answer(Outcome.NOT_BOOKED, retry_after=7200))
    assert decision is not None
    assert decision.due_at == NOW + timedelta(hours=2)


def test_trying_again_has_an_end() -> None:
    decision = decide(
        state=State.SENDING,
        answer=ANSWERS[Outcome.NOT_BOOKED],
        attempts=Attempts(not_booked_count=9),
        policy=Policy(),
        now=NOW,
        first_claimed_at=NOW - timedelta(hours=24),
        entry_number="",
    )
    assert decision == Decision(State.GIVEN_UP)


def test_who_is_not_let_in_keeps_the_delivery_and_pauses_the_connection() -> None:
    decision = decided(State.SENDING, ANSWERS[Outcome.NOT_LET_IN])
    assert decision is not None
    assert decision.pauses_connection
    assert decision.state is State.QUEUED


def test_403_is_tried_once_more_before_the_connection_pauses() -> None:
    answer = Answer(Outcome.NOT_LET_IN, once_more=True)
    first = decided(State.SENDING, answer)
    second = decided(State.SENDING, answer, attempts=Attempts(not_booked_count=1, follows_a_refusal=True))
    assert first is not None
    assert second is not None
    assert not first.pauses_connection
    assert second.pauses_connection


def test_an_older_attempt_changes_nothing_while_a_newer_one_runs() -> None:
    assert decided(State.SENDING, BOOKED, attempts=Attempts(is_latest=False)) is None


def test_two_bookings_under_two_numbers_need_a_person() -> None:
    attempts = Attempts(earlier_entry_number="5000")
    decision = decided(State.SENDING, BOOKED, attempts=attempts)
    assert decision == Decision(State.CONFLICT, reason=Reason.DOUBLE, due_at=NOW, entry_number="5789")


@pytest.mark.parametrize(
    "outcome", [Outcome.REFUSED, Outcome.NOT_BOOKED, Outcome.NOT_LET_IN, Outcome.UNKNOWN]
)
def test_an_earlier_booking_comes_to_light_when_the_running_attempt_settles(outcome: Outcome) -> None:
    attempts = Attempts(earlier_entry_number="5000")
    assert decided(State.SENDING, ANSWERS[outcome], attempts=attempts) == Decision(
        State.BOOKED, due_at=NOW, entry_number="5000"
    )


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.IN_DOUBT, State.REJECTED, State.GIVEN_UP, State.HELD, State.UNDECIDED]
)
def test_a_late_booking_is_believed_where_nothing_else_was_booked(state: State) -> None:
    assert state_after(state, BOOKED, attempts=Attempts(is_latest=False)) is State.BOOKED


@pytest.mark.parametrize("state", [State.CANCELLED, State.BOOKED_BY_HAND])
def test_a_late_booking_of_what_was_ended_by_hand_needs_a_person(state: State) -> None:
    assert state_after(state, BOOKED) is State.CONFLICT


@pytest.mark.parametrize("state", [State.BOOKED, State.VERIFIED, State.REVERSING, State.REVERSED])
def test_a_late_booking_under_another_number_needs_a_person(state: State) -> None:
    assert state_after(state, BOOKED, entry_number="5000") is State.CONFLICT
    assert state_after(state, BOOKED, entry_number="5789") is state


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_BOOKED, Outcome.NOT_LET_IN])
def test_doubt_ends_when_its_last_attempt_answers_late_and_all_earlier_ones_are_settled(
    outcome: Outcome,
) -> None:
    assert state_after(State.IN_DOUBT, ANSWERS[outcome]) is not State.IN_DOUBT
    unsettled = Attempts(earlier_settled=False)
    assert state_after(State.IN_DOUBT, ANSWERS[outcome], attempts=unsettled) is State.IN_DOUBT


attempts_known = st.builds(
    Attempts,
    is_latest=st.booleans(),
    earlier_settled=st.booleans(),
    earlier_entry_number=st.sampled_from(["", "5000", "5789"]),
    not_booked_count=st.integers(0, 50),
)


@given(
    state=st.sampled_from(list(State)),
    outcome=st.sampled_from(list(Outcome)),
    attempts=attempts_known,
    entry_number=st.sampled_from(["5000", "5789"]),
)
def test_no_decision_leaves_the_table_of_states(
    state: State, outcome: Outcome, attempts: Attempts, entry_number: str
) -> None:
    number = entry_number if state in IN_AFAS else ""
    decision = decided(state, ANSWERS[outcome], attempts=attempts, entry_number=number)
    if decision is not None:
        assert allowed(state, decision.state)
        assert decision.state not in {State.BOOKED, State.VERIFIED} or decision.entry_number


@given(state=st.sampled_from(list(State)), attempts=attempts_known)
def test_what_is_unknown_never_makes_a_delivery_sendable(state: State, attempts: Attempts) -> None:
    after = state_after(state, ANSWERS[Outcome.UNKNOWN], attempts=attempts)
    assert after is state or after in {State.IN_DOUBT, State.BOOKED}


def test_the_limits_shrink_together_in_a_rehearsal() -> None:
    policy = Policy().scaled(60)
    assert policy.read_time_out == timedelta(seconds=16)
    assert policy.send_window == timedelta(milliseconds=500)
    assert policy.give_up_after == Policy().give_up_after


@pytest.mark.parametrize(("status", "why"), [(401, "token_refused"), (403, "address_refused")])
def test_only_words_of_afas_itself_are_kept_as_its_words(status: int, why: str) -> None:
    silent = answer_to(TokenRefused("AFAS answered", evidence=Evidence(status=status)))
    assert silent.message == ""
    assert why_not_let_in(status=silent.status, message=silent.message) == why
    assert why_not_let_in(status=status, message="The token has expired") == "The token has expired"
