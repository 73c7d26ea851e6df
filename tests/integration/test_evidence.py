"""The evidence of a journal: opened, every hash recomputed, and nothing secret in it."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone
from django.utils.formats import date_format
from pypdf import PdfReader
from tests.integration.delivery_office import NOW, TOKEN, DeliveryOffice
from tests.integration.two_offices import OfficeWithAll

from loonbrug.connections import operations as connections
from loonbrug.connections.models import Connection
from loonbrug.delivery.inspection import Compared
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.outcomes import Answer, Outcome
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company
from loonbrug.workflows import deliver

pytestmark = pytest.mark.django_db
SAID = "(AfasFiEntry)Vat is mandatory for account 4070"


@pytest.fixture
def sent(noord: OfficeWithAll) -> OfficeWithAll:
    """A journal that AFAS refused once, that somebody sent again with a reason, and that was booked."""
    scope, ids = noord.manager.scope, noord.ids
    connections.record_authorised(
        office_id=scope.office_id, connection_id=ids["connection_id"], token=TOKEN, now=NOW
    )
    environment_id = Delivery.objects.get(id=ids["delivery_id"]).environment_id
    company = Company.objects.get(id=ids["company_id"])
    office = DeliveryOffice(scope, company, environment_id, ids["connection_id"])
    Delivery.objects.update(mapping={"journal_code": "90", "cost_centre_axis": 1})
    once = NOW + timedelta(hours=1)
    again = once + timedelta(hours=1)
    office.start(at=once)
    (claim,) = office.claim(at=once)
    office.answer(claim.claim_id, Answer(Outcome.REFUSED, status=500, message=SAID), at=once)
    deliver.retry(scope=scope, delivery_id=ids["delivery_id"], reason="btw-code ingevuld in AFAS", now=again)
    (claim,) = office.claim(at=again)
    answered = again + timedelta(seconds=3)
    office.answer(claim.claim_id, Answer(Outcome.BOOKED, entry_number="5789", status=201), at=answered)
    return noord


def download(office: OfficeWithAll, *, who: str = "reader") -> bytes:
    browser = getattr(office, who).browser()
    answer = browser.get(f"/journals/{office.ids['journal_id']}/evidence/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    content: bytes = answer.content
    return content


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def facts_of(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["evidence.json"])
    return found


def test_every_hash_in_it_can_be_computed_again(sent: OfficeWithAll) -> None:
    files = opened(download(sent))
    facts = facts_of(files)
    assert sha256(files[facts["source"]["file"]]).hexdigest() == facts["source"]["sha256"]
    assert facts["journal"]["source_hash"] == facts["source"]["sha256"]
    (delivery,) = facts["deliveries"]
    assert sha256(files[delivery["payload_file"]]).hexdigest() == delivery["payload_hash"]
    assert {attempt["payload_hash"] for attempt in delivery["attempts"]} == {delivery["payload_hash"]}
    assert set(files) == {
        "evidence.json",
        "evidence.pdf",
        facts["source"]["file"],
        delivery["payload_file"],
    }


def test_it_tells_who_sent_it_what_afas_answered_and_what_was_decided(sent: OfficeWithAll) -> None:
    facts = facts_of(opened(download(sent)))
    (delivery,) = facts["deliveries"]
    assert delivery["entry_number"] == "5789"
    assert delivery["queued_by"] == "Anna"
    assert delivery["mapping_as_used"] == {"journal_code": "90", "cost_centre_axis": 1}
    refused, booked = delivery["attempts"]
    assert (refused["outcome"], refused["message"], refused["status"]) == ("refused", SAID, 500)
    assert (booked["outcome"], booked["entry_number"]) == ("booked", "5789")
    assert booked["ended_at"] == (NOW + timedelta(hours=2, seconds=3)).isoformat()
    (decision,) = delivery["decisions"]
    assert decision["reason"] == "btw-code ingevuld in AFAS"
    assert "awaited" not in delivery
    assert delivery["look_ups"] == []
    assert {act["verb"] for act in facts["acts"]} >= {"retry"}


def told_to_people(files: dict[str, bytes]) -> str:
    """The words of the document, however they are spread over its lines."""
    pages = PdfReader(io.BytesIO(files["evidence.pdf"])).pages
    return " ".join("".join(page.extract_text() for page in pages).split())


def test_it_tells_who_sent_when_by_which_mapping_and_what_was_read_back(sent: OfficeWithAll) -> None:
    Delivery.objects.update(state=State.VERIFIED, compared=Compared.ACCOUNTS)
    files = opened(download(sent))
    (delivery,) = facts_of(files)["deliveries"]
    assert (delivery["state"], delivery["compared"]) == ("verified", "accounts")
    told = told_to_people(files)
    at = [NOW + timedelta(hours=hours) for hours in (1, 2)]
    for words in (
        "Gecontroleerd op de totalen per grootboekrekening",
        "door Anna",
        "As voor kostenplaatsen 1",
        *(date_format(timezone.localtime(moment), "j F Y H:i:s") for moment in at),
    ):
        assert words in told


def test_the_same_journal_gives_the_same_bytes(sent: OfficeWithAll) -> None:
    assert download(sent) == download(sent)


def secrets() -> Iterator[bytes]:
    """Everything in the database that nobody may see, as it is stored and as it was given."""
    for row in Connection.objects.all():
        if row.token_ciphertext is not None:
            yield bytes(row.token_ciphertext)
    yield TOKEN.xml.encode()
    yield ("AB" * 32).encode()


def test_no_secret_of_the_database_is_in_it(sent: OfficeWithAll) -> None:
    found = list(secrets())
    assert len(found) == 3
    for name, data in opened(download(sent)).items():
        assert not [secret for secret in found if secret in data], name
    text = told_to_people(opened(download(sent))).replace(" ", "").encode()
    assert not [secret for secret in found if secret in text]


def test_the_document_for_people_tells_the_same(sent: OfficeWithAll) -> None:
    files = opened(download(sent))
    facts = facts_of(files)
    text = told_to_people(files)
    hashes = facts["deliveries"][0]["payload_hash"], facts["source"]["sha256"]
    for words in (
        *hashes,
        "Bewijs van een loonjournaalpost",
        "5789",
        "Vat is mandatory",
        "btw-code ingevuld",
    ):
        assert words.replace(" ", "") in text.replace(" ", "")


def test_the_document_for_people_is_in_their_language(sent: OfficeWithAll) -> None:
    Delivery.objects.update(
        mapping={"booking_date": "document", "thirteenth_at_year_end": False, "mapping_id": 7}
    )
    answer = sent.reader.browser().get(f"/journals/{sent.ids['journal_id']}/evidence/")
    assert 'filename="bewijs-' in answer["Content-Disposition"]
    text = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(opened(answer.content)["evidence.pdf"])).pages
    )
    for told in ("Boekdatum", "Nee", "Ingelezen", "Opnieuw verzonden", "Boeking 1", "november 2026"):
        assert told in text, told
    for code in ("booking_date", "False", "mapping_id", "journal.imported", "retry", "delivery"):
        assert code not in text, code


def test_a_journal_that_was_never_sent_has_evidence_too(noord: OfficeWithAll) -> None:
    Delivery.objects.all().delete()
    facts = facts_of(opened(download(noord)))
    assert facts["deliveries"] == []


def test_who_may_not_see_journals_gets_no_evidence(noord: OfficeWithAll) -> None:
    from loonbrug.access.models import Right

    Right.objects.filter(part="journal_export").update(level="none")
    answer = noord.reader.browser().get(f"/journals/{noord.ids['journal_id']}/evidence/")
    assert answer.status_code == 403


def test_a_name_of_a_document_cannot_lead_out_of_the_archive(noord: OfficeWithAll) -> None:
    from loonbrug.payroll.models import Journal

    Journal.objects.update(file_name="..\\..\\etc/pass:wd")
    assert "source/pass_wd" in opened(download(noord))
