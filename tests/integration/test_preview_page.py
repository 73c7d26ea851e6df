"""What the page says of a file before it is imported, and where it helps on."""

import pytest
from django.test import Client
from tests.integration.journal_pages import client_of, page, upload
from tests.integration.payroll_office import PayrollOffice, csv_file, draft, entry, keep
from tests.integration.sending_office import make_office
from tests.integration.test_journals_import import XML

from loonbrug.access.models import Right
from loonbrug.access.rights import Level, Part
from loonbrug.directory.models import Company, Debtor
from loonbrug.mappings.models import Mapping
from loonbrug.payroll.models import Journal
from loonbrug.workflows.check import check_journal

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


@pytest.fixture
def writer(office: PayrollOffice) -> Client:
    return client_of(office, Level.WRITE)


def test_the_run_of_an_xml_is_asked_on_the_preview_itself(office: PayrollOffice, writer: Client) -> None:
    shown = upload(writer, office, XML, year=2026)
    address = shown.request["PATH_INFO"]
    asked = shown.content.decode()
    assert "Van welke loonopdracht is dit?" in asked
    assert 'name="year" value="2026"' in asked
    assert "kolom" not in asked

    told = writer.post(f"{address}run/", {"year": "2026", "period": "14", "run": "3"}, follow=True)
    assert "Periode: " in told.content.decode()
    writer.post(f"{address}run/", {"year": "2026", "period": "11", "run": "3"})
    assert "Van welke loonopdracht is dit?" not in page(writer, address)
    writer.post(address)
    assert Journal.objects.get().run.number == 3


def test_another_file_keeps_the_run_that_was_typed(office: PayrollOffice, writer: Client) -> None:
    shown = upload(writer, office, XML, year=2026, period=11).content.decode()
    assert "payroll/import/?year=2026&amp;period=11" in shown
    again = page(writer, f"/companies/{office.bakery_id}/payroll/import/?year=2026&period=11")
    assert 'name="period" value="11"' in again


def test_the_preview_says_what_the_journal_page_will_say(office: PayrollOffice, writer: Client) -> None:
    number = Company.objects.get().number
    file = csv_file(
        f"{number};2027;11;3;25-11-2026;4000;100;Lonen;1.000,00;",
        f"{number};2027;11;3;25-11-2026;2100;;Netto;;999,00",
    )
    shown = upload(writer, office, file)
    preview = shown.content.decode()
    writer.post(shown.request["PATH_INFO"])
    journal = page(writer, f"/journals/{Journal.objects.get().pk}/")
    for said in ("Debet en credit zijn niet gelijk", "De loonopdracht is van 2027"):
        assert said in preview
        assert said in journal


def test_the_same_content_at_another_company_is_pointed_out_but_stops_nothing(
    office: PayrollOffice, writer: Client
) -> None:
    debtor = Debtor.objects.get()
    other = Company.objects.create(
        office_id=office.scope.office_id, debtor=debtor, number="77", name="Garage", is_test=True
    )
    kept = keep(office, draft(other.pk, entry("12.34"))).journal_id
    twin = keep(office, draft(office.bakery_id, entry("12.34"))).journal_id

    checked = check_journal(scope=office.scope, journal_id=twin)
    assert [each.code for each in checked.problems] == ["same_content_at_other_company"]
    assert checked.can_send
    assert "77 Garage" in page(writer, f"/journals/{twin}/")
    Journal.objects.filter(pk=kept).update(life="withdrawn")
    assert check_journal(scope=office.scope, journal_id=twin).problems == ()


def test_who_may_map_finds_the_mapping_beside_its_problem(office: PayrollOffice, writer: Client) -> None:
    journal_id = keep(office, draft(office.bakery_id, year=2025)).journal_id
    mapping = Mapping.objects.get()
    assert f'href="/settings/afas/administrations/{mapping.pk}/"' in page(writer, f"/journals/{journal_id}/")

    mapping.delete()
    address = f"administrations/new/?company={office.bakery_id}"
    assert address in page(writer, f"/journals/{journal_id}/")
    Right.objects.filter(part=Part.MAPPINGS).update(level=Level.READ)
    assert address not in page(writer, f"/journals/{journal_id}/")


def test_withdrawing_is_asked_once(office: PayrollOffice, writer: Client) -> None:
    journal_id = keep(office, draft(office.bakery_id)).journal_id
    asked = page(writer, f"/journals/{journal_id}/withdraw/")
    assert "Journaalpost van run 1, periode 11 van 2026 intrekken?" in asked
    assert Journal.objects.get().life == "live"
