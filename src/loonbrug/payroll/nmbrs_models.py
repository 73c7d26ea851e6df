"""Runs as Nmbrs shows them, and when to look at each company next."""

from enum import StrEnum

from django.db import models

from loonbrug.access.models import Office
from loonbrug.directory.models import Company, NmbrsCompany


class NmbrsRun(models.Model):
    """A run of a company in Nmbrs; its identity is that of a `PayrollRun`: company, year, period, number.

    One that Nmbrs no longer shows has `gone_at`. Dates are Nmbrs's, where it gives any.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    nmbrs_id = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    year = models.PositiveSmallIntegerField()
    period = models.PositiveSmallIntegerField()
    period_type = models.CharField(max_length=20, blank=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    type = models.CharField(max_length=20, blank=True)
    description = models.CharField(max_length=255, blank=True)
    is_locked = models.BooleanField(default=False)
    made_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    locked_seen_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "nmbrs_id"], name="nmbrs_run_once_per_company")
        ]
        indexes = [models.Index(fields=["company", "year", "period"], name="nmbrs_run_by_period")]


class LookSubject(StrEnum):
    """What one look asks: the runs of a year, or the company's cost centres, cost units and kind of period."""

    RUNS = "runs"
    CODES = "codes"


class NmbrsLook(models.Model):
    """The next look at one company: the durable queue of synchronising, and where it stopped.

    `year` is 0 for codes. `asked_at` is the moment of the wish that this look belongs to, for its progress.
    """

    company = models.ForeignKey(NmbrsCompany, on_delete=models.PROTECT, related_name="looks")
    subject = models.CharField(max_length=10, choices=[(each.value, each.name) for each in LookSubject])
    year = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_index=True)
    looked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "subject", "year"], name="one_look_of_a_kind")
        ]
