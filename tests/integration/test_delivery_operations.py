"""Queueing, claiming, recording, and what a person may do: each rule of delivery on the real tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from tests.integration.delivery_office import (
    BOOKED,
    NOT_BOOKED,
    NOT_LET_IN,
    NOW,
    POLICY,
    REFUSED,
    TOKEN,
    UNKNOWN,
    DeliveryOffice,
    make_office,
    state_of,
)

from loonbrug.access.rights import NotFoundError
from loonbrug.connections import operations as connections
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery import asking, decisions, queries, reversing
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.outcomes import Answer, Outcome, Reason
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import State
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def office() -> DeliveryOffice:
    return make_office()


def cancel(office: DeliveryOffice, delivery_id: int, reason: str = "verkeerde maand") -> None:
    office_id = office.scope.office_id
    decisions.cancel(office_id=office_id, delivery_id=delivery_id, reason=reason, by="Anna", now=LATER)


def retry(office: DeliveryOffice, delivery_id: int, reason: str = "btw uitgevinkt") -> None:
    office_id = office.scope.office_id
    decisions.retry(office_id=office_id, delivery_id=delivery_id, reason=reason, by="Anna", now=LATER)


def decide(
    office: DeliveryOffice, delivery_id: int, decision: DoubtDecision, number: str = "", **given: object
) -> None:
    decisions.resolve(
        office_id=office.scope.office_id,
        delivery_id=delivery_id,
        decision=decision,
        entry_number=number,
        reason="gekeken in AFAS",
        by="Anna",
        now=given.get("at", LATER),  # type: ignore[arg-type]
    )


def test_an_entry_can_be_queued_once_only(office: DeliveryOffice) -> None:
    office.queue(run_id=1)
    with pytest.raises(IntegrityError):
        office.queue(run_id=1)


def test_sending_anew_after_cancelling_takes_another_voucher_number(office: DeliveryOffice) -> None:
    first = office.queue(run_id=1)
    cancel(office, first)
    second = office.queue(run_id=1)
    numbers = set(Delivery.objects.filter(pk__in=[first, second]).values_list("voucher_number", flat=True))
    assert len(numbers) == 2
    assert Delivery.objects.get(pk=second).generation == 1


def test_a_counter_entry_that_came_to_nothing_takes_no_number_of_its_entry(office: DeliveryOffice) -> None:
    """A restored backup finds its bookings by the numbers that it would make itself."""
    delivery_id = office.sent(BOOKED)
    first = Delivery.objects.get(pk=delivery_id)
    journal = {"office_id": first.office_id, "journal_id": first.journal_id}
    for answer in (REFUSED, replace(BOOKED, entry_number="6000")):
        reversing.reverse(**journal, how=How.COUNTER_ENTRY, reason="verkeerd", by="Anna", now=NOW)
        (claim,) = office.claim()
        office.answer(claim.claim_id, answer)
    assert state_of(delivery_id) is State.REVERSED
    assert Delivery.objects.filter(reverses=first, is_ended=True).count() == 1
    assert Delivery.objects.get(pk=office.queue(run_id=first.run_id)).generation == 1


def test_sending_again_keeps_payload_and_voucher_number(office: DeliveryOffice) -> None:
    delivery_id = office.sent(REFUSED)
    before = Delivery.objects.get(pk=delivery_id)
    retry(office, delivery_id)
    office.start(at=LATER)
    (claim,) = office.claim(at=LATER)
    assert claim.payload == bytes(before.payload)
    assert Delivery.objects.get(pk=delivery_id).voucher_number == before.voucher_number


def test_the_attempt_is_there_before_any_byte_leaves(office: DeliveryOffice) -> None:
    delivery_id = office.queue()
    office.start()
    (claim,) = office.claim()
    attempt = Attempt.objects.get(claim_id=claim.claim_id)
    assert attempt.delivery_id == delivery_id
    assert attempt.payload_hash == Delivery.objects.get(pk=delivery_id).payload_hash
    assert attempt.ended_at is None
    assert state_of(delivery_id) is State.SENDING


def test_a_lane_has_one_call_at_a_time(office: DeliveryOffice) -> None:
    office.queue(administration=1)
    office.queue(administration=1)
    office.queue(administration=2)
    office.start()
    assert len(office.claim()) == 2
    assert office.claim() == ()


def test_an_environment_has_five_calls_at_a_time(office: DeliveryOffice) -> None:
    for administration in range(1, 9):
        office.queue(administration=administration)
    office.start()
    claims = office.claim()
    assert len(claims) == 5
    office.answer(claims[0].claim_id, BOOKED)
    assert len(office.claim()) == 1


def test_offices_that_share_an_environment_share_its_limit(office: DeliveryOffice) -> None:
    other = make_office("Kantoor Zuid")
    for administration in range(1, 4):
        office.queue(administration=administration)
        other.queue(administration=administration + 10)
    office.start()
    claims = office.claim()
    assert len(claims) == 5
    assert {claim.office_id for claim in claims} == {office.scope.office_id, other.scope.office_id}


def test_a_doubt_keeps_its_lane_until_the_limit_has_passed(office: DeliveryOffice) -> None:
    delivery_id, over = office.in_doubt_past_its_limit()
    office.queue()
    assert state_of(delivery_id) is State.IN_DOUBT
    assert office.claim(at=over - timedelta(seconds=2)) == ()
    assert len(office.claim(at=over)) == 1


def test_an_older_drain_claims_nothing_more(office: DeliveryOffice) -> None:
    office.queue()
    office.start()
    older = office.epoch
    office.start()
    office.epoch = older
    with pytest.raises(OvertakenError):
        office.claim()


def test_what_a_dead_worker_was_sending_is_in_doubt_not_queued(office: DeliveryOffice) -> None:
    delivery_id = office.queue()
    office.start()
    office.claim()
    office.start(at=NOW + timedelta(minutes=2))
    assert state_of(delivery_id) is State.IN_DOUBT
    assert office.claim(at=LATER) == ()


def test_what_another_drain_was_sending_is_not_looked_up_before_that_look_counts(
    office: DeliveryOffice,
) -> None:
    delivery_id = office.queue()
    office.start()
    office.claim()
    office.start(at=NOW + timedelta(seconds=1))
    assert Delivery.objects.get(pk=delivery_id).due_at == NOW + 2 * POLICY.send_window


def test_a_dead_workers_answer_is_still_believed_when_it_comes(office: DeliveryOffice) -> None:
    delivery_id = office.queue()
    office.start()
    (claim,) = office.claim()
    office.start(at=NOW + timedelta(minutes=2))
    assert office.answer(claim.claim_id, BOOKED) is State.BOOKED
    assert Delivery.objects.get(pk=delivery_id).entry_number == "5789"


def test_recording_twice_changes_nothing(office: DeliveryOffice) -> None:
    delivery_id = office.queue()
    office.start()
    (claim,) = office.claim()
    assert office.answer(claim.claim_id, BOOKED) is State.BOOKED
    assert office.answer(claim.claim_id, UNKNOWN) is State.BOOKED
    assert Attempt.objects.get(delivery_id=delivery_id).outcome == "booked"


def test_a_refusal_waits_for_a_person(office: DeliveryOffice) -> None:
    delivery_id = office.sent(REFUSED)
    assert state_of(delivery_id) is State.REJECTED
    assert queries.environments_with_due_work(now=LATER) == ()


def test_what_was_surely_not_booked_goes_again_by_itself_and_later(office: DeliveryOffice) -> None:
    delivery_id = office.sent(NOT_BOOKED)
    assert state_of(delivery_id) is State.QUEUED
    assert office.claim() == ()
    assert len(office.claim(at=NOW + POLICY.first_wait)) == 1


def test_who_is_not_let_in_pauses_the_connection_and_waits(office: DeliveryOffice) -> None:
    delivery_id = office.sent(NOT_LET_IN)
    assert Connection.objects.get(pk=office.connection_id).state == ConnectionState.BROKEN
    assert state_of(delivery_id) is State.QUEUED
    assert office.claim(at=LATER) == ()
    assert queries.environments_with_due_work(now=LATER) == ()


def test_deliveries_go_on_after_authorising_again(office: DeliveryOffice) -> None:
    office.sent(NOT_LET_IN)
    connections.record_authorised(
        office_id=office.scope.office_id, connection_id=office.connection_id, token=TOKEN, now=LATER
    )
    assert queries.environments_with_due_work(now=LATER) == (office.environment_id,)
    assert len(office.claim(at=LATER)) == 1


def once_more(office: DeliveryOffice, answer: Answer, at: datetime) -> State:
    """What becomes of what waits when it is sent again and this is the answer."""
    (claim,) = office.claim(at=at)
    return office.answer(claim.claim_id, answer, at=at)


def test_what_a_person_sends_again_is_tried_as_long_as_anything_else(office: DeliveryOffice) -> None:
    delivery_id = office.sent(NOT_BOOKED)
    assert once_more(office, NOT_BOOKED, NOW + POLICY.give_up_after) is State.GIVEN_UP
    at = NOW + timedelta(days=2)
    given = {"office_id": office.scope.office_id, "delivery_id": delivery_id, "reason": "AFAS is er weer"}
    decisions.retry(**given, by="Anna", now=at)
    assert once_more(office, NOT_BOOKED, at) is State.QUEUED
    assert once_more(office, NOT_BOOKED, at + POLICY.give_up_after / 2) is State.QUEUED
    assert once_more(office, NOT_BOOKED, at + POLICY.give_up_after) is State.GIVEN_UP


def test_a_pause_of_days_is_no_part_of_how_long_is_tried(office: DeliveryOffice) -> None:
    office.sent(NOT_LET_IN)
    monday = NOW + timedelta(days=3)
    connections.record_authorised(
        office_id=office.scope.office_id, connection_id=office.connection_id, token=TOKEN, now=monday
    )
    assert once_more(office, NOT_BOOKED, monday) is State.QUEUED


def test_a_403_after_something_else_is_tried_once_more_too(office: DeliveryOffice) -> None:
    office.sent(NOT_BOOKED)
    refused = Answer(Outcome.NOT_LET_IN, status=403, once_more=True)
    once_more(office, refused, NOW + POLICY.first_wait)
    assert Connection.objects.get(pk=office.connection_id).state == ConnectionState.AUTHORISED
    once_more(office, refused, NOW + 2 * POLICY.first_wait)
    assert Connection.objects.get(pk=office.connection_id).state == ConnectionState.BROKEN


@pytest.mark.parametrize(
    ("column", "reason"), [("is_test", Reason.COMPANY_IS_TEST), ("is_blocked", Reason.DEBTOR_IS_BLOCKED)]
)
def test_a_test_company_or_blocked_debtor_is_not_sent_even_when_approved_before(
    office: DeliveryOffice, column: str, reason: Reason
) -> None:
    delivery_id = office.queue()
    marked = office.company if column == "is_test" else office.company.debtor
    setattr(marked, column, True)
    marked.save()
    office.start()
    assert office.claim() == ()
    delivery = Delivery.objects.get(pk=delivery_id)
    assert (delivery.state, delivery.reason) == (State.HELD, reason)


def test_nobody_decides_a_doubt_before_the_limit_has_passed(office: DeliveryOffice) -> None:
    delivery_id, over = office.in_doubt_past_its_limit()
    with pytest.raises(ProblemsError, match="too_early_to_decide"):
        decide(office, delivery_id, DoubtDecision.AGAIN, at=over - timedelta(seconds=2))
    assert state_of(delivery_id) is State.IN_DOUBT


def test_a_doubt_past_its_limit_is_handed_to_a_person(office: DeliveryOffice) -> None:
    delivery_id, over = office.in_doubt_past_its_limit()
    assert asking.end_doubts(environment_id=office.environment_id, now=over - timedelta(seconds=2)) == 0
    assert asking.end_doubts(environment_id=office.environment_id, now=over) == 1
    assert state_of(delivery_id) is State.UNDECIDED


@pytest.mark.parametrize(
    ("decision", "number", "after"),
    [
        (DoubtDecision.AGAIN, "", State.QUEUED),
        (DoubtDecision.CANCEL, "", State.CANCELLED),
        (DoubtDecision.BOOKED, "6001", State.BOOKED),
        (DoubtDecision.BY_HAND, "6002", State.BOOKED_BY_HAND),
    ],
)
def test_a_person_settles_a_doubt_with_what_afas_shows(
    office: DeliveryOffice, decision: DoubtDecision, number: str, after: State
) -> None:
    delivery_id, over = office.in_doubt_past_its_limit()
    decide(office, delivery_id, decision, number, at=over)
    view = queries.delivery(scope=office.scope, delivery_id=delivery_id)
    assert (view.state, view.entry_number) == (after, number)
    (kept,) = view.decisions
    assert (kept.kind, kept.reason, kept.by, kept.is_checked) == (decision, "gekeken in AFAS", "Anna", False)


@pytest.mark.parametrize("number", ["", "abc", "12a", "0", "1" * 13])
def test_a_booking_that_a_person_saw_needs_its_number(office: DeliveryOffice, number: str) -> None:
    delivery_id, over = office.in_doubt_past_its_limit()
    with pytest.raises(ProblemsError, match="entry_number_missing"):
        decide(office, delivery_id, DoubtDecision.BOOKED, number, at=over)


@pytest.mark.parametrize("decision", [DoubtDecision.BOOKED, DoubtDecision.BY_HAND])
def test_a_number_that_afas_gave_to_another_entry_of_ours_is_not_taken_for_this_one(
    office: DeliveryOffice, decision: DoubtDecision
) -> None:
    other = Delivery.objects.get(pk=office.sent(BOOKED))
    delivery_id, over = office.in_doubt_past_its_limit()
    with pytest.raises(ProblemsError, match="entry_number_of_another"):
        decide(office, delivery_id, decision, f"0{other.entry_number}", at=over)
    assert state_of(delivery_id) is State.IN_DOUBT
    Delivery.objects.filter(pk=other.pk).update(
        year=other.year - 1
    )  # AFAS may number anew in every book year
    decide(office, delivery_id, decision, other.entry_number, at=over)
    assert queries.delivery(scope=office.scope, delivery_id=delivery_id).entry_number == other.entry_number


def test_every_act_of_a_person_needs_a_reason(office: DeliveryOffice) -> None:
    delivery_id = office.sent(REFUSED)
    with pytest.raises(ProblemsError, match="reason_missing"):
        retry(office, delivery_id, reason="  ")
    assert state_of(delivery_id) is State.REJECTED


@pytest.mark.parametrize("answer", [BOOKED, UNKNOWN])
def test_what_may_be_in_afas_is_never_sent_again_or_cancelled_by_a_click(
    office: DeliveryOffice, answer
) -> None:
    delivery_id = office.sent(answer)
    for act in (retry, cancel):
        with pytest.raises(ProblemsError, match="delivery_has_moved_on"):
            act(office, delivery_id)


def test_a_cancelled_delivery_that_turns_out_booked_needs_a_person(office: DeliveryOffice) -> None:
    delivery_id, over = office.in_doubt_past_its_limit()
    claim_id = uuid4()
    Attempt.objects.filter(delivery_id=delivery_id).update(ended_at=None, outcome="", claim_id=claim_id)
    decide(office, delivery_id, DoubtDecision.CANCEL, at=over)
    assert office.answer(claim_id, BOOKED, at=LATER) is State.CONFLICT


def test_another_offices_delivery_does_not_exist(office: DeliveryOffice) -> None:
    other = make_office("Kantoor Zuid", "23456")
    delivery_id = office.sent(REFUSED)
    with pytest.raises(NotFoundError):
        queries.delivery(scope=other.scope, delivery_id=delivery_id)
    with pytest.raises(NotFoundError):
        retry(other, delivery_id)
    assert queries.of_journals(scope=other.scope, journal_ids=[1]) == {}
