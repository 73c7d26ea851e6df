"""The workflow of each company, the pause of an office, and where each run in Nmbrs stands."""

from django.db import models
from django.db.models import Q

from loonbrug.access.models import Office
from loonbrug.directory.models import Company
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.planning.plan import Step


class Workflow(models.Model):
    """What the service does by itself for one company. Without a row everything is done by hand.

    Days count from the step before; `emails` are those that errors are mailed to, a line each.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    company = models.OneToOneField(Company, on_delete=models.PROTECT, related_name="workflow")
    generates = models.BooleanField(default=False)
    generate_days = models.PositiveSmallIntegerField(default=0)
    checks = models.BooleanField(default=False)
    check_days = models.PositiveSmallIntegerField(default=0)
    sends = models.BooleanField(default=False)
    send_days = models.PositiveSmallIntegerField(default=0)
    emails = models.TextField(blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=200, blank=True)


class OfficePause(models.Model):
    """While there is one, nothing is done by itself for any company of the office."""

    office = models.OneToOneField(Office, on_delete=models.PROTECT)
    at = models.DateTimeField()
    by = models.CharField(max_length=200)


class Track(models.Model):
    """Where one locked run stands in the workflow of its company; the durable queue of that work.

    `due_at` is when to look at it again, and None once there is nothing more to do; whoever looks moves it on, and so
    holds it meanwhile. Checked is one journal of the run: another has to be checked anew; `seen` are the codes of the
    warnings that a person let pass. A failed step is tried again; `codes` are those of its problems, and `told` those
    that were mailed last.
    """

    run = models.OneToOneField(NmbrsRun, on_delete=models.PROTECT, related_name="track")
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    due_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    checked_journal_id = models.BigIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=200, blank=True)
    seen = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    failed_step = models.CharField(
        max_length=10, blank=True, choices=[(step.value, step.name) for step in Step]
    )
    failed_at = models.DateTimeField(null=True)
    problems = models.JSONField(default=list)
    codes = models.TextField(blank=True)
    told = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="track_due")]
