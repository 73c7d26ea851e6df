"""An office whose journals can be sent: authorised, mapped, with the connector that books."""

from tests.integration import delivery_office
from tests.integration.payroll_office import NOW, PayrollOffice

from loonbrug.connections.models import Connection
from loonbrug.mappings.models import Mapping


def make_office() -> PayrollOffice:
    office = delivery_office.make_office()
    Connection.objects.update(update_connectors=["FiEntries"], capabilities_checked_at=NOW)
    Mapping.objects.create(
        office_id=office.scope.office_id,
        company_id=office.company.pk,
        connection_id=office.connection_id,
        administration=1,
        journal_code="90",
        cost_centre_axis=1,
        profit_loss_pattern="[4-9][0-9][0-9][0-9]",
        period_rule="month",
        valid_from_year=2026,
        valid_from_period=1,
        changed_at=NOW,
    )
    return PayrollOffice(office.scope, office.company.pk, office.company.pk)
