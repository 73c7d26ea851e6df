"""What AFAS turns out to have booked after it was cancelled, reversed or typed in by hand, and how that ends."""

from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import BOOKED, NOT_BOOKED, NOW, UNKNOWN, make_office, state_of

from loonbrug.delivery import decisions, queries, reversing
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.outcomes import Answer, Outcome, Reason
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import State
from loonbrug.delivery.writer import Writer
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def blind(writer: Writer) -> Afas:
    """An AFAS whose books we may not look in."""
    return Afas(writer, looks=False)


def left(afas: Afas) -> tuple[Delivery, UUID]:
    """An entry of which a worker that died had sent the message; a person then decides on it."""
    office = afas.office
    delivery_id = office.queue(run_id=7)
    office.start()
    (claim,) = office.claim()
    office.start(at=LATER)
    return Delivery.objects.get(pk=delivery_id), claim.claim_id


def decided(delivery: Delivery, decision: DoubtDecision, number: str = "") -> None:
    decisions.resolve(
        office_id=delivery.office_id,
        delivery_id=delivery.pk,
        decision=decision,
        entry_number=number,
        reason="gekeken in AFAS",
        by="Anna",
        now=LATER,
    )


def booked_after_cancelling(afas: Afas, *, sent_anew: bool) -> tuple[Delivery, Delivery | None]:
    """A cancelled entry that AFAS booked after all, and the one that was sent anew in its place."""
    delivery, claim_id = left(afas)
    decided(delivery, DoubtDecision.CANCEL)
    anew = afas.booked(run_id=7) if sent_anew else None
    number = str(afas.books.book(delivery.payload))
    answer = Answer(Outcome.BOOKED, entry_number=number, status=201)
    assert afas.office.answer(claim_id, answer, at=LATER) is State.CONFLICT
    delivery.refresh_from_db()
    return delivery, anew


def settled(delivery: Delivery, number: str) -> None:
    decisions.settle(
        office_id=delivery.office_id,
        delivery_id=delivery.pk,
        entry_number=number,
        reason="zo is het goed",
        by="Anna",
        now=LATER,
    )


def taken_back(delivery: Delivery, how: How) -> None:
    reversing.take_back(
        office_id=delivery.office_id, delivery_id=delivery.pk, how=how, reason="dubbel", by="Anna", now=LATER
    )


@pytest.mark.parametrize("sent_anew", [True, False])
def test_a_late_booking_of_a_cancelled_entry_is_recorded_whether_or_not_it_was_sent_anew(
    afas: Afas, sent_anew: bool
) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=sent_anew)
    assert (late.reason, late.is_ended) == (Reason.BOOKED_LATE, True)
    assert late.entry_number in afas.books.entry_numbers
    assert late.attempts.get().outcome == Outcome.BOOKED


def test_a_late_booking_of_a_reversed_entry_that_was_sent_anew_is_recorded(afas: Afas) -> None:
    delivery, claim_id = left(afas)
    number = str(afas.books.book(delivery.payload))
    decided(delivery, DoubtDecision.BOOKED, number)
    afas.reverse(delivery)
    afas.run(LATER)
    assert state_of(delivery.pk) is State.REVERSED
    afas.booked(run_id=7)
    assert afas.office.answer(claim_id, BOOKED, at=LATER) is State.CONFLICT
    delivery.refresh_from_db()
    assert (delivery.reason, delivery.entry_number) == (Reason.BOOKED_LATE, BOOKED.entry_number)


def test_deleting_the_late_booking_leaves_what_was_sent_anew(afas: Afas) -> None:
    late, anew = booked_after_cancelling(afas, sent_anew=True)
    assert anew is not None
    assert len(afas.books.entry_numbers) == 2
    taken_back(late, How.DELETE)
    afas.run(LATER)
    assert state_of(late.pk) is State.REVERSED
    assert afas.books.entry_numbers == {anew.entry_number}
    assert state_of(anew.pk) in {State.BOOKED, State.VERIFIED}


def test_a_late_booking_that_afas_will_not_delete_stays_for_a_person(afas: Afas) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=True)
    afas.books.refuses_to_delete = True
    taken_back(late, How.DELETE)
    afas.run(LATER)
    late.refresh_from_db()
    assert (late.state, late.reason, late.is_ended) == (State.CONFLICT, Reason.DELETE_REFUSED, True)


def test_without_a_look_a_counter_entry_undoes_a_late_booking_alone(blind: Afas) -> None:
    late, anew = booked_after_cancelling(blind, sent_anew=True)
    assert anew is not None
    with pytest.raises(ProblemsError, match="delete_not_possible"):
        taken_back(late, How.DELETE)
    taken_back(late, How.COUNTER_ENTRY)
    blind.run(LATER)
    assert state_of(late.pk) is State.REVERSED
    assert state_of(anew.pk) is State.BOOKED


def test_reversing_the_journal_leaves_a_late_booking_to_its_own_decision(afas: Afas) -> None:
    late, anew = booked_after_cancelling(afas, sent_anew=True)
    assert anew is not None
    afas.reverse(anew)
    afas.run(LATER)
    assert (state_of(anew.pk), state_of(late.pk)) == (State.REVERSED, State.CONFLICT)


def test_a_late_booking_may_stay_where_nothing_was_sent_in_its_place(afas: Afas) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=False)
    settled(late, late.entry_number)
    afas.run(LATER)
    late.refresh_from_db()
    assert (late.state, late.is_ended) == (State.VERIFIED, False)


def test_a_late_booking_may_not_stay_beside_what_was_sent_anew(afas: Afas) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=True)
    with pytest.raises(ProblemsError, match="entry_sent_anew"):
        settled(late, late.entry_number)
    assert state_of(late.pk) is State.CONFLICT


def test_no_look_decides_by_itself_about_what_was_cancelled(afas: Afas) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=False)
    Delivery.objects.filter(pk=late.pk).update(due_at=LATER)
    afas.run(LATER)
    assert state_of(late.pk) is State.CONFLICT


def test_a_late_booking_of_what_was_typed_in_by_hand_under_another_number_needs_a_person(afas: Afas) -> None:
    delivery, claim_id = left(afas)
    decided(delivery, DoubtDecision.BY_HAND, "6002")
    assert afas.office.answer(claim_id, BOOKED, at=LATER) is State.CONFLICT
    delivery.refresh_from_db()
    assert (delivery.reason, delivery.is_ended) == (Reason.BOOKED_LATE, False)


def test_what_was_typed_in_by_hand_may_turn_out_to_be_our_own_booking(afas: Afas) -> None:
    delivery, claim_id = left(afas)
    decided(delivery, DoubtDecision.BY_HAND, BOOKED.entry_number)
    assert afas.office.answer(claim_id, BOOKED, at=LATER) is State.BOOKED_BY_HAND


@pytest.mark.parametrize("answer", [NOT_BOOKED, UNKNOWN])
def test_a_late_answer_without_a_booking_changes_nothing_that_has_ended(afas: Afas, answer: Answer) -> None:
    delivery, claim_id = left(afas)
    decided(delivery, DoubtDecision.CANCEL)
    assert afas.office.answer(claim_id, answer, at=LATER) is State.CANCELLED


def test_what_afas_held_twice_is_booked_as_soon_as_a_look_finds_it_once(afas: Afas) -> None:
    delivery = afas.booked()
    copy = str(afas.books.book(delivery.payload))
    Delivery.objects.filter(pk=delivery.pk).update(due_at=NOW)
    afas.run()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == (State.CONFLICT, Reason.DOUBLE)
    afas.books.lines = [line for line in afas.books.lines if str(line["EntryNo"]) != copy]
    afas.run(LATER)
    assert state_of(delivery.pk) is State.VERIFIED


def test_a_person_settles_what_nobody_can_look_up(blind: Afas) -> None:
    delivery, claim_id = left(blind)
    decided(delivery, DoubtDecision.BOOKED, "6001")
    assert blind.office.answer(claim_id, BOOKED, at=LATER) is State.CONFLICT
    settled(delivery, "6001")
    (_, kept) = queries.delivery(scope=blind.office.scope, delivery_id=delivery.pk).decisions
    assert (state_of(delivery.pk), kept.kind, kept.entry_number, kept.is_checked) == (
        State.BOOKED, "settle", "6001", False,
    )  # fmt: skip


def test_only_a_conflict_is_settled_and_only_what_had_ended_is_taken_back_alone() -> None:
    office = make_office()
    delivery = Delivery.objects.get(pk=office.sent(BOOKED))
    for act in (lambda: settled(delivery, "5789"), lambda: taken_back(delivery, How.COUNTER_ENTRY)):
        with pytest.raises(ProblemsError, match="delivery_has_moved_on"):
            act()
