"""Runs in Nmbrs with what was asked of them, and what a person said about journals without a run."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

import msgspec
from django.db.models import Q

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.ledger.problems import Problem
from loonbrug.payroll.models import Generation, GenerationState, Release
from loonbrug.payroll.nmbrs_models import LookSubject, NmbrsLook, NmbrsRun
from loonbrug.payroll.queries import RunIdentity
from loonbrug.payroll.run_queries import RunSeen, run_seen


@dataclass(frozen=True, slots=True)
class GenerationView:
    """What was last asked of Nmbrs about a run's journal. `checked_at` is when a journal last came."""

    state: GenerationState
    asked_at: datetime.datetime
    asked_by: str
    is_to_be_sent: bool
    waits_for: str
    problems: tuple[Problem, ...]
    ended_at: datetime.datetime | None
    checked_at: datetime.datetime | None

    def is_fresh(self, now: datetime.datetime, fresh: datetime.timedelta) -> bool:
        """Whether a journal came so lately."""
        return self.checked_at is not None and self.checked_at >= now - fresh


@dataclass(frozen=True, slots=True)
class ExportRun:
    """A run in Nmbrs as the journal export sees it; `is_linked` says whether a connection shows its company now."""

    id: int
    run: RunIdentity
    seen: RunSeen
    is_linked: bool
    generation: GenerationView | None

    @property
    def is_there(self) -> bool:
        """Whether Nmbrs can be asked about it."""
        return self.seen.gone_at is None and self.is_linked

    @property
    def has_failed(self) -> bool:
        """Whether nothing came when Nmbrs was last asked."""
        return self.generation is not None and self.generation.state is GenerationState.FAILED

    def wants_comparing(self, *, now: datetime.datetime, fresh: datetime.timedelta) -> bool:
        """Whether its journal is to be compared with Nmbrs before it is sent."""
        asked = self.generation
        has_come = asked is not None and asked.state is GenerationState.DONE and asked.is_fresh(now, fresh)
        return self.is_there and not has_come


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """Why sending by itself may go on, as a person said."""

    journal_id: int
    code: str
    reason: str
    by: str
    at: datetime.datetime


def export_runs(
    *, scope: Scope, company_id: int, year: int | None = None, period: int | None = None
) -> tuple[ExportRun, ...]:
    """A company's runs in Nmbrs, narrowed to what is given; where one was made again, the one that is there.

    Raises NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    wanted = {"year": year, "period": period}
    narrowed = {name: value for name, value in wanted.items() if value is not None}
    return _newest(Q(office_id=scope.office_id, company_id=company_id, **narrowed))


def runs_of(*, scope: Scope, runs: Collection[RunIdentity]) -> dict[RunIdentity, ExportRun]:
    """Those of these runs that Nmbrs has, or has had. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    company_ids = {run.company_id for run in runs}
    years = {run.year for run in runs}
    found = _newest(Q(office_id=scope.office_id, company_id__in=company_ids, year__in=years))
    wanted = set(runs)
    return {each.run: each for each in found if each.run in wanted}


def runs_by_id(*, scope: Scope, run_ids: Collection[int]) -> tuple[ExportRun, ...]:
    """Those of these runs in Nmbrs that are this office's. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    return _newest(Q(office_id=scope.office_id, pk__in=run_ids))


def years_looked_at(*, scope: Scope, company_ids: Collection[int]) -> frozenset[tuple[int, int]]:
    """Company and year whose whole list of runs Nmbrs has given."""
    rows = NmbrsLook.objects.filter(
        company__office_id=scope.office_id,
        company__company_id__in=company_ids,
        subject=LookSubject.RUNS,
        looked_at__isnull=False,
        failure="",
    )
    return frozenset(rows.values_list("company__company_id", "year"))


def due(*, now: datetime.datetime, count: int) -> list[int]:
    """The runs whose journal is to be fetched now, the longest waiting first."""
    rows = Generation.objects.filter(state=GenerationState.FETCHING, due_at__lte=now)
    return list(rows.order_by("due_at", "pk").values_list("run_id", flat=True)[:count])


def to_check(
    *, connection_ids: Collection[int], since: datetime.datetime, before: datetime.datetime, count: int
) -> list[tuple[int, int]]:
    """Runs seen since then that have a journal and were not compared lately: office and run, oldest check first.

    Not those that are gone, nor those of companies that none of these connections shows.
    """
    compared = Q(generation__state=GenerationState.DONE, generation__checked_at__lt=before)
    failed = Q(generation__state=GenerationState.FAILED, generation__ended_at__lt=before)
    rows = NmbrsRun.objects.filter(
        compared | failed,
        gone_at=None,
        seen_at__gte=since,
        generation__checked_at__isnull=False,
        company__in_nmbrs__gone_at=None,
        company__in_nmbrs__debtor__connection_id__in=connection_ids,
    )
    return list(rows.order_by("generation__checked_at", "pk").values_list("office_id", "pk")[:count])


def releases_of(*, scope: Scope, journal_ids: Collection[int]) -> tuple[ReleaseView, ...]:
    """What people said about these journals."""
    rows = Release.objects.filter(journal__office_id=scope.office_id, journal_id__in=journal_ids)
    return tuple(
        ReleaseView(row.journal_id, row.code, row.reason, row.by, row.at) for row in rows.order_by("pk")
    )


def _newest(wanted: Q) -> tuple[ExportRun, ...]:
    """One for each identity: of runs with the same one, that which is there, or else the newest."""
    rows = NmbrsRun.objects.filter(wanted).select_related("generation", "company__in_nmbrs")
    found: dict[RunIdentity, ExportRun] = {}
    for row in sorted(rows, key=lambda row: (row.gone_at is None, row.pk)):
        view = _view(row)
        found[view.run] = view
    return tuple(found.values())


def _view(row: NmbrsRun) -> ExportRun:
    generation, company = getattr(row, "generation", None), getattr(row.company, "in_nmbrs", None)
    return ExportRun(
        id=row.pk,
        run=RunIdentity(row.company_id, row.year, row.period, row.number),
        seen=run_seen(row),
        is_linked=company is not None and company.gone_at is None,
        generation=None if generation is None else _generation(generation),
    )


def _generation(row: Generation) -> GenerationView:
    return GenerationView(
        state=GenerationState(row.state),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        is_to_be_sent=row.sender_id is not None,
        waits_for=row.waits_for,
        problems=tuple(msgspec.convert(row.problems, list[Problem])),
        ended_at=row.ended_at,
        checked_at=row.checked_at,
    )
