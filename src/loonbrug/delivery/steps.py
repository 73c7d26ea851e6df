"""Writing one step of a delivery, and what follows from it for what it reverses. Within an open transaction only."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from loonbrug.delivery.models import Attempt, AttemptKind, Delivery
from loonbrug.delivery.outcomes import Decision, Outcome, Policy, Reason
from loonbrug.delivery.reversal import following
from loonbrug.delivery.states import ENDED, IN_AFAS, State
from loonbrug.delivery.tables import Value, stored, values_of

#: AFAS may still be working on something of these until `doubt_until`.
_IN_THE_AIR = frozenset({State.IN_DOUBT, State.REVERSING})
#: Of what `_row` gives.
_STEP_TYPES = (
    "bigint",
    "text",
    "text",
    "boolean",
    "text",
    "timestamptz",
    "text",
    "timestamptz",
    "integer",
    "timestamptz",
    "text",
)


class Step(NamedTuple):
    """One delivery's way to where a decision puts it; `compared` is kept where it is not None."""

    delivery_id: int
    reverses_id: int | None
    decision: Decision
    entry_number: str
    not_booked_count: int
    doubt_until: datetime | None
    now: datetime
    compared: str | None = None


def apply_steps(steps: Sequence[Step]) -> None:
    """Write these steps at once; the trigger refuses what the table of states does not allow."""
    if not steps:
        return
    table, rows = values_of(_STEP_TYPES, [_row(step) for step in steps])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE delivery_delivery SET state = CASE WHEN is_ended THEN column3 ELSE column2 END,
                is_ended = (is_ended OR column4), reason = column5, due_at = column6, entry_number = column7,
                doubt_until = column8, not_booked_count = column9, changed_at = column10,
                compared = COALESCE(column11, compared)
            FROM {table} AS step WHERE id = column1""",
            [rows],
        )
    for step in steps:
        if step.reverses_id is not None:
            _follow(step.delivery_id, step.reverses_id, step.now)


def _row(step: Step) -> tuple[Value, ...]:
    decision = step.decision
    return (
        step.delivery_id,
        decision.state.value,
        _once_ended(decision.state).value,
        decision.state in ENDED,
        decision.reason.value,
        stored(decision.due_at),
        step.entry_number,
        stored(step.doubt_until if decision.state in _IN_THE_AIR else None),
        step.not_booked_count,
        stored(step.now),
        step.compared,
    )


def step_of(
    delivery: Delivery, decision: Decision, *, now: datetime, doubt_until: datetime | None = None
) -> Step:
    """The step that takes a delivery to where a decision puts it."""
    return Step(
        delivery_id=delivery.pk,
        reverses_id=delivery.reverses_id,
        decision=decision,
        entry_number=decision.entry_number or delivery.entry_number,
        not_booked_count=delivery.not_booked_count,
        doubt_until=doubt_until,
        now=now,
    )


def apply_decision(
    delivery: Delivery, decision: Decision, *, now: datetime, doubt_until: datetime | None = None
) -> None:
    """Write one decision, on the table and on this instance."""
    step = step_of(delivery, decision, now=now, doubt_until=doubt_until)
    delivery.state = _once_ended(decision.state) if delivery.is_ended else decision.state
    delivery.is_ended = delivery.is_ended or decision.state in ENDED
    delivery.reason = decision.reason
    delivery.due_at = decision.due_at
    delivery.entry_number = step.entry_number
    delivery.doubt_until = doubt_until if decision.state in _IN_THE_AIR else None
    delivery.changed_at = now
    apply_steps([step])


def found_once(delivery: Delivery, decision: Decision, *, now: datetime) -> None:
    """Write a decision that AFAS holds this once; it is reversed where a counter-entry in AFAS undoes it."""
    apply_decision(delivery, decision, now=now)
    for counter_entry in delivery.counter_entries.filter(state__in=IN_AFAS):
        _follow(counter_entry.pk, delivery.pk, now)


def _once_ended(state: State) -> State:
    """What had ended is not booked again because taking its late booking back failed: it stays for a person."""
    return State.CONFLICT if state is State.BOOKED else state


def _follow(counter_entry_id: int, undone_id: int, now: datetime) -> None:
    """What the counter-entry came to decides about the delivery that it undoes."""
    counter_entry = Delivery.objects.values_list("state", flat=True).get(pk=counter_entry_id)
    undone = Delivery.objects.select_for_update(no_key=True).get(pk=undone_id)
    for decision in following(State(undone.state), Reason(undone.reason), State(counter_entry)):
        apply_decision(undone, decision, now=now)


def latest_attempt(delivery: Delivery) -> Attempt:
    return delivery.attempts.latest("number")


def unanswered_until(deliveries: Sequence[Delivery], *, policy: Policy, now: datetime) -> dict[int, datetime]:
    """Until when AFAS may still book an attempt that got no answer, of each delivery where that is still ahead."""
    attempts = Attempt.objects.filter(
        Q(ended_at=None) | Q(outcome=Outcome.UNKNOWN), delivery__in=deliveries, kind=AttemptKind.BOOK
    )
    latest: dict[int, datetime] = {}
    for delivery_id, send_before, ended_at in attempts.values_list("delivery_id", "send_before", "ended_at"):
        until = policy.doubt_until(send_before=send_before)
        if ended_at is not None and ended_at > until:
            # Its worker stood still, and may have sent it only then.
            until = ended_at + policy.read_time_out
        latest[delivery_id] = max(until, latest.get(delivery_id, until))
    return {delivery_id: until for delivery_id, until in latest.items() if until > now}
