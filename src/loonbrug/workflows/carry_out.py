"""Carry out the workflow of a company: generate, check and send by itself what is due, run by run.

Where each run stands is in the database: what breaks off goes on after a restart, and each act may be done twice
without anything happening twice. What cannot be done is kept, mailed once, and tried again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction

from loonbrug.access.rights import Level, NotFoundError, Part, Scope, service_scope
from loonbrug.audit import operations as audit
from loonbrug.directory import queries as directory
from loonbrug.directory.models import Company
from loonbrug.engine.work import Keyed
from loonbrug.ledger.problems import Problem, ProblemsError, Who, problem
from loonbrug.payroll import generation_queries
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.models import GenerationState
from loonbrug.planning import operations, queries
from loonbrug.planning.plan import Step
from loonbrug.screens.planned import FINAL, Sent, Standing, standing
from loonbrug.screens.run_export import automatic_sending_is_stopped
from loonbrug.workflows import generate
from loonbrug.workflows.check import check_journal
from loonbrug.workflows.deliver import send_journal

log = structlog.get_logger()

#: The kind of work that carries out the workflow of one company.
KIND = "workflow"
#: So many companies are called up at once, and so many runs of one are done before others have their turn.
COMPANY_COUNT, RUN_COUNT = 50, 20
#: Nmbrs is making the journal.
FETCHING_WAIT = timedelta(seconds=3)
#: AFAS has it; whether it was booked is looked at this often.
BOOKING_WAIT = timedelta(minutes=1)
#: What something keeps is looked at this often. What waits for a person less often, the longer it has stood still:
#: the person's act mostly asks for it itself.
HELD_WAIT, LONGEST_PERSON_WAIT = timedelta(minutes=10), timedelta(days=1)
#: What failed is tried again after this.
FAILED_WAIT = timedelta(hours=1)


def due(*, now: datetime) -> list[Keyed]:
    """The companies of which something is to be done now."""
    return [(KIND, company_id) for company_id in queries.companies_with_work(now=now, count=COMPANY_COUNT)]


def take_up(*, now: datetime) -> list[Keyed]:
    """Take up runs that were locked since, and give the companies of which something is to be done now."""
    operations.take_up(now=now)
    return due(now=now)


def carry_out(*, company_id: int, now: datetime) -> None:
    """Do for each run of a company what is due now."""
    office_id = Company.objects.values_list("office_id", flat=True).get(pk=company_id)
    scope = service_scope(office_id)
    for run_id in queries.due_runs(company_id=company_id, now=now, count=RUN_COUNT):
        if operations.take(run_id=run_id, now=now):
            _one_run(scope, run_id, now)


def _one_run(scope: Scope, run_id: int, now: datetime) -> None:
    found = standing(scope=scope, run_id=run_id)
    if found is None:
        raise NotFoundError("run", run_id)
    act = _Act(_in_the_name_of(scope, found), found, now)
    if found.sent is not None:
        act.look_after(found.sent)
        return
    planned = found.course(now)
    if not planned:
        operations.wait(run_id=run_id, until=now + HELD_WAIT)
        return
    step, at = planned[0].step, planned[0].at
    failure = found.track.failure if found.track else None
    if failure is not None and failure.step is not step:
        operations.forget_failure(run_id=run_id)
    hold = found.hold(step)
    if hold in FINAL:
        operations.close(run_id=run_id)
    elif hold is not None:
        operations.wait(run_id=run_id, until=now + HELD_WAIT)
    elif at is None:
        operations.wait(run_id=run_id, until=now + _person_wait(found, now))
    elif at > now:
        operations.wait(run_id=run_id, until=at)
    else:
        act.take(step)


def _person_wait(found: Standing, now: datetime) -> timedelta:
    """A fiftieth of the time since the last that happened to a run."""
    happened = found.happened
    moments = (happened.locked_at, happened.generated_at, happened.checked_at)
    since = max(moment for moment in moments if moment is not None)
    return min(max((now - since) / 50, HELD_WAIT), LONGEST_PERSON_WAIT)


def _in_the_name_of(scope: Scope, found: Standing) -> Scope:
    """The service, with whoever set the workflow: that is how its acts are recorded."""
    by = found.workflow.changed_by if found.workflow else ""
    return replace(scope, user_name=f"{scope.user_name} (workflow: {by})"[:200])


@dataclass(frozen=True, slots=True)
class _Act:
    """What is done about one run, now."""

    scope: Scope
    standing: Standing
    now: datetime

    @property
    def run_id(self) -> int:
        return self.standing.in_nmbrs.id

    def take(self, step: Step) -> None:
        """Take a step that is due; when that cannot be, keep and tell why."""
        does: dict[Step, Callable[[], None]] = {
            Step.GENERATE: self._generate,
            Step.CHECK: self._check,
            Step.SEND: self._send,
        }
        try:
            does[step]()
        except ProblemsError as refused:
            if not self._was_sent_meanwhile():
                self._fail(step, refused.problems)
        except DatabaseError:
            raise
        except Exception:
            # One run that breaks the program must not keep the others from being done, nor stop unseen.
            log.exception("workflow_broke_off", step=step, run=self.run_id)
            self._fail(step, [problem("workflow_broke_off", who=Who.OPERATOR)])

    def look_after(self, sent: Sent) -> None:
        """What the service sent is followed until AFAS has booked it; what a person sent, that person follows."""
        is_ours = bool(self.standing.track and self.standing.track.sent_at)
        if not is_ours or sent.was_ended or sent.is_booked:
            operations.close(run_id=self.run_id)
        elif sent.waits_for_person:
            self._fail(Step.SEND, [problem("sent_and_stopped", who=Who.PAYROLL)])
        else:
            operations.wait(run_id=self.run_id, until=self.now + BOOKING_WAIT)

    def _generate(self) -> None:
        asked = self.standing.in_nmbrs.generation
        if self.standing.is_fetching:
            operations.wait(run_id=self.run_id, until=self.now + FETCHING_WAIT)
            return
        if asked is not None and asked.state is GenerationState.FAILED and not self._is_later(asked.ended_at):
            raise ProblemsError(*asked.problems)
        self._ask_nmbrs("workflow.generate")

    def _check(self) -> None:
        journal_id = self._journal_id()
        if self._is_to_compare():
            return
        self._require_no_problem(journal_id)
        with transaction.atomic():
            by = self.scope.user_name
            operations.mark_checked(run_id=self.run_id, journal_id=journal_id, by=by, seen=(), now=self.now)
            self._record("workflow.check", journal_id)

    def _send(self) -> None:
        journal_id, run = self._journal_id(), self.standing.run
        if self._is_to_compare():
            return
        if automatic_sending_is_stopped(
            scope=self.scope, company_id=run.company_id, year=run.year, period=run.period
        ):
            raise ProblemsError(problem("automatic_sending_stopped", who=Who.PAYROLL))
        self._require_no_problem(journal_id)
        with transaction.atomic():
            send_journal(scope=self.scope, journal_id=journal_id, now=self.now)
            operations.mark_sent(run_id=self.run_id, now=self.now)
            operations.forget_failure(run_id=self.run_id)
            operations.wait(run_id=self.run_id, until=self.now + BOOKING_WAIT)
            self._record("workflow.send", journal_id)

    def _was_sent_meanwhile(self) -> bool:
        """Whether a person was faster: then there is nothing to tell, only to be looked at again."""
        found = standing(scope=self.scope, run_id=self.run_id)
        is_sent = found is not None and found.sent is not None
        if is_sent:
            operations.wait(run_id=self.run_id, until=self.now)
        return is_sent

    def _journal_id(self) -> int:
        assert self.standing.journal is not None, "a step after generating has a journal"
        return self.standing.journal.id

    def _is_to_compare(self) -> bool:
        """Whether Nmbrs has to be asked first if the journal is still the same; then that has been done."""
        found = self.standing.in_nmbrs
        if self.standing.is_fetching:
            operations.wait(run_id=self.run_id, until=self.now + FETCHING_WAIT)
            return True
        if not found.wants_comparing(now=self.now, fresh=generate.FRESH):
            return False
        asked = found.generation
        if asked is not None and found.has_failed and not self._is_later(asked.ended_at):
            raise ProblemsError(problem("not_compared"), *asked.problems)
        self._ask_nmbrs("workflow.compare")
        return True

    def _require_no_problem(self, journal_id: int) -> None:
        """The service goes by no warning, but for those that a person saw who checked the journal."""
        checked = check_journal(scope=self.scope, journal_id=journal_id)
        unseen = [each for each in checked.problems if each.code not in self.standing.seen_warnings]
        if unseen:
            raise ProblemsError(*unseen)

    def _is_later(self, ended_at: datetime | None) -> bool:
        """Whether it is time to try again what failed then."""
        return ended_at is None or self.now >= ended_at + FAILED_WAIT

    def _ask_nmbrs(self, verb: str) -> None:
        with transaction.atomic():
            generate.ask(scope=self.scope, run_ids=[self.run_id], now=self.now)
            operations.wait(run_id=self.run_id, until=self.now + FETCHING_WAIT)
            self._record(verb, self.run_id, kind="run")

    def _record(self, verb: str, subject_id: int, *, kind: str = "journal") -> None:
        workflow = self.standing.workflow
        by = workflow.changed_by if workflow else None
        audit.write(
            by=service_scope(self.scope.office_id),
            at=self.now,
            verb=verb,
            subject_kind=kind,
            subject_id=subject_id,
            details={"workflow_by": by},
        )

    def _fail(self, step: Step, problems: Sequence[Problem]) -> None:
        again_at = self.now + FAILED_WAIT
        operations.fail(run_id=self.run_id, step=step, problems=problems, again_at=again_at, now=self.now)


@transaction.atomic
def mark_checked(*, scope: Scope, journal_id: int, now: datetime) -> None:
    """Controleren by hand: a person has looked at a journal, warnings included, and the next step may be taken.

    Raises ProblemsError (what forbids sending it; not_to_be_checked), NotFoundError, NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    found = to_be_checked(scope=scope, journal_id=journal_id)
    if found is None:
        raise ProblemsError(problem("not_to_be_checked"))
    checked = check_journal(scope=scope, journal_id=journal_id)
    if not checked.can_send:
        raise ProblemsError(*checked.blocking)
    seen = [each.code for each in checked.problems]
    operations.mark_checked(
        run_id=found.in_nmbrs.id, journal_id=journal_id, by=scope.user_name, seen=seen, now=now
    )
    audit.write(by=scope, at=now, verb="workflow.check", subject_kind="journal", subject_id=journal_id)


def to_be_checked(*, scope: Scope, journal_id: int) -> Standing | None:
    """The run of a journal whose workflow waits for its check; None where there is nothing to wait for.

    Raises NotFoundError.
    """
    run = payroll.summary(scope=scope, journal_id=journal_id).run
    in_nmbrs = generation_queries.runs_of(scope=scope, runs=[run]).get(run)
    if in_nmbrs is None:
        return None
    found = standing(scope=service_scope(scope.office_id), run_id=in_nmbrs.id)
    if found is None or found.track is None or found.journal is None or found.journal.id != journal_id:
        return None
    return found if found.waits_for_check and found.hold(Step.CHECK) is None else None


@transaction.atomic
def look_again(*, scope: Scope, company_id: int, now: datetime) -> None:
    """Nu proberen: something was mended, so that what failed is tried now. Raises NotAllowedError, NotFoundError."""
    scope.require(Part.WORKFLOW, Level.WRITE)
    directory.company(scope=scope, company_id=company_id)
    operations.look_again(company_ids=[company_id], now=now)
