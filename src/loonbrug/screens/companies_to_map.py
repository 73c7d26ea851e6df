"""The companies of an office as somebody sees them who maps them to administrations."""

from dataclasses import dataclass

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS
from loonbrug.directory.models import Company
from loonbrug.mappings.models import Mapping


@dataclass(frozen=True, slots=True)
class CompanyToMap:
    """One company; while it is a test company or its debtor is blocked, it can be mapped but not sent."""

    id: int
    number: str
    name: str
    debtor_name: str
    is_test: bool
    is_blocked: bool
    is_mapped: bool


def companies_to_map(*, scope: Scope) -> tuple[CompanyToMap, ...]:
    """All companies of the office by number. Wants read on mappings."""
    scope.require(Part.MAPPINGS, Level.READ)
    mapped = set(Mapping.objects.filter(office_id=scope.office_id).values_list("company_id", flat=True))
    rows = Company.objects.filter(office_id=scope.office_id).select_related("debtor").order_by("number")
    return tuple(
        CompanyToMap(
            id=row.pk,
            number=row.number,
            name=row.name,
            debtor_name=row.debtor.name,
            is_test=row.is_test,
            is_blocked=row.debtor.is_blocked,
            is_mapped=row.pk in mapped,
        )
        for row in rows
    )


def deliveries_under_way(*, scope: Scope, company_id: int) -> int:
    """How many entries of a company are approved and neither in AFAS nor cancelled."""
    rows = Delivery.objects.filter(office_id=scope.office_id, company_id=company_id)
    return rows.exclude(state__in=sorted(ENDED | IN_AFAS)).count()
