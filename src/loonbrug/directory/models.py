"""Debtors and companies of an office, what Nmbrs shows of them, and the allocation codes a payroll uses."""

from enum import StrEnum

from django.db import models

from loonbrug.access.models import Office


class Debtor(models.Model):
    """A customer of the office (debiteur). While blocked (geblokkeerd), nothing of it is sent."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    number = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    is_blocked = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "number"], name="debtor_number_once_per_office")
        ]


class Company(models.Model):
    """An employer under a debtor (bedrijf). A test company (testbedrijf) is never sent."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT)
    number = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    is_test = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "number"], name="company_number_once_per_office")
        ]


class CodeKind(StrEnum):
    """Kostenplaats or kostendrager."""

    COST_CENTRE = "cost_centre"
    COST_UNIT = "cost_unit"


class AllocationCode(models.Model):
    """A cost centre or cost unit of a company; its code must equal the allocation code in AFAS.

    One that came from Nmbrs and is no longer there has `gone_at`.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.name) for kind in CodeKind])
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    is_from_nmbrs = models.BooleanField(default=False)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "code"], name="allocation_code_once")
        ]


class NmbrsDebtor(models.Model):
    """A debtor as a connection with Nmbrs shows it; `debtor` is ours, or nothing while a person has to decide.

    `connection_id` is the Nmbrs connection of the newest consent that covers it.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    connection_id = models.BigIntegerField(db_index=True)
    nmbrs_id = models.CharField(max_length=64)
    number = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    debtor = models.OneToOneField(Debtor, null=True, on_delete=models.PROTECT, related_name="in_nmbrs")
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "nmbrs_id"], name="nmbrs_debtor_once_per_office")
        ]


class NmbrsCompany(models.Model):
    """A company as Nmbrs shows it; `company` is ours, or nothing while a person has to decide."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    debtor = models.ForeignKey(NmbrsDebtor, on_delete=models.PROTECT, related_name="companies")
    nmbrs_id = models.CharField(max_length=64)
    number = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    period_type = models.CharField(max_length=20, blank=True)
    company = models.OneToOneField(Company, null=True, on_delete=models.PROTECT, related_name="in_nmbrs")
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "nmbrs_id"], name="nmbrs_company_once_per_office")
        ]
