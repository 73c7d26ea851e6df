"""*Verzendingen*: every delivery of the office that is not at rest, by what it waits for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q, QuerySet

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.queries import AttemptView, Awaited, awaited, last_answers
from loonbrug.delivery.states import WAITS_FOR_PERSON, State
from loonbrug.directory.models import Company
from loonbrug.payroll.models import PayrollRun

PAGE_LENGTH = 50
_REFUSED = frozenset({State.REJECTED, State.GIVEN_UP})


class Queue(StrEnum):
    """What a delivery waits for."""

    DUE = "due"
    UNDER_WAY = "under_way"
    LATER = "later"
    ACCOUNT = "account"
    DOUBT = "doubt"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which deliveries to show; None shows all. `environment_id` is one that the office has an account in."""

    queue: Queue | None = None
    environment_id: int | None = None
    company_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery as the list shows it."""

    delivery_id: int
    journal_id: int
    ordinal: int
    is_counter: bool
    company_number: str
    company_name: str
    year: int
    period: int
    run_number: int
    state: State
    reason: str
    queue: Queue
    due_at: datetime | None
    awaited: Awaited | None
    refusal: AttemptView | None
    queued_at: datetime
    changed_at: datetime
    attempt_count: int
    participant_number: str
    environment_type: str
    afas_user: str
    administration: int
    journal_code: str


@dataclass(frozen=True, slots=True)
class DeliveriesScreen:
    """One page of the list, and how many wait for what."""

    rows: tuple[DeliveryRow, ...]
    counts: dict[Queue, int]
    page: int
    page_count: int
    environments: tuple[tuple[int, str, str], ...]
    companies: tuple[tuple[int, str, str], ...]

    @property
    def is_moving(self) -> bool:
        """Whether anything here changes by itself."""
        return any(self.counts[queue] for queue in Queue if queue is not Queue.PERSON)


def deliveries_screen(*, scope: Scope, narrowing: Narrowing, page: int, now: datetime) -> DeliveriesScreen:
    """One page of what is not at rest, longest waiting first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = _open(scope, narrowing)
    counts = rows.aggregate(**{queue.value: Count("id", filter=_in(queue, now)) for queue in Queue})
    shown = rows if narrowing.queue is None else rows.filter(_in(narrowing.queue, now))
    wanted = counts.values() if narrowing.queue is None else [counts[narrowing.queue]]
    page_count = max(1, -(-sum(wanted) // PAGE_LENGTH))
    page = min(max(page, 1), page_count)
    return DeliveriesScreen(
        rows=_rows(shown, page, now),
        counts={queue: counts[queue.value] for queue in Queue},
        page=page,
        page_count=page_count,
        environments=_environments(scope),
        companies=_companies(scope),
    )


def _open(scope: Scope, narrowing: Narrowing) -> QuerySet[Delivery]:
    states = [*WAITS_FOR_PERSON, State.QUEUED, State.SENDING, State.IN_DOUBT, State.REVERSING]
    rows = Delivery.objects.filter(office_id=scope.office_id, state__in=sorted(states))
    if narrowing.environment_id is not None:
        rows = rows.filter(environment_id=narrowing.environment_id)
    if narrowing.company_id is not None:
        rows = rows.filter(company_id=narrowing.company_id)
    return rows


def _in(queue: Queue, now: datetime) -> Q:
    is_let_in = Q(connection__state=ConnectionState.AUTHORISED)
    is_queued = Q(state=State.QUEUED)
    return {
        Queue.DUE: is_queued & is_let_in & Q(due_at__lte=now),
        Queue.UNDER_WAY: Q(state__in=[State.SENDING, State.REVERSING]),
        Queue.LATER: is_queued & is_let_in & Q(due_at__gt=now),
        Queue.ACCOUNT: is_queued & ~is_let_in,
        Queue.DOUBT: Q(state=State.IN_DOUBT),
        Queue.PERSON: Q(state__in=sorted(WAITS_FOR_PERSON)),
    }[queue]


def _queue_of(row: Delivery, now: datetime) -> Queue:
    if row.state in WAITS_FOR_PERSON:
        return Queue.PERSON
    if row.state == State.IN_DOUBT:
        return Queue.DOUBT
    if row.state != State.QUEUED:
        return Queue.UNDER_WAY
    if row.connection.state != ConnectionState.AUTHORISED:
        return Queue.ACCOUNT
    return Queue.LATER if row.due_at is not None and row.due_at > now else Queue.DUE


def _rows(shown: QuerySet[Delivery], page: int, now: datetime) -> tuple[DeliveryRow, ...]:
    start = (page - 1) * PAGE_LENGTH
    ordered = shown.select_related("environment", "connection").defer("mapping")
    found = list(ordered.order_by("queued_at", "id")[start : start + PAGE_LENGTH])
    companies = Company.objects.in_bulk({row.company_id for row in found})
    runs = PayrollRun.objects.in_bulk({row.run_id for row in found})
    waiting = awaited(found)
    refusals = last_answers(delivery_ids=[row.pk for row in found if row.state in _REFUSED])
    return tuple(
        DeliveryRow(
            delivery_id=row.pk,
            journal_id=row.journal_id,
            ordinal=row.ordinal,
            is_counter=row.reverses_id is not None,
            company_number=companies[row.company_id].number,
            company_name=companies[row.company_id].name,
            year=runs[row.run_id].year,
            period=runs[row.run_id].period,
            run_number=runs[row.run_id].number,
            state=State(row.state),
            reason=row.reason,
            queue=_queue_of(row, now),
            due_at=row.due_at,
            awaited=waiting.get(row.pk),
            refusal=refusals.get(row.pk),
            queued_at=row.queued_at,
            changed_at=row.changed_at,
            attempt_count=row.attempt_count,
            participant_number=row.environment.participant_number,
            environment_type=row.environment.type,
            afas_user=row.connection.afas_user,
            administration=row.administration,
            journal_code=row.journal_code,
        )
        for row in found
    )


def _environments(scope: Scope) -> tuple[tuple[int, str, str], ...]:
    """Id, participant number and type of every environment that the office has an account in."""
    rows = Connection.objects.filter(office_id=scope.office_id).order_by(
        "environment__participant_number", "environment__type"
    )
    return tuple(
        rows.values_list("environment_id", "environment__participant_number", "environment__type").distinct()
    )


def _companies(scope: Scope) -> tuple[tuple[int, str, str], ...]:
    """Id, number and name of every company of the office."""
    rows = Company.objects.filter(office_id=scope.office_id).order_by("number", "id")
    return tuple(rows.values_list("id", "number", "name"))
