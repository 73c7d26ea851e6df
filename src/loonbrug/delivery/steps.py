"""Writing one step of a delivery, and what follows from it for what it reverses. Within an open transaction only."""

from datetime import datetime

from django.db.models import Q

from loonbrug.delivery.models import Attempt, AttemptKind, Delivery
from loonbrug.delivery.outcomes import Decision, Outcome, Policy
from loonbrug.delivery.reversal import following
from loonbrug.delivery.states import ENDED, State

#: AFAS may still be working on something of these until `doubt_until`.
_IN_THE_AIR = frozenset({State.IN_DOUBT, State.REVERSING})


def apply_decision(
    delivery: Delivery, decision: Decision, *, now: datetime, doubt_until: datetime | None = None
) -> None:
    """Write a decision; the trigger refuses what the table of states does not allow."""
    delivery.state = _state_after(delivery, decision)
    delivery.is_ended = delivery.is_ended or delivery.state in ENDED
    delivery.reason = decision.reason
    delivery.due_at = decision.due_at
    delivery.entry_number = decision.entry_number or delivery.entry_number
    delivery.doubt_until = doubt_until if decision.state in _IN_THE_AIR else None
    delivery.changed_at = now
    delivery.save(
        update_fields=[
            "state",
            "reason",
            "is_ended",
            "due_at",
            "entry_number",
            "doubt_until",
            "not_booked_count",
            "changed_at",
        ]
    )
    if delivery.reverses_id is not None:
        _follow(delivery, delivery.reverses_id, now)


def _state_after(delivery: Delivery, decision: Decision) -> State:
    """What had ended is not booked again because taking its late booking back failed: it stays for a person."""
    failed = delivery.is_ended and decision.state is State.BOOKED
    return State.CONFLICT if failed else decision.state


def _follow(counter_entry: Delivery, undone_id: int, now: datetime) -> None:
    """What the counter-entry comes to decides about the delivery that it undoes."""
    undone = Delivery.objects.select_for_update(no_key=True).get(pk=undone_id)
    for decision in following(State(undone.state), State(counter_entry.state)):
        apply_decision(undone, decision, now=now)


def latest_attempt(delivery: Delivery) -> Attempt:
    return delivery.attempts.latest("number")


def unanswered_until(delivery: Delivery, *, policy: Policy, now: datetime) -> datetime | None:
    """Until when AFAS may still book an attempt that got no answer; None when no such moment is ahead."""
    attempts = delivery.attempts.filter(kind=AttemptKind.BOOK)
    unanswered = attempts.filter(Q(ended_at=None) | Q(outcome=Outcome.UNKNOWN))
    latest = unanswered.order_by("-send_before").first()
    until = policy.doubt_until(send_before=latest.send_before) if latest else now
    return until if until > now else None
