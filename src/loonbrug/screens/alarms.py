"""What a person must know at once: alarms of the office, and AFAS accounts that no longer let us in."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.queries import ConnectionView, all_connections
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.ledger.problems import Problem, Who, problem
from loonbrug.payroll.models import Journal
from loonbrug.screens.invariants import ENTRY_LOST
from loonbrug.watch import queries as watch
from loonbrug.watch.queries import AlarmView


@dataclass(frozen=True, slots=True)
class AlarmNotice:
    """A breach of a rule that must always hold, and the journals it is about by id and name."""

    problem: Problem
    since: datetime
    journals: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class BrokenAccount:
    """An AFAS account that no longer lets us in, and how much waits for it."""

    account: ConnectionView
    waiting_count: int


def alarm_notices(*, scope: Scope) -> tuple[AlarmNotice, ...]:
    """The office's alarms, for whoever may see its journals; nothing for others."""
    if not scope.allows(Part.JOURNAL_EXPORT, Level.READ):
        return ()
    return tuple(_notice(scope, alarm) for alarm in watch.alarms(scope=scope))


def broken_accounts(*, scope: Scope) -> tuple[BrokenAccount, ...]:
    """The office's accounts that somebody has to authorise again, for whoever may; nothing for others."""
    if not scope.allows(Part.AFAS_SETTINGS, Level.WRITE):
        return ()
    broken = [each for each in all_connections(scope=scope) if each.state is ConnectionState.BROKEN]
    waiting = Delivery.objects.filter(
        office_id=scope.office_id, state=State.QUEUED, connection_id__in=[each.id for each in broken]
    )
    counts = dict(waiting.values_list("connection_id").annotate(Count("id")))
    return tuple(BrokenAccount(each, counts.get(each.id, 0)) for each in broken)


def breach_problem(*, code: str, count: int, subject_ids: tuple[int, ...]) -> Problem:
    """A breach as a problem, so that it has a text; `count` may be more than the ids that are named."""
    named = ", ".join(str(subject_id) for subject_id in subject_ids)
    subjects = named if count == len(subject_ids) else f"{named}, …"
    return problem(code, who=Who.OFFICE_ADMIN, count=count, subjects=subjects)


def _notice(scope: Scope, alarm: AlarmView) -> AlarmNotice:
    ids = list(alarm.subject_ids)
    if alarm.code != ENTRY_LOST:
        rows = Delivery.objects.filter(office_id=scope.office_id, id__in=ids)
        ids = list(rows.values_list("journal_id", flat=True))
    journals = Journal.objects.filter(office_id=scope.office_id, id__in=ids).select_related("run__company")
    found = breach_problem(code=alarm.code, count=alarm.count, subject_ids=alarm.subject_ids)
    named = tuple((row.pk, _name(row)) for row in journals.defer("source_bytes").order_by("id"))
    return AlarmNotice(found, alarm.since, named)


def _name(journal: Journal) -> str:
    run = journal.run
    return f"{run.company.number} {run.company.name}, {run.year}-{run.period}"
