"""What the books and AFAS's answers make of a delivery that is being reversed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from afas_client.transactions import Transaction
from loonbrug.delivery.outcomes import Answer, Outcome, Policy, Reason
from loonbrug.delivery.reversal import (
    Sought,
    Standing,
    after_answer,
    after_delete,
    before_delete,
    following,
    standing,
)
from loonbrug.delivery.sighting import Expected, Sum
from loonbrug.delivery.states import State, allowed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
POLICY = Policy()
LIMIT = POLICY.doubt_until(send_before=NOW)
OURS = "202610-2001-ABCDEFGHIJK"
SOUGHT = Sought(1, "90", OURS, "5789", Expected({"4000": Sum(Decimal(100), Decimal(0))}, {}, frozenset()))
GONE = Standing(ours=(), is_clear=False, is_taken=False)


def line(
    entry_number: str = "5789",
    *,
    voucher: str = OURS,
    amount: int = 100,
    year: int = 2026,
    journal_code: str = "90",
    administration: int = 1,
) -> Transaction:
    value, nothing, codes = Decimal(amount), Decimal(0), ("",) * 5
    return Transaction(
        administration, journal_code, year, entry_number, voucher, "4000", value, nothing, codes
    )


def test_one_entry_that_is_ours_with_our_totals_may_go() -> None:
    assert standing([line()], SOUGHT).is_clear
    assert before_delete(standing([line()], SOUGHT), entry_number="5789", has_sight=False, now=NOW) is None


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([line(amount=99)], id="other totals"),
        pytest.param([line(), line(voucher="HAND")], id="a line of somebody else in it"),
        pytest.param([line(amount=50), line(amount=50, year=2025)], id="the same number in two years"),
        pytest.param([line(voucher="HAND")], id="somebody else's entry"),
    ],
)
def test_what_is_not_one_entry_wholly_ours_is_never_deleted(lines: list[Transaction]) -> None:
    found = standing(lines, SOUGHT)
    assert not found.is_clear
    decision = before_delete(found, entry_number="5789", has_sight=True, now=NOW)
    assert decision is not None
    assert (decision.state, decision.reason) == (State.BOOKED, Reason.NOT_AS_SENT)


@pytest.mark.parametrize("elsewhere", [line(journal_code="91"), line(administration=2)])
def test_other_journals_and_administrations_do_not_count(elsewhere: Transaction) -> None:
    assert standing([elsewhere], SOUGHT) == GONE
    assert standing([line(), elsewhere], SOUGHT).is_clear


def test_nothing_there_before_deleting_is_reversed_only_with_sight() -> None:
    seen = before_delete(GONE, entry_number="5789", has_sight=True, now=NOW)
    blind = before_delete(GONE, entry_number="5789", has_sight=False, now=NOW)
    assert seen is not None
    assert blind is not None
    assert seen.state is State.REVERSED
    assert (blind.state, blind.reason) == (State.BOOKED, Reason.NOT_SEEN)


def test_what_afas_holds_twice_goes_copy_by_copy() -> None:
    found = standing([line("5789"), line("5790")], SOUGHT)
    assert found.is_clear
    left = after_delete(
        standing([line("5790")], SOUGHT),
        entry_number="5789",
        has_sight=True,
        sent_before=NOW,
        policy=POLICY,
        now=NOW,
    )
    assert (left.state, left.reason, left.entry_number) == (State.REVERSING, Reason.TO_DELETE, "5790")


@pytest.mark.parametrize(
    ("found", "has_sight", "now", "state", "reason"),
    [
        pytest.param(GONE, True, NOW, State.REVERSED, Reason.NONE, id="gone"),
        pytest.param(GONE, False, NOW, State.REVERSING, Reason.DELETE_LEFT, id="not seen, without sight"),
        pytest.param(GONE, False, LIMIT, State.BOOKED, Reason.NOT_SEEN, id="never had sight"),
        pytest.param(
            Standing(("5789",), is_clear=True, is_taken=False),
            True,
            LIMIT - timedelta(seconds=1),
            State.REVERSING,
            Reason.DELETE_LEFT,
            id="still there, and AFAS may be busy",
        ),
        pytest.param(
            Standing(("5789",), is_clear=True, is_taken=False),
            True,
            LIMIT,
            State.BOOKED,
            Reason.STILL_THERE,
            id="still there after the limit",
        ),
    ],
)
def test_a_look_after_deleting(
    found: Standing, has_sight: bool, now: datetime, state: State, reason: Reason
) -> None:
    decision = after_delete(
        found, entry_number="5789", has_sight=has_sight, sent_before=NOW, policy=POLICY, now=now
    )
    assert (decision.state, decision.reason) == (state, reason)


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer(Outcome.DELETED), State.REVERSING, Reason.DELETE_LEFT),
        (Answer(Outcome.UNKNOWN), State.REVERSING, Reason.DELETE_LEFT),
        (Answer(Outcome.REFUSED), State.BOOKED, Reason.DELETE_REFUSED),
        (Answer(Outcome.NOT_BOOKED), State.BOOKED, Reason.NOT_DELETED),
        (Answer(Outcome.NOT_LET_IN), State.BOOKED, Reason.NOT_DELETED),
        (Answer(Outcome.NOT_BOOKED, held_back=True), State.REVERSING, Reason.TO_DELETE),
    ],
)
def test_an_answer_to_a_delete(answer: Answer, state: State, reason: Reason) -> None:
    decision = after_answer(State.REVERSING, Reason.DELETING, answer, policy=POLICY, now=NOW)
    assert decision is not None
    assert (decision.state, decision.reason) == (state, reason)
    assert decision.pauses_connection == (answer.outcome is Outcome.NOT_LET_IN)


@pytest.mark.parametrize("outcome", [Outcome.DELETED, Outcome.UNKNOWN])
def test_an_answer_after_the_reversal_ended_is_looked_into(outcome: Outcome) -> None:
    decision = after_answer(State.BOOKED, Reason.STILL_THERE, Answer(outcome), policy=POLICY, now=NOW)
    assert decision is not None
    assert (decision.state, decision.due_at) == (State.BOOKED, NOW)
    assert after_answer(State.REVERSED, Reason.NONE, Answer(outcome), policy=POLICY, now=NOW) is None


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_late_answer_leaves_the_counter_entry_alone_that_has_taken_its_place(outcome: Outcome) -> None:
    late = after_answer(State.REVERSING, Reason.COUNTER_ENTRY, Answer(outcome), policy=POLICY, now=NOW)
    assert late is None


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("counter_entry", list(State))
def test_a_counter_entry_leads_only_along_allowed_steps(state: State, counter_entry: State) -> None:
    for decision in following(state, Reason.COUNTER_ENTRY_FAILED, counter_entry):
        assert allowed(state, decision.state)
        state = decision.state


@pytest.mark.parametrize(
    ("state", "counter_entry", "after"),
    [
        (State.REVERSING, State.BOOKED, State.REVERSED),
        (State.REVERSING, State.BOOKED_BY_HAND, State.REVERSED),
        (State.REVERSING, State.REJECTED, State.BOOKED),
        (State.REVERSING, State.GIVEN_UP, State.BOOKED),
        (State.REVERSING, State.CANCELLED, State.BOOKED),
        (State.BOOKED, State.QUEUED, State.REVERSING),
        (State.BOOKED, State.BOOKED, State.REVERSED),
        (State.REVERSING, State.IN_DOUBT, State.REVERSING),
        (State.REVERSED, State.VERIFIED, State.REVERSED),
        (State.VERIFIED, State.CANCELLED, State.VERIFIED),
    ],
)
def test_what_a_counter_entry_comes_to_decides(state: State, counter_entry: State, after: State) -> None:
    steps = following(state, Reason.NONE, counter_entry)
    assert (steps[-1].state if steps else state) is after
