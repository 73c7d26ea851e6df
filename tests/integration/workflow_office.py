"""An office whose company is in Nmbrs and can be sent, with a workflow; time goes by as a test says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.integration import sending_office
from tests.integration.nmbrs_runs import Nmbrs, document, fetch, link, run_in_nmbrs

from loonbrug.access.rights import Scope
from loonbrug.delivery.models import Delivery
from loonbrug.engine.work import Keyed
from loonbrug.payroll import generation_queries
from loonbrug.payroll.models import Journal
from loonbrug.planning import operations
from loonbrug.planning.choices import Choice
from loonbrug.planning.plan import Turn, Turns
from loonbrug.screens.planned import Standing, standing
from loonbrug.workflows import carry_out
from loonbrug.workflows.tell_failures import tell_failures

START = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
AT_ONCE = Turn(by_itself=True)
ALL = Turns(AT_ONCE, AT_ONCE, AT_ONCE)


@dataclass
class WorkflowOffice:
    """One company, mapped and linked; what its Nmbrs answers, and what the time is."""

    scope: Scope
    company_id: int
    nmbrs: Nmbrs = field(default_factory=lambda: Nmbrs(document("1000.00")))
    now: datetime = START

    def lock_run(self, *, number: int = 1, period: int = 11, **facts: object) -> int:
        seen: dict[str, object] = {"locked_seen_at": self.now, "seen_at": self.now} | facts
        return run_in_nmbrs(self.company_id, number=number, period=period, **seen)

    def choose(self, turns: Turns = ALL, *emails: str) -> None:
        operations.set_workflow(
            scope=self.scope, company_ids=[self.company_id], choice=Choice(turns, emails), now=self.now
        )

    def let_pass(self, **time: float) -> None:
        """Let time pass and do what is due by then, until nothing is."""
        self.now += timedelta(**time)
        for _ in range(20):
            found: list[Keyed] = carry_out.take_up(now=self.now)
            for _kind, company_id in found:
                carry_out.carry_out(company_id=company_id, now=self.now)
            fetching = generation_queries.due(now=self.now, count=9)
            for run_id in fetching:
                fetch(self.nmbrs, run_id, at=self.now)
            if not found and not fetching:
                tell_failures(now=self.now)
                return
            self.now += timedelta(seconds=4)
        raise AssertionError("there is always something due")

    def standing(self, run_id: int) -> Standing:
        found = standing(scope=self.scope, run_id=run_id)
        assert found
        return found

    def failure(self, run_id: int) -> list[str]:
        track = self.standing(run_id).track
        assert track
        return [each.code for each in track.failure.problems] if track.failure else []


def make_office() -> WorkflowOffice:
    office = sending_office.make_office()
    link(office.scope.office_id, office.bakery_id)
    return WorkflowOffice(office.scope, office.bakery_id)


def journal_count() -> int:
    return Journal.objects.count()


def delivery_count() -> int:
    return Delivery.objects.count()
