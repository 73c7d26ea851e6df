"""The only writers of journals. Each runs in one transaction and writes who did it into the record."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import transaction

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.audit import operations as audit
from loonbrug.ledger.problems import Problem, ProblemsError, problem
from loonbrug.payroll import conflicts, snapshots
from loonbrug.payroll.models import (
    Batch,
    BatchJournal,
    Confirmation,
    Journal,
    JournalLife,
    JournalSource,
    Upload,
)
from loonbrug.payroll.queries import Fate, PlannedImport, RunDraft, RunIdentity
from loonbrug.payroll.snapshots import JournalFixedError, Origin

UPLOAD_LIFE = datetime.timedelta(days=1)


class ImportRefusedError(ProblemsError):
    """Nothing was imported; the problems say everything that stands in the way."""


class NothingToConfirmError(ProblemsError):
    """The journal has no such conflict (any more)."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one draft; the journal is the one that its run has now."""

    run: RunIdentity
    fate: Fate
    journal_id: int


def import_drafts(
    *,
    scope: Scope,
    drafts: Sequence[RunDraft],
    file_name: str,
    data: bytes,
    now: datetime.datetime,
    replace: bool = False,
    sent: Collection[int] = (),
) -> tuple[Imported, ...]:
    """Keep all drafts, or none.

    A run that has exactly this journal already keeps it. A run with another journal gets the new one in its
    place only when `replace` says so and `sent` (the journals of which something was sent) does not hold the
    old one. Raises ImportRefusedError and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    with transaction.atomic():
        planned = conflicts.planned_imports(scope=scope, drafts=drafts, sent=sent)
        problems = refusals(planned, replace=replace)
        if problems:
            raise ImportRefusedError(*problems)
        origin = Origin(JournalSource.FILE, file_name, data)
        return tuple(_import(scope, plan, origin, now) for plan in planned)


def refusals(planned: Sequence[PlannedImport], *, replace: bool) -> list[Problem]:
    """Everything that stands in the way of importing what is planned."""
    problems = []
    seen: set[RunIdentity] = set()
    for plan in planned:
        run = plan.draft.run
        if run in seen:
            problems.append(problem("run_twice_in_file", year=run.year, period=run.period, run=run.number))
        seen.add(run)
        if plan.fate is Fate.SENT:
            problems.append(problem("run_already_sent", year=run.year, period=run.period, run=run.number))
        if plan.fate is Fate.DIFFERS and not replace:
            problems.append(
                problem("run_has_other_journal", year=run.year, period=run.period, run=run.number)
            )
    return problems


def withdraw(*, scope: Scope, journal_id: int, now: datetime.datetime, sent: Collection[int] = ()) -> None:
    """Take back a wrongly imported journal; its run may have another then.

    Raises JournalFixedError when `sent` holds it or it is not live, NotFoundError and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    with transaction.atomic():
        row = snapshots.live(scope=scope, journal_id=journal_id)
        if journal_id in sent:
            raise JournalFixedError(problem("journal_already_sent"))
        snapshots.end(scope=scope, row=row, life=JournalLife.WITHDRAWN, now=now)


def confirm(
    *, scope: Scope, journal_id: int, code: str, other_journal_id: int, now: datetime.datetime
) -> None:
    """A person says that a conflict with another journal is as it should be. Saying it twice changes nothing.

    Raises NothingToConfirmError, JournalFixedError, NotFoundError and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    with transaction.atomic():
        row = snapshots.live(scope=scope, journal_id=journal_id)
        known = {"journal": row, "code": code, "other_journal_id": other_journal_id}
        if Confirmation.objects.filter(**known).exists():
            return
        open_ones = conflicts.conflicts(scope=scope, journal_id=journal_id)
        if (code, str(other_journal_id)) not in {
            (each.code, dict(each.params)["other"]) for each in open_ones
        }:
            raise NothingToConfirmError(problem("nothing_to_confirm"))
        Confirmation.objects.create(**known, by=scope.user_name, at=now)
        snapshots.note(
            scope=scope,
            verb="journal.confirmed",
            journal_id=journal_id,
            now=now,
            details={"code": code, "other_journal_id": other_journal_id},
        )


def keep_upload(
    *,
    scope: Scope,
    company_id: int,
    name: str,
    data: bytes,
    year: int | None,
    period: int | None,
    run: int | None,
    now: datetime.datetime,
) -> int:
    """Keep a file for its user to look at before importing it, for a day. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    Upload.objects.filter(at__lt=now - UPLOAD_LIFE).delete()
    row = Upload.objects.create(
        office_id=scope.office_id,
        company_id=company_id,
        user_id=scope.user_id,
        name=name,
        data=data,
        year=year,
        period=period,
        run=run,
        at=now,
    )
    return row.pk


def name_upload(
    *, scope: Scope, upload_id: int, year: int | None, period: int | None, run: int | None
) -> None:
    """Say which run the kept file is of. Raises NotAllowedError."""
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    rows = Upload.objects.filter(office_id=scope.office_id, user_id=scope.user_id, pk=upload_id)
    rows.update(year=year, period=period, run=run)


def drop_upload(*, scope: Scope, upload_id: int) -> None:
    """The file was imported, or is not wanted."""
    Upload.objects.filter(office_id=scope.office_id, user_id=scope.user_id, pk=upload_id).delete()


def start_batch(
    *,
    scope: Scope,
    key: UUID,
    journal_ids: Collection[int],
    debtor_id: int | None = None,
    now: datetime.datetime,
) -> int:
    """Approve these journals for sending one by one; the id of the batch, which a second call finds back.

    Left out is what is not live, not of this debtor, or waits in another batch already.
    Raises ProblemsError (nothing_left_to_send) when that is everything, and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    with transaction.atomic():
        made = {"debtor_id": debtor_id, "user_id": scope.user_id, "by": scope.user_name, "at": now}
        batch, is_new = Batch.objects.get_or_create(office_id=scope.office_id, key=key, defaults=made)
        if not is_new:
            return batch.pk
        waiting = BatchJournal.objects.filter(batch__office_id=scope.office_id, done_at__isnull=True)
        rows = Journal.objects.filter(office_id=scope.office_id, life=JournalLife.LIVE, pk__in=journal_ids)
        if debtor_id is not None:
            rows = rows.filter(run__company__debtor_id=debtor_id)
        chosen = rows.exclude(pk__in=waiting.values("journal_id")).order_by("pk").values_list("pk", flat=True)
        BatchJournal.objects.bulk_create(BatchJournal(batch=batch, journal_id=each) for each in chosen)
        if not (count := batch.journals.count()):
            raise ProblemsError(problem("nothing_left_to_send"))
        audit.write(
            by=scope, at=now, verb="send", subject_kind="batch", subject_id=batch.pk, details={"count": count}
        )
        return batch.pk


def take_from_batch(*, row_id: int, now: datetime.datetime) -> bool:
    """Whether this journal of a batch is the caller's to send, inside the caller's transaction.

    Whoever comes at the same moment waits for that transaction, and is then told no.
    """
    return bool(BatchJournal.objects.filter(pk=row_id, done_at__isnull=True).update(done_at=now))


def refuse_in_batch(*, row_id: int, problems: Sequence[Problem]) -> None:
    """Keep why a journal that was taken from its batch is not sent."""
    BatchJournal.objects.filter(pk=row_id).update(problems=msgspec.to_builtins(list(problems)))


def _import(scope: Scope, plan: PlannedImport, origin: Origin, now: datetime.datetime) -> Imported:
    draft = plan.draft
    if plan.fate is Fate.SAME and plan.live is not None:
        return Imported(draft.run, plan.fate, plan.live.id)
    if plan.live is not None:
        before = snapshots.live(scope=scope, journal_id=plan.live.id)
        snapshots.end(scope=scope, row=before, life=JournalLife.REPLACED, now=now)
    journal_id = snapshots.keep(scope=scope, draft=draft, origin=origin, life=JournalLife.LIVE, now=now)
    return Imported(draft.run, plan.fate, journal_id)
