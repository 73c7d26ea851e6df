"""Each office's ways into AFAS environments, and the consents by which Nmbrs lets it in."""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from loonbrug.access.models import Office


class ConnectionState(StrEnum):
    """What the connection mark shows: grey, half, blue-red, broken."""

    NEW = "new"
    CODE_REQUESTED = "code_requested"
    AUTHORISED = "authorised"
    BROKEN = "broken"


class Environment(models.Model):
    """One AFAS database. Only a key with limits and an epoch: no office's data hangs on it."""

    participant_number = models.CharField(max_length=5)
    type = models.CharField(max_length=12)
    epoch = models.BigIntegerField(default=0)
    parallel_call_count = models.PositiveSmallIntegerField(default=5)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant_number", "type"], name="environment_once")
        ]


class Connection(models.Model):
    """An AFAS account: an office's way into one environment."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT)
    afas_user = models.CharField(max_length=120)
    state = models.CharField(
        max_length=20,
        choices=[(state.value, state.name) for state in ConnectionState],
        default=ConnectionState.NEW,
    )
    token_ciphertext = models.BinaryField(null=True)
    code_claimed_at = models.DateTimeField(null=True)
    code_requested_at = models.DateTimeField(null=True)
    authorised_at = models.DateTimeField(null=True)
    broken_at = models.DateTimeField(null=True)
    broken_reason = models.TextField(blank=True)
    get_connectors = models.JSONField(default=list)
    update_connectors = models.JSONField(default=list)
    environment_code = models.CharField(max_length=20, blank=True)
    token_expiry = models.CharField(max_length=40, blank=True)
    capabilities_checked_at = models.DateTimeField(null=True)
    administrations_connector = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "environment", "afas_user"], name="afas_account_once_per_office"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ConnectionState.AUTHORISED, ConnectionState.BROKEN])
                | Q(token_ciphertext__isnull=False),
                name="authorised_has_a_token",
            ),
        ]


class NmbrsState(StrEnum):
    """Verbonden, or opnieuw toestemming geven."""

    CONNECTED = "connected"
    CONSENT_NEEDED = "consent_needed"


class NmbrsConnection(models.Model):
    """One consent at Nmbrs and the chain of token pairs that came from it: an office's way to a debtor, or a few.

    A refresh token can be spent once. Whoever is going to spend it writes `spending_id` first, and the pair that
    comes back is written before its access token is used; `pair_serial` counts the pairs. `renews_id` is the
    connection for which the consent was asked.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    state = models.CharField(max_length=20, choices=[(state.value, state.name) for state in NmbrsState])
    reason = models.CharField(max_length=60, blank=True)
    stopped_at = models.DateTimeField(null=True)
    access_ciphertext = models.BinaryField()
    access_ends_at = models.DateTimeField()
    refresh_ciphertext = models.BinaryField()
    pair_serial = models.PositiveIntegerField(default=0)
    pair_at = models.DateTimeField()
    spending_id = models.UUIDField(null=True)
    spending_at = models.DateTimeField(null=True)
    consented_at = models.DateTimeField()
    consented_by = models.CharField(max_length=200)
    renews_id = models.BigIntegerField(null=True)
    warned_days = models.PositiveSmallIntegerField(null=True)
    asked_at = models.DateTimeField()
    lists_due_at = models.DateTimeField()
    lists_read_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=60, blank=True)
    failed_at = models.DateTimeField(null=True)
    failure_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(spending_id__isnull=True, spending_at__isnull=True)
                | Q(spending_id__isnull=False, spending_at__isnull=False),
                name="spending_has_a_moment",
            )
        ]
