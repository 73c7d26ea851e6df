"""Company -> connection, administration, journal code, axes and booking rules, valid from a period."""

from django.db import models
from django.db.models import Q

from loonbrug.access.models import Office
from loonbrug.connections.models import Connection
from loonbrug.directory.models import Company
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.description import LONGEST_TEMPLATE
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import JournalVariant


class Mapping(models.Model):
    """Where one company's journals go. At most one per company."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    company = models.OneToOneField(Company, on_delete=models.PROTECT, related_name="mapping")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    administration = models.PositiveIntegerField()
    administration_name = models.CharField(max_length=80, blank=True)
    journal_code = models.CharField(max_length=6)
    cost_centre_axis = models.PositiveSmallIntegerField(null=True)
    cost_unit_axis = models.PositiveSmallIntegerField(null=True)
    balance_pattern = models.CharField(max_length=80, blank=True)
    profit_loss_pattern = models.CharField(max_length=80, blank=True)
    default_cost_centre = models.CharField(max_length=16, blank=True)
    default_cost_unit = models.CharField(max_length=16, blank=True)
    period_rule = models.CharField(max_length=12)
    valid_from_year = models.PositiveSmallIntegerField()
    valid_from_period = models.PositiveSmallIntegerField()
    journal_variant = models.CharField(max_length=20, default=JournalVariant.COST_CENTRE_AND_UNIT)
    payroll_periods = models.CharField(max_length=12, default=PeriodRule.MONTH)
    booking_date = models.CharField(max_length=12, default=BookingDate.DOCUMENT)
    booking_day = models.PositiveSmallIntegerField(null=True)
    thirteenth_at_year_end = models.BooleanField(default=False)
    description_template = models.CharField(max_length=LONGEST_TEMPLATE, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_centre_axis__isnull=True)
                | Q(cost_unit_axis__isnull=True)
                | ~Q(cost_centre_axis=models.F("cost_unit_axis")),
                name="axes_differ",
            )
        ]
