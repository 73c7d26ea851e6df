"""What AFAS holds is undone once: by deleting it or by a counter-entry, and never by both."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction
from tests.integration.afas_at_work import Afas
from tests.integration.delivery_office import NOW, state_of
from tests.integration.test_late_bookings import (
    LATER,
    booked_after_cancelling,
    decided,
    left,
    settled,
    taken_back,
)
from tests.integration.test_restored import QUIET, release, restored

from loonbrug.delivery import decisions, reversing
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.outcomes import Answer, Decision, Outcome, Reason
from loonbrug.delivery.reversing import How, ways
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision
from loonbrug.delivery.writer import Writer
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db(transaction=True)


def balance(afas: Afas) -> Decimal:
    """What AFAS's books hold of us on the account that is debited."""
    amounts = [line for line in afas.books.lines if line["AccountNo"] == "4000"]
    return sum((Decimal(line["AmtDebit"]) - Decimal(line["AmtCredit"]) for line in amounts), Decimal(0))


def refused_counter_entry(delivery: Delivery) -> Delivery:
    """The counter-entry that was queued, refused by AFAS."""
    counter_entry = Delivery.objects.get(reverses=delivery)
    Delivery.objects.filter(pk=counter_entry.pk).update(state=State.SENDING)
    counter_entry.refresh_from_db()
    with transaction.atomic():
        apply_decision(counter_entry, Decision(State.REJECTED), now=LATER)
    delivery.refresh_from_db()
    return counter_entry


def send_again(counter_entry: Delivery) -> None:
    decisions.retry(
        office_id=counter_entry.office_id, delivery_id=counter_entry.pk, reason="open", by="Anna", now=LATER
    )


def reversed_by(delivery: Delivery, how: How) -> None:
    reversing.reverse(
        office_id=delivery.office_id,
        journal_id=delivery.journal_id,
        how=how,
        reason="verkeerd",
        by="Anna",
        now=LATER,
    )


def booked_with_an_answer_to_come(afas: Afas) -> tuple[Delivery, Answer, UUID]:
    """A booked entry, of which another attempt turns out to have been booked as well when this answer comes."""
    delivery, claim_id = left(afas)
    decided(delivery, DoubtDecision.BOOKED, str(afas.books.book(delivery.payload)))
    afas.run(LATER)
    delivery.refresh_from_db()
    return delivery, Answer(Outcome.BOOKED, entry_number=str(afas.books.next_number), status=201), claim_id


def cancelled_counter_entry(afas: Afas) -> tuple[Delivery, UUID]:
    """A counter-entry that left, that nobody found and a person cancelled; and the claim that it left by."""
    delivery = afas.booked()
    reversed_by(delivery, How.COUNTER_ENTRY)
    counter_entry = Delivery.objects.get(reverses=delivery)
    afas.office.start(at=LATER)
    (claim,) = afas.office.claim(at=LATER)
    Delivery.objects.filter(pk=counter_entry.pk).update(state=State.IN_DOUBT)
    decided(counter_entry, DoubtDecision.CANCEL)
    return counter_entry, claim.claim_id


def booked_late(afas: Afas, ended: Delivery, claim_id: UUID) -> str:
    """AFAS books after all what had ended, and says so; the number that it gave."""
    number = str(afas.books.book(ended.payload))
    answer = Answer(Outcome.BOOKED, entry_number=number, status=201)
    assert afas.office.answer(claim_id, answer, at=LATER) is State.CONFLICT
    return number


def booked_twice(afas: Afas) -> Delivery:
    """An entry of which the books hold a second copy, found by reading back."""
    delivery = afas.booked()
    afas.books.book(delivery.payload)
    Delivery.objects.filter(pk=delivery.pk).update(due_at=NOW)
    afas.run()
    assert state_of(delivery.pk) is State.CONFLICT
    return delivery


def test_a_refused_counter_entry_of_a_late_booking_may_be_sent_again_and_ends_it(afas: Afas) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=False)
    taken_back(late, How.COUNTER_ENTRY)
    counter_entry = refused_counter_entry(late)
    assert (late.state, late.reason) == (State.CONFLICT, Reason.COUNTER_ENTRY_FAILED)
    send_again(counter_entry)
    with pytest.raises(ProblemsError, match="delivery_has_moved_on"):
        taken_back(late, How.DELETE)
    afas.run(LATER)
    assert (state_of(late.pk), balance(afas)) == (State.REVERSED, 0)


def test_a_late_booking_may_have_a_second_counter_entry_after_a_refused_one(afas: Afas) -> None:
    late, _ = booked_after_cancelling(afas, sent_anew=False)
    taken_back(late, How.COUNTER_ENTRY)
    counter_entry = refused_counter_entry(late)
    taken_back(late, How.COUNTER_ENTRY)
    afas.run(LATER)
    assert (state_of(counter_entry.pk), state_of(late.pk)) == (State.CANCELLED, State.REVERSED)
    assert balance(afas) == 0


def test_of_two_copies_the_one_that_a_counter_entry_undoes_stays(afas: Afas) -> None:
    delivery, answer, claim_id = booked_with_an_answer_to_come(afas)
    reversed_by(delivery, How.COUNTER_ENTRY)
    afas.run(LATER)
    afas.books.book(delivery.payload)
    assert afas.office.answer(claim_id, answer, at=LATER) is State.CONFLICT
    taken_back(delivery, How.DELETE)
    afas.run(LATER)
    assert (state_of(delivery.pk), balance(afas)) == (State.REVERSED, 0)
    assert len(afas.books.deletions) == 1


def test_a_counter_entry_is_not_sent_again_for_what_afas_holds_twice(afas: Afas) -> None:
    delivery, answer, claim_id = booked_with_an_answer_to_come(afas)
    reversed_by(delivery, How.COUNTER_ENTRY)
    counter_entry = refused_counter_entry(delivery)
    assert afas.office.answer(claim_id, answer, at=LATER) is State.CONFLICT
    with pytest.raises(ProblemsError, match="counter_entry_not_possible"):
        send_again(counter_entry)
    assert state_of(counter_entry.pk) is State.REJECTED


@pytest.mark.parametrize("looks", [True, False])
def test_what_is_there_once_beside_its_counter_entry_is_reversed_and_not_booked(
    writer: Writer, looks: bool
) -> None:
    afas = Afas(writer, looks=looks)
    delivery, answer, claim_id = booked_with_an_answer_to_come(afas)
    reversed_by(delivery, How.COUNTER_ENTRY)
    assert afas.office.answer(claim_id, answer, at=LATER) is State.CONFLICT
    afas.run(LATER)
    if not looks:
        settled(delivery, delivery.entry_number)
    assert (state_of(delivery.pk), balance(afas)) == (State.REVERSED, 0)


def test_a_counter_entry_that_was_booked_late_may_not_stay_when_its_entry_is_gone(afas: Afas) -> None:
    counter_entry, claim_id = cancelled_counter_entry(afas)
    reversed_by(counter_entry.reverses, How.DELETE)
    afas.run(LATER)
    number = booked_late(afas, counter_entry, claim_id)
    with pytest.raises(ProblemsError, match="counter_entry_not_possible"):
        settled(counter_entry, number)


def test_while_a_late_counter_entry_is_not_decided_on_nothing_else_undoes_its_entry(afas: Afas) -> None:
    counter_entry, claim_id = cancelled_counter_entry(afas)
    number = booked_late(afas, counter_entry, claim_id)
    delivery = Delivery.objects.get(pk=counter_entry.reverses_id)
    assert ways([delivery]) == frozenset()
    settled(counter_entry, number)
    assert (state_of(delivery.pk), balance(afas)) == (State.REVERSED, 0)


def undone_in_the_lost_time(afas: Afas) -> Delivery:
    """A booked entry whose counter-entry AFAS holds, and which a restored database does not know."""
    delivery = afas.booked()
    afas.reverse(delivery, How.COUNTER_ENTRY)
    lost = Delivery.objects.get(reverses=delivery)
    afas.books.book(lost.payload)
    with transaction.atomic():
        delivery.refresh_from_db()
        apply_decision(delivery, Decision(State.BOOKED), now=NOW)
        lost.delete()
    restored()
    release(afas)
    return delivery


def test_what_was_undone_in_the_lost_time_is_not_deleted_besides(afas: Afas) -> None:
    delivery = undone_in_the_lost_time(afas)
    reversed_by(delivery, How.DELETE)
    afas.run(QUIET)
    assert (state_of(delivery.pk), balance(afas)) == (State.REVERSED, 0)
    assert afas.books.deletions == []


def test_what_was_deleted_in_the_lost_time_has_no_counter_entry_besides(afas: Afas) -> None:
    afas.booked()
    delivery = afas.booked()
    afas.books.lines = [line for line in afas.books.lines if line["VoucherNo"] != delivery.voucher_number]
    before = balance(afas)
    restored()
    release(afas)
    with pytest.raises(ProblemsError, match="counter_entry_not_possible"):
        reversed_by(delivery, How.COUNTER_ENTRY)
    reversed_by(delivery, How.DELETE)
    afas.run(QUIET)
    assert (state_of(delivery.pk), balance(afas)) == (State.REVERSED, before)


def test_where_nobody_can_look_after_the_lost_time_a_counter_entry_is_still_possible(writer: Writer) -> None:
    afas = Afas(writer, looks=False)
    delivery = afas.booked()
    restored()
    release(afas)
    assert ways([delivery]) == {How.COUNTER_ENTRY}


def test_a_counter_entry_of_the_lost_time_is_found_and_not_sent_again(afas: Afas) -> None:
    delivery = undone_in_the_lost_time(afas)
    assert ways([delivery]) == {How.DELETE}
    Delivery.objects.filter(pk=delivery.pk).update(changed_at=QUIET)  # seen since
    reversed_by(delivery, How.COUNTER_ENTRY)
    assert state_of(Delivery.objects.get(reverses=delivery).pk) is State.IN_DOUBT
    afas.run(QUIET)
    assert (state_of(delivery.pk), balance(afas)) == (State.REVERSED, 0)


def test_the_first_of_a_lane_is_not_verified_when_afas_holds_it_twice(afas: Afas) -> None:
    delivery_id = afas.office.queue()
    afas.books.book(Delivery.objects.get(pk=delivery_id).payload)
    afas.run()
    assert state_of(delivery_id) is State.CONFLICT


def test_what_is_there_twice_and_cannot_be_deleted_is_a_conflict_again(afas: Afas) -> None:
    delivery = booked_twice(afas)
    afas.books.refuses_to_delete = True
    afas.reverse(delivery)
    afas.run()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == (State.CONFLICT, Reason.DOUBLE)
    assert ways([delivery]) == {How.DELETE}


def test_what_could_not_be_deleted_has_no_counter_entry_before_it_is_seen_once(afas: Afas) -> None:
    delivery = afas.booked()
    afas.books.refuses_to_delete = True
    afas.reverse(delivery)
    afas.run()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == (State.BOOKED, Reason.DELETE_REFUSED)
    assert How.COUNTER_ENTRY in ways([delivery])
    delivery.due_at = NOW
    assert ways([delivery]) == {How.DELETE}


def test_what_the_books_hold_differently_has_no_counter_entry(afas: Afas) -> None:
    delivery = afas.booked()
    for line in afas.books.lines:
        line.update(
            AmtDebit=str(Decimal(line["AmtDebit"]) * 2), AmtCredit=str(Decimal(line["AmtCredit"]) * 2)
        )
    Delivery.objects.filter(pk=delivery.pk).update(due_at=NOW)
    afas.run()
    delivery.refresh_from_db()
    assert (delivery.reason, ways([delivery])) == (Reason.DIFFERENT, {How.DELETE})
    afas.reverse(delivery)
    afas.run()
    delivery.refresh_from_db()
    assert (delivery.reason, ways([delivery])) == (Reason.NOT_AS_SENT, {How.DELETE})
