"""Where each locked run stands in the workflow of its company, what is done next, and what keeps it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, WAITS_FOR_PERSON, State
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import CompanyView
from loonbrug.ledger.problems import Severity
from loonbrug.mappings import queries as mappings
from loonbrug.mappings.queries import MappingView
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.generation_queries import ExportRun, runs_by_id
from loonbrug.payroll.models import GenerationState, Journal, JournalLife, PayrollRun
from loonbrug.payroll.queries import JournalSummary, RunIdentity
from loonbrug.planning import queries as planning
from loonbrug.planning.choices import Choice
from loonbrug.planning.models import Track
from loonbrug.planning.plan import Happened, Planned, Step, Turns, course
from loonbrug.planning.queries import OfficePauseView, TrackView, WorkflowView


class Hold(StrEnum):
    """Why nothing is done by itself now for a run, though its next step could be."""

    OFFICE_PAUSED = "office_paused"
    PAUSED = "paused"
    NOT_LOCKED = "not_locked"
    NO_MAPPING = "no_mapping"
    BEFORE_START = "before_start"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    TEST_COMPANY = "company_is_test"
    BLOCKED_DEBTOR = "debtor_is_blocked"


#: What keeps a run from being looked at again at all: a person has decided about it.
FINAL = frozenset({Hold.WITHDRAWN, Hold.ENDED})


@dataclass(frozen=True, slots=True)
class Sent:
    """The deliveries of a run, counter-entries left out: when the first was queued, and where they stand."""

    at: datetime
    states: frozenset[State]

    @property
    def was_ended(self) -> bool:
        """Whether something of it was cancelled or reversed: it is not sent again unless somebody asks."""
        return bool(self.states & ENDED)

    @property
    def is_booked(self) -> bool:
        return self.states <= IN_AFAS

    @property
    def waits_for_person(self) -> bool:
        return bool(self.states & WAITS_FOR_PERSON)


@dataclass(frozen=True, slots=True)
class Standing:
    """One run with all that decides what is done about it."""

    in_nmbrs: ExportRun
    company: CompanyView
    workflow: WorkflowView | None
    office_pause: OfficePauseView | None
    mapping: MappingView | None
    journal: JournalSummary | None
    is_withdrawn: bool
    sent: Sent | None
    track: TrackView | None

    @property
    def run(self) -> RunIdentity:
        return self.in_nmbrs.run

    @property
    def turns(self) -> Turns:
        return self.workflow.choice.turns if self.workflow else Turns()

    @property
    def choice(self) -> Choice:
        return self.workflow.choice if self.workflow else Choice(Turns())

    @property
    def is_fetching(self) -> bool:
        asked = self.in_nmbrs.generation
        return asked is not None and asked.state is GenerationState.FETCHING

    @property
    def is_checked(self) -> bool:
        """Whether the journal that the run has now was checked."""
        mark = self.track.check if self.track else None
        return bool(mark and self.journal and mark.journal_id == self.journal.id)

    @property
    def seen_warnings(self) -> frozenset[str]:
        """The warnings that a person let pass for the journal that the run has now."""
        mark = self.track.check if self.track and self.is_checked else None
        return mark.seen if mark else frozenset()

    @property
    def waits_for_check(self) -> bool:
        """Whether a person can still let the journal pass: it was not checked, or a warning came that nobody saw."""
        is_open = self.journal is not None and self.sent is None
        return is_open and (not self.is_checked or self.has_warned)

    @property
    def has_warned(self) -> bool:
        """Whether nothing but warnings keeps the next step: a person may say that they are right."""
        failure = self.track.failure if self.track else None
        return failure is not None and all(each.severity is Severity.WARNING for each in failure.problems)

    @property
    def happened(self) -> Happened:
        seen = self.in_nmbrs.seen
        mark = self.track.check if self.track and self.is_checked else None
        return Happened(
            locked_at=(seen.locked_seen_at or seen.seen_at) if seen.is_locked else None,
            generated_at=self.journal.imported_at if self.journal else None,
            checked_at=mark.at if mark else None,
            sent_at=self.sent.at if self.sent else None,
        )

    def course(self, now: datetime) -> tuple[Planned, ...]:
        """What is still to be done, as far as can be foreseen."""
        return course(self.turns, self.happened, now=now)

    def hold(self, step: Step) -> Hold | None:
        """What keeps this step from being taken by itself; a reason that a person gave goes before others."""
        return next((reason for reason, holds in self._reasons(step) if holds), None)

    def _reasons(self, step: Step) -> Sequence[tuple[Hold, bool]]:
        seen, run = self.in_nmbrs.seen, self.run
        is_late = step is not Step.GENERATE
        return (
            (Hold.ENDED, self.sent is not None and self.sent.was_ended),
            (Hold.WITHDRAWN, self.is_withdrawn and self.journal is None),
            (Hold.OFFICE_PAUSED, self.office_pause is not None),
            (Hold.PAUSED, self.workflow is not None and self.workflow.paused_at is not None),
            (Hold.NOT_LOCKED, not seen.is_locked or seen.gone_at is not None),
            (Hold.TEST_COMPANY, is_late and self.company.is_test),
            (Hold.BLOCKED_DEBTOR, is_late and self.company.debtor_is_blocked),
            (Hold.NO_MAPPING, self.mapping is None),
            (
                Hold.BEFORE_START,
                self.mapping is not None and not self.mapping.covers(year=run.year, period=run.period),
            ),
        )


def standings(*, scope: Scope, run_ids: Collection[int]) -> tuple[Standing, ...]:
    """Where these runs in Nmbrs stand, by company, period and number. Wants read on workflows."""
    scope.require(Part.WORKFLOW, Level.READ)
    runs = runs_by_id(scope=scope, run_ids=run_ids)
    identities = [each.run for each in runs]
    company_ids = {each.company_id for each in identities}
    companies = directory.companies_by_id(scope=scope, company_ids=company_ids)
    workflows = planning.workflows(scope=scope, company_ids=company_ids)
    mapped = mappings.for_companies(scope=scope, company_ids=company_ids)
    pause = planning.office_pause(scope=scope)
    live = {each.run: each for each in payroll.live_of_runs(scope=scope, runs=identities)}
    withdrawn = _withdrawn(scope, company_ids)
    sent = _sent(scope, company_ids)
    tracks = planning.tracks(scope=scope, run_ids=[each.id for each in runs])
    return tuple(
        Standing(
            in_nmbrs=each,
            company=companies[each.run.company_id],
            workflow=workflows.get(each.run.company_id),
            office_pause=pause,
            mapping=mapped.get(each.run.company_id),
            journal=live.get(each.run),
            is_withdrawn=each.run in withdrawn,
            sent=sent.get(each.run),
            track=tracks.get(each.id),
        )
        for each in sorted(runs, key=lambda each: _order(companies[each.run.company_id], each))
    )


def standing(*, scope: Scope, run_id: int) -> Standing | None:
    """Where one run stands; None when this office has no such run."""
    return next(iter(standings(scope=scope, run_ids=[run_id])), None)


def runs_under_way(*, scope: Scope, company_ids: Collection[int] | None = None) -> list[int]:
    """The runs whose workflow is not finished."""
    rows = Track.objects.filter(run__office_id=scope.office_id, due_at__isnull=False)
    if company_ids is not None:
        rows = rows.filter(company_id__in=company_ids)
    return list(rows.values_list("run_id", flat=True))


def _order(company: CompanyView, run: ExportRun) -> tuple[str, int, int, int]:
    return company.number, run.run.year, run.run.period, run.run.number


def _withdrawn(scope: Scope, company_ids: Collection[int]) -> frozenset[RunIdentity]:
    rows = Journal.objects.filter(
        office_id=scope.office_id, run__company_id__in=company_ids, life=JournalLife.WITHDRAWN
    )
    names = ("run__company_id", "run__year", "run__period", "run__number")
    return frozenset(RunIdentity(*each) for each in rows.values_list(*names))


def _sent(scope: Scope, company_ids: Collection[int]) -> Mapping[RunIdentity, Sent]:
    """What was sent of the runs of these companies; of an entry that was sent anew, the latest delivery counts."""
    runs = PayrollRun.objects.filter(office_id=scope.office_id, company_id__in=company_ids)
    identities = {
        run_id: RunIdentity(*identity)
        for run_id, *identity in runs.values_list("pk", "company_id", "year", "period", "number")
    }
    rows = Delivery.objects.filter(
        office_id=scope.office_id, company_id__in=company_ids, reverses__isnull=True
    )
    latest: dict[int, dict[int, tuple[datetime, State]]] = {}
    columns = ("run_id", "ordinal", "queued_at", "state")
    for run_id, ordinal, queued_at, state in rows.order_by("id").values_list(*columns):
        latest.setdefault(run_id, {})[ordinal] = (queued_at, State(state))
    return {
        identities[run_id]: Sent(
            at=min(at for at, _ in entries.values()),
            states=frozenset(state for _, state in entries.values()),
        )
        for run_id, entries in latest.items()
    }
