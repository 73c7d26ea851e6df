"""An office with one AFAS account and two companies, people with rights of their own, and browsers for them."""

import datetime
from dataclasses import dataclass

from django.test import Client
from tests.integration.afas_on_loopback import API_KEY, CODE, ENVIRONMENT_KEY
from tests.integration.people import browser_of, everywhere, person

from afas_client.auth import EnvironmentType
from loonbrug.access.models import Office
from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.queries import ConnectionView
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import MappingValues
from loonbrug.workflows import authorise

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
KEYS = {"api_key": API_KEY, "environment_key": ENVIRONMENT_KEY}
WRONG_KEY = "F" * 32


@dataclass(frozen=True)
class AfasOffice:
    """What a test starts from."""

    office: Office
    scope: Scope
    account: ConnectionView
    bakery_id: int
    garage_id: int

    def authorised(self, *, now: datetime.datetime = NOW) -> ConnectionView:
        authorise.request_code(scope=self.scope, connection_id=self.account.id, now=now, **KEYS)
        return authorise.authorise(
            scope=self.scope, connection_id=self.account.id, activation_code=CODE, now=now, **KEYS
        ).account

    def browser(self, level: Level = Level.WRITE, *, language: str = "en") -> Client:
        """A browser in which somebody with this right on every part is signed in."""
        return browser_of(person(self.office.pk, everywhere(level), language=language))


def make_office(name: str = "Kantoor De Brug") -> AfasOffice:
    office = Office.objects.create(name=name)
    debtor = Debtor.objects.create(office=office, number="100", name="Van Dam Holding")
    bakery = Company.objects.create(office=office, debtor=debtor, number="1001", name="Bakkerij Van Dam")
    garage = Company.objects.create(office=office, debtor=debtor, number="1002", name="Garage Van Dam")
    scope = Scope(office.pk, None, "Anna", dict.fromkeys(Part, Level.WRITE))
    account = authorise.add_account(
        scope=scope,
        participant_number="12345",
        afas_user="12345.anna",
        environment_type=EnvironmentType.TEST,
        now=NOW,
    )
    return AfasOffice(office, scope, account, bakery.pk, garage.pk)


def values(connection_id: int, **changes: object) -> MappingValues:
    """A mapping to administration 1, journal 90."""
    usual: dict[str, object] = {
        "connection_id": connection_id,
        "administration": 1,
        "administration_name": "",
        "journal_code": "90",
        "cost_centre_axis": 1,
        "cost_unit_axis": 2,
        "balance_pattern": "[0-3][0-9][0-9][0-9]",
        "profit_loss_pattern": "[4-9][0-9][0-9][0-9]",
        "default_cost_centre": "",
        "default_cost_unit": "",
        "period_rule": PeriodRule.MONTH,
        "valid_from_year": 2026,
        "valid_from_period": 10,
    }
    return MappingValues(**usual | changes)  # type: ignore[arg-type]
