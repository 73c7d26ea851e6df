"""Runs as Nmbrs shows them, the looks that are due, and how far a synchronisation has come."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.payroll.nmbrs_models import LookSubject, NmbrsLook, NmbrsRun


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run in Nmbrs; `seen_at` is when it was first seen, `gone_at` when it was missed."""

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
    seen_at: datetime
    locked_seen_at: datetime | None
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """A look that is due: what to ask of which company."""

    id: int
    office_id: int
    nmbrs_company_id: str
    company_id: int
    subject: LookSubject
    year: int
    due_at: datetime
    looked_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the newest wish to synchronise has come, in looks; `refused_count` of them Nmbrs did not allow."""

    done_count: int
    count: int
    refused_count: int

    @property
    def is_done(self) -> bool:
        return self.done_count >= self.count


def runs(*, scope: Scope, company_id: int, year: int) -> tuple[RunSeen, ...]:
    """A company's runs in Nmbrs of one year, by period and number. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = NmbrsRun.objects.filter(office_id=scope.office_id, company_id=company_id, year=year)
    return tuple(map(run_seen, rows.order_by("period", "number", "id")))


def run_years(*, scope: Scope, company_id: int) -> tuple[int, ...]:
    """The years of which runs have been seen in Nmbrs, the newest first. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    rows = NmbrsRun.objects.filter(office_id=scope.office_id, company_id=company_id)
    return tuple(rows.values_list("year", flat=True).distinct().order_by("-year"))


def run_seen(row: NmbrsRun) -> RunSeen:
    """The frozen value of a row."""
    return RunSeen(
        nmbrs_id=row.nmbrs_id,
        number=row.number,
        year=row.year,
        period=row.period,
        period_type=row.period_type,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        type=row.type,
        description=row.description,
        is_locked=row.is_locked,
        made_at=row.made_at,
        seen_at=row.seen_at,
        locked_seen_at=row.locked_seen_at,
        gone_at=row.gone_at,
    )


def connections_with_looks_due(*, among: Collection[int], now: datetime) -> list[int]:
    """Those of these connections through which some company is to be looked at now."""
    due = _open().filter(due_at__lte=now, company__debtor__connection_id__in=among)
    return list(due.values_list("company__debtor__connection_id", flat=True).distinct())


def due_looks(*, connection_id: int, now: datetime, count: int) -> list[Look]:
    """The looks through one connection that wait longest, and that nobody is just taking; for a transaction.

    Of those that came together codes go first, then the newest years.
    """
    due = _open().filter(due_at__lte=now, company__debtor__connection_id=connection_id)
    free = due.select_for_update(
        of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
    )
    rows = free.select_related("company").order_by("due_at", "subject", "-year", "id")[:count]
    return [
        Look(
            id=row.pk,
            office_id=row.company.office_id,
            nmbrs_company_id=row.company.nmbrs_id,
            company_id=row.company.company_id,
            subject=LookSubject(row.subject),
            year=row.year,
            due_at=row.due_at,
            looked_at=row.looked_at,
            changed_at=row.changed_at,
        )
        for row in rows
        if row.company.company_id is not None
    ]


def progress(*, asked_at: Mapping[int, datetime]) -> dict[int, Progress]:
    """How far what was asked through these connections, each at its moment, has come."""
    looks = _open().filter(company__debtor__connection_id__in=asked_at)
    counted = looks.values("asked_at", connection=F("company__debtor__connection_id")).annotate(
        count=Count("id"),
        done=Count("id", filter=Q(looked_at__gte=F("asked_at"))),
        refused=Count("id", filter=~Q(failure="")),
    )
    found = {connection_id: Progress(0, 0, 0) for connection_id in asked_at}
    for row in counted:
        before = found[row["connection"]]
        is_asked = row["asked_at"] == asked_at[row["connection"]]
        found[row["connection"]] = Progress(
            before.done_count + (row["done"] if is_asked else 0),
            before.count + (row["count"] if is_asked else 0),
            before.refused_count + row["refused"],
        )
    return found


def _open() -> QuerySet[NmbrsLook]:
    """Looks at companies that Nmbrs shows and that are one of ours."""
    return NmbrsLook.objects.filter(company__gone_at=None, company__company__isnull=False)
