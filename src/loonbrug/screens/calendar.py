"""What is done by itself on which day: what was, and what will be as far as can be foreseen."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q

from loonbrug.access.rights import Scope
from loonbrug.directory.queries import CompanyView
from loonbrug.payroll.queries import RunIdentity
from loonbrug.planning.models import Track
from loonbrug.planning.plan import AMSTERDAM, Step
from loonbrug.planning.queries import Failure
from loonbrug.screens.planned import Hold, Standing, standings


@dataclass(frozen=True, slots=True)
class Event:
    """A step of one run on one day. `is_done` says that it was taken; a hold, what keeps it.

    Only for the first step that is still to be taken the moment is certain.
    """

    at: datetime
    step: Step
    company: CompanyView
    run: RunIdentity
    journal_id: int | None
    is_done: bool
    is_first: bool = True
    hold: Hold | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One Amsterdam day with what was or will be done."""

    date: date
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run whose next step a person has to take."""

    company: CompanyView
    run: RunIdentity
    journal_id: int | None
    step: Step


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days asked for, and what waits for a person whatever the day."""

    days: tuple[Day, ...]
    waiting: tuple[Waiting, ...]


def calendar(*, scope: Scope, first: date, day_count: int, company_id: int | None, now: datetime) -> Calendar:
    """What happens on these days, of one company or of all. Wants read on workflows."""
    since = datetime.combine(first, time(), AMSTERDAM)
    found = standings(scope=scope, run_ids=_runs(scope, company_id, since))
    by_day: defaultdict[date, list[Event]] = defaultdict(list)
    for each in found:
        for event in (*_past(each), *_future(each, now)):
            by_day[event.at.astimezone(AMSTERDAM).date()].append(event)
    days = (first + timedelta(days=number) for number in range(day_count))
    return Calendar(
        days=tuple(Day(day, tuple(sorted(by_day[day], key=_order))) for day in days),
        waiting=tuple(_waiting(found, now)),
    )


def _runs(scope: Scope, company_id: int | None, since: datetime) -> Collection[int]:
    """Runs that are not finished, and those of which something was done since."""
    rows = Track.objects.filter(run__office_id=scope.office_id)
    if company_id is not None:
        rows = rows.filter(company_id=company_id)
    recent = (
        Q(due_at__isnull=False) | Q(checked_at__gte=since) | Q(sent_at__gte=since) | Q(looked_at__gte=since)
    )
    return list(rows.filter(recent).values_list("run_id", flat=True))


def _order(event: Event) -> tuple[str, datetime]:
    return event.company.number, event.at


def _past(each: Standing) -> Iterator[Event]:
    journal_id = each.journal.id if each.journal else None
    for step in Step:
        if (at := each.happened.of(step)) is not None:
            yield Event(at, step, each.company, each.run, journal_id, is_done=True)


def _future(each: Standing, now: datetime) -> Iterator[Event]:
    """What follows a step that is kept, or that fails, cannot be foreseen."""
    journal_id = each.journal.id if each.journal else None
    failure = each.track.failure if each.track else None
    for number, planned in enumerate(each.course(now)):
        if planned.at is None:
            return
        hold = each.hold(planned.step)
        failed = failure if failure and failure.step is planned.step else None
        yield Event(
            max(planned.at, now),
            planned.step,
            each.company,
            each.run,
            journal_id,
            is_done=False,
            is_first=number == 0,
            hold=hold,
            failure=failed,
        )
        if hold or failed:
            return


def _waiting(found: Iterable[Standing], now: datetime) -> Iterator[Waiting]:
    for each in found:
        planned = each.course(now)
        if planned and planned[0].at is None and each.hold(planned[0].step) is None:
            journal_id = each.journal.id if each.journal else None
            yield Waiting(each.company, each.run, journal_id, planned[0].step)
