"""A run's identity, and the journals (snapshots) it has had; at most one of them lives."""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from loonbrug.access.models import Office
from loonbrug.directory.models import Company, Debtor
from loonbrug.payroll.nmbrs_models import NmbrsRun


class JournalSource(StrEnum):
    """Where a journal came from."""

    FILE = "file"
    NMBRS = "nmbrs"


class JournalLife(StrEnum):
    """A journal is live until it is withdrawn or another takes its place; only while nothing was sent.

    What Nmbrs gives later for a run that has another journal is offered, and never takes that one's place by itself.
    """

    LIVE = "live"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


class PayrollRun(models.Model):
    """A processed payroll of one company; never removed, so that its identity and generations stay."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    period = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "year", "period", "number"], name="run_identity_once")
        ]


class Journal(models.Model):
    """The immutable snapshot of what a run has to book: source bytes, hashes, dated entries."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    run = models.ForeignKey(PayrollRun, on_delete=models.PROTECT)
    life = models.CharField(
        max_length=10, choices=[(life.value, life.name) for life in JournalLife], default=JournalLife.LIVE
    )
    source = models.CharField(max_length=10, choices=[(each.value, each.name) for each in JournalSource])
    file_name = models.CharField(max_length=255)
    source_bytes = models.BinaryField()
    source_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    description = models.CharField(max_length=255, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run"], condition=Q(life="live"), name="one_live_journal_per_run"
            ),
            models.UniqueConstraint(
                fields=["run"], condition=Q(life="offered"), name="one_offered_journal_per_run"
            ),
        ]
        indexes = [models.Index(fields=["office", "content_hash"])]


class JournalEntry(models.Model):
    """One dated set of lines (see `line_store`), with its count and totals in euros for lists."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    ordinal = models.PositiveSmallIntegerField()
    date = models.DateField()
    line_count = models.PositiveIntegerField()
    total_debit = models.DecimalField(max_digits=15, decimal_places=2)
    total_credit = models.DecimalField(max_digits=15, decimal_places=2)
    lines = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journal", "ordinal"], name="entry_ordinal_once")]


class Confirmation(models.Model):
    """A person said that a problem which asks for it (double run, same content) is as it should be."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="confirmations")
    code = models.CharField(max_length=60)
    other_journal_id = models.BigIntegerField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["journal", "code", "other_journal_id"], name="confirmed_once")
        ]


class Release(models.Model):
    """A person said why sending by itself may go on, though the run of a booked journal is not in Nmbrs."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="releases")
    code = models.CharField(max_length=60)
    reason = models.CharField(max_length=1000)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["journal", "code"], name="released_once")]


class GenerationState(StrEnum):
    """What became of asking Nmbrs for the journal of a run."""

    FETCHING = "fetching"
    DONE = "done"
    FAILED = "failed"


class Generation(models.Model):
    """What was last asked of Nmbrs about the journal of a run; the durable queue of that work, and what came of it.

    While fetching, `due_at` is when to ask; whoever asks moves it on, and so holds the work until then. Once the
    journal is there, `sender_id` is the user for whom it is sent, if it is still what it was.
    """

    run = models.OneToOneField(NmbrsRun, on_delete=models.PROTECT, related_name="generation")
    state = models.CharField(max_length=10, choices=[(state.value, state.name) for state in GenerationState])
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    sender_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    waits_for = models.CharField(max_length=60, blank=True)
    problems = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="generation_due")]


class Upload(models.Model):
    """A file that one user is looking at before it is imported; gone once imported, or after a day."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    user_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=255)
    data = models.BinaryField()
    year = models.PositiveSmallIntegerField(null=True)
    period = models.PositiveSmallIntegerField(null=True)
    run = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()


class Batch(models.Model):
    """Many journals that a person approved at once; the durable queue of what is still to be approved one by one.

    `key` is the form's own, so that pressing its button twice makes one batch.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    key = models.UUIDField()
    debtor = models.ForeignKey(Debtor, null=True, on_delete=models.PROTECT)
    user_id = models.BigIntegerField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["office", "key"], name="batch_key_once")]


class BatchJournal(models.Model):
    """A journal in a batch. Once `done_at` is set it was queued, or refused for these problems."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="journals")
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT)
    done_at = models.DateTimeField(null=True)
    problems = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "journal"], name="journal_once_in_batch")]
        indexes = [
            models.Index(fields=["batch"], condition=Q(done_at__isnull=True), name="batch_journal_to_do")
        ]
