"""Whether what a user chose can be a mapping. Pure; all that is wrong is told at once, at its field."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from loonbrug.ledger.account_pattern import AccountPattern, AccountPatternError
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.description import (
    LONGEST_TEMPLATE,
    DescriptionTemplate,
    DescriptionTemplateError,
)
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import Place, Problem, Who, problem

PERIOD_COUNT = {PeriodRule.MONTH: 12, PeriodRule.FOUR_WEEKS: 13}


class JournalVariant(StrEnum):
    """How finely Nmbrs splits the journals that are generated for a company."""

    COMPANY = "company"
    COST_CENTRE = "cost_centre"
    COST_CENTRE_AND_UNIT = "cost_centre_and_unit"


#: The allocation codes that each variant does not give.
_WITHOUT = {
    JournalVariant.COMPANY: ("cost_centre", "cost_unit"),
    JournalVariant.COST_CENTRE: ("cost_unit",),
    JournalVariant.COST_CENTRE_AND_UNIT: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChoice:
    """When entries are booked and what their lines say.

    `period_rule` is how the books count periods, `payroll_periods` how the payroll does. `booking_day` is for a
    booking date on a day of the month. An empty `description_template` leaves payroll's descriptions as they are.
    """

    period_rule: PeriodRule
    payroll_periods: PeriodRule = PeriodRule.MONTH
    booking_date: BookingDate = BookingDate.DOCUMENT
    booking_day: int | None = None
    thirteenth_at_year_end: bool = False
    description_template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingValues(BookingChoice):
    """What a user chooses for one company. Axes are AFAS's, 1 to 5; None sends no codes for that axis."""

    connection_id: int
    administration: int
    administration_name: str
    journal_code: str
    journal_variant: JournalVariant = JournalVariant.COST_CENTRE_AND_UNIT
    cost_centre_axis: int | None
    cost_unit_axis: int | None
    balance_pattern: str
    profit_loss_pattern: str
    default_cost_centre: str
    default_cost_unit: str
    valid_from_year: int
    valid_from_period: int


def problems_of(values: MappingValues) -> list[Problem]:
    """Everything that is wrong with the values by themselves; `place.field` is the field's name."""
    return [
        *_journal_code(values),
        *_axes(values),
        *_variant(values),
        *_patterns(values),
        *_start(values),
        *problems_of_booking(values),
    ]


def problems_of_booking(choice: BookingChoice) -> list[Problem]:
    """What is wrong with when entries are booked and what their lines say."""
    return [*_booking_day(choice), *_description(choice)]


def company_is_mapped() -> Problem:
    """The company has a mapping already."""
    return _at("company", "company_is_mapped")


def _journal_code(values: MappingValues) -> Iterator[Problem]:
    code = values.journal_code
    if not code:
        yield _at("journal_code", "journal_code_missing")
    elif len(code) > 6 or not code.isprintable() or " " in code:
        yield _at("journal_code", "journal_code_format")  # AFAS: JoCo has at most 6 characters


def _axes(values: MappingValues) -> Iterator[Problem]:
    for name in ("cost_centre_axis", "cost_unit_axis"):
        axis = getattr(values, name)
        if axis is not None and not 1 <= axis <= 5:
            yield _at(name, "axis_range")
    if values.cost_centre_axis is not None and values.cost_centre_axis == values.cost_unit_axis:
        place = Place(field="cost_unit_axis")
        yield problem("axes_equal", place=place, who=Who.OFFICE_ADMIN, axis=values.cost_unit_axis)
    for kind in ("cost_centre", "cost_unit"):
        code = getattr(values, f"default_{kind}")
        if code and getattr(values, f"{kind}_axis") is None:
            yield _at(f"default_{kind}", "default_without_axis")
        elif len(code) > 16:
            yield _at(f"default_{kind}", "allocation_code_length")  # AFAS: an allocation code has at most 16


def _variant(values: MappingValues) -> Iterator[Problem]:
    """An axis that neither the journal nor a default code ever fills."""
    for kind in _WITHOUT[values.journal_variant]:
        if getattr(values, f"{kind}_axis") is not None and not getattr(values, f"default_{kind}"):
            yield _at("journal_variant", f"variant_without_{kind}")


def _patterns(values: MappingValues) -> Iterator[Problem]:
    for name in ("balance_pattern", "profit_loss_pattern"):
        text = getattr(values, name)
        try:
            if text:
                AccountPattern(text)
        except AccountPatternError:
            yield _at(name, "pattern_format")


def _start(values: MappingValues) -> Iterator[Problem]:
    if not 2000 <= values.valid_from_year <= 2099:
        yield _at("valid_from_year", "year_range")
    last = PERIOD_COUNT[values.payroll_periods]
    if not 1 <= values.valid_from_period <= last:
        place = Place(field="valid_from_period")
        yield problem("period_range", place=place, who=Who.OFFICE_ADMIN, last=last)


def _booking_day(choice: BookingChoice) -> Iterator[Problem]:
    if choice.booking_date is not BookingDate.DAY:
        return
    if choice.booking_day is None or not 1 <= choice.booking_day <= 31:
        yield _at("booking_day", "booking_day_range")


def _description(choice: BookingChoice) -> Iterator[Problem]:
    try:
        DescriptionTemplate(choice.description_template)
    except DescriptionTemplateError as wrong:
        place = Place(field="description_template")
        yield problem(
            wrong.code, place=place, who=Who.OFFICE_ADMIN, name=f"{{{wrong.name}}}", limit=LONGEST_TEMPLATE
        )


def _at(field: str, code: str) -> Problem:
    return problem(code, place=Place(field=field), who=Who.OFFICE_ADMIN)
