"""Debtors, companies, cost centres and cost units, by hand in a browser."""

import pytest
from django.test import Client
from tests.integration.two_offices import OfficeWithAll

from loonbrug.audit.models import Record
from loonbrug.directory import queries
from loonbrug.directory.models import AllocationCode, CodeKind, Company, Debtor


def text(client: Client, address: str, form: dict[str, str] | None = None) -> str:
    answer = client.get(address) if form is None else client.post(address, form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_debtor_and_its_company_are_added_and_changed(noord: OfficeWithAll) -> None:
    browser, scope = noord.manager.browser(), noord.manager.scope
    page = text(browser, "/debtors/add/", {"number": " 200 ", "name": "  Zorg Noord  ", "is_blocked": "on"})
    assert "Zorg Noord is toegevoegd." in page
    assert "Deze debiteur is geblokkeerd" in page
    debtor = next(each for each in queries.debtors(scope=scope) if each.number == "200")
    assert (debtor.name, debtor.is_blocked) == ("Zorg Noord", True)
    text(browser, f"/debtors/{debtor.id}/companies/add/", {"number": "2001", "name": "Thuiszorg"})
    company = queries.company_by_number(scope=scope, number="2001")
    assert (company.debtor_id, company.debtor_is_blocked, company.is_test) == (debtor.id, True, False)
    form = {"number": "2001", "name": "Thuiszorg B.V.", "is_test": "on"}
    text(browser, f"/companies/{company.id}/details/", form)
    assert queries.company(scope=scope, company_id=company.id).is_test
    text(browser, f"/debtors/{debtor.id}/change/", {"number": "200", "name": "Zorg Noord"})
    assert not queries.debtor(scope=scope, debtor_id=debtor.id).is_blocked
    verbs = Record.objects.filter(subject_id=company.id, subject_kind="company").order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == ["added", "changed"]


@pytest.mark.parametrize(
    ("number", "name", "told"),
    [
        ("100", "Dubbel", "Nummer 100 bestaat al."),
        ("300", "<b>Vet</b>", "De tekens &lt; en &gt; kunnen hier niet."),
        ("300", "Tab\there", "Hierin staat een teken dat niet zichtbaar is"),
        ("300", "x" * 121, "Dit is 121 tekens lang; er is plaats voor 120."),
        ("3 00", "Spatie", "Hierin staat een spatie."),
        ("300", "   ", "Dit veld is verplicht."),
    ],
)
def test_what_is_wrong_is_told_at_the_field_and_nothing_is_saved(
    noord: OfficeWithAll, number: str, name: str, told: str
) -> None:
    page = text(noord.manager.browser(), "/debtors/add/", {"number": number, "name": name})
    assert told in page
    assert page.index('class="field__error"') > page.index('<form method="post" class="dashlet"')
    assert Debtor.objects.count() == 1


def test_the_same_number_may_occur_in_another_office(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    assert Debtor.objects.filter(number="100").count() == 2


def test_a_name_that_holds_html_is_shown_as_text(noord: OfficeWithAll) -> None:
    Company.objects.filter(id=noord.ids["company_id"]).update(name="<script>alert(1)</script>")
    for address in ("/", "/debtors/", "/find/?q=script", f"/companies/{noord.ids['company_id']}/details/"):
        page = noord.manager.browser().get(address, follow=True).content.decode()
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_cost_centres_and_units_are_lists_of_their_own(noord: OfficeWithAll) -> None:
    browser, scope, company_id = noord.manager.browser(), noord.manager.scope, noord.ids["company_id"]
    page = text(browser, f"/companies/{company_id}/cost-units/", {"code": "410", "name": "Project"})
    assert "Project is toegevoegd." in page
    assert "Verbijzonderingscode in AFAS" in page
    assert [code.name for code in queries.cost_units(scope=scope, company_id=company_id)] == ["Project"]
    assert [code.name for code in queries.cost_centres(scope=scope, company_id=company_id)] == ["Productie"]
    again = text(browser, f"/companies/{company_id}/cost-units/", {"code": "410", "name": "Nog een"})
    assert "Nummer 410 bestaat al." in again
    long = text(browser, f"/companies/{company_id}/cost-units/", {"code": "1" * 17, "name": "Lang"})
    assert "Dit is 17 tekens lang; er is plaats voor 16." in long


def test_a_code_that_no_journal_uses_is_changed_and_deleted_after_asking(noord: OfficeWithAll) -> None:
    browser, company_id, code_id = noord.manager.browser(), noord.ids["company_id"], noord.ids["code_id"]
    address = f"/companies/{company_id}/codes/{code_id}/"
    text(browser, address, {"code": "415", "name": "Bakkerij"})
    assert AllocationCode.objects.get(id=code_id).code == "415"
    assert "415 Bakkerij verwijderen?" in text(browser, f"{address}delete/")
    assert AllocationCode.objects.filter(id=code_id).exists()
    text(browser, f"{address}delete/", {})
    assert not AllocationCode.objects.filter(id=code_id).exists()


def test_a_code_in_a_journal_keeps_its_number(noord: OfficeWithAll) -> None:
    browser, company_id = noord.manager.browser(), noord.ids["company_id"]
    used = AllocationCode.objects.create(
        company_id=company_id, kind=CodeKind.COST_CENTRE, code="100", name="Directie"
    )
    address = f"/companies/{company_id}/codes/{used.pk}/"
    assert "Nummer 100 staat in een journaalpost." in text(browser, address, {"code": "101", "name": "D"})
    assert "Nummer 100 staat in een journaalpost." in text(browser, f"{address}delete/", {})
    text(browser, address, {"code": "100", "name": "Bestuur"})
    used.refresh_from_db()
    assert (used.code, used.name) == ("100", "Bestuur")


def test_who_may_only_read_sees_no_button_and_is_refused(noord: OfficeWithAll) -> None:
    reader, company_id = noord.reader.browser(), noord.ids["company_id"]
    assert "Nieuwe debiteur" not in text(reader, "/debtors/")
    assert 'method="post" class="dashlet"' not in text(reader, f"/companies/{company_id}/cost-centres/")
    for address in ("/debtors/add/", f"/companies/{company_id}/cost-centres/"):
        refused = reader.post(address, {"number": "1", "code": "1", "name": "x"})
        assert refused.status_code == 403
        assert "<strong>Schrijven</strong>" in refused.content.decode()


def test_finding_stays_within_the_office(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    found = noord.manager.browser().get("/find/", {"q": "bedrijf"})
    assert found["Location"] == f"/companies/{noord.ids['company_id']}/"
    nothing = text(noord.manager.browser(), "/find/?q=54321")
    assert "Niets gevonden" in nothing
