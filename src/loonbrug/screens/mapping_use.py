"""What a mapping is in use for."""

from loonbrug.access.rights import Scope
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS


def deliveries_under_way(*, scope: Scope, company_id: int) -> int:
    """How many entries of a company are approved and neither in AFAS nor cancelled."""
    rows = Delivery.objects.filter(office_id=scope.office_id, company_id=company_id)
    return rows.exclude(state__in=sorted(ENDED | IN_AFAS)).count()
