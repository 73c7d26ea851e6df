"""The pages of journals, clicked through as a user does."""

import datetime
import re
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from tests.integration.journal_pages import (
    answered,
    client_of,
    delivered,
    mapped_account,
    may_look,
    page,
    seen_on,
    upload,
)
from tests.integration.payroll_office import PayrollOffice, csv_file, draft, entry, keep, make_office

from loonbrug.access.rights import Level
from loonbrug.connections.models import Connection
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import queries
from loonbrug.payroll.models import Batch, BatchJournal, Upload

pytestmark = pytest.mark.django_db

FULL = csv_file(
    "1001;2026;11;3;25-11-2026;4000;100;<i>Bruto</i> lonen;1.000,00;",
    "1001;2026;11;3;25-11-2026;2100;;Nettoloon;;1.000,00",
)


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


@pytest.fixture
def writer(office: PayrollOffice) -> Client:
    return client_of(office, Level.WRITE)


@pytest.fixture
def connection(office: PayrollOffice) -> Connection:
    return mapped_account(office)


def imported(client: Client, office: PayrollOffice, data: bytes = FULL) -> int:
    """Import a file through the pages; the journal's id."""
    address = upload(client, office, data).request["PATH_INFO"]
    response = client.post(address, follow=True)
    return int(re.findall(r"/journals/(\d+)/$", response.request["PATH_INFO"])[0])


def test_a_file_is_looked_at_before_it_is_imported(office: PayrollOffice, writer: Client) -> None:
    shown = upload(writer, office, FULL).content.decode()

    assert "&lt;i&gt;Bruto&lt;/i&gt; lonen" in shown
    assert "1.000,00" in shown
    assert queries.live_journals(scope=office.scope) == ()


def test_importing_twice_by_the_same_page_imports_once(office: PayrollOffice, writer: Client) -> None:
    address = upload(writer, office, FULL).request["PATH_INFO"]

    first, second = writer.post(address), writer.post(address)

    assert first.status_code == second.status_code == 302
    assert len(queries.live_journals(scope=office.scope)) == 1
    assert "al ingelezen" in page(writer, second["Location"])


def test_a_file_is_only_to_be_found_under_the_company_it_was_uploaded_for(
    office: PayrollOffice, writer: Client
) -> None:
    address = upload(writer, office, FULL).request["PATH_INFO"]
    elsewhere = address.replace(f"/companies/{office.bakery_id}/", f"/companies/{office.garage_id}/")

    assert writer.get(elsewhere).status_code == 404
    assert writer.post(elsewhere).status_code == 404
    assert queries.live_journals(scope=office.scope) == ()


def test_what_was_imported_already_is_said_and_not_offered(office: PayrollOffice, writer: Client) -> None:
    imported(writer, office)
    again = upload(writer, office, FULL).content.decode()

    assert "Precies dit is al ingelezen" in again
    assert "Inlezen</button>" not in again


def test_other_content_for_the_run_is_offered_as_a_replacement(office: PayrollOffice, writer: Client) -> None:
    first = imported(writer, office)
    shown = upload(writer, office, FULL.replace(b"1.000,00", b"2.000,00"))

    assert "Vervangen en inlezen" in shown.content.decode()
    writer.post(shown.request["PATH_INFO"])  # an old page that did not ask
    assert queries.journal(scope=office.scope, journal_id=first).life == "live"
    writer.post(shown.request["PATH_INFO"], {"replace": "yes"})
    assert queries.journal(scope=office.scope, journal_id=first).life == "replaced"


def test_a_bad_file_shows_every_problem_with_its_place(office: PayrollOffice, writer: Client) -> None:
    broken = FULL.replace(b"1.000,00;", b"veel;").replace(b"25-11-2026;2100", b"31-11-2026;2100")
    shown = upload(writer, office, broken).content.decode()

    assert "rij 2, kolom debet" in shown
    assert "rij 3, kolom datum" in shown
    assert "kan niet worden ingelezen" in shown


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00", b"<a", "é".encode("utf-16-le")])
def test_an_unreadable_file_never_breaks_the_page(office: PayrollOffice, writer: Client, data: bytes) -> None:
    response = upload(writer, office, data)
    assert response.status_code == 200
    assert "Oplossing" in response.content.decode()


def test_a_file_beyond_the_limit_is_refused_with_the_limit(office: PayrollOffice, writer: Client) -> None:
    response = upload(writer, office, b"x" * (20 * 1024 * 1024 + 1))

    assert response.status_code == 413
    assert "20 MB" in response.content.decode()
    assert Upload.objects.count() == 0


def test_a_run_that_the_file_does_not_name_can_be_typed(office: PayrollOffice, writer: Client) -> None:
    bare = FULL.replace(b"bedrijf;jaar;periode;run;", b"").replace(b"1001;2026;11;3;", b"")
    assert "ontbreekt: run" in upload(writer, office, bare, year=2026, period=11).content.decode()

    address = upload(writer, office, bare, year=2026, period=11, run=7).request["PATH_INFO"]
    writer.post(address)

    assert queries.live_journals(scope=office.scope)[0].run.number == 7


@pytest.mark.parametrize(("language", "said"), [("nl", "heeft geen 13e periode"), ("en", "no 13th period")])
@pytest.mark.usefixtures("connection")
def test_a_payroll_by_months_has_no_thirteenth_period(
    office: PayrollOffice, language: str, said: str
) -> None:
    writer = client_of(office, Level.WRITE, language)
    bare = FULL.replace(b"bedrijf;jaar;periode;run;", b"").replace(b"1001;2026;11;3;", b"")
    assert said in upload(writer, office, bare, year=2026, period=13, run=1).content.decode()
    assert not Upload.objects.exists()

    preview = upload(writer, office, bare, year=2026).request["PATH_INFO"]
    named = writer.post(f"{preview}run/", {"year": 2026, "period": 13, "run": 1}, follow=True)
    assert said in named.content.decode()
    in_file = upload(writer, office, FULL.replace(b"1001;2026;11;3;", b"1001;2026;13;3;")).content.decode()
    assert said in in_file


@pytest.mark.parametrize("choice", [{"payroll_periods": "four_weeks"}, {"thirteenth_at_year_end": True}])
@pytest.mark.usefixtures("connection")
def test_a_payroll_with_a_thirteenth_period_is_read_in(
    office: PayrollOffice, writer: Client, choice: dict[str, object]
) -> None:
    Mapping.objects.update(**choice)
    shown = upload(writer, office, FULL.replace(b"1001;2026;11;3;", b"1001;2026;13;3;"))
    writer.post(shown.request["PATH_INFO"])
    assert queries.live_journals(scope=office.scope)[0].run.period == 13


def test_the_list_shows_runs_with_their_state(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    whole = keep(office, draft(office.bakery_id, entry("1.00"), period=1)).journal_id
    part = keep(office, draft(office.bakery_id, entry("2.00"), entry("3.00", day=26), period=2)).journal_id
    keep(office, draft(office.bakery_id, entry("4.00"), period=3))
    delivered(office, connection, whole, 1, State.BOOKED, entry_number="3001")
    delivered(office, connection, part, 1, State.BOOKED, entry_number="3002")
    delivered(office, connection, part, 2, State.REJECTED)

    shown = page(writer, f"/companies/{office.bakery_id}/payroll/?year=2026")

    assert "Deels geboekt (1 van 2)" in shown
    assert "Klaar om te verzenden" in shown
    assert shown.count("mark--authorised") == 1
    assert shown.index("3002") < shown.index("3001")
    assert "3001" not in page(writer, f"/companies/{office.bakery_id}/payroll/?year=2026&period=2")
    assert "geen journaalposten" in page(writer, f"/companies/{office.bakery_id}/payroll/?year=2019")


def test_a_journal_without_mapping_says_why_it_cannot_be_sent(office: PayrollOffice, writer: Client) -> None:
    journal_id = imported(writer, office)
    shown = page(writer, f"/journals/{journal_id}/")

    assert "Verzenden kan niet" in shown
    assert "disabled" in shown
    assert "mapping" in shown
    writer.post(f"/journals/{journal_id}/send/")
    assert Delivery.objects.count() == 0


def test_an_administration_without_a_known_name_is_told_by_its_number_alone(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = imported(writer, office)
    assert "<dt>Administratie in AFAS</dt><dd>12</dd>" in page(writer, f"/journals/{journal_id}/")


def test_sending_twice_sends_once(office: PayrollOffice, writer: Client, connection: Connection) -> None:
    journal_id = imported(writer, office)

    writer.post(f"/journals/{journal_id}/send/")
    second = writer.post(f"/journals/{journal_id}/send/", follow=True).content.decode()

    assert Delivery.objects.count() == 1
    assert "niets te verzenden" in second
    assert "Klaar, wacht op de beurt" in second
    assert "Intrekken" not in second


def test_a_second_run_must_be_confirmed_before_it_is_sent(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    first = keep(office, draft(office.bakery_id, entry("1.00")))
    second = keep(office, draft(office.bakery_id, entry("2.00"), number=2))
    address = f"/journals/{second.journal_id}/"

    assert "Bevestigen: dit klopt" in page(writer, address)
    writer.post(f"{address}send/")
    assert Delivery.objects.count() == 0

    writer.post(f"{address}confirm/", {"code": "second_run_in_period", "other": str(first.journal_id)})
    writer.post(f"{address}send/")
    assert Delivery.objects.count() == 1


def test_a_withdrawn_journal_stays_to_be_seen(office: PayrollOffice, writer: Client) -> None:
    journal_id = imported(writer, office)
    writer.post(f"/journals/{journal_id}/withdraw/")

    shown = page(writer, f"/journals/{journal_id}/")
    assert "Ingetrokken" in shown
    assert "Verzenden naar AFAS" not in shown
    assert "/journals/" not in page(writer, f"/companies/{office.bakery_id}/payroll/?year=2026")


def test_a_page_from_before_a_journal_was_withdrawn_or_replaced_sends_nothing(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    withdrawn = keep(office, draft(office.bakery_id)).journal_id
    writer.post(f"/journals/{withdrawn}/withdraw/")
    replaced = keep(office, draft(office.bakery_id, entry("1.00"))).journal_id
    keep(office, draft(office.bakery_id, entry("2.00")), replace=True)

    for journal_id in (withdrawn, replaced):
        told = writer.post(f"/journals/{journal_id}/send/", follow=True).content.decode()
        assert "ingetrokken of vervangen" in told
    assert Delivery.objects.count() == 0


def test_a_refusal_is_explained_with_its_text_and_reference(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    refused = delivered(office, connection, journal_id, 1, State.REJECTED)
    said = "(AfasFiEntry) Vat is mandatory for account 4000"
    answered(refused, "refused", message=said, log_reference="ABC123", code="vat-mandatory")

    shown = page(writer, f"/journals/{journal_id}/")

    for part in ("Melding", "Oorzaak", "Oplossing", said, "ABC123", "Voorkeuren", "Opnieuw</button>"):
        assert part in shown
    english = page(client_of(office, Level.WRITE, "en"), f"/journals/{journal_id}/")
    assert "VAT is mandatory for ledger account 4000" in english


def test_an_unknown_text_of_afas_is_shown_as_it_is(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    refused = delivered(office, connection, journal_id, 1, State.REJECTED)
    answered(refused, "refused", message="Iets <b>heel</b> nieuws")

    assert "Iets &lt;b&gt;heel&lt;/b&gt; nieuws" in page(writer, f"/journals/{journal_id}/")


def test_an_answer_without_a_text_is_not_shown_as_a_text_of_afas(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    refused = delivered(office, connection, journal_id, 1, State.REJECTED)
    answered(refused, "refused")

    shown = page(writer, f"/journals/{journal_id}/")
    assert "500 zonder tekst" in shown
    assert "Tekst van AFAS" not in shown


def test_again_needs_a_reason_and_keeps_it(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    refused = delivered(office, connection, journal_id, 1, State.REJECTED)

    writer.post(f"/deliveries/{refused.pk}/retry/", {"reason": " "})
    refused.refresh_from_db()
    assert refused.state == State.REJECTED

    writer.post(f"/deliveries/{refused.pk}/retry/", {"reason": "Btw uitgevinkt"})
    refused.refresh_from_db()
    assert refused.state == State.QUEUED
    assert "Btw uitgevinkt" in page(writer, f"/journals/{journal_id}/")


def test_a_cancelled_entry_can_be_sent_anew(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    refused = delivered(office, connection, journal_id, 1, State.REJECTED)

    shown = writer.post(f"/deliveries/{refused.pk}/cancel/", {"reason": "Andere mapping"}, follow=True)
    writer.post(f"/journals/{journal_id}/send/")

    assert "Geannuleerd" in shown.content.decode()
    assert Delivery.objects.filter(journal_id=journal_id, state=State.QUEUED).count() == 1


@pytest.mark.parametrize(
    ("language", "minutes", "looks", "broken", "said"),
    [
        ("nl", 16, True, False, r"AFAS kan nog bezig zijn tot TIME; daarna kijken we opnieuw\."),
        ("en", 16, True, False, r"AFAS may be busy until TIME; then we look again\."),
        (
            "nl",
            16,
            False,
            False,
            r"AFAS kan nog bezig zijn tot TIME; daarna kijkt iemand in AFAS en beslist\.",
        ),
        ("en", -1, True, False, r"We look in AFAS again at TIME\."),
        ("nl", -1, True, False, r"We kijken om TIME opnieuw in AFAS\."),
        ("en", -1, True, True, r"AFAS account 12345.admin has to be authorised again\."),
    ],
)
def test_what_a_doubt_waits_for_and_until_when_is_said_wherever_it_is_shown(
    office: PayrollOffice,
    connection: Connection,
    language: str,
    minutes: int,
    looks: bool,
    broken: bool,
    said: str,
) -> None:
    if looks:
        may_look(connection)
    if broken:
        Connection.objects.update(state="broken")
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    until, look_at = (timezone.now() + datetime.timedelta(minutes=each) for each in (minutes, 5))
    delivered(office, connection, journal_id, 1, State.IN_DOUBT, doubt_until=until, due_at=look_at)
    batch = Batch.objects.create(
        office_id=office.scope.office_id, user_id=1, by="Anna", at=until, key=UUID(int=1)
    )
    BatchJournal.objects.create(batch=batch, journal_id=journal_id, done_at=until)
    reader = client_of(office, Level.READ, language)
    wanted = said.replace("TIME", r"(\d+ \w+ )?\d\d:\d\d")
    for address in (f"/journals/{journal_id}/", f"/send/batches/{batch.pk}/", "/deliveries/?queue=doubt"):
        assert re.search(wanted, page(reader, address)), address


def test_in_doubt_is_not_for_deciding_before_the_limit(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    until = datetime.datetime(2126, 11, 20, 13, 41, tzinfo=datetime.UTC)
    doubtful = delivered(office, connection, journal_id, 1, State.IN_DOUBT, doubt_until=until)

    shown = page(writer, f"/deliveries/{doubtful.pk}/doubt/")
    assert "AFAS kan nog bezig zijn tot 20 november 14:41" in shown
    assert "Beslissen</button>" not in shown
    decision = {"seen": "0", "decision": "again", "reason": "Niet gevonden"}
    refused = writer.post(f"/deliveries/{doubtful.pk}/doubt/", decision).content.decode()
    assert "AFAS kan nog bezig zijn" in refused
    doubtful.refresh_from_db()
    assert doubtful.state == State.IN_DOUBT


@pytest.mark.parametrize(
    ("decision", "number", "state"),
    [
        ("again", "", State.QUEUED),
        ("cancel", "", State.CANCELLED),
        ("booked", "3007", State.BOOKED),
        ("by_hand", "3008", State.BOOKED_BY_HAND),
    ],
)
def test_a_person_decides_what_afas_shows(
    office: PayrollOffice,
    writer: Client,
    connection: Connection,
    decision: str,
    number: str,
    state: State,
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    doubtful = delivered(office, connection, journal_id, 1, State.UNDECIDED)
    address = f"/deliveries/{doubtful.pk}/doubt/"
    look = page(writer, address)
    for place in ("Financieel / Grootboek / Journaalpost", doubtful.voucher_number, "LON", "1.000,00"):
        assert place in look

    answer = {"decision": decision, "entry_number": number, "reason": "In AFAS gekeken"}
    writer.post(address, seen_on(writer, address) | answer)

    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.entry_number) == (state, number)
    assert "In AFAS gekeken" in page(writer, f"/journals/{journal_id}/")


def test_what_was_seen_before_a_later_attempt_decides_nothing_about_it(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    doubtful = delivered(office, connection, journal_id, 1, State.UNDECIDED)
    address = f"/deliveries/{doubtful.pk}/doubt/"
    decision = seen_on(writer, address) | {"decision": "again", "reason": "Niet gevonden"}
    answered(doubtful, "unknown")  # a colleague had it sent again, and that answer was lost too
    refused = writer.post(address, decision, follow=True)
    assert "Deze boeking is intussen verder" in refused.content.decode()
    doubtful.refresh_from_db()
    assert doubtful.state == State.UNDECIDED


def test_a_booking_that_was_found_has_a_number(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    doubtful = delivered(office, connection, journal_id, 1, State.UNDECIDED)

    address = f"/deliveries/{doubtful.pk}/doubt/"
    shown = writer.post(address, seen_on(writer, address) | {"decision": "booked", "reason": "Gevonden"})

    assert "Vul het nummer in" in shown.content.decode()
    doubtful.refresh_from_db()
    assert doubtful.state == State.UNDECIDED


@pytest.mark.parametrize(
    ("compared", "words"),
    [
        ("accounts", "de totalen per grootboekrekening<"),
        ("accounts_and_axes", "de totalen per grootboekrekening en verbijzonderingscodes<"),
    ],
)
def test_a_verified_entry_says_what_was_compared(
    office: PayrollOffice, writer: Client, connection: Connection, compared: str, words: str
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    known = {"entry_number": "3001", "compared": compared}
    verified = delivered(office, connection, journal_id, 1, State.VERIFIED, **known)
    assert words in page(writer, f"/journals/{journal_id}/")
    Delivery.objects.filter(pk=verified.pk).update(state=State.CONFLICT)
    assert words not in page(writer, f"/journals/{journal_id}/")


def test_the_state_refreshes_itself_only_while_something_is_under_way(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    moving = delivered(office, connection, journal_id, 1, State.QUEUED)

    for part in ("state", "entries/1"):
        assert "every 2s" in page(writer, f"/journals/{journal_id}/{part}/")
    moving.state = State.SENDING
    moving.save()
    moving.state, moving.entry_number = State.BOOKED, "3001"
    moving.save()
    for part in ("state", "entries/1"):
        settled = page(writer, f"/journals/{journal_id}/{part}/")
        assert "every 2s" not in settled
        assert "3001" in settled
    page(writer, f"/journals/{journal_id}/entries/9/", 404)


def test_lines_are_shown_as_given_and_as_sent(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    twice = csv_file(
        *("1001;2026;11;3;25-11-2026;4000;100;Bruto;500,00;" for _ in range(2)),
        "1001;2026;11;3;25-11-2026;2100;;Netto;;1.000,00",
    )
    journal_id = imported(writer, office, twice)

    given = page(writer, f"/journals/{journal_id}/")
    sent = page(writer, f"/journals/{journal_id}/?lines=sent")

    assert given.count(">500,00<") == 2
    assert ">500,00<" not in sent
    assert "as 1: 100" in sent


@pytest.mark.parametrize(
    ("kind", "start"),
    [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")],
    ids=["csv", "xlsx", "pdf"],
)
def test_a_journal_can_be_taken_along(office: PayrollOffice, writer: Client, kind: str, start: bytes) -> None:
    journal_id = imported(writer, office)
    response = writer.get(f"/journals/{journal_id}/{kind}/")

    assert response.content.startswith(start)
    assert response["Content-Disposition"] == f'attachment; filename="1001-2026-11-run3.{kind}"'


def test_the_source_comes_back_byte_for_byte_under_a_safe_name(office: PayrollOffice, writer: Client) -> None:
    journal_id = imported(writer, office)
    response = writer.get(f"/journals/{journal_id}/source/")

    assert response.content == FULL
    assert response["Content-Type"] == "application/octet-stream"
    assert "\n" not in response["Content-Disposition"]
    page(writer, f"/journals/{journal_id}/docx/", 404)


def test_templates_can_be_read_in_again(office: PayrollOffice, writer: Client) -> None:
    for kind in ("csv", "xlsx"):
        template = writer.get(f"/journal-template/{kind}/")
        shown = upload(writer, office, template.content).content.decode()
        assert "Bruto lonen" in shown


def test_reading_shows_all_and_changes_nothing(office: PayrollOffice, connection: Connection) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    refused = delivered(office, connection, journal_id, 1, State.REJECTED)
    reader = client_of(office, Level.READ)

    for address in (f"/companies/{office.bakery_id}/payroll/?year=2026", f"/journals/{journal_id}/"):
        shown = page(reader, address)
        assert "Schrijven op Journaalposten Export" in shown
        assert "Verzenden naar AFAS" not in shown
        assert "Opnieuw</button>" not in shown
    posts = [f"/journals/{journal_id}/{verb}/" for verb in ("send", "withdraw", "confirm")]
    posts += [f"/deliveries/{refused.pk}/{verb}/" for verb in ("retry", "cancel", "doubt")]
    posts += [f"/companies/{office.bakery_id}/payroll/import/"]
    for address in posts:
        assert reader.post(address, {"reason": "x"}).status_code == 403, address
    page(reader, f"/companies/{office.bakery_id}/payroll/import/", 403)


def test_without_the_right_nothing_is_seen(office: PayrollOffice) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    nobody = client_of(office, Level.NONE)

    parts = ("", "state/", "entries/1/", "pdf/", "source/")
    for address in (
        f"/companies/{office.bakery_id}/payroll/",
        *(f"/journals/{journal_id}/{part}" for part in parts),
    ):
        page(nobody, address, 403)


def test_another_office_sees_nothing(office: PayrollOffice, connection: Connection) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    queued = delivered(office, connection, journal_id, 1, State.UNDECIDED)
    stranger = client_of(make_office("Ander kantoor"), Level.WRITE)

    parts = ("", "state/", "entries/1/", "csv/", "source/")
    for address in (
        f"/companies/{office.bakery_id}/payroll/",
        f"/companies/{office.bakery_id}/payroll/import/",
        f"/deliveries/{queued.pk}/doubt/",
        *(f"/journals/{journal_id}/{part}" for part in parts),
    ):
        page(stranger, address, 404)
    assert stranger.post(f"/journals/{journal_id}/send/").status_code == 404
    assert stranger.post(f"/deliveries/{queued.pk}/cancel/", {"reason": "x"}).status_code == 404


def test_a_visitor_is_asked_to_sign_in(office: PayrollOffice) -> None:
    response = Client().get(f"/companies/{office.bakery_id}/payroll/")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_what_was_sent_is_neither_withdrawn_nor_replaced(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = imported(writer, office)
    writer.post(f"/journals/{journal_id}/send/")

    refused = writer.post(f"/journals/{journal_id}/withdraw/", follow=True).content.decode()
    other = upload(writer, office, FULL.replace(b"1.000,00", b"2.000,00"))
    writer.post(other.request["PATH_INFO"], {"replace": "yes"})

    assert "kan niet meer worden ingetrokken" in refused
    assert "al een journaalpost met andere inhoud verzonden" in other.content.decode()
    assert [each.id for each in queries.live_journals(scope=office.scope)] == [journal_id]


def test_after_cancelling_everything_a_journal_can_be_withdrawn(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = imported(writer, office)
    writer.post(f"/journals/{journal_id}/send/")
    delivery = Delivery.objects.get()
    writer.post(f"/deliveries/{delivery.pk}/cancel/", {"reason": "Verkeerd bestand"})

    writer.post(f"/journals/{journal_id}/withdraw/")

    assert queries.journal(scope=office.scope, journal_id=journal_id).life == "withdrawn"


def test_only_a_waiting_entry_offers_to_be_cancelled(
    office: PayrollOffice, writer: Client, connection: Connection
) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    waiting = delivered(office, connection, journal_id, 1, State.QUEUED)
    fragment = f"/journals/{journal_id}/entries/1/"

    assert "Deze boeking annuleren" in page(writer, f"/journals/{journal_id}/")
    assert "hx-swap-oob" not in writer.get(fragment, headers={"HX-Request": "true"}).content.decode()
    waiting.state = State.SENDING
    waiting.save()
    assert "Deze boeking annuleren" not in page(writer, f"/journals/{journal_id}/")
    assert "hx-swap-oob" in writer.get(fragment, headers={"HX-Request": "true"}).content.decode()
