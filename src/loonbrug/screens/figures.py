"""Figures of the whole installation for whoever watches it: counts and seconds, no name of anybody."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.installation import unreleased_offices
from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.states import State
from loonbrug.watch import queries as watch


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand at one moment, over all offices."""

    deliveries: dict[State, int]
    oldest_due_at: datetime | None
    paused_connection_count: int
    paused_office_count: int
    breaches: dict[str, int]
    unsent_mail_count: int
    pulse_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptFigure:
    """One attempt: what it came to, if it has, and how long its entry was under way when AFAS booked it."""

    id: int
    outcome: str
    is_ended: bool
    claimed_at: datetime
    queued_to_booked_seconds: float | None


def figures(*, now: datetime) -> Figures:
    """All figures that the database knows by an index."""
    by_state = dict(Delivery.objects.order_by().values_list("state").annotate(Count("id")))
    due = Delivery.objects.filter(due_at__lte=now, connection__state=ConnectionState.AUTHORISED)
    return Figures(
        deliveries={state: by_state.get(state, 0) for state in State},
        oldest_due_at=due.aggregate(at=Min("due_at"))["at"],
        paused_connection_count=Connection.objects.filter(state=ConnectionState.BROKEN).count(),
        paused_office_count=len(unreleased_offices()),
        breaches=watch.breach_counts(),
        unsent_mail_count=watch.unsent_mail_count(),
        pulse_at=watch.last_pulse(),
    )


def newest_attempt_id() -> int:
    """The id of the attempt that was claimed last; 0 when there is none."""
    return Attempt.objects.aggregate(id=Max("id"))["id"] or 0


def attempts_after(*, after_id: int, or_ids: Collection[int]) -> tuple[AttemptFigure, ...]:
    """The attempts claimed after this one, and these."""
    rows = Attempt.objects.filter(Q(id__gt=after_id) | Q(id__in=or_ids)).order_by("id")
    return tuple(
        AttemptFigure(id_, outcome, ended_at is not None, claimed_at, _seconds(queued_at, ended_at, number))
        for id_, outcome, claimed_at, ended_at, number, queued_at in rows.values_list(
            "id", "outcome", "claimed_at", "ended_at", "entry_number", "delivery__queued_at"
        )
    )


def _seconds(queued_at: datetime, ended_at: datetime | None, entry_number: str) -> float | None:
    if ended_at is None or not entry_number:
        return None
    return (ended_at - queued_at).total_seconds()
