"""Mappings as frozen values, always within one office."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.translation import Rules
from loonbrug.mappings.checks import JournalVariant, MappingValues
from loonbrug.mappings.models import Mapping as MappingRow
from loonbrug.mappings.rules import rules_of

#: What may change in a mapping without changing the entry that it makes.
_SAME_ENTRY = frozenset(
    {
        "mapping_id",
        "administration_name",
        "journal_variant",
        "valid_from_year",
        "valid_from_period",
        "changed_at",
    }
)


@dataclass(frozen=True, slots=True)
class MappingView:
    """Where one company's journals go, and how they are translated."""

    id: int
    company_id: int
    company_number: str
    company_name: str
    values: MappingValues
    changed_at: datetime.datetime

    @property
    def connection_id(self) -> int:
        return self.values.connection_id

    @property
    def administration(self) -> int:
        """AFAS's number of the administration (UnId)."""
        return self.values.administration

    @property
    def administration_name(self) -> str:
        return self.values.administration_name

    @property
    def journal_code(self) -> str:
        """AFAS's code of the journal (JoCo)."""
        return self.values.journal_code

    @property
    def period_rule(self) -> PeriodRule:
        return self.values.period_rule

    @property
    def valid_from(self) -> tuple[int, int]:
        """Year and period of the first payroll that is sent."""
        return self.values.valid_from_year, self.values.valid_from_period

    def covers(self, *, year: int, period: int) -> bool:
        """Whether a payroll of this period is sent; what came before, another link has booked."""
        return (year, period) >= self.valid_from

    @property
    def rules(self) -> Rules:
        """How entries are translated."""
        return rules_of(self.values)


def mapping(*, scope: Scope, mapping_id: int) -> MappingView:
    """One mapping. Wants read on mappings. Raises NotFoundError."""
    scope.require(Part.MAPPINGS, Level.READ)
    row = (
        MappingRow.objects.filter(office_id=scope.office_id, id=mapping_id).select_related("company").first()
    )
    if row is None:
        raise NotFoundError("mapping", mapping_id)
    return view_of(row)


def for_company(*, scope: Scope, company_id: int) -> MappingView | None:
    """The mapping of a company, for whoever may see the company's journals."""
    return for_companies(scope=scope, company_ids=[company_id]).get(company_id)


def for_companies(*, scope: Scope, company_ids: Collection[int]) -> dict[int, MappingView]:
    """The mappings of these companies by company, for whoever may see the companies' journals."""
    rows = MappingRow.objects.filter(office_id=scope.office_id, company_id__in=company_ids)
    return {row.company_id: view_of(row) for row in rows.select_related("company")}


def all_mappings(*, scope: Scope, connection_id: int | None = None) -> tuple[MappingView, ...]:
    """The office's mappings by company number, of one AFAS account or of all. Wants read on mappings."""
    scope.require(Part.MAPPINGS, Level.READ)
    rows = MappingRow.objects.filter(office_id=scope.office_id).select_related("company")
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    return tuple(view_of(row) for row in rows.order_by("company__number"))


def as_used(mapping: MappingView) -> dict[str, str | int | None]:
    """The mapping as evidence beside what was sent with it; goes into JSON as it stands."""
    evidence: dict[str, str | int | None] = {"mapping_id": mapping.id, "company_id": mapping.company_id}
    return evidence | asdict(mapping.values) | {"changed_at": mapping.changed_at.isoformat()}


def is_as_used(mapping: MappingView, used: Mapping[str, object]) -> bool:
    """Whether a journal goes to the same place and is translated the same as by the mapping kept by `as_used`."""
    now = as_used(mapping)
    return all(used.get(name) == value for name, value in now.items() if name not in _SAME_ENTRY)


def view_of(row: MappingRow) -> MappingView:
    """The frozen value of a row."""
    values = MappingValues(
        connection_id=row.connection_id,
        administration=row.administration,
        administration_name=row.administration_name,
        journal_code=row.journal_code,
        cost_centre_axis=row.cost_centre_axis,
        cost_unit_axis=row.cost_unit_axis,
        balance_pattern=row.balance_pattern,
        profit_loss_pattern=row.profit_loss_pattern,
        default_cost_centre=row.default_cost_centre,
        default_cost_unit=row.default_cost_unit,
        period_rule=PeriodRule(row.period_rule),
        valid_from_year=row.valid_from_year,
        valid_from_period=row.valid_from_period,
        journal_variant=JournalVariant(row.journal_variant),
        payroll_periods=PeriodRule(row.payroll_periods),
        booking_date=BookingDate(row.booking_date),
        booking_day=row.booking_day,
        thirteenth_at_year_end=row.thirteenth_at_year_end,
        description_template=row.description_template,
    )
    return MappingView(
        id=row.pk,
        company_id=row.company_id,
        company_number=row.company.number,
        company_name=row.company.name,
        values=values,
        changed_at=row.changed_at,
    )
