"""Receive runs from Nmbrs, and keep the queue of looks. What is gone from Nmbrs is marked, never deleted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from loonbrug.directory.models import NmbrsCompany
from loonbrug.payroll import look_plan
from loonbrug.payroll.nmbrs_models import LookSubject, NmbrsLook, NmbrsRun
from loonbrug.payroll.run_queries import Look, due_looks

#: A look that was taken and has not ended after this died with its process; another takes it.
LOOK_LIFE = timedelta(minutes=10)

_FACTS = (
    "number", "year", "period", "period_type", "starts_on", "ends_on", "type", "description", "is_locked", "made_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as Nmbrs gives it."""

    nmbrs_id: str
    number: int
    year: int
    period: int
    period_type: str
    starts_on: date | None
    ends_on: date | None
    type: str
    description: str
    is_locked: bool
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunList:
    """All runs that Nmbrs shows of a company and a year."""

    office_id: int
    company_id: int
    year: int
    runs: tuple[RunFacts, ...]

    @property
    def key(self) -> tuple[int, int]:
        return self.company_id, self.year


@dataclass(frozen=True, slots=True)
class LookEnded:
    """What came of a look; `changed_at` is when something last changed, as far as is known."""

    look: Look
    again_after: timedelta
    changed_at: datetime | None = None
    failure: str = ""


@transaction.atomic
def plan_looks(*, connection_id: int, today: date, asked_at: datetime, now: datetime) -> None:
    """A look for every company and year that has none yet; new ones belong to the wish of `asked_at`."""
    companies = NmbrsCompany.objects.filter(
        debtor__connection_id=connection_id, gone_at=None, company__isnull=False
    )
    wanted = {(LookSubject.RUNS, year) for year in look_plan.years(today)} | {(LookSubject.CODES, 0)}
    present = set(
        NmbrsLook.objects.filter(company__in=companies).values_list("company_id", "subject", "year")
    )
    missing = [
        NmbrsLook(company_id=company_id, subject=subject, year=year, due_at=now, asked_at=asked_at)
        for company_id in companies.values_list("id", flat=True)
        for subject, year in sorted(wanted)
        if (company_id, subject.value, year) not in present
    ]
    NmbrsLook.objects.bulk_create(missing, ignore_conflicts=True, batch_size=500)


def ask_looks(*, connection_id: int, today: date, asked_at: datetime) -> None:
    """Look at once at every company's codes and at the runs of this year, and of the last one early in a year."""
    newest = today.year - 1 if today.month <= look_plan.LATE_MONTHS else today.year
    looks = NmbrsLook.objects.filter(company__debtor__connection_id=connection_id)
    looks.filter(year__gte=newest).update(due_at=asked_at, asked_at=asked_at)
    looks.filter(subject=LookSubject.CODES).update(due_at=asked_at, asked_at=asked_at)


@transaction.atomic
def take_looks(*, connection_id: int, now: datetime, count: int) -> list[Look]:
    """The looks that wait longest, for the caller to do; nobody else is given them until they are over."""
    looks = due_looks(connection_id=connection_id, now=now, count=count)
    NmbrsLook.objects.filter(id__in=[look.id for look in looks]).update(due_at=now + LOOK_LIFE)
    return looks


def end_looks(*, ended: Iterable[LookEnded], now: datetime) -> None:
    """These looks are done; each is due again after its own while."""
    alike: dict[tuple[timedelta, str], list[int]] = defaultdict(list)
    for each in ended:
        alike[each.again_after, each.failure].append(each.look.id)
        if each.changed_at != each.look.changed_at:
            NmbrsLook.objects.filter(id=each.look.id).update(changed_at=each.changed_at)
    for (again_after, failure), ids in alike.items():
        looks = NmbrsLook.objects.filter(id__in=ids)
        looks.update(looked_at=now, due_at=now + again_after, failure=failure)


def give_back(*, looks: Iterable[Look]) -> None:
    """These looks were taken and not done: they are due as they were."""
    for look in looks:
        NmbrsLook.objects.filter(id=look.id).update(due_at=look.due_at)


def receive_runs(*, lists: Sequence[RunList], now: datetime) -> frozenset[tuple[int, int]]:
    """Keep what these lists show; the companies and years (`RunList.key`) of which anything is new, other or gone."""
    known: dict[tuple[int, int], dict[str, NmbrsRun]] = defaultdict(dict)
    companies, years = {each.company_id for each in lists}, {each.year for each in lists}
    for row in NmbrsRun.objects.filter(company_id__in=companies, year__in=years):
        known[row.company_id, row.year][row.nmbrs_id] = row
    made: list[NmbrsRun] = []
    changed: list[NmbrsRun] = []
    for each in lists:
        shown = {run.nmbrs_id: run for run in each.runs}
        rows = known[each.key]
        made += [_new(each, shown[key], now) for key in shown.keys() - rows.keys()]
        changed += [row for key, row in rows.items() if _has_changed(row, shown.get(key), now)]
    NmbrsRun.objects.bulk_create(made)
    if changed:
        NmbrsRun.objects.bulk_update(changed, [*_FACTS, "locked_seen_at", "gone_at"])
    return frozenset((row.company_id, row.year) for row in (*made, *changed))


def _new(of: RunList, facts: RunFacts, now: datetime) -> NmbrsRun:
    row = NmbrsRun(office_id=of.office_id, company_id=of.company_id, nmbrs_id=facts.nmbrs_id, seen_at=now)
    return _received(row, facts, now)


def _has_changed(row: NmbrsRun, facts: RunFacts | None, now: datetime) -> bool:
    before = [getattr(row, name) for name in (*_FACTS, "gone_at")]
    if facts is not None:
        _received(row, facts, now)
    elif row.gone_at is None:
        row.gone_at = now
    return before != [getattr(row, name) for name in (*_FACTS, "gone_at")]


def _received(row: NmbrsRun, facts: RunFacts, now: datetime) -> NmbrsRun:
    for name in _FACTS:
        setattr(row, name, getattr(facts, name))
    row.gone_at = None
    row.locked_seen_at = (row.locked_seen_at or now) if facts.is_locked else None
    return row
