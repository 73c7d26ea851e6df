"""Alarms that stand, mail that waits to be sent, and when the engine last did its rounds."""

from django.db import models

from loonbrug.access.models import Office, User


class Alarm(models.Model):
    """Something that can never be, and is; gone once a later round no longer finds it."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    code = models.CharField(max_length=60)
    subject_ids = models.JSONField(default=list)
    count = models.PositiveIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["office", "code"], name="one_alarm_of_a_kind")]


class Mail(models.Model):
    """One mail to one person, written in the transaction that gives the reason for it. Holds no secret.

    It goes to a user, or to an address that a user gave.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    address = models.EmailField(blank=True)
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    try_count = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sent_at", "due_at"], name="mail_to_send")]


class Pulse(models.Model):
    """One row: the last moment at which an engine, in whichever process, was seen at work."""

    at = models.DateTimeField()
