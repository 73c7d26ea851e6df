"""The only writers of what is asked of Nmbrs about a run's journal, and of what came of it.

Whoever fetches holds the work until `Task.held_until`; what comes later than that, or after another has answered,
changes nothing. Rights of people are checked here; the fetching itself is the service's.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from loonbrug.access.rights import Level, NotFoundError, Part, Scope, service_scope
from loonbrug.audit import operations as audit
from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.problems import Place, Problem, ProblemsError, problem
from loonbrug.payroll import snapshots
from loonbrug.payroll.models import (
    Generation,
    GenerationState,
    Journal,
    JournalLife,
    Release,
)
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.payroll.queries import RunDraft, RunIdentity
from loonbrug.payroll.snapshots import JournalFixedError, Origin

#: Longer than Nmbrs is waited for; work that was taken and has not ended by then died with its process.
HOLD = datetime.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Task:
    """One journal to be fetched."""

    run_id: int
    office_id: int
    nmbrs_id: str
    run: RunIdentity
    description: str
    asked_at: datetime.datetime
    asked_by: str
    held_until: datetime.datetime


@dataclass(frozen=True, slots=True)
class Received:
    """The journal that counts for the run, whatever Nmbrs gives by now, and for whom it is to be sent."""

    live_id: int
    sender_id: int | None


@transaction.atomic
def ask(*, scope: Scope, run_ids: Collection[int], now: datetime.datetime, then_send: bool = False) -> int:
    """Have the journals of these runs in Nmbrs fetched, or fetched again to compare; how many were asked.

    One that is being fetched already is not asked twice. Raises NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    sender = {"sender_id": scope.user_id} if then_send else {}
    wanted = set(
        NmbrsRun.objects.filter(office_id=scope.office_id, pk__in=run_ids).values_list("pk", flat=True)
    )
    rows = Generation.objects.select_for_update().filter(run_id__in=wanted)
    states = dict(rows.values_list("run_id", "state"))
    fetching = {run_id for run_id, state in states.items() if state == GenerationState.FETCHING}
    if sender:
        rows.filter(run_id__in=fetching).update(**sender)
    fresh: dict[str, object] = {
        "state": GenerationState.FETCHING,
        "asked_at": now,
        "asked_by": scope.user_name,
        "sender_id": None,
        "due_at": now,
        "waits_for": "",
        "problems": [],
    } | sender
    rows.exclude(run_id__in=fetching).update(**fresh)
    made = [Generation(run_id=run_id, **fresh) for run_id in sorted(wanted - states.keys())]
    Generation.objects.bulk_create(made, ignore_conflicts=True)
    if scope.user_id is not None:
        for run_id in sorted(wanted - fetching):
            audit.write(by=scope, at=now, verb="generate", subject_kind="run", subject_id=run_id)
    return len(wanted)


@transaction.atomic
def take(*, run_id: int, now: datetime.datetime) -> Task | None:
    """The work on this run, if it is due, for the caller to do; nobody else is given it meanwhile."""
    held_until = now + HOLD
    due = Generation.objects.filter(run_id=run_id, state=GenerationState.FETCHING, due_at__lte=now)
    if not due.update(due_at=held_until):
        return None
    row = Generation.objects.select_related("run").get(run_id=run_id)
    run = row.run
    return Task(
        run_id=run.pk,
        office_id=run.office_id,
        nmbrs_id=run.nmbrs_id,
        run=RunIdentity(run.company_id, run.year, run.period, run.number),
        description=run.description,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        held_until=held_until,
    )


def wait(*, task: Task, code: str, until: datetime.datetime) -> None:
    """Nmbrs says later; `code` says why."""
    _held(task).update(due_at=until, waits_for=code)


def fail(*, task: Task, problems: Sequence[Problem], now: datetime.datetime) -> None:
    """No journal came; a person sees why, and may ask again."""
    _held(task).update(
        state=GenerationState.FAILED,
        due_at=None,
        waits_for="",
        problems=msgspec.to_builtins(list(problems)),
        sender_id=None,
        ended_at=now,
    )


@transaction.atomic
def receive(*, task: Task, draft: RunDraft, origin: Origin, now: datetime.datetime) -> Received | None:
    """Keep what Nmbrs gives now; None when the work was no longer this task's.

    A run without a journal gets this one. One that has it already keeps it, whatever it came from. One that has
    another keeps that: this one is offered beside it. Inside a transaction that holds the office.
    """
    row = _held(task).select_for_update().first()
    if row is None:
        return None
    sender_id = row.sender_id
    row.state, row.due_at, row.waits_for, row.problems = GenerationState.DONE, None, "", []
    row.ended_at, row.checked_at, row.sender_id = now, now, None
    row.save()
    scope = replace(service_scope(task.office_id), user_name=task.asked_by)
    live_id = _compared(scope, _journals_of(task.office_id, draft.run), draft, origin, now)
    return Received(live_id, sender_id)


def refuse_to_send(*, run_id: int, problems: Sequence[Problem]) -> None:
    """Keep why a journal that was to be sent once it was compared with Nmbrs was not sent."""
    Generation.objects.filter(run_id=run_id).update(problems=msgspec.to_builtins(list(problems)))


def _journals_of(office_id: int, run: RunIdentity) -> dict[str, Journal]:
    rows = Journal.objects.select_for_update(of=("self",)).defer("source_bytes")
    of_run = rows.filter(
        office_id=office_id,
        run__company_id=run.company_id,
        run__year=run.year,
        run__period=run.period,
        run__number=run.number,
    )
    return {row.life: row for row in of_run.filter(life__in=[JournalLife.LIVE, JournalLife.OFFERED])}


def _compared(
    scope: Scope, of_run: dict[str, Journal], draft: RunDraft, origin: Origin, now: datetime.datetime
) -> int:
    """Keep what is new; the journal that counts."""
    content = content_hash(draft.entries)
    live, offered = of_run.get(JournalLife.LIVE), of_run.get(JournalLife.OFFERED)
    is_as_live = live is not None and live.content_hash == content
    is_offered = live is not None and offered is not None and offered.content_hash == content
    if offered is not None and not is_offered:
        snapshots.end(scope=scope, row=offered, life=JournalLife.REPLACED, now=now)
    if live is None:
        return snapshots.keep(scope=scope, draft=draft, origin=origin, life=JournalLife.LIVE, now=now)
    if not is_as_live and not is_offered:
        snapshots.keep(scope=scope, draft=draft, origin=origin, life=JournalLife.OFFERED, now=now)
    return live.pk


def take_over(*, scope: Scope, journal_id: int, now: datetime.datetime, sent: Collection[int] = ()) -> None:
    """What Nmbrs gives now takes the place of the journal that its run has; that one is kept as replaced.

    Raises JournalFixedError when `sent` holds the run's journal or this one is not offered (any more),
    NotFoundError and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    with transaction.atomic():
        row = snapshots.locked(scope=scope, journal_id=journal_id)
        if row.life != JournalLife.OFFERED:
            raise JournalFixedError(problem("journal_not_offered"))
        live = Journal.objects.filter(run_id=row.run_id, life=JournalLife.LIVE).defer("source_bytes").first()
        if live is not None:
            if live.pk in sent:
                raise JournalFixedError(problem("journal_already_sent"))
            snapshots.end(scope=scope, row=live, life=JournalLife.REPLACED, now=now)
        row.life = JournalLife.LIVE
        row.save(update_fields=["life"])
        snapshots.note(scope=scope, verb="journal.taken_over", journal_id=journal_id, now=now)


def release(*, scope: Scope, journal_id: int, code: str, reason: str, now: datetime.datetime) -> None:
    """A person says why sending by itself may go on though something is the matter with this journal's run.

    Raises ProblemsError (reason_missing), NotFoundError and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    if not reason.strip():
        raise ProblemsError(problem("reason_missing", place=Place(field="reason")))
    if not Journal.objects.filter(office_id=scope.office_id, pk=journal_id).exists():
        raise NotFoundError("journal", journal_id)
    with transaction.atomic():
        said = {"reason": reason.strip()[:1000], "by": scope.user_name, "at": now}
        _, is_new = Release.objects.get_or_create(journal_id=journal_id, code=code, defaults=said)
        if is_new:
            details = {"code": code, "reason": reason.strip()}
            snapshots.note(
                scope=scope, verb="journal.released", journal_id=journal_id, now=now, details=details
            )


def _held(task: Task) -> QuerySet[Generation]:
    """The work, as long as it is this task's."""
    return Generation.objects.filter(
        run_id=task.run_id, state=GenerationState.FETCHING, due_at=task.held_until
    )
