"""The only writers of deliveries: queue, claim, record, and what a person may do by hand.

Nothing here talks to AFAS, and no transaction of these is open while somebody does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Q

from loonbrug.access.rights import service_scope
from loonbrug.connections import operations as connections
from loonbrug.connections.models import ConnectionState, Environment
from loonbrug.delivery import installation
from loonbrug.delivery.models import Attempt, AttemptKind, Delivery
from loonbrug.delivery.outcomes import (
    Answer,
    Attempts,
    Decision,
    Outcome,
    Policy,
    Reason,
    decide,
    why_not_let_in,
)
from loonbrug.delivery.payload import RunKey, payload_of, voucher_number
from loonbrug.delivery.reversal import after_answer
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision, latest_attempt, unanswered_until
from loonbrug.directory import queries as directory
from loonbrug.ledger.entry import Posting


class OvertakenError(Exception):
    """A newer drain of this environment has started; this one must claim nothing more."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a journal goes, as its mapping says at the moment of approval."""

    environment_id: int
    connection_id: int
    administration: int
    journal_code: str
    mapping: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Approved:
    """One entry of a journal, approved for sending."""

    journal_id: int
    run_id: int
    run: RunKey
    ordinal: int
    posting: Posting


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt that may leave, until `send_before`: a booking, or the deletion of what was booked."""

    kind: AttemptKind
    claim_id: UUID
    delivery_id: int
    office_id: int
    connection_id: int
    payload: bytes
    send_before: datetime


@transaction.atomic
def queue(
    *, office_id: int, target: Target, entries: Sequence[Approved], by: str, now: datetime
) -> tuple[int, ...]:
    """Freeze and queue these entries; the ids of their deliveries.

    Raises IntegrityError when one of them has a live delivery already: all or none are queued.
    """
    return tuple(_queue_one(office_id, target, entry, by, now) for entry in entries)


def _queue_one(office_id: int, target: Target, entry: Approved, by: str, now: datetime) -> int:
    earlier = Delivery.objects.filter(office_id=office_id, run_id=entry.run_id, ordinal=entry.ordinal)
    generation = earlier.filter(is_ended=True, reverses__isnull=True).count()
    number = voucher_number(office_id=office_id, run=entry.run, ordinal=entry.ordinal, generation=generation)
    payload = payload_of(
        entry.posting,
        administration=target.administration,
        journal_code=target.journal_code,
        voucher_number=number,
    )
    debit, credit = entry.posting.totals()
    delivery = Delivery.objects.create(
        office_id=office_id,
        environment_id=target.environment_id,
        connection_id=target.connection_id,
        company_id=entry.run.company_id,
        run_id=entry.run_id,
        journal_id=entry.journal_id,
        ordinal=entry.ordinal,
        generation=generation,
        administration=target.administration,
        journal_code=target.journal_code,
        entry_date=entry.posting.date,
        year=entry.posting.year,
        period=entry.posting.period,
        voucher_number=number,
        payload=payload,
        payload_hash=sha256(payload).hexdigest(),
        mapping=dict(target.mapping),
        total_debit=debit,
        total_credit=credit,
        due_at=now,
        queued_at=now,
        queued_by=by,
        changed_at=now,
    )
    installation.look_first(delivery, now=now)
    return delivery.pk


@transaction.atomic
def begin_drain(*, environment_id: int, policy: Policy, now: datetime) -> int:
    """Raise the environment's epoch, and put what an older drain left in the air in doubt; the new epoch."""
    Environment.objects.filter(pk=environment_id).update(epoch=F("epoch") + 1)
    rows = Delivery.objects.select_for_update(no_key=True)
    left = Q(state=State.SENDING) | Q(state=State.REVERSING, reason=Reason.DELETING)
    for delivery in rows.filter(left, environment_id=environment_id):
        until = policy.doubt_until(send_before=latest_attempt(delivery).send_before)
        decision = Decision(State.IN_DOUBT, due_at=now)
        if delivery.state == State.REVERSING:
            decision = Decision(State.REVERSING, reason=Reason.DELETE_LEFT, due_at=now)
        apply_decision(delivery, decision, now=now, doubt_until=until)
    return Environment.objects.get(pk=environment_id).epoch


@transaction.atomic
def claim(
    *, environment_id: int, epoch: int, policy: Policy, now: datetime, new_id: Callable[[], UUID]
) -> tuple[Claim, ...]:
    """Claim what may leave now: one per lane, as many as the environment has calls free.

    What is under way is read from the table, never from memory, while the environment's row is locked: neither
    another claim nor a raised epoch can come between. Raises OvertakenError.
    """
    environment = Environment.objects.select_for_update(no_key=True).get(pk=environment_id)
    if environment.epoch != epoch:
        raise OvertakenError
    lanes = _busy_lanes(environment_id, now)
    free = environment.parallel_call_count - len(lanes)
    claims: list[Claim] = []
    for delivery in _candidates(environment_id, now):
        lane = (delivery.administration, delivery.journal_code)
        if len(claims) >= free:
            break
        if lane in lanes or _held(delivery, now) or _waits(delivery, policy, now):
            continue
        lanes.append(lane)
        claims.append(_claim_one(delivery, epoch, policy, now, new_id()))
    return tuple(claims)


def _busy_lanes(environment_id: int, now: datetime) -> list[tuple[int, str]]:
    """Lanes of calls under way, and of doubts and deletions that AFAS may still be working on."""
    rows = Delivery.objects.filter(environment_id=environment_id)
    sending = rows.filter(state=State.SENDING)
    doubted = rows.filter(state__in=[State.IN_DOUBT, State.REVERSING], doubt_until__gt=now)
    return list(sending.union(doubted, all=True).values_list("administration", "journal_code"))


def _candidates(environment_id: int, now: datetime) -> Iterator[Delivery]:
    may_leave = Q(state=State.QUEUED) | Q(state=State.REVERSING, reason=Reason.TO_DELETE)
    rows = Delivery.objects.filter(may_leave, environment_id=environment_id, due_at__lte=now)
    ready = rows.filter(connection__state=ConnectionState.AUTHORISED)
    ready = ready.exclude(office_id__in=installation.paused_offices())
    free = ready.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return free.order_by("due_at", "id").iterator(chunk_size=100)


def _held(delivery: Delivery, now: datetime) -> bool:
    """Whether sending has become forbidden since it was approved; then a person has to look at it."""
    if delivery.state != State.QUEUED:
        return False
    company = directory.company(scope=service_scope(delivery.office_id), company_id=delivery.company_id)
    reason = Reason.NONE
    if company.is_test:
        reason = Reason.COMPANY_IS_TEST
    elif company.debtor_is_blocked:
        reason = Reason.DEBTOR_IS_BLOCKED
    if reason:
        apply_decision(delivery, Decision(State.HELD, reason=reason), now=now)
    return bool(reason)


def _waits(delivery: Delivery, policy: Policy, now: datetime) -> bool:
    """Whether a reversal has to wait, because AFAS may still book another attempt of what is reversed."""
    undone = delivery.reverses or delivery
    until = unanswered_until(undone, policy=policy, now=now) if undone.state == State.REVERSING else None
    if until is not None:
        apply_decision(
            delivery, Decision(State(delivery.state), Reason(delivery.reason), due_at=until), now=now
        )
    return until is not None


def _claim_one(delivery: Delivery, epoch: int, policy: Policy, now: datetime, claim_id: UUID) -> Claim:
    kind = AttemptKind.DELETE if delivery.state == State.REVERSING else AttemptKind.BOOK
    number = (delivery.attempts.aggregate(last=Max("number"))["last"] or 0) + 1
    send_before = now + policy.send_window
    Attempt.objects.create(
        delivery=delivery,
        kind=kind,
        claim_id=claim_id,
        number=number,
        epoch=epoch,
        payload_hash=delivery.payload_hash,
        claimed_at=now,
        send_before=send_before,
        entry_number=delivery.entry_number if kind is AttemptKind.DELETE else "",
    )
    if kind is AttemptKind.DELETE:
        until = policy.doubt_until(send_before=send_before)
        apply_decision(
            delivery, Decision(State.REVERSING, reason=Reason.DELETING), now=now, doubt_until=until
        )
    else:
        apply_decision(delivery, Decision(State.SENDING), now=now)
    return Claim(
        kind=kind,
        claim_id=claim_id,
        delivery_id=delivery.pk,
        office_id=delivery.office_id,
        connection_id=delivery.connection_id,
        payload=bytes(delivery.payload),
        send_before=send_before,
    )


@transaction.atomic
def record(*, claim_id: UUID, answer: Answer, policy: Policy, now: datetime) -> State:
    """Store an attempt's answer and do what follows from it; the delivery's state after it.

    May be repeated until it is known to be stored: a second time changes nothing.
    """
    rows = Attempt.objects.select_related("delivery").select_for_update(of=("self", "delivery"), no_key=True)
    attempt = rows.get(claim_id=claim_id)
    delivery = attempt.delivery
    if attempt.ended_at is not None:
        return State(delivery.state)
    _store_answer(attempt, answer, now)
    decision = _decision(attempt, delivery, answer, policy, now)
    if decision is None:
        return State(delivery.state)
    if decision.pauses_connection:
        connections.mark_broken(
            office_id=delivery.office_id,
            connection_id=delivery.connection_id,
            reason=why_not_let_in(status=answer.status, message=answer.message),
            now=now,
        )
    counted = answer.outcome in {Outcome.NOT_BOOKED, Outcome.NOT_LET_IN} and not answer.held_back
    delivery.not_booked_count += counted
    may_go_on = decision.reason is not Reason.TO_DELETE
    doubt_until = policy.doubt_until(send_before=attempt.send_before) if may_go_on else None
    apply_decision(delivery, decision, now=now, doubt_until=doubt_until)
    return decision.state


def _decision(
    attempt: Attempt, delivery: Delivery, answer: Answer, policy: Policy, now: datetime
) -> Decision | None:
    beside = _attempts_beside(attempt, delivery)
    if attempt.kind == AttemptKind.DELETE:
        is_latest = beside.is_latest
        return after_answer(State(delivery.state), answer, policy=policy, now=now) if is_latest else None
    return decide(
        state=State(delivery.state),
        answer=answer,
        attempts=beside,
        policy=policy,
        now=now,
        first_claimed_at=delivery.attempts.earliest("number").claimed_at,
        entry_number=delivery.entry_number,
    )


def _store_answer(attempt: Attempt, answer: Answer, now: datetime) -> None:
    attempt.ended_at = now
    attempt.outcome = answer.outcome
    attempt.status = answer.status
    attempt.error_number = answer.error_number
    attempt.message = answer.message
    attempt.code = answer.code
    attempt.log_reference = answer.log_reference
    attempt.entry_number = answer.entry_number or attempt.entry_number
    attempt.save()


def _attempts_beside(attempt: Attempt, delivery: Delivery) -> Attempts:
    others = list(delivery.attempts.filter(kind=attempt.kind).exclude(pk=attempt.pk))
    earlier = [other for other in others if other.number < attempt.number]
    return Attempts(
        is_latest=len(earlier) == len(others),
        earlier_settled=all(other.outcome not in {"", Outcome.UNKNOWN} for other in earlier),
        earlier_entry_number=next((other.entry_number for other in earlier if other.entry_number), ""),
        not_booked_count=delivery.not_booked_count,
    )
