"""What the tests of journals' pages start from: a mapped AFAS account, deliveries as they stand, somebody who looks."""

import re
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.integration.payroll_office import NOW, PayrollOffice
from tests.integration.people import browser_of, everywhere, person

from loonbrug.access.rights import Level
from loonbrug.connections.models import Connection, Environment
from loonbrug.delivery.models import Attempt, Delivery, Payload
from loonbrug.delivery.states import ENDED, State
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import queries

PAYLOAD = (
    b'{"FiEntryPar":{"Element":{"Fields":{},"Objects":[{"FiEntries":{"Element":'
    b'[{"Fields":{"AcNr":"4000","BpNr":"X","AmDe":"1000.00","AmCr":"0"}}]}}]}}}'
)


def mapped_account(office: PayrollOffice) -> Connection:
    """An authorised AFAS account with a mapping for the bakery."""
    environment = Environment.objects.create(participant_number="12345", type="test")
    made = Connection.objects.create(
        office_id=office.scope.office_id,
        environment=environment,
        afas_user="12345.admin",
        state="authorised",
        token_ciphertext=b"kept",
        update_connectors=["FiEntries"],
        created_at=NOW,
    )
    Mapping.objects.create(
        office_id=office.scope.office_id,
        company_id=office.bakery_id,
        connection=made,
        administration=12,
        journal_code="LON",
        cost_centre_axis=1,
        period_rule="month",
        valid_from_year=2026,
        valid_from_period=1,
        changed_at=NOW,
    )
    return made


def client_of(office: PayrollOffice, level: Level, language: str = "nl") -> Client:
    """A browser in which somebody with this right on every part is signed in."""
    rights = everywhere(level)
    return browser_of(person(office.scope.office_id, rights, name="Anna de Vries", language=language))


def delivered(
    office: PayrollOffice, connection: Connection, journal_id: int, ordinal: int, state: State, **more: Any
) -> Delivery:
    """A delivery in a state, as the tables hold it."""
    journal = queries.summary(scope=office.scope, journal_id=journal_id)
    content = more.pop("payload", b"{}")
    delivery = Delivery.objects.create(
        office_id=office.scope.office_id,
        environment=connection.environment,
        connection=connection,
        company_id=journal.run.company_id,
        run_id=journal.run_id,
        journal_id=journal_id,
        ordinal=ordinal,
        generation=0,
        administration=12,
        journal_code="LON",
        entry_date=journal.entries[ordinal - 1].date,
        year=2026,
        period=11,
        voucher_number=f"202611-1001-ABCDEFGH{journal_id}X{ordinal}",
        payload_hash="0" * 64,
        mapping={},
        total_debit=Decimal("1000.00"),
        total_credit=Decimal("1000.00"),
        state=state,
        is_ended=more.pop("is_ended", state in ENDED),
        queued_at=NOW,
        queued_by="Anna de Vries",
        changed_at=NOW,
        **more,
    )
    Payload.objects.create(delivery=delivery, content=content)
    return delivery


def answered(delivery: Delivery, outcome: str, **more: Any) -> None:
    """An attempt of it that came to this."""
    Attempt.objects.create(
        delivery=delivery,
        claim_id=f"00000000-0000-4000-8000-{delivery.pk:012}",
        number=1,
        epoch=1,
        payload_hash="0" * 64,
        claimed_at=NOW,
        send_before=NOW,
        ended_at=NOW,
        outcome=outcome,
        status=500,
        **more,
    )


def page(client: Client, address: str, status: int = 200) -> str:
    """What is on a page."""
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def seen_on(client: Client, address: str) -> dict[str, str]:
    """What a form of this page tells of what it showed."""
    found = re.search(r'name="seen" value="([^"]*)"', page(client, address))
    assert found
    return {"seen": found[1]}


def upload(client: Client, office: PayrollOffice, data: bytes, **named: object) -> Any:
    """What a user sees who has chosen a file for the bakery."""
    file = SimpleUploadedFile("journaal <b>.csv", data)
    address = f"/companies/{office.bakery_id}/payroll/import/"
    return client.post(address, {"file": file, **named}, follow=True)


def may_look(connection: Connection) -> None:
    connection.get_connectors = ["Profit_Transactions_Allocated"]
    connection.save()
