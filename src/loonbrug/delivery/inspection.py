"""Looking in AFAS's books: which questions are due, and what their answers change.

In doubt is looked up and never resent blindly; what is booked is read back. Nothing here talks to AFAS.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet

from afas_client.transactions import ALLOCATED, VOUCHERS_AT_ONCE, Transaction
from loonbrug.connections import operations as connections
from loonbrug.connections.capabilities import Feature
from loonbrug.connections.models import ConnectionState, Environment
from loonbrug.connections.queries import view_of
from loonbrug.delivery.claiming import busy_lanes
from loonbrug.delivery.models import Delivery, LookUp, NumberKeeping
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.payload import expected_of
from loonbrug.delivery.sighting import Expected, Seen, Sighting, proven_absent, seen
from loonbrug.delivery.sighting import LookUp as Look
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision, latest_attempt, unanswered_until

#: The states in which a look in the books can change something.
LOOKED_AT = (State.IN_DOUBT, State.UNDECIDED, State.BOOKED, State.VERIFIED)

#: So many booked deliveries are considered for reading back in one go.
READ_AT_ONCE = 200


class Kind(StrEnum):
    """Why AFAS is asked: to end a doubt, to verify a booking, to learn whether it keeps our numbers, or to delete."""

    DOUBT = "doubt"
    READ_BACK = "read_back"
    NUMBER_CHECK = "number_check"
    REVERSAL = "reversal"


class Compared(StrEnum):
    """What a verified delivery was compared by."""

    ACCOUNTS = "accounts"
    ACCOUNTS_AND_AXES = "accounts_and_axes"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One delivery to find in the books."""

    delivery_id: int
    voucher_number: str
    journal_code: str
    entry_number: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask AFAS in one call, and the entry of ours by which we know that we see anything.

    It has a call of its own where it is about a call that AFAS may still be working on.
    """

    kind: Kind
    office_id: int
    connection_id: int
    connector: str
    token: str
    administration: int
    wanted: tuple[Wanted, ...]
    witness: str = ""
    has_own_call: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What AFAS's books showed, and when, by every clock that can be had."""

    lines: tuple[Transaction, ...]
    query: str
    has_sight: bool
    afas_clock: datetime | None
    boot: str
    boot_seconds: Decimal
    now: datetime


@transaction.atomic
def end_doubts(*, environment_id: int, now: datetime) -> int:
    """Hand what nobody can look up to a person once AFAS's limit has passed; how many.

    A paused connection freezes its doubts, and so does one of which we do not know yet what it may see: that we
    cannot look now does not mean that there is no means to look.
    """
    over = Delivery.objects.filter(
        environment_id=environment_id,
        state=State.IN_DOUBT,
        doubt_until__lte=now,
        connection__state=ConnectionState.AUTHORISED,
        connection__capabilities_checked_at__isnull=False,
    ).select_related("connection__environment")
    locked = over.select_for_update(of=("self",), no_key=True)
    ended = [delivery for delivery in locked if not connector_of(delivery)]
    for delivery in ended:
        apply_decision(delivery, Decision(State.UNDECIDED, reason=Reason.NO_LOOK_UP), now=now)
    return len(ended)


@transaction.atomic
def take_questions(
    *, environment_id: int, reading_count: int, policy: Policy, now: datetime
) -> tuple[Question, ...]:
    """The questions that are due; each is put off until an answer can be there, so that it is asked once.

    What AFAS may still be working on brings its own call; other questions take what the sends leave free, when
    `reading_count` of them are being asked already.
    """
    calls = Environment.objects.values_list("parallel_call_count", flat=True).get(pk=environment_id)
    busy = busy_lanes(environment_ids=[environment_id], now=now)[environment_id]
    free = calls - len(busy) - reading_count
    doubted = _due(environment_id, now, State.IN_DOUBT, State.UNDECIDED)
    deleted = _due(environment_id, now, State.REVERSING).filter(reason=Reason.DELETE_LEFT)
    questions = []
    for question in [*_doubts(doubted, now), *_deletions(deleted, now)]:
        if question.has_own_call or free > 0:
            questions.append(question)
            free -= not question.has_own_call
    if free > 0:
        booked = _due(environment_id, now, State.BOOKED, State.VERIFIED)[:READ_AT_ONCE]
        questions += _read_backs(booked, free, now)
    asked = [wanted.delivery_id for question in questions for wanted in question.wanted]
    Delivery.objects.filter(pk__in=asked).update(due_at=now + policy.read_time_out)
    return tuple(questions)


def _due(environment_id: int, now: datetime, *states: State) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(environment_id=environment_id, state__in=states, due_at__lte=now)
    rows = rows.filter(
        connection__state=ConnectionState.AUTHORISED, connection__capabilities_checked_at__isnull=False
    )
    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return rows.select_related("connection__environment").order_by("due_at", "id")


def connector_of(delivery: Delivery) -> str:
    """The connector by which this delivery can be looked up; empty where there is no means to look."""
    if NumberKeeping.objects.filter(**_lane(delivery), is_kept=False).exists():
        return ""
    return view_of(delivery.connection).connector_for(Feature.LOOK_UP)


def _lane(delivery: Delivery) -> dict[str, int | str]:
    return {
        "office_id": delivery.office_id,
        "environment_id": delivery.environment_id,
        "administration": delivery.administration,
        "journal_code": delivery.journal_code,
    }


def _doubts(due: Iterable[Delivery], now: datetime) -> Iterator[Question]:
    for delivery in due:
        if connector_of(delivery):
            yield replace(question_about(Kind.DOUBT, delivery), has_own_call=_may_be_busy(delivery, now))
        else:
            _leave_until(delivery, delivery.doubt_until, now)


def _may_be_busy(delivery: Delivery, now: datetime) -> bool:
    return delivery.doubt_until is not None and delivery.doubt_until > now


def _leave_until(delivery: Delivery, due_at: datetime | None, now: datetime) -> None:
    """There is no means to look: nothing is due before this moment."""
    later = due_at if due_at is not None and due_at > now else None
    decision = Decision(State(delivery.state), Reason(delivery.reason), due_at=later)
    apply_decision(delivery, decision, now=now, doubt_until=delivery.doubt_until)


def _deletions(due: Iterable[Delivery], now: datetime) -> Iterator[Question]:
    """Whether what was deleted is gone; once nobody can look any more, a person does after AFAS's limit."""
    for delivery in due:
        if connector_of(delivery):
            yield replace(question_about(Kind.REVERSAL, delivery), has_own_call=_may_be_busy(delivery, now))
        elif delivery.doubt_until is not None and delivery.doubt_until > now:
            _leave_until(delivery, delivery.doubt_until, now)
        else:
            apply_decision(delivery, Decision(State.BOOKED, reason=Reason.NO_LOOK_UP), now=now)


def question_about(kind: Kind, delivery: Delivery) -> Question:
    """A question about one delivery, with another entry of ours as witness that we see anything there."""
    witnesses = Delivery.objects.filter(
        **_lane(delivery), year=delivery.year, state__in=[State.BOOKED, State.VERIFIED]
    )
    witness = witnesses.exclude(pk=delivery.pk).order_by("-changed_at").first()
    return replace(
        _question(kind, [delivery], connector_of(delivery)),
        witness=witness.voucher_number if witness else "",
    )


def _read_backs(due: Iterable[Delivery], free_call_count: int, now: datetime) -> Iterator[Question]:
    """One question per administration, of as many deliveries as fit; the first of a lane asks by its number."""
    batches: defaultdict[tuple[int, int], list[Delivery]] = defaultdict(list)
    connectors: dict[tuple[int | str, ...], tuple[str, bool]] = {}
    for delivery in due:
        lane = (delivery.connection_id, delivery.administration, delivery.journal_code)
        if lane not in connectors:
            is_known = NumberKeeping.objects.filter(**_lane(delivery)).exists()
            connectors[lane] = connector_of(delivery), is_known
        connector, is_known = connectors[lane]
        if not connector:
            _leave_until(delivery, None, now)
        elif is_known:
            batches[delivery.connection_id, delivery.administration].append(delivery)
        elif free_call_count > 0:
            free_call_count -= 1
            yield _question(Kind.NUMBER_CHECK, [delivery], connector)
    for batch in list(batches.values())[: max(free_call_count, 0)]:
        yield _question(Kind.READ_BACK, batch[:VOUCHERS_AT_ONCE], connector_of(batch[0]))


def _question(kind: Kind, deliveries: Sequence[Delivery], connector: str) -> Question:
    first = deliveries[0]
    return Question(
        kind=kind,
        office_id=first.office_id,
        connection_id=first.connection_id,
        connector=connector,
        token=str(first.connection.authorised_at),
        administration=first.administration,
        wanted=tuple(
            Wanted(
                delivery_id=delivery.pk,
                voucher_number=delivery.voucher_number,
                journal_code=delivery.journal_code,
                entry_number=delivery.entry_number,
                expected=expected_of(bytes(delivery.payload)),
            )
            for delivery in deliveries
        ),
    )


@transaction.atomic
def record_answer(*, question: Question, answered: Answered, policy: Policy) -> None:
    """Do what the books show; deliveries that changed meanwhile are judged by the state they are in now."""
    if question.kind is Kind.NUMBER_CHECK:
        _keep_number_check(question, answered)
    locked = Delivery.objects.select_for_update(no_key=True).order_by("id")
    rows = locked.in_bulk([wanted.delivery_id for wanted in question.wanted])
    for wanted in question.wanted:
        delivery = rows[wanted.delivery_id]
        mine = [line for line in answered.lines if _is_ours(line, wanted, question)]
        found = seen(mine, wanted.expected)
        if delivery.state in {State.IN_DOUBT, State.UNDECIDED}:
            _end_doubt(delivery, found, question, answered, policy)
        elif delivery.state in {State.BOOKED, State.VERIFIED}:
            _verify(delivery, found, question, answered, policy)


def _is_ours(line: Transaction, wanted: Wanted, question: Question) -> bool:
    return (line.administration, line.journal_code, line.voucher_number) == (
        question.administration,
        wanted.journal_code,
        wanted.voucher_number,
    )


def _keep_number_check(question: Question, answered: Answered) -> None:
    """AFAS keeps our numbers where the booking that we know by its own number carries ours, as sent."""
    (wanted,) = question.wanted
    booked = [line for line in answered.lines if line.entry_number == wanted.entry_number]
    if booked:
        delivery = Delivery.objects.get(pk=wanted.delivery_id)
        kept = all(line.voucher_number == wanted.voucher_number for line in booked)
        NumberKeeping.objects.get_or_create(
            **_lane(delivery), defaults={"is_kept": kept, "found_at": answered.now}
        )


def _end_doubt(
    delivery: Delivery, found: Seen, question: Question, answered: Answered, policy: Policy
) -> None:
    now, until = answered.now, delivery.doubt_until or answered.now
    is_over = now >= until
    if found.sighting is Sighting.EQUAL:
        decision = Decision(State.BOOKED, due_at=now, entry_number=found.entry_number)
    elif found.sighting is Sighting.ABSENT and _is_absent(delivery, question, answered, policy):
        decision = Decision(State.QUEUED, due_at=now)
    elif found.sighting is not Sighting.ABSENT and is_over and delivery.state == State.IN_DOUBT:
        reason = Reason.DOUBLE if found.sighting is Sighting.DOUBLE else Reason.DIFFERENT
        decision = Decision(State.CONFLICT, reason=reason, entry_number=found.entry_number)
    elif is_over and now >= until + policy.without_sight and delivery.state == State.IN_DOUBT:
        decision = Decision(State.UNDECIDED, reason=Reason.NO_SIGHT, due_at=now + policy.longest_wait)
    else:
        decision = _look_again(delivery, now, policy)
    apply_decision(delivery, decision, now=now, doubt_until=delivery.doubt_until)


def _look_again(delivery: Delivery, now: datetime, policy: Policy) -> Decision:
    if delivery.state == State.UNDECIDED:
        return Decision(State.UNDECIDED, Reason(delivery.reason), due_at=now + policy.longest_wait)
    sent_before = latest_attempt(delivery).send_before
    return Decision(State.IN_DOUBT, due_at=policy.next_look(now=now, sent_before=sent_before))


def _is_absent(delivery: Delivery, question: Question, answered: Answered, policy: Policy) -> bool:
    """Keep this look, and judge it together with the earlier ones. What a person has to decide stays there."""
    if delivery.state != State.IN_DOUBT:
        return False
    LookUp.objects.create(
        delivery=delivery,
        at=answered.now,
        question=answered.query,
        token=question.token,
        has_sight=answered.has_sight,
        afas_clock=answered.afas_clock,
        boot=answered.boot,
        boot_seconds=answered.boot_seconds,
    )
    looks = [
        Look(row.at, row.question, row.token, row.has_sight, row.afas_clock, row.boot, row.boot_seconds)
        for row in delivery.look_ups.order_by("id")
    ]
    countable_from = latest_attempt(delivery).send_before + policy.send_window
    is_over = delivery.doubt_until is not None and answered.now >= delivery.doubt_until
    return is_over and proven_absent(looks, policy=policy, countable_from=countable_from)


def _verify(delivery: Delivery, found: Seen, question: Question, answered: Answered, policy: Policy) -> None:
    """Verified is exactly one, as sent; a difference leaves it booked, with a reason that asks for a person."""
    with_axes = question.connector == ALLOCATED
    another = found.entry_number not in {"", delivery.entry_number}
    if found.sighting is Sighting.DOUBLE or (found.sighting is Sighting.EQUAL and another):
        decision = Decision(State.CONFLICT, reason=Reason.DOUBLE)
    elif found.sighting is Sighting.DIFFERENT:
        decision = Decision(State(delivery.state), reason=Reason.DIFFERENT)
    elif found.sighting is Sighting.ABSENT:
        later = answered.now + policy.longest_wait
        is_fresh = answered.now - delivery.queued_at < policy.give_up_after
        decision = Decision(State(delivery.state), Reason.NOT_SEEN, due_at=later if is_fresh else None)
    elif with_axes and not found.same_allocation:
        decision = Decision(State(delivery.state), reason=Reason.ALLOCATION_LOST)
    else:
        delivery.compared = Compared.ACCOUNTS_AND_AXES if with_axes else Compared.ACCOUNTS
        decision = Decision(
            State.VERIFIED, due_at=unanswered_until(delivery, policy=policy, now=answered.now)
        )
    delivery.save(update_fields=["compared"])
    apply_decision(delivery, decision, now=answered.now)


@transaction.atomic
def record_no_answer(*, question: Question, not_let_in: str, policy: Policy, now: datetime) -> None:
    """The question stays open; when AFAS does not let us in, the connection pauses for `not_let_in`."""
    asked = Delivery.objects.filter(
        pk__in=[wanted.delivery_id for wanted in question.wanted], state__in=LOOKED_AT
    )
    asked.update(due_at=now + policy.look_longest)
    if not_let_in:
        connections.mark_broken(
            office_id=question.office_id, connection_id=question.connection_id, reason=not_let_in, now=now
        )
