"""Whether what a user chose can be a mapping. Pure; all that is wrong is told at once, at its field."""

from collections.abc import Iterator
from dataclasses import dataclass

from loonbrug.ledger.account_pattern import AccountPattern, AccountPatternError
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import Place, Problem, Who, problem

PERIOD_COUNT = {PeriodRule.MONTH: 12, PeriodRule.FOUR_WEEKS: 13}


@dataclass(frozen=True, slots=True)
class MappingValues:
    """What a user chooses for one company. Axes are AFAS's, 1 to 5; None sends no codes for that axis."""

    connection_id: int
    administration: int
    administration_name: str
    journal_code: str
    cost_centre_axis: int | None
    cost_unit_axis: int | None
    balance_pattern: str
    profit_loss_pattern: str
    default_cost_centre: str
    default_cost_unit: str
    period_rule: PeriodRule
    valid_from_year: int
    valid_from_period: int


def problems_of(values: MappingValues) -> list[Problem]:
    """Everything that is wrong with the values by themselves; `place.field` is the field's name."""
    return [*_journal_code(values), *_axes(values), *_patterns(values), *_start(values)]


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
    last = PERIOD_COUNT[values.period_rule]
    if not 1 <= values.valid_from_period <= last:
        place = Place(field="valid_from_period")
        yield problem("period_range", place=place, who=Who.OFFICE_ADMIN, last=last)


def _at(field: str, code: str) -> Problem:
    return problem(code, place=Place(field=field), who=Who.OFFICE_ADMIN)
