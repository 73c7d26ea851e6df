"""Reversing what is booked: asked for by a person, done by the drain. Nothing here talks to AFAS.

The steps of a reversal are the reasons of a delivery that is being reversed; its attempts and looks are kept with it.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from loonbrug.delivery import installation
from loonbrug.delivery.decisions import in_state, keep_decision
from loonbrug.delivery.inspection import Answered, keep_look
from loonbrug.delivery.models import Attempt, AttemptKind, Delivery
from loonbrug.delivery.operations import freeze
from loonbrug.delivery.outcomes import Decision, Outcome, Policy, Reason
from loonbrug.delivery.payload import counter_payload, expected_of
from loonbrug.delivery.questions import (
    Kind,
    Question,
    connector_of,
    next_counter_number,
    question_about,
)
from loonbrug.delivery.reversal import (
    LEFT_BY_DELETING,
    REVERSIBLE,
    UNSETTLED,
    Sought,
    after_delete,
    before_delete,
    standing,
)
from loonbrug.delivery.states import IN_AFAS, State
from loonbrug.delivery.steps import apply_decision
from loonbrug.ledger.problems import ProblemsError, problem

#: A counter-entry of which it is not known whether it undoes anything.
_UNDECIDED_YET = UNSETTLED | {State.HELD, State.CONFLICT}


class How(StrEnum):
    """How an entry is taken out of the books: deleted, or undone by an entry that is its opposite."""

    DELETE = "delete"
    COUNTER_ENTRY = "counter_entry"


@transaction.atomic
def reverse(
    *, office_id: int, journal_id: int, how: How, reason: str, by: str, now: datetime
) -> tuple[int, ...]:
    """Ask for the reversal of every entry of a journal that is in AFAS; the ids of their deliveries.

    Raises ProblemsError (reason_missing, nothing_to_reverse, entry_not_settled, delete_not_possible,
    counter_entry_not_possible).
    """
    rows = Delivery.objects.select_for_update(no_key=True).filter(office_id=office_id, journal_id=journal_id)
    deliveries = list(rows.filter(reverses__isnull=True, is_ended=False).order_by("ordinal"))
    reversible = [delivery for delivery in deliveries if delivery.state in REVERSIBLE]
    if any(delivery.state in UNSETTLED for delivery in deliveries):
        raise ProblemsError(problem("entry_not_settled"))
    if not reversible:
        raise ProblemsError(problem("nothing_to_reverse"))
    if how not in ways(reversible):
        raise ProblemsError(problem(f"{how}_not_possible"))
    for delivery in reversible:
        keep_decision(delivery, f"by_{how}", reason=reason, by=by, now=now)
        _begin(delivery, how, by, now)
    return tuple(delivery.pk for delivery in reversible)


@transaction.atomic
def take_back(*, office_id: int, delivery_id: int, how: How, reason: str, by: str, now: datetime) -> None:
    """Ask for the reversal of what AFAS booked after it had been cancelled or reversed, and of that alone.

    Raises NotFoundError, ProblemsError (delivery_has_moved_on, reason_missing, delete_not_possible,
    counter_entry_not_possible).
    """
    delivery = in_state(office_id, delivery_id, {State.CONFLICT})
    if not delivery.is_ended:
        raise ProblemsError(problem("delivery_has_moved_on"))
    if how not in ways([delivery]):
        raise ProblemsError(problem(f"{how}_not_possible"))
    keep_decision(delivery, f"by_{how}", reason=reason, by=by, now=now)
    _begin(delivery, how, by, now)


def ways(deliveries: Collection[Delivery]) -> frozenset[How]:
    """How these entries can be reversed, all in the same way.

    Without a look in the books nothing is deleted; what AFAS holds twice or differently has no opposite, but what
    it booked once, after it had ended, has. Nothing is undone twice: what may have been deleted has no counter-entry.
    """
    if any(_is_being_undone(delivery) for delivery in deliveries):
        return frozenset()
    found = set()
    if all(connector_of(delivery) for delivery in deliveries):
        found.add(How.DELETE)
    if all(_has_an_opposite(delivery) for delivery in deliveries):
        found.add(How.COUNTER_ENTRY)
    return frozenset(found)


def _is_being_undone(delivery: Delivery) -> bool:
    return delivery.counter_entries.filter(state__in=_UNDECIDED_YET).exists()


def _has_an_opposite(delivery: Delivery) -> bool:
    if delivery.state == State.CONFLICT and not _stands_alone(delivery):
        return False
    if delivery.reason in {Reason.DIFFERENT, Reason.NOT_AS_SENT}:
        return False
    return not (_is_to_be_seen(delivery) or _may_be_gone(delivery))


def _is_to_be_seen(delivery: Delivery) -> bool:
    """Whether a look comes before a counter-entry: the last did not find it, or the next says what deleting left, or
    it may have been reversed in a time that a restored database does not know.
    """
    if delivery.reason in LEFT_BY_DELETING and delivery.due_at is not None:
        return True
    is_unsure = delivery.reason == Reason.NOT_SEEN or installation.is_from_before(delivery)
    return is_unsure and bool(connector_of(delivery))


def _may_be_gone(delivery: Delivery) -> bool:
    """Whether AFAS may have carried out a DELETE without our knowing: since that time nobody has seen the entry."""
    deletes = delivery.attempts.filter(kind=AttemptKind.DELETE, entry_number=delivery.entry_number)
    open_ended = deletes.filter(outcome__in=["", Outcome.UNKNOWN, Outcome.DELETED])
    last = open_ended.aggregate(last=Max("send_before"))["last"]
    if last is None or delivery.state == State.VERIFIED:
        return False
    return not delivery.look_ups.filter(entry_number=delivery.entry_number, at__gt=last).exists()


def _stands_alone(delivery: Delivery) -> bool:
    return delivery.is_ended and not _is_undone(delivery)


def _is_undone(delivery: Delivery) -> bool:
    """Whether a counter-entry in AFAS is the opposite of one copy of it."""
    return delivery.counter_entries.filter(state__in=IN_AFAS).exists()


def _begin(delivery: Delivery, how: How, by: str, now: datetime) -> None:
    _end_earlier_counter_entry(delivery, now)
    delivery.compared = ""
    delivery.save(update_fields=["compared"])
    if how is How.DELETE:
        apply_decision(delivery, Decision(State.REVERSING, reason=Reason.TO_DELETE, due_at=now), now=now)
        return
    apply_decision(delivery, Decision(State.REVERSING, reason=Reason.COUNTER_ENTRY), now=now)
    _queue_counter_entry(delivery, by, now)


def _end_earlier_counter_entry(delivery: Delivery, now: datetime) -> None:
    """One that was refused can no longer be sent again: another reversal takes its place."""
    failed = delivery.counter_entries.filter(state__in=[State.REJECTED, State.GIVEN_UP])
    for counter_entry in failed:
        apply_decision(counter_entry, Decision(State.CANCELLED), now=now)
    delivery.refresh_from_db()


def _queue_counter_entry(delivery: Delivery, by: str, now: datetime) -> None:
    number = next_counter_number(delivery)
    payload = counter_payload(delivery.payload, voucher_number=number)
    counter_entry = Delivery(
        office_id=delivery.office_id,
        environment_id=delivery.environment_id,
        connection_id=delivery.connection_id,
        company_id=delivery.company_id,
        run_id=delivery.run_id,
        journal_id=delivery.journal_id,
        ordinal=delivery.ordinal,
        generation=delivery.counter_entries.count(),
        reverses=delivery,
        administration=delivery.administration,
        journal_code=delivery.journal_code,
        entry_date=delivery.entry_date,
        year=delivery.year,
        period=delivery.period,
        voucher_number=number,
        mapping=delivery.mapping,
        total_debit=delivery.total_credit,
        total_credit=delivery.total_debit,
    )
    freeze(counter_entry, payload, by=by, now=now)
    installation.look_first(counter_entry, now=now)


def look_before(*, claim_id: UUID) -> Question | None:
    """The look that comes before a claimed DELETE; None where there is no longer a means to look."""
    delivery = (
        Attempt.objects.select_related("delivery__connection__environment").get(claim_id=claim_id).delivery
    )
    return question_about(Kind.REVERSAL, delivery) if connector_of(delivery) else None


@transaction.atomic
def may_delete(*, claim_id: UUID, question: Question, answered: Answered) -> bool:
    """Whether the books show that the DELETE may leave; otherwise the attempt ends here."""
    rows = Attempt.objects.select_related("delivery").select_for_update(of=("self", "delivery"), no_key=True)
    attempt = rows.get(claim_id=claim_id)
    delivery = attempt.delivery
    if attempt.ended_at is not None or delivery.state != State.REVERSING:
        return False
    found = standing(answered.lines, _sought(delivery))
    keep_look(delivery, question, answered, entry_number=delivery.entry_number if found.is_clear else "")
    decision = before_delete(
        found, entry_number=delivery.entry_number, has_sight=answered.has_sight, now=answered.now
    )
    if decision is not None:
        attempt.ended_at, attempt.outcome = answered.now, Outcome.NOT_BOOKED
        attempt.save(update_fields=["ended_at", "outcome"])
        apply_decision(delivery, decision, now=answered.now)
    return decision is None


@transaction.atomic
def record_look(*, question: Question, answered: Answered, policy: Policy) -> None:
    """Do what a look after a DELETE shows; a delivery that is no longer being reversed stays as it is."""
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=question.wanted[0].delivery_id)
    if (delivery.state, delivery.reason) != (State.REVERSING, Reason.DELETE_LEFT):
        return
    attempt = delivery.attempts.filter(kind=AttemptKind.DELETE).latest("number")
    has_sight = answered.has_sight or attempt.outcome == Outcome.DELETED
    decision = after_delete(
        standing(answered.lines, _sought(delivery)),
        entry_number=delivery.entry_number,
        has_sight=has_sight or (not question.witness and _saw_it(delivery, question, answered)),
        sent_before=attempt.send_before,
        policy=policy,
        now=answered.now,
    )
    is_there = decision.reason is Reason.STILL_THERE
    keep_look(delivery, question, answered, entry_number=delivery.entry_number if is_there else "")
    until = delivery.doubt_until if decision.reason is Reason.DELETE_LEFT else None
    apply_decision(delivery, decision, now=answered.now, doubt_until=until)


def _saw_it(delivery: Delivery, question: Question, answered: Answered) -> bool:
    """Whether the look before the DELETE found the entry by this question with this token."""
    looks = delivery.look_ups.filter(question=answered.query, token=question.token)
    return looks.filter(entry_number=delivery.entry_number).exists()


def _sought(delivery: Delivery) -> Sought:
    return Sought(
        administration=delivery.administration,
        journal_code=delivery.journal_code,
        voucher_number=delivery.voucher_number,
        entry_number=delivery.entry_number,
        expected=expected_of(delivery.payload),
        counter_number=next_counter_number(delivery),
        is_undone=_is_undone(delivery),
    )
