"""Deliveries, their attempts, and what persons decided about them.

Journals and runs belong to a sibling app and are referred to by id.
"""

from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from loonbrug.access.models import Office
from loonbrug.connections.models import Connection, Environment
from loonbrug.delivery.states import ENDED, MAY_HAVE_ENDED, State


class Delivery(models.Model):
    """One entry on its way to one administration: frozen payload, voucher number, state.

    `reverses` is set on a counter-entry: it undoes that delivery, and `generation` then counts its counter-entries.
    `is_ended` says that it was cancelled or reversed, so that the entry may be sent anew. It stays when AFAS turns
    out to have booked the ended one after all: two deliveries of one entry then stand beside each other.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT, db_index=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    company_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    journal_id = models.BigIntegerField()
    ordinal = models.PositiveSmallIntegerField()
    generation = models.PositiveSmallIntegerField()
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="counter_entries", db_index=False
    )

    administration = models.PositiveIntegerField()
    journal_code = models.CharField(max_length=6)
    entry_date = models.DateField()
    year = models.PositiveSmallIntegerField()
    period = models.PositiveSmallIntegerField()
    voucher_number = models.CharField(max_length=32)
    payload_hash = models.CharField(max_length=64)
    mapping = models.JSONField()
    total_debit = models.DecimalField(max_digits=15, decimal_places=2)
    total_credit = models.DecimalField(max_digits=15, decimal_places=2)

    state = models.CharField(
        max_length=20, choices=[(state.value, state.name) for state in State], default=State.QUEUED
    )
    reason = models.CharField(max_length=40, blank=True)
    is_ended = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    doubt_until = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    not_booked_count = models.PositiveSmallIntegerField(default=0)
    entry_number = models.CharField(max_length=20, blank=True)
    compared = models.CharField(max_length=20, blank=True)
    queued_at = models.DateTimeField()
    queued_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "run_id", "ordinal"],
                condition=Q(is_ended=False, reverses__isnull=True),
                name="one_live_delivery_per_entry",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(is_ended=False),
                name="one_live_counter_entry",
            ),
            models.UniqueConstraint(
                fields=["environment", "administration", "voucher_number"], name="voucher_number_once"
            ),
            models.CheckConstraint(condition=Q(total_debit=F("total_credit")), name="debit_equals_credit"),
            models.CheckConstraint(
                condition=~Q(state__in=[State.BOOKED, State.VERIFIED]) | ~Q(entry_number=""),
                name="booked_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(is_ended=True, state__in=sorted(ENDED | MAY_HAVE_ENDED))
                | (Q(is_ended=False) & ~Q(state__in=sorted(ENDED))),
                name="ended_is_kept",
            ),
        ]
        indexes = [
            models.Index(
                fields=["environment", "state", "due_at"],
                condition=Q(due_at__isnull=False),
                name="delivery_due",
            ),
            models.Index(fields=["office", "journal_id"], name="delivery_of_journal"),
            models.Index(fields=["office", "state"], name="delivery_by_state"),
            models.Index(fields=["office", "run_id"], name="delivery_of_run"),
            models.Index(
                fields=["environment", "state"],
                condition=Q(state__in=[State.SENDING, State.IN_DOUBT, State.REVERSING]),
                name="delivery_under_way",
            ),
        ]

    @property
    def payload(self) -> bytes:
        """The bytes that are sent, as they were approved."""
        return bytes(self.frozen.content)


class Payload(models.Model):
    """What is sent for one delivery, byte for byte.

    In a table of its own: it is written once, and its delivery's row again with every step.
    """

    delivery = models.OneToOneField(
        Delivery, on_delete=models.CASCADE, primary_key=True, related_name="frozen"
    )
    content = models.BinaryField()


class AttemptKind(StrEnum):
    """What an attempt asks of AFAS."""

    BOOK = "book"
    DELETE = "delete"


class Attempt(models.Model):
    """One try at booking or deleting; the row is there before any byte leaves, the answer is added when it comes.

    `entry_number` is the one that AFAS gave, or the one to be deleted.
    """

    kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.name) for kind in AttemptKind], default=AttemptKind.BOOK
    )
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    claim_id = models.UUIDField(unique=True)
    number = models.PositiveSmallIntegerField()
    epoch = models.BigIntegerField()
    payload_hash = models.CharField(max_length=64)
    claimed_at = models.DateTimeField()
    send_before = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    error_number = models.BigIntegerField(null=True)
    message = models.TextField(blank=True)
    code = models.CharField(max_length=60, blank=True)
    log_reference = models.CharField(max_length=64, blank=True)
    entry_number = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_once")]


class Decision(models.Model):
    """What a person decided about a delivery, and why."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=20)
    reason = models.TextField()
    entry_number = models.CharField(max_length=20, blank=True)
    is_checked = models.BooleanField(default=False)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()


class LookUp(models.Model):
    """One look in AFAS's books for a delivery in doubt that found nothing, two of which may prove absence; or one
    around a DELETE, with the number of the entry that it saw.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="look_ups")
    at = models.DateTimeField()
    question = models.TextField()
    token = models.CharField(max_length=40)
    has_sight = models.BooleanField()
    entry_number = models.CharField(max_length=20, blank=True)
    afas_clock = models.DateTimeField(null=True)
    boot = models.CharField(max_length=40)
    boot_seconds = models.DecimalField(max_digits=16, decimal_places=6)


class NumberKeeping(models.Model):
    """Whether AFAS gives our voucher numbers back as sent, once found out per administration and journal code."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT)
    administration = models.PositiveIntegerField()
    journal_code = models.CharField(max_length=6)
    is_kept = models.BooleanField()
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "environment", "administration", "journal_code"],
                name="number_keeping_found_once",
            )
        ]


class InstallationMark(models.Model):
    """What the data folder of one machine has to say too, for the database to be the one that belongs to it."""

    mark = models.UUIDField(unique=True)
    made_at = models.DateTimeField()


class Restoration(models.Model):
    """The database was found to be restored or copied; this office sends nothing until a person releases it.

    What was lost may have left until `left_before`, and AFAS may be busy with it until `busy_until`.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    found_at = models.DateTimeField()
    left_before = models.DateTimeField()
    busy_until = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office"], condition=Q(released_at__isnull=True), name="one_open_restoration"
            )
        ]
