"""What a user chose for a company, as the ledger's rules. Pure."""

from dataclasses import replace

from loonbrug.ledger.account_pattern import AccountPattern
from loonbrug.ledger.dating import Dating
from loonbrug.ledger.description import DescriptionTemplate
from loonbrug.ledger.translation import Rules
from loonbrug.mappings.checks import BookingChoice, MappingValues


def rules_of(values: MappingValues) -> Rules:
    """How entries are translated by values in which `problems_of` finds nothing."""
    return replace(
        booking_rules_of(values),
        cost_centre_axis=values.cost_centre_axis,
        cost_unit_axis=values.cost_unit_axis,
        balance_pattern=_pattern(values.balance_pattern),
        profit_loss_pattern=_pattern(values.profit_loss_pattern),
        default_cost_centre=values.default_cost_centre,
        default_cost_unit=values.default_cost_unit,
    )


def booking_rules_of(choice: BookingChoice) -> Rules:
    """When entries are booked and what their lines say, by a choice in which `problems_of_booking` finds nothing."""
    template = choice.description_template
    return Rules(
        dating=Dating(
            booking_date=choice.booking_date,
            day=choice.booking_day,
            payroll_periods=choice.payroll_periods,
            thirteenth_at_year_end=choice.thirteenth_at_year_end,
        ),
        period_rule=choice.period_rule,
        description_template=DescriptionTemplate(template) if template else None,
    )


def _pattern(text: str) -> AccountPattern | None:
    return AccountPattern(text) if text else None
