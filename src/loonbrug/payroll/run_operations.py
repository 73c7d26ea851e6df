"""Receive runs from Nmbrs, and keep the queue of looks. What is gone from Nmbrs is marked, never deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from loonbrug.directory.models import NmbrsCompany
from loonbrug.payroll import look_plan
from loonbrug.payroll.nmbrs_models import LookSubject, NmbrsLook, NmbrsRun
from loonbrug.payroll.run_queries import Look

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
class LookEnded:
    """What came of a look: the whole list of a year's runs, or nothing for codes; whether anything changed."""

    look: Look
    again_after: timedelta
    changed: bool = False
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


def take_looks(*, looks: Sequence[Look], now: datetime) -> list[Look]:
    """Those of these looks that nobody else has taken meanwhile, for the caller to do."""
    later = now + LOOK_LIFE
    return [
        look
        for look in looks
        if NmbrsLook.objects.filter(id=look.id, due_at=look.due_at).update(due_at=later)
    ]


@transaction.atomic
def end_looks(*, ended: Iterable[LookEnded], now: datetime) -> None:
    """These looks are done; each is due again after its own while."""
    rows = {each.look.id: each for each in ended}
    looks = list(NmbrsLook.objects.filter(id__in=rows))
    for row in looks:
        each = rows[row.pk]
        row.looked_at, row.due_at, row.failure = now, now + each.again_after, each.failure
        if each.changed:
            row.changed_at = now
    NmbrsLook.objects.bulk_update(looks, ["looked_at", "due_at", "failure", "changed_at"])


def give_back(*, looks: Iterable[Look]) -> None:
    """These looks were taken and not done: they are due as they were."""
    for look in looks:
        NmbrsLook.objects.filter(id=look.id).update(due_at=look.due_at)


@transaction.atomic
def receive_runs(
    *, office_id: int, company_id: int, year: int, seen: Iterable[RunFacts], now: datetime
) -> bool:
    """The whole list of a company's runs of a year; whether anything is new, other or gone."""
    rows = NmbrsRun.objects.filter(company_id=company_id, year=year)
    known = {row.nmbrs_id: row for row in rows}
    shown = {each.nmbrs_id: each for each in seen}
    made = [
        _received(NmbrsRun(office_id=office_id, company_id=company_id, nmbrs_id=key, seen_at=now), each, now)
        for key, each in shown.items()
        if key not in known
    ]
    changed = [row for key, row in known.items() if _has_changed(row, shown.get(key), now)]
    NmbrsRun.objects.bulk_create(made)
    NmbrsRun.objects.bulk_update(changed, [*_FACTS, "locked_seen_at", "gone_at"])
    return bool(made or changed)


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
