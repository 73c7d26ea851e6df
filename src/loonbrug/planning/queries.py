"""Workflows of an office, its pause, and where runs stand. Wants read on workflows unless the service asks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import Q

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.ledger.problems import Problem
from loonbrug.planning.choices import Choice
from loonbrug.planning.models import OfficePause, Track, Workflow
from loonbrug.planning.plan import Step, Turn, Turns


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """The workflow of one company, who set it, and since when it stands still."""

    company_id: int
    choice: Choice
    changed_at: datetime
    changed_by: str
    paused_at: datetime | None
    paused_by: str


@dataclass(frozen=True, slots=True)
class OfficePauseView:
    """Since when nothing is done by itself for the whole office, and who stopped it."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CheckMark:
    """Which journal was checked, when and by whom; `seen` are the codes of the warnings that a person let pass."""

    journal_id: int
    at: datetime
    by: str
    seen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that could not be taken by itself; it is tried again."""

    step: Step
    at: datetime
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class TrackView:
    """Where a run stands. `due_at` is when it is looked at again, `sent_at` when the service sent it."""

    run_id: int
    due_at: datetime | None
    check: CheckMark | None
    sent_at: datetime | None
    failure: Failure | None


def workflows(*, scope: Scope, company_ids: Collection[int] | None = None) -> dict[int, WorkflowView]:
    """The workflows of these companies, or of all, by company; those without do everything by hand."""
    scope.require(Part.WORKFLOW, Level.READ)
    rows = Workflow.objects.filter(office_id=scope.office_id)
    if company_ids is not None:
        rows = rows.filter(company_id__in=company_ids)
    return {row.company_id: _view(row) for row in rows}


def office_pause(*, scope: Scope) -> OfficePauseView | None:
    """The pause of the office, if there is one."""
    row = OfficePause.objects.filter(office_id=scope.office_id).first()
    return OfficePauseView(row.at, row.by) if row else None


def tracks(*, scope: Scope, run_ids: Collection[int]) -> dict[int, TrackView]:
    """Where these runs in Nmbrs stand, those that were looked at."""
    rows = Track.objects.filter(run__office_id=scope.office_id, run_id__in=run_ids)
    return {row.run_id: _track(row) for row in rows}


def companies_with_work(*, now: datetime, count: int) -> list[int]:
    """Companies of which some run is to be looked at now, the longest waiting first."""
    rows = Track.objects.filter(_is_due(now)).order_by("due_at", "pk")
    return list(dict.fromkeys(rows.values_list("company_id", flat=True)[:count]))


def due_runs(*, company_id: int, now: datetime, count: int) -> list[int]:
    """The runs of a company that are to be looked at now, the oldest first."""
    rows = Track.objects.filter(_is_due(now), company_id=company_id)
    ordered = rows.order_by("run__year", "run__period", "run__number", "pk")
    return list(ordered.values_list("run_id", flat=True)[:count])


def _is_due(now: datetime) -> Q:
    is_paused = Q(company__workflow__paused_at__isnull=False) | Q(run__office__officepause__isnull=False)
    return Q(due_at__lte=now) & ~is_paused


def _view(row: Workflow) -> WorkflowView:
    turns = Turns(
        generate=Turn(row.generates, row.generate_days),
        check=Turn(row.checks, row.check_days),
        send=Turn(row.sends, row.send_days),
    )
    return WorkflowView(
        company_id=row.company_id,
        choice=Choice(turns, tuple(row.emails.split())),
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
    )


def _track(row: Track) -> TrackView:
    check = failure = None
    if row.checked_journal_id is not None and row.checked_at is not None:
        seen = frozenset(row.seen.split())
        check = CheckMark(row.checked_journal_id, row.checked_at, row.checked_by, seen)
    if row.failed_at is not None:
        found = tuple(msgspec.convert(row.problems, list[Problem]))
        failure = Failure(Step(row.failed_step), row.failed_at, found)
    return TrackView(row.run_id, row.due_at, check, row.sent_at, failure)
