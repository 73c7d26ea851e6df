"""What is known of deliveries; every question is asked within one office."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.connections.models import ConnectionState, Environment
from loonbrug.delivery import installation
from loonbrug.delivery.models import Attempt, AttemptKind, Decision, Delivery
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.questions import connectors_of
from loonbrug.delivery.reversal import REVERSIBLE, UNSETTLED
from loonbrug.delivery.reversing import How, ways
from loonbrug.delivery.states import ENDED, State


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try: when, and what AFAS or the line said."""

    kind: AttemptKind
    number: int
    claimed_at: datetime
    ended_at: datetime | None
    outcome: str
    status: int | None
    error_number: int | None
    message: str
    code: str
    log_reference: str
    entry_number: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What a person decided, and why."""

    kind: str
    reason: str
    entry_number: str
    is_checked: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Awaited:
    """What ends a doubt, or a deletion whose answer was lost.

    AFAS may be busy until `busy_until`; `look_at` is when its books are looked at next, where somebody `can_look`.
    `lost_account` is the AFAS user that has to be authorised before anything goes on; empty while AFAS lets us in.
    """

    busy_until: datetime
    look_at: datetime | None
    can_look: bool
    lost_account: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One entry on its way, with its history; `reverses_id` names the delivery that a counter-entry undoes."""

    id: int
    reverses_id: int | None
    journal_id: int
    run_id: int
    company_id: int
    connection_id: int
    ordinal: int
    state: State
    reason: str
    is_ended: bool
    voucher_number: str
    entry_number: str
    compared: str
    administration: int
    journal_code: str
    mapping: Mapping[str, str | int | None]
    entry_date: date
    year: int
    period: int
    total: Decimal
    payload_hash: str
    due_at: datetime | None
    doubt_until: datetime | None
    awaited: Awaited | None
    queued_at: datetime
    queued_by: str
    changed_at: datetime
    attempts: tuple[AttemptView, ...]
    decisions: tuple[DecisionView, ...]

    @property
    def administration_name(self) -> str:
        """The name that AFAS's administration had when the entry was approved."""
        return str(self.mapping.get("administration_name") or "")


def delivery(*, scope: Scope, delivery_id: int) -> DeliveryView:
    """One delivery of this office. Raises NotFoundError, NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Delivery.objects.filter(office_id=scope.office_id, id=delivery_id)
    found = rows.select_related("connection").prefetch_related("attempts", "decisions").first()
    if found is None:
        raise NotFoundError("delivery", delivery_id)
    (view,) = _views([found])
    return view


def of_journals(*, scope: Scope, journal_ids: Collection[int]) -> dict[int, tuple[DeliveryView, ...]]:
    """All deliveries of each of these journals, by entry and then oldest first; journals without are left out."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Delivery.objects.filter(office_id=scope.office_id, journal_id__in=journal_ids)
    found: defaultdict[int, list[DeliveryView]] = defaultdict(list)
    rows = rows.select_related("connection").prefetch_related("attempts", "decisions")
    for view in _views(rows.order_by("ordinal", "generation")):
        found[view.journal_id].append(view)
    return {journal_id: tuple(views) for journal_id, views in found.items()}


def of_run(*, scope: Scope, run_id: int) -> tuple[DeliveryView, ...]:
    """All deliveries of a run, whichever of its journals they came from, without counter-entries."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Delivery.objects.filter(office_id=scope.office_id, run_id=run_id, reverses__isnull=True)
    rows = rows.select_related("connection").prefetch_related("attempts", "decisions")
    return tuple(_views(rows.order_by("ordinal", "id")))


def runs_being_sent(*, scope: Scope, run_ids: Collection[int]) -> frozenset[int]:
    """Which of these runs have an entry that was sent or is to be sent, so that their journal must stay."""
    rows = Delivery.objects.filter(office_id=scope.office_id, run_id__in=run_ids, reverses__isnull=True)
    return frozenset(rows.exclude(state__in=sorted(ENDED)).values_list("run_id", flat=True))


@dataclass(frozen=True, slots=True)
class PauseView:
    """Nothing is sent since the database was found to be restored or copied; what waits for that, by state."""

    found_at: datetime
    busy_until: datetime
    in_doubt_count: int
    undecided_count: int
    queued_count: int


def pause(*, scope: Scope) -> PauseView | None:
    """Why and since when this office sends nothing; None while it may send."""
    found = installation.latest(scope.office_id)
    if found is None or found.released_at is not None:
        return None
    waiting = Delivery.objects.filter(
        office_id=scope.office_id, state__in=[State.IN_DOUBT, State.UNDECIDED, State.QUEUED]
    )
    counts = dict(waiting.order_by().values_list("state").annotate(Count("id")))
    return PauseView(
        found_at=found.found_at,
        busy_until=found.busy_until,
        in_doubt_count=counts.get(State.IN_DOUBT, 0),
        undecided_count=counts.get(State.UNDECIDED, 0),
        queued_count=counts.get(State.QUEUED, 0),
    )


def sending_is_paused(*, office_id: int) -> bool:
    """Whether this office sends nothing because the database was found to be restored or copied."""
    return office_id in installation.unreleased_offices()


@dataclass(frozen=True, slots=True)
class ReversalView:
    """What reversing a journal would do: the entries that would go, the others, and how it can be done now."""

    reversible: tuple[DeliveryView, ...]
    others: tuple[DeliveryView, ...]
    ways: frozenset[How]
    is_settled: bool


def reversal(*, scope: Scope, journal_id: int) -> ReversalView:
    """What reversing this journal would do. Raises NotAllowedError."""
    scope.require(Part.REVERSAL, Level.READ)
    rows = Delivery.objects.filter(
        office_id=scope.office_id, journal_id=journal_id, reverses__isnull=True, is_ended=False
    )
    found = list(
        rows.select_related("connection__environment")
        .prefetch_related("attempts", "decisions")
        .order_by("ordinal")
    )
    reversible = [row for row in found if row.state in REVERSIBLE]
    return ReversalView(
        reversible=tuple(_views(reversible)),
        others=tuple(_views(row for row in found if row not in reversible)),
        ways=ways(reversible),
        is_settled=not any(row.state in UNSETTLED for row in found),
    )


def ways_back(*, scope: Scope, delivery_id: int) -> frozenset[How]:
    """How what AFAS booked after it had ended can be taken back by itself; no way where it had not ended."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = Delivery.objects.filter(
        office_id=scope.office_id, id=delivery_id, is_ended=True, state=State.CONFLICT
    )
    found = list(rows.select_related("connection__environment"))
    return ways(found) if found else frozenset()


def mapping_is_in_use(*, scope: Scope, company_id: int) -> bool:
    """Whether a delivery of this company may still leave, so that its mapping should stay."""
    under_way = [State.QUEUED, State.SENDING, State.IN_DOUBT, State.REVERSING]
    rows = Delivery.objects.filter(office_id=scope.office_id, company_id=company_id)
    return rows.filter(state__in=under_way).exists()


def environments_with_due_work(*, now: datetime) -> tuple[int, ...]:
    """The environments whose drain has something to do; the one question that is not asked within an office."""
    may_leave = Q(state=State.QUEUED) | Q(state=State.REVERSING, reason=Reason.TO_DELETE)
    is_paused = Q(office_id__in=installation.paused_offices(now=now))
    due = Q(due_at__lte=now, connection__state=ConnectionState.AUTHORISED) & ~(may_leave & is_paused)
    under_way = Q(state=State.SENDING) | Q(state=State.REVERSING, reason=Reason.DELETING)
    rows = Delivery.objects.filter(environment=OuterRef("pk"))
    found = Environment.objects.filter(Exists(rows.filter(under_way)) | Exists(rows.filter(due)))
    return tuple(found.order_by("pk").values_list("pk", flat=True))


def awaited(rows: Iterable[Delivery]) -> dict[int, Awaited]:
    """What each of these waits for; those are left out that AFAS is not busy with and that need not be looked at."""
    until = {row: row.doubt_until for row in rows if row.doubt_until is not None}
    connectors = connectors_of(until) if until else {}
    return {
        row.pk: Awaited(
            busy_until=busy_until,
            look_at=row.due_at,
            can_look=bool(connectors[row.pk]),
            lost_account=""
            if row.connection.state == ConnectionState.AUTHORISED
            else row.connection.afas_user,
        )
        for row, busy_until in until.items()
    }


def _views(rows: Iterable[Delivery]) -> list[DeliveryView]:
    found = list(rows)
    waiting = awaited(found)
    return [_view(row, waiting.get(row.pk)) for row in found]


def _view(row: Delivery, waits_for: Awaited | None) -> DeliveryView:
    return DeliveryView(
        id=row.pk,
        reverses_id=row.reverses_id,
        journal_id=row.journal_id,
        run_id=row.run_id,
        company_id=row.company_id,
        connection_id=row.connection_id,
        ordinal=row.ordinal,
        state=State(row.state),
        reason=row.reason,
        is_ended=row.is_ended,
        voucher_number=row.voucher_number,
        entry_number=row.entry_number,
        compared=row.compared,
        administration=row.administration,
        journal_code=row.journal_code,
        mapping=row.mapping,
        entry_date=row.entry_date,
        year=row.year,
        period=row.period,
        total=row.total_debit,
        payload_hash=row.payload_hash,
        due_at=row.due_at,
        doubt_until=row.doubt_until,
        awaited=waits_for,
        queued_at=row.queued_at,
        queued_by=row.queued_by,
        changed_at=row.changed_at,
        attempts=tuple(_attempt(attempt) for attempt in sorted(row.attempts.all(), key=lambda a: a.number)),
        decisions=tuple(_decision(decision) for decision in sorted(row.decisions.all(), key=lambda d: d.pk)),
    )


def last_answers(*, delivery_ids: Collection[int]) -> dict[int, AttemptView]:
    """What AFAS answered last, by delivery; those that it never answered are left out."""
    rows = Attempt.objects.filter(delivery_id__in=delivery_ids, status__isnull=False)
    return {row.delivery_id: _attempt(row) for row in rows.order_by("number")}


def _attempt(row: Attempt) -> AttemptView:
    return AttemptView(
        kind=AttemptKind(row.kind),
        number=row.number,
        claimed_at=row.claimed_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        status=row.status,
        error_number=row.error_number,
        message=row.message,
        code=row.code,
        log_reference=row.log_reference,
        entry_number=row.entry_number,
    )


def _decision(row: Decision) -> DecisionView:
    return DecisionView(
        kind=row.kind,
        reason=row.reason,
        entry_number=row.entry_number,
        is_checked=row.is_checked,
        by=row.by,
        at=row.at,
    )
