"""Environments (a key with limits and an epoch) and each office's connections into them."""

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
