"""Two offices that know nothing of each other, each with people of every template and one of everything."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.test import Client
from tests.integration.delivery_office import posting
from tests.integration.payroll_office import draft

from afas_client.auth import EnvironmentType
from loonbrug.access import operations as access
from loonbrug.access import queries
from loonbrug.access.models import User
from loonbrug.access.rights import Scope, service_scope
from loonbrug.connections import nmbrs_operations as nmbrs
from loonbrug.connections import operations as connections
from loonbrug.delivery import operations as delivery
from loonbrug.delivery.operations import Approved, Target
from loonbrug.delivery.payload import RunKey
from loonbrug.directory import operations as directory
from loonbrug.directory.models import CodeKind, NmbrsCompany, NmbrsDebtor
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import operations as payroll
from loonbrug.payroll.models import Journal, Upload
from nmbrs_client.auth import Tokens

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Person:
    """Somebody of an office."""

    user_id: int
    email: str
    scope: Scope

    def browser(self) -> Client:
        """A browser in which this person is signed in."""
        client = Client()
        client.force_login(User.objects.get(id=self.user_id))
        return client


@dataclass(frozen=True)
class OfficeWithAll:
    """An office, its people, and the ids under which addresses name its things."""

    manager: Person
    payroller: Person
    reader: Person
    ids: dict[str, int]


def make_office(name: str, first: str, number: str) -> OfficeWithAll:
    """`first` manages the office; its AFAS account is in the environment with this participant number."""
    domain = name.rsplit(maxsplit=1)[-1].lower()
    made = access.create_office(name=name, user_email=f"{first}@{domain}.nl", user_name=first, now=NOW)
    service = service_scope(made.id)
    manager = person(queries.users(scope=service)[0].id)
    by_name = {template.name: template.id for template in queries.templates(scope=service)}
    payroller, reader = (
        access.add_user(
            scope=service, email=f"{who}@{domain}.nl", name=who, template_id=by_name[template], now=NOW
        )
        for who, template in (("Karin", "Salarisadministrateur"), ("Piet", "Alleen lezen"))
    )
    ids = _things(manager.scope, number) | {"user_id": reader.id, "template_id": by_name["Alleen lezen"]}
    return OfficeWithAll(manager, person(payroller.id), person(reader.id), ids)


def person(user_id: int) -> Person:
    return Person(user_id, User.objects.get(id=user_id).email, queries.scope_of(user_id=user_id))


def _things(scope: Scope, number: str) -> dict[str, int]:
    by = {"scope": scope, "now": NOW}
    debtor = directory.add_debtor(**by, number="100", name=f"Debiteur {number}", is_blocked=False)
    company = directory.add_company(
        **by, debtor_id=debtor.id, number="1001", name=f"Bedrijf {number}", is_test=False
    )
    code = directory.add_code(
        **by, company_id=company.id, kind=CodeKind.COST_CENTRE, code="410", name="Productie"
    )
    account = connections.add_account(
        office_id=scope.office_id,
        participant_number=number,
        afas_user=f"{number}.admin",
        environment_type=EnvironmentType.TEST,
        now=NOW,
    )
    mapping = Mapping.objects.create(
        office_id=scope.office_id,
        company_id=company.id,
        connection_id=account.id,
        administration=1,
        journal_code="90",
        period_rule="month",
        valid_from_year=2026,
        valid_from_period=1,
        changed_at=NOW,
    )
    journal_id = _journal(scope, company.id)
    run = Journal.objects.get(id=journal_id).run
    (delivery_id,) = delivery.queue(
        office_id=scope.office_id,
        target=Target(account.environment_id, account.id, 1, "90", {}),
        entries=[Approved(journal_id, run.pk, RunKey(company.id, "1001", 2026, 11, 1), 1, posting())],
        by="Anna",
        now=NOW,
    )
    batch_id = payroll.start_batch(scope=scope, key=UUID(int=run.pk), journal_ids=[journal_id], now=NOW)
    consent = nmbrs.record_consent(
        office_id=scope.office_id,
        tokens=Tokens("access", f"refresh {number}", datetime.timedelta(hours=1), frozenset()),
        by="Anna",
        renews_id=None,
        now=NOW,
    )
    in_nmbrs = {"office_id": scope.office_id, "number": "100", "name": "In Nmbrs"}
    undecided = NmbrsDebtor.objects.create(**in_nmbrs, connection_id=consent.id, nmbrs_id="d1")
    known = NmbrsDebtor.objects.create(
        **in_nmbrs, connection_id=consent.id, nmbrs_id="d2", debtor_id=debtor.id
    )
    open_company = NmbrsCompany.objects.create(**in_nmbrs, debtor=known, nmbrs_id="c1")
    upload = Upload.objects.create(
        office_id=scope.office_id,
        company_id=company.id,
        user_id=scope.user_id,
        name="a.csv",
        data=b"",
        at=NOW,
    )
    return {
        "debtor_id": debtor.id,
        "company_id": company.id,
        "code_id": code.id,
        "connection_id": account.id,
        "mapping_id": mapping.pk,
        "journal_id": journal_id,
        "delivery_id": delivery_id,
        "batch_id": batch_id,
        "upload_id": upload.pk,
        "nmbrs_connection_id": consent.id,
        "nmbrs_debtor_id": undecided.pk,
        "nmbrs_company_id": open_company.pk,
    }


def _journal(scope: Scope, company_id: int) -> int:
    payroll.import_drafts(
        scope=scope,
        drafts=[draft(company_id)],
        file_name="journaal.csv",
        data=b"the file",
        now=NOW,
        replace=False,
        sent=(),
    )
    return Journal.objects.get(run__company_id=company_id).pk
