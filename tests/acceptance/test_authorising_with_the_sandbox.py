"""Authorising and mapping against the sandbox of AFAS in a process of its own, with mail that is really mailed."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings
from tests.running import Installation, environment_part

from afas_client.auth import EnvironmentType
from loonbrug.access.models import Office
from loonbrug.access.rights import Scope, service_scope
from loonbrug.connections.models import ConnectionState
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import MappingValues
from loonbrug.workflows import authorise, map_company
from loonbrug.workflows.afas_calls import AfasAnswerError

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Sandbox:
    """AFAS and the mailbox of its users."""

    running: Installation

    def keys(self) -> dict[str, str]:
        environments = self.running.control("GET", "/world")["environments"]
        connector = next(each for each in environments if each["type"] == "T")["app_connectors"][0]
        return {"api_key": connector["api_key"], "environment_key": connector["environment_key"]}

    def change(self, **part: Sequence[Any] | bool | str) -> None:
        self.running.control("POST", "/world", environment_part(**part))

    def mails(self) -> list[str]:
        return [mail["text"] for mail in self.running.mails()]

    def newest_code(self) -> str:
        """The code in the newest mail; AFAS mails while it answers, so it is there at once."""
        return self.running.mailed_code()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("afas"), scale=1) as running:
        running.start_afas()
        yield running


@pytest.fixture
def sandbox(process: Installation, settings: Settings) -> Sandbox:
    """As fresh as on its first day."""
    settings.AFAS_URL = process.environment["LOONBRUG_AFAS_URL"]
    process.control("POST", "/reset")
    process.forget_mails()
    return Sandbox(process)


@pytest.fixture
def scope() -> Scope:
    office = Office.objects.create(name="Kantoor De Brug")
    debtor = Debtor.objects.create(office=office, number="100", name="Van Dam Holding")
    Company.objects.create(office=office, debtor=debtor, number="1001", name="Bakkerij Van Dam")
    return service_scope(office.pk)


def account(scope: Scope, user: str, participant_number: str = "12345") -> int:
    added = authorise.add_account(
        scope=scope,
        participant_number=participant_number,
        afas_user=user,
        environment_type=EnvironmentType.TEST,
        now=NOW,
    )
    return added.id


def test_a_mailed_code_leads_to_a_mapping(sandbox: Sandbox, scope: Scope) -> None:
    step = {"scope": scope, "connection_id": account(scope, "12345.admin"), "now": NOW, **sandbox.keys()}
    assert authorise.request_code(**step).state is ConnectionState.CODE_REQUESTED
    checked = authorise.authorise(activation_code=sandbox.newest_code(), **step)
    assert checked.trouble is None
    assert checked.account.can_book
    first = checked.administrations[0]
    codes = map_company.journal_codes(
        scope=scope, connection_id=checked.account.id, administration=first.number
    )
    assert codes
    chosen = MappingValues(
        connection_id=checked.account.id,
        administration=first.number,
        administration_name="",
        journal_code=next(each.code for each in codes if not each.is_blocked),
        cost_centre_axis=1,
        cost_unit_axis=2,
        balance_pattern="",
        profit_loss_pattern="",
        default_cost_centre="",
        default_cost_unit="",
        period_rule=PeriodRule.MONTH,
        valid_from_year=2026,
        valid_from_period=1,
    )
    company = Company.objects.get(number="1001")
    made = map_company.save_mapping(scope=scope, company_id=company.pk, values=chosen, now=NOW)
    assert made.administration_name == first.name


@pytest.mark.parametrize(
    "user",
    ["12345.zondermail", "12345.buitengroep", "12345.zondertoken", "98765.meewerker", "12345.vreemdmail"],
)
def test_whoever_misses_a_condition_gets_no_mail_and_no_error(
    sandbox: Sandbox, scope: Scope, user: str
) -> None:
    step = {"scope": scope, "connection_id": account(scope, user), "now": NOW, **sandbox.keys()}
    assert authorise.request_code(**step).state is ConnectionState.CODE_REQUESTED
    assert sandbox.mails() == []


def test_once_the_address_is_filled_in_a_reset_brings_the_mail(sandbox: Sandbox, scope: Scope) -> None:
    step = {"scope": scope, "connection_id": account(scope, "12345.zondermail"), **sandbox.keys()}
    authorise.request_code(now=NOW, **step)
    sandbox.change(users=[{"code": "12345.zondermail", "email": "ben@kantoor.example"}])
    authorise.reset(now=LATER, **step)
    code = sandbox.newest_code()
    assert authorise.authorise(activation_code=code, now=LATER, **step).account.can_book


def test_a_blocked_app_connector_breaks_the_account_until_it_is_unblocked(
    sandbox: Sandbox, scope: Scope
) -> None:
    step = {"scope": scope, "connection_id": account(scope, "12345.admin"), "now": NOW}
    keys = sandbox.keys()
    authorise.request_code(**step, **keys)
    authorise.authorise(activation_code=sandbox.newest_code(), **step, **keys)
    sandbox.change(app_connectors=[{"id": 1, "blocked": True}])
    assert authorise.check_connection(**step).account.state is ConnectionState.BROKEN
    sandbox.change(app_connectors=[{"id": 1, "blocked": False}])
    assert authorise.check_connection(**step).account.state is ConnectionState.AUTHORISED


def test_a_wrong_code_is_refused_and_the_right_one_still_works(sandbox: Sandbox, scope: Scope) -> None:
    step = {"scope": scope, "connection_id": account(scope, "12345.admin"), "now": NOW, **sandbox.keys()}
    authorise.request_code(**step)
    code = sandbox.newest_code()
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    with pytest.raises(AfasAnswerError, match="activation_code_refused"):
        authorise.authorise(activation_code=wrong, **step)
    assert authorise.authorise(activation_code=code, **step).account.can_book


def test_an_environment_that_is_not_there_points_at_its_number_and_type(
    sandbox: Sandbox, scope: Scope
) -> None:
    step = {"scope": scope, "now": NOW, **sandbox.keys()}
    connection_id = account(scope, "12345.admin", "54321")
    with pytest.raises(AfasAnswerError, match="afas_host_unknown"):
        authorise.request_code(connection_id=connection_id, **step)
