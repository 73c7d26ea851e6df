"""The only writers of workflows, pauses and tracks. Setting and pausing want write on workflows.

Raises NotAllowedError, NotFoundError (a company of another office) and ProblemsError (what is wrong, at its field).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import F, Q

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.audit import operations as audit
from loonbrug.directory.models import Company
from loonbrug.ledger.problems import Problem, ProblemsError, Who, problem
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.planning.choices import Choice, problems_of
from loonbrug.planning.models import OfficePause, Track, Workflow
from loonbrug.planning.plan import Step

#: Whoever looks at a run and has not written what came of it by then, died.
HOLD = timedelta(minutes=10)
#: So many runs are taken up at once.
TAKEN_UP_COUNT = 1000
#: Runs that were locked longer ago are no longer taken up.
TAKEN_UP_FOR = timedelta(days=400)


@transaction.atomic
def set_workflow(*, scope: Scope, company_ids: Collection[int], choice: Choice, now: datetime) -> int:
    """One workflow for all these companies; how many. Sending by itself wants write on the journal export too."""
    scope.require(Part.WORKFLOW, Level.WRITE)
    if choice.turns.send.by_itself:
        scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    if found := problems_of(choice):
        raise ProblemsError(*found)
    companies = _companies(scope, company_ids)
    values = _columns(choice) | {"changed_at": now, "changed_by": scope.user_name}
    for company_id in companies:
        before = Workflow.objects.filter(company_id=company_id).first()
        if before is not None and all(
            getattr(before, name) == value for name, value in _columns(choice).items()
        ):
            continue
        made = {"office_id": scope.office_id}
        Workflow.objects.update_or_create(
            company_id=company_id, defaults=values, create_defaults=values | made
        )
        details = {name: str(value) for name, value in _columns(choice).items()}
        audit.write(
            by=scope,
            at=now,
            verb="workflow.set",
            subject_kind="company",
            subject_id=company_id,
            details=details,
        )
    look_again(company_ids=companies, now=now)
    return len(companies)


@transaction.atomic
def pause(*, scope: Scope, company_ids: Collection[int], now: datetime) -> None:
    """Do nothing by itself for these companies until it is resumed."""
    scope.require(Part.WORKFLOW, Level.WRITE)
    rows = Workflow.objects.filter(company_id__in=_companies(scope, company_ids), paused_at=None)
    for company_id in list(rows.values_list("company_id", flat=True)):
        audit.write(by=scope, at=now, verb="workflow.paused", subject_kind="company", subject_id=company_id)
    rows.update(paused_at=now, paused_by=scope.user_name)


@transaction.atomic
def resume(*, scope: Scope, company_ids: Collection[int], now: datetime) -> None:
    """Go on for these companies; what has become due meanwhile is done now."""
    scope.require(Part.WORKFLOW, Level.WRITE)
    companies = _companies(scope, company_ids)
    rows = Workflow.objects.filter(company_id__in=companies, paused_at__isnull=False)
    for company_id in list(rows.values_list("company_id", flat=True)):
        audit.write(by=scope, at=now, verb="workflow.resumed", subject_kind="company", subject_id=company_id)
    rows.update(paused_at=None, paused_by="")
    look_again(company_ids=companies, now=now)


@transaction.atomic
def pause_office(*, scope: Scope, now: datetime) -> None:
    """Do nothing by itself for any company of the office until it is resumed."""
    scope.require(Part.WORKFLOW, Level.WRITE)
    _, is_new = OfficePause.objects.get_or_create(
        office_id=scope.office_id, defaults={"at": now, "by": scope.user_name}
    )
    if is_new:
        audit.write(
            by=scope, at=now, verb="workflow.paused", subject_kind="office", subject_id=scope.office_id
        )


@transaction.atomic
def resume_office(*, scope: Scope, now: datetime) -> None:
    """Go on for the office; companies that stand still by themselves stay so."""
    scope.require(Part.WORKFLOW, Level.WRITE)
    ended, _ = OfficePause.objects.filter(office_id=scope.office_id).delete()
    if ended:
        audit.write(
            by=scope, at=now, verb="workflow.resumed", subject_kind="office", subject_id=scope.office_id
        )


def look_again(*, company_ids: Collection[int], now: datetime) -> None:
    """Something has changed for these companies: what is not finished is looked at now."""
    Track.objects.filter(company_id__in=company_ids, due_at__isnull=False).update(due_at=now)


def take_up(*, now: datetime) -> None:
    """Give a track to each locked run of a company where something is done by itself, from its start period on.

    And have those looked at whose journal came, whose generating failed, or that were locked anew, since they were
    last looked at.
    """
    does_something = Q(company__workflow__generates=True) | Q(company__workflow__checks=True)
    does_something |= Q(company__workflow__sends=True)
    start_year, start_period = "company__mapping__valid_from_year", "company__mapping__valid_from_period"
    from_start = Q(year__gt=F(start_year)) | Q(year=F(start_year), period__gte=F(start_period))
    fresh = NmbrsRun.objects.filter(
        does_something & from_start, track=None, is_locked=True, gone_at=None, seen_at__gt=now - TAKEN_UP_FOR
    )
    found = fresh.order_by("pk").values_list("pk", "company_id")[:TAKEN_UP_COUNT]
    tracks = (Track(run_id=run_id, company_id=company_id, due_at=now) for run_id, company_id in found)
    Track.objects.bulk_create(tracks, ignore_conflicts=True)
    has_news = Q(run__generation__ended_at__gt=F("looked_at")) | Q(run__locked_seen_at__gt=F("looked_at"))
    came = Track.objects.filter(has_news, due_at__gt=now)
    Track.objects.filter(pk__in=came.values("pk")).update(due_at=now)


def take(*, run_id: int, now: datetime) -> bool:
    """Whether this run is the caller's to look at; nobody else is given it meanwhile."""
    due = Track.objects.filter(run_id=run_id, due_at__lte=now)
    return bool(due.update(due_at=now + HOLD, looked_at=now))


def wait(*, run_id: int, until: datetime) -> None:
    """Look at it again then."""
    Track.objects.filter(run_id=run_id).update(due_at=until)


def forget_failure(*, run_id: int) -> None:
    """What failed was done after all, by the service or by a person."""
    Track.objects.filter(run_id=run_id).update(failed_step="", failed_at=None, problems=[], codes="", told="")


def close(*, run_id: int) -> None:
    """There is nothing more to do for this run."""
    Track.objects.filter(run_id=run_id).update(
        due_at=None, failed_step="", failed_at=None, problems=[], codes="", told=""
    )


def mark_checked(*, run_id: int, journal_id: int, by: str, seen: Collection[str], now: datetime) -> None:
    """This journal was checked, these warnings included; the next step can be taken."""
    forget_failure(run_id=run_id)
    Track.objects.filter(run_id=run_id).update(
        checked_journal_id=journal_id,
        checked_at=now,
        checked_by=by,
        seen=" ".join(sorted(set(seen))),
        due_at=now,
    )


def mark_sent(*, run_id: int, now: datetime) -> None:
    """The service sent it."""
    Track.objects.filter(run_id=run_id, sent_at=None).update(sent_at=now)


def fail(*, run_id: int, step: Step, problems: Sequence[Problem], again_at: datetime, now: datetime) -> None:
    """Keep why a step could not be taken, to be told unless the same was told last."""
    Track.objects.filter(run_id=run_id).update(
        due_at=again_at,
        failed_step=step,
        failed_at=now,
        problems=msgspec.to_builtins(list(problems)),
        codes=" ".join(sorted({each.code for each in problems})),
    )


def take_untold(*, count: int) -> tuple[int, ...]:
    """The runs whose failure is the caller's to tell, in the caller's transaction; nobody else is given them."""
    untold = Track.objects.select_for_update().filter(failed_at__isnull=False).exclude(told=F("codes"))
    found = tuple(untold.order_by("pk").values_list("run_id", flat=True)[:count])
    Track.objects.filter(run_id__in=found).update(told=F("codes"))
    return found


def _companies(scope: Scope, company_ids: Collection[int]) -> list[int]:
    rows = Company.objects.filter(office_id=scope.office_id, pk__in=company_ids).order_by("pk")
    found = list(rows.values_list("pk", flat=True))
    if missing := set(company_ids) - set(found):
        raise NotFoundError("company", min(missing))
    if not found:
        raise ProblemsError(problem("workflow_no_companies", who=Who.OFFICE_ADMIN))
    return found


def _columns(choice: Choice) -> dict[str, object]:
    turns = choice.turns
    return {
        "generates": turns.generate.by_itself,
        "generate_days": turns.generate.days,
        "checks": turns.check.by_itself,
        "check_days": turns.check.days,
        "sends": turns.send.by_itself,
        "send_days": turns.send.days,
        "emails": "\n".join(choice.emails),
    }
