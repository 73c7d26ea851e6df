"""Journals are written here, once, and never changed; only their life ends. Inside the caller's transaction."""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from loonbrug.access.rights import NotFoundError, Scope
from loonbrug.audit import operations as audit
from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.problems import ProblemsError, problem
from loonbrug.payroll.line_store import pack
from loonbrug.payroll.models import Journal, JournalEntry, JournalLife, JournalSource, PayrollRun
from loonbrug.payroll.queries import RunDraft, RunIdentity


class JournalFixedError(ProblemsError):
    """The journal stays as it is: something of it was sent, or it is not the live one of its run."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a journal came from: the bytes as they came, and what the file is called."""

    source: JournalSource
    file_name: str
    data: bytes


def keep(*, scope: Scope, draft: RunDraft, origin: Origin, life: JournalLife, now: datetime.datetime) -> int:
    """A new journal of the draft's run, which has none of this life; its id."""
    row = Journal.objects.create(
        office_id=scope.office_id,
        run=_run(scope, draft.run),
        life=life,
        source=origin.source,
        file_name=origin.file_name,
        source_bytes=origin.data,
        source_hash=hashlib.sha256(origin.data).hexdigest(),
        content_hash=content_hash(draft.entries),
        description=draft.description,
        imported_at=now,
        imported_by=scope.user_name,
    )
    JournalEntry.objects.bulk_create(_entries(row, draft))
    verb = "journal.offered" if life is JournalLife.OFFERED else "journal.imported"
    details = {"source": origin.source, "file": origin.file_name, "content": row.content_hash}
    note(scope=scope, verb=verb, journal_id=row.pk, now=now, details=details)
    return row.pk


def live(*, scope: Scope, journal_id: int) -> Journal:
    """The journal, locked for the rest of the transaction. Raises NotFoundError, JournalFixedError."""
    row = locked(scope=scope, journal_id=journal_id)
    if row.life != JournalLife.LIVE:
        raise JournalFixedError(problem("journal_not_live"))
    return row


def locked(*, scope: Scope, journal_id: int) -> Journal:
    """The journal, whatever its life, locked for the rest of the transaction. Raises NotFoundError."""
    rows = Journal.objects.select_for_update().defer("source_bytes")
    row = rows.filter(office_id=scope.office_id, pk=journal_id).first()
    if row is None:
        raise NotFoundError("journal", journal_id)
    return row


def end(*, scope: Scope, row: Journal, life: JournalLife, now: datetime.datetime) -> None:
    """This journal counts no more."""
    row.life, row.ended_at, row.ended_by = life, now, scope.user_name
    row.save(update_fields=["life", "ended_at", "ended_by"])
    note(scope=scope, verb=f"journal.{life}", journal_id=row.pk, now=now)


def note(
    *,
    scope: Scope,
    verb: str,
    journal_id: int,
    now: datetime.datetime,
    details: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Write into the record what was done with a journal."""
    audit.write(by=scope, at=now, verb=verb, subject_kind="journal", subject_id=journal_id, details=details)


def _entries(row: Journal, draft: RunDraft) -> list[JournalEntry]:
    return [
        JournalEntry(
            journal=row,
            ordinal=ordinal,
            date=entry.date,
            line_count=len(entry.lines),
            total_debit=entry.totals()[0],
            total_credit=entry.totals()[1],
            lines=pack(entry.lines),
        )
        for ordinal, entry in enumerate(draft.entries, start=1)
    ]


def _run(scope: Scope, run: RunIdentity) -> PayrollRun:
    row, _ = PayrollRun.objects.get_or_create(
        company_id=run.company_id,
        year=run.year,
        period=run.period,
        number=run.number,
        defaults={"office_id": scope.office_id},
    )
    return row
