"""What AFAS's books showed, and what that changes. Nothing here talks to AFAS."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction
from django.db.models import Q

from afas_client.transactions import ALLOCATED, Transaction
from loonbrug.connections import operations as connections
from loonbrug.delivery.installation import left_before
from loonbrug.delivery.models import Delivery, LookUp, NumberKeeping
from loonbrug.delivery.outcomes import Decision, Policy, Reason
from loonbrug.delivery.payload import expected_of
from loonbrug.delivery.questions import DOUBTED, LOOKED_AT, Kind, Question, Wanted, lane_of
from loonbrug.delivery.reversal import LEFT_BY_DELETING
from loonbrug.delivery.sighting import LookUp as Absence
from loonbrug.delivery.sighting import Seen, Sighting, proven_absent, seen
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_decision, apply_steps, found_once, step_of, unanswered_until


class Compared(StrEnum):
    """What a verified delivery was compared by."""

    ACCOUNTS = "accounts"
    ACCOUNTS_AND_AXES = "accounts_and_axes"


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


@dataclass(frozen=True, slots=True)
class Look:
    """A question with what AFAS's books answered."""

    question: Question
    answered: Answered
    policy: Policy


def record_answers(looks: Sequence[Look]) -> list[Exception | None]:
    """Do what the books show; deliveries that changed meanwhile are judged by the state they are in now.

    Within an open transaction only.
    """
    asked = [wanted.delivery_id for look in looks for wanted in look.question.wanted]
    locked = Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("frozen")
    rows = locked.defer("mapping").order_by("id").in_bulk(asked)
    booked: list[tuple[Delivery, Seen, Look]] = []
    _keep_number_checks(looks, rows)
    for look in looks:
        lines = _by_entry(look)
        for wanted in look.question.wanted:
            delivery = rows[wanted.delivery_id]
            mine = lines[wanted.journal_code, wanted.voucher_number]
            if delivery.state in {State.BOOKED, State.VERIFIED} and look.question.kind is not Kind.BY_HAND:
                booked.append((delivery, seen(mine, expected_of(delivery.payload)), look))
            else:
                _record_other(delivery, wanted, mine, look)
    _verify(booked)
    return [None for _ in looks]


def keep_look(delivery: Delivery, question: Question, answered: Answered, *, entry_number: str = "") -> None:
    """Write down that we looked, how, and the number under which this entry was there, where that matters."""
    LookUp.objects.create(
        delivery=delivery,
        at=answered.now,
        question=answered.query,
        token=question.token,
        has_sight=answered.has_sight,
        entry_number=entry_number,
        afas_clock=answered.afas_clock,
        boot=answered.boot,
        boot_seconds=answered.boot_seconds,
    )


def _by_entry(look: Look) -> defaultdict[tuple[str, str], list[Transaction]]:
    """What the books show in the administration that was asked for, by journal code and voucher number."""
    lines: defaultdict[tuple[str, str], list[Transaction]] = defaultdict(list)
    for line in look.answered.lines:
        if line.administration == look.question.administration:
            lines[line.journal_code, line.voucher_number].append(line)
    return lines


def _record_other(delivery: Delivery, wanted: Wanted, mine: Sequence[Transaction], look: Look) -> None:
    is_by_hand = look.question.kind is Kind.BY_HAND
    if is_by_hand and delivery.state == State.BOOKED_BY_HAND:
        _check_by_hand(delivery, wanted, look.question, look.answered)
    elif delivery.state in DOUBTED and not is_by_hand:
        found = seen(mine, expected_of(delivery.payload))
        _end_doubt(delivery, found, look.question, look.answered, look.policy)


def _check_by_hand(delivery: Delivery, wanted: Wanted, question: Question, answered: Answered) -> None:
    """Checked is an entry under the number that a person gave, in one book year, with our totals per account."""
    here = (question.administration, wanted.journal_code, wanted.entry_number)
    years: defaultdict[int, list[Transaction]] = defaultdict(list)
    for line in answered.lines:
        if (line.administration, line.journal_code, line.entry_number) == here:
            years[line.year].append(line)
    expected = expected_of(delivery.payload)
    is_checked = Sighting.EQUAL in {seen(lines, expected).sighting for lines in years.values()}
    reason = Reason.NONE if is_checked else Reason.DIFFERENT if years else Reason.NOT_SEEN
    delivery.decisions.filter(entry_number=wanted.entry_number).update(is_checked=is_checked)
    apply_decision(delivery, Decision(State.BOOKED_BY_HAND, reason=reason), now=answered.now)


def _keep_number_checks(looks: Sequence[Look], rows: Mapping[int, Delivery]) -> None:
    """What is known of a lane already stays."""
    checks = [look for look in looks if look.question.kind is Kind.NUMBER_CHECK]
    found = [kept for look in checks for kept in _number_check(look.question, look.answered, rows)]
    NumberKeeping.objects.bulk_create(found, ignore_conflicts=True)


def _number_check(
    question: Question, answered: Answered, rows: Mapping[int, Delivery]
) -> Iterator[NumberKeeping]:
    """AFAS keeps our numbers where the booking that we know by its own number carries ours, as sent.

    AFAS may number anew in every book year.
    """
    (wanted,) = question.wanted
    delivery = rows[wanted.delivery_id]
    ours = delivery.administration, delivery.journal_code, delivery.year, wanted.entry_number
    booked = [
        line
        for line in answered.lines
        if (line.administration, line.journal_code, line.year, line.entry_number) == ours
    ]
    if booked:
        kept = all(line.voucher_number == wanted.voucher_number for line in booked)
        yield NumberKeeping(**lane_of(delivery), is_kept=kept, found_at=answered.now)


def _end_doubt(
    delivery: Delivery, found: Seen, question: Question, answered: Answered, policy: Policy
) -> None:
    now, until = answered.now, delivery.doubt_until or answered.now
    is_over = now >= until
    if found.sighting is Sighting.EQUAL and not delivery.is_ended:
        once = Decision(State.BOOKED, due_at=now, entry_number=found.entry_number)
        found_once(delivery, once, now=now)
        return
    if found.sighting is Sighting.ABSENT and _is_absent(delivery, question, answered, policy):
        decision = Decision(State.QUEUED, due_at=now)
    elif found.sighting is not Sighting.ABSENT and is_over and delivery.state != State.CONFLICT:
        reason = Reason.DOUBLE if found.sighting is Sighting.DOUBLE else Reason.DIFFERENT
        later = now + policy.longest_wait
        decision = Decision(State.CONFLICT, reason=reason, due_at=later, entry_number=found.entry_number)
    elif is_over and now >= until + policy.without_sight and delivery.state == State.IN_DOUBT:
        decision = Decision(State.UNDECIDED, reason=Reason.NO_SIGHT, due_at=now + policy.longest_wait)
    else:
        decision = _look_again(delivery, now, policy)
    apply_decision(delivery, decision, now=now, doubt_until=delivery.doubt_until)


def _look_again(delivery: Delivery, now: datetime, policy: Policy) -> Decision:
    if delivery.state != State.IN_DOUBT:
        later = now + policy.longest_wait
        return Decision(State(delivery.state), Reason(delivery.reason), due_at=later)
    due_at = policy.next_look(now=now, sent_before=left_before(delivery))
    return Decision(State.IN_DOUBT, Reason(delivery.reason), due_at=due_at)


def _is_absent(delivery: Delivery, question: Question, answered: Answered, policy: Policy) -> bool:
    """Keep this look, and judge it together with the earlier ones. What a person has to decide stays there."""
    if delivery.state != State.IN_DOUBT:
        return False
    keep_look(delivery, question, answered)
    looks = [
        Absence(row.at, row.question, row.token, row.has_sight, row.afas_clock, row.boot, row.boot_seconds)
        for row in delivery.look_ups.order_by("id")
    ]
    countable_from = left_before(delivery) + policy.send_window
    is_over = delivery.doubt_until is not None and answered.now >= delivery.doubt_until
    return is_over and proven_absent(looks, policy=policy, countable_from=countable_from)


def _verify(booked: Sequence[tuple[Delivery, Seen, Look]]) -> None:
    """Verified is exactly one, as sent; a difference leaves it booked, with a reason that asks for a person."""
    if not booked:
        return
    _, _, first = booked[0]
    deliveries = [delivery for delivery, _, _ in booked]
    until = unanswered_until(deliveries, policy=first.policy, now=first.answered.now)
    steps = []
    for delivery, found, look in booked:
        decision = _verdict(delivery, found, look, until)
        step = step_of(delivery, decision, now=look.answered.now)
        is_verified = decision.state is State.VERIFIED and not decision.reason
        steps.append(step._replace(compared=_compared(look.question)) if is_verified else step)
    apply_steps(steps)


def _compared(question: Question) -> Compared:
    return Compared.ACCOUNTS_AND_AXES if question.connector == ALLOCATED else Compared.ACCOUNTS


def _verdict(delivery: Delivery, found: Seen, look: Look, until: Mapping[int, datetime]) -> Decision:
    answered, policy = look.answered, look.policy
    with_axes = _compared(look.question) is Compared.ACCOUNTS_AND_AXES
    another = found.entry_number not in {"", delivery.entry_number}
    if found.sighting is Sighting.DOUBLE or (found.sighting is Sighting.EQUAL and another):
        return Decision(State.CONFLICT, reason=Reason.DOUBLE, due_at=answered.now + policy.longest_wait)
    if found.sighting is Sighting.DIFFERENT:
        return Decision(State(delivery.state), reason=Reason.DIFFERENT)
    if found.sighting is Sighting.ABSENT:
        later = answered.now + policy.longest_wait
        is_fresh = answered.now - delivery.queued_at < policy.give_up_after
        return Decision(State(delivery.state), Reason.NOT_SEEN, due_at=later if is_fresh else None)
    if with_axes and not found.same_allocation:
        return Decision(State(delivery.state), reason=Reason.ALLOCATION_LOST)
    if delivery.reason in LEFT_BY_DELETING:
        return Decision(State(delivery.state), reason=Reason(delivery.reason))
    return Decision(State.VERIFIED, due_at=until.get(delivery.pk))


@transaction.atomic
def record_no_answer(*, question: Question, not_let_in: str, policy: Policy, now: datetime) -> None:
    """The question stays open; when AFAS does not let us in, the connection pauses for `not_let_in`."""
    is_open = Q(state__in=LOOKED_AT) | Q(state=State.REVERSING, reason=Reason.DELETE_LEFT)
    asked = Delivery.objects.filter(is_open, pk__in=[wanted.delivery_id for wanted in question.wanted])
    asked.update(due_at=now + policy.look_longest)
    if not_let_in:
        connections.mark_broken(
            office_id=question.office_id, connection_id=question.connection_id, reason=not_let_in, now=now
        )
