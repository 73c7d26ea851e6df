"""What there is to know about journals, within one office."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import BigIntegerField, Prefetch, QuerySet

from loonbrug.access.rights import NotFoundError, Scope
from loonbrug.ledger.entry import Entry
from loonbrug.ledger.money import ZERO
from loonbrug.ledger.problems import Problem
from loonbrug.payroll.line_store import unpack
from loonbrug.payroll.models import Journal, JournalEntry, JournalLife, JournalSource, Upload


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which payroll run: at most one live journal has this identity."""

    company_id: int
    year: int
    period: int
    number: int


@dataclass(frozen=True, slots=True)
class JournalView:
    """A journal with all its lines."""

    id: int
    run_id: int
    run: RunIdentity
    life: JournalLife
    source: JournalSource
    file_name: str
    source_hash: str
    content_hash: str
    description: str
    imported_at: datetime.datetime
    imported_by: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class EntrySummary:
    """One dated entry as a list shows it. `ordinal` counts from 1; totals are euros."""

    ordinal: int
    date: datetime.date
    line_count: int
    total_debit: Decimal
    total_credit: Decimal


@dataclass(frozen=True, slots=True)
class JournalSummary:
    """A journal as a list shows it, without its lines."""

    id: int
    run_id: int
    run: RunIdentity
    life: JournalLife
    source: JournalSource
    file_name: str
    content_hash: str
    description: str
    imported_at: datetime.datetime
    imported_by: str
    ended_at: datetime.datetime | None
    ended_by: str
    entries: tuple[EntrySummary, ...]

    @property
    def line_count(self) -> int:
        return sum(entry.line_count for entry in self.entries)

    @property
    def total_debit(self) -> Decimal:
        return sum((entry.total_debit for entry in self.entries), ZERO)

    @property
    def total_credit(self) -> Decimal:
        return sum((entry.total_credit for entry in self.entries), ZERO)


@dataclass(frozen=True, slots=True)
class RunDraft:
    """What a source says that a run has to book; not kept yet."""

    run: RunIdentity
    description: str
    entries: tuple[Entry, ...]


class Fate(StrEnum):
    """What importing a draft comes down to."""

    NEW = "new"
    SAME = "same"  # the run has exactly this journal already: nothing to do
    DIFFERS = "differs"  # the run has another journal that this one may take the place of
    SENT = "sent"  # the run has another journal of which something was sent: it stays


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """A draft with what its import comes down to; `live` is the journal that its run has now."""

    draft: RunDraft
    fate: Fate
    live: JournalSummary | None
    conflicts: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class CodesInUse:
    """Cost centres and cost units that occur in a company's live journals."""

    cost_centres: frozenset[str]
    cost_units: frozenset[str]


@dataclass(frozen=True, slots=True)
class UploadView:
    """A file that its user looks at before importing it, and what that user said about the run."""

    id: int
    company_id: int
    name: str
    data: bytes
    year: int | None
    period: int | None
    run: int | None


def journal(*, scope: Scope, journal_id: int) -> JournalView:
    """One journal with its lines, whatever its life. Raises NotFoundError."""
    return journals(scope=scope, journal_ids=[journal_id])[0]


def journals(*, scope: Scope, journal_ids: Sequence[int]) -> tuple[JournalView, ...]:
    """These journals with their lines, whatever their life, in this order. Raises NotFoundError."""
    rows = Journal.objects.filter(office_id=scope.office_id).defer("source_bytes").select_related("run")
    entries = Prefetch("entries", JournalEntry.objects.order_by("ordinal"))
    # An address may name a number that is larger than any id.
    asked = [journal_id for journal_id in journal_ids if journal_id <= BigIntegerField.MAX_BIGINT]
    found = rows.prefetch_related(entries).in_bulk(asked)
    if missing := [journal_id for journal_id in journal_ids if journal_id not in found]:
        raise NotFoundError("journal", missing[0])
    return tuple(_view(found[journal_id]) for journal_id in journal_ids)


def _view(row: Journal) -> JournalView:
    return JournalView(
        id=row.pk,
        run_id=row.run_id,
        run=_identity(row),
        life=JournalLife(row.life),
        source=JournalSource(row.source),
        file_name=row.file_name,
        source_hash=row.source_hash,
        content_hash=row.content_hash,
        description=row.description,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        entries=tuple(Entry(entry.date, unpack(entry.lines)) for entry in row.entries.all()),
    )


def summary(*, scope: Scope, journal_id: int) -> JournalSummary:
    """One journal without its lines, whatever its life. Raises NotFoundError."""
    return _summary(_row(scope, journal_id))


def summaries(*, scope: Scope, journal_ids: Collection[int]) -> tuple[JournalSummary, ...]:
    """Those of these journals that are this office's, without their lines, the oldest run first."""
    rows = _rows(scope).filter(pk__in=journal_ids)
    oldest = rows.order_by("run__year", "run__period", "run__number", "run__company_id", "pk")
    return tuple(map(_summary, oldest))


def live_journals(
    *, scope: Scope, company_id: int | None = None, year: int | None = None, period: int | None = None
) -> tuple[JournalSummary, ...]:
    """The live journals, newest run first, narrowed to what is given."""
    wanted = {"run__company_id": company_id, "run__year": year, "run__period": period}
    rows = _rows(scope).filter(life=JournalLife.LIVE)
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    newest = rows.order_by("-run__year", "-run__period", "-run__number", "run__company_id")
    return tuple(map(_summary, newest))


def live_of_companies(*, scope: Scope, company_ids: Collection[int]) -> tuple[JournalSummary, ...]:
    """The live journals of these companies, in no order."""
    rows = _rows(scope).filter(life=JournalLife.LIVE, run__company_id__in=company_ids)
    return tuple(map(_summary, rows))


def live_of_runs(*, scope: Scope, runs: Collection[RunIdentity]) -> tuple[JournalSummary, ...]:
    """The live journals that have one of these identities."""
    live = live_of_companies(scope=scope, company_ids={run.company_id for run in runs})
    return tuple(found for found in live if found.run in runs)


def offered_of_runs(*, scope: Scope, run_ids: Collection[int]) -> dict[int, JournalSummary]:
    """What Nmbrs gives now for those of these runs that have another journal, by run."""
    rows = _rows(scope).filter(life=JournalLife.OFFERED, run_id__in=run_ids)
    return {row.run_id: _summary(row) for row in rows}


def history(*, scope: Scope, run_id: int) -> tuple[JournalSummary, ...]:
    """All journals that a run has had, the newest first."""
    return tuple(map(_summary, _rows(scope).filter(run_id=run_id).order_by("-id")))


def years(*, scope: Scope, company_id: int) -> tuple[int, ...]:
    """The years of which a company has live journals, the latest first."""
    rows = Journal.objects.filter(
        office_id=scope.office_id, life=JournalLife.LIVE, run__company_id=company_id
    )
    return tuple(rows.order_by("-run__year").values_list("run__year", flat=True).distinct())


def source_bytes(*, scope: Scope, journal_id: int) -> bytes:
    """The file as it came in. Raises NotFoundError."""
    row = Journal.objects.filter(office_id=scope.office_id, pk=journal_id).values_list("source_bytes").first()
    if row is None:
        raise NotFoundError("journal", journal_id)
    return bytes(row[0])


def upload(*, scope: Scope, upload_id: int) -> UploadView:
    """A file that this user uploaded and has not imported yet. Raises NotFoundError."""
    row = Upload.objects.filter(office_id=scope.office_id, user_id=scope.user_id, pk=upload_id).first()
    if row is None:
        raise NotFoundError("upload", upload_id)
    return UploadView(row.pk, row.company_id, row.name, bytes(row.data), row.year, row.period, row.run)


def codes_in_use(*, scope: Scope, company_id: int) -> CodesInUse:
    """The allocation codes in a company's live journals."""
    texts = JournalEntry.objects.filter(
        journal__office_id=scope.office_id,
        journal__life=JournalLife.LIVE,
        journal__run__company_id=company_id,
    ).values_list("lines", flat=True)
    lines = [line for text in texts for line in unpack(text)]
    return CodesInUse(
        frozenset(line.cost_centre for line in lines if line.cost_centre),
        frozenset(line.cost_unit for line in lines if line.cost_unit),
    )


def _rows(scope: Scope) -> QuerySet[Journal]:
    entries = JournalEntry.objects.defer("lines").order_by("ordinal")
    rows = Journal.objects.filter(office_id=scope.office_id).defer("source_bytes").select_related("run")
    return rows.prefetch_related(Prefetch("entries", entries))


def _row(scope: Scope, journal_id: int) -> Journal:
    row = _rows(scope).filter(pk=journal_id).first()
    if row is None:
        raise NotFoundError("journal", journal_id)
    return row


def _identity(row: Journal) -> RunIdentity:
    return RunIdentity(row.run.company_id, row.run.year, row.run.period, row.run.number)


def _summary(row: Journal) -> JournalSummary:
    return JournalSummary(
        id=row.pk,
        run_id=row.run_id,
        run=_identity(row),
        life=JournalLife(row.life),
        source=JournalSource(row.source),
        file_name=row.file_name,
        content_hash=row.content_hash,
        description=row.description,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        entries=tuple(
            EntrySummary(entry.ordinal, entry.date, entry.line_count, entry.total_debit, entry.total_credit)
            for entry in row.entries.all()
        ),
    )
