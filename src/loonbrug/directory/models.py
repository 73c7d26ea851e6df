"""Debtors and companies of an office, and the allocation codes a company's payroll uses."""

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
    """A cost centre or cost unit of a company; its code must equal the allocation code in AFAS."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.name) for kind in CodeKind])
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=50)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "code"], name="allocation_code_once")
        ]
