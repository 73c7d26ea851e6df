"""The screens of AFAS Profit instellingen, as a user walks them, against a small AFAS on the loopback."""

import html
import re
from collections.abc import Iterator

import pytest
from aiohttp import web
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings
from tests.integration.afas_office import KEYS, NOW, WRONG_KEY, AfasOffice, make_office, values
from tests.integration.afas_on_loopback import API_KEY, CODE, ENVIRONMENT_KEY, TOKEN, Afas, running_afas
from tests.integration.nmbrs_runs import link

from loonbrug.access.rights import Level
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.directory.models import Company, NmbrsCompany
from loonbrug.mappings.models import Mapping
from loonbrug.workflows import authorise, map_company

pytestmark = pytest.mark.django_db
MAPPING = {
    "administration": "1",
    "journal_code": "90",
    "period_rule": "month",
    "valid_from_year": "2026",
    "valid_from_period": "10",
    "cost_centre_axis": "1",
    "cost_unit_axis": "",
    "default_cost_centre": "",
    "default_cost_unit": "",
    "balance_pattern": "",
    "profit_loss_pattern": "",
    "journal_variant": "cost_centre",
    "payroll_periods": "month",
    "booking_date": "document",
    "booking_day": "",
    "description_template": "",
}


@pytest.fixture
def office() -> AfasOffice:
    return make_office()


@pytest.fixture
def afas(settings: Settings) -> Iterator[Afas]:
    with running_afas() as running:
        settings.AFAS_URL = running.template
        yield running


def text(response: object) -> str:
    """What stands on the page, without tags, on one line."""
    assert isinstance(response, HttpResponse)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def at(name: str, office: AfasOffice) -> str:
    return reverse(name, args=[office.account.id])


def test_the_article_from_new_account_to_mapping(office: AfasOffice, afas: Afas) -> None:
    browser = office.browser(language="en")
    assert "Not authorised yet" in text(browser.get(reverse("afas-accounts")))
    page = text(browser.get(at("afas-account", office)))
    assert "Generate activation code" in page
    assert "Reset Authentication" not in page.split("Mended something?")[0]

    page = text(browser.post(at("afas-code", office), KEYS, follow=True))
    assert "Password requested" in page
    assert "AFAS does not tell whether it was sent" in page
    assert "No e-mail received?" in page
    assert re.search(r"Authentication\s+Reset Authentication", page)

    page = text(browser.post(at("afas-authorise", office), KEYS | {"activation_code": CODE}, follow=True))
    assert "Authentication completed." in page
    assert "AFAS lists 2 administrations." in page
    assert "What this connection may do" in page
    assert "The AFAS administrator adds Profit_Transactions_Allocated / Profit_Transactions in" in page
    assert "1 May 2027" in page
    assert "31 August 2027" in page

    address = f"{reverse('afas-mapping-new')}?account={office.account.id}"
    page = text(browser.get(address))
    assert "1 · Bakkerij Van Dam" in page
    page = text(browser.post(address, MAPPING | {"company": office.bakery_id}, follow=True))
    assert "The mapping of Bakkerij Van Dam was saved." in page
    assert "2026-10" in page
    assert "Not mapped yet (1)" in page


def test_the_same_words_in_dutch(office: AfasOffice, afas: Afas) -> None:
    browser = office.browser(language="nl")
    assert "Nog niet geautoriseerd" in text(browser.get(reverse("afas-accounts")))
    assert "Genereer activatiecode" in text(browser.get(at("afas-account", office)))
    page = text(browser.post(at("afas-code", office), KEYS, follow=True))
    assert "Wachtwoord aangevraagd" in page
    assert "Authenticatie opnieuw instellen" in page
    page = text(browser.post(at("afas-authorise", office), KEYS | {"activation_code": CODE}, follow=True))
    assert "Authenticatie afgerond" in page
    assert "Wat deze koppeling mag" in page
    assert "1 mei 2027" in page
    page = text(browser.get(f"{reverse('afas-mappings')}?account={office.account.id}"))
    assert "Nieuwe mapping" in page
    assert "LET OP!" in page


def test_a_new_account_is_made_and_what_is_wrong_stands_at_its_field(office: AfasOffice) -> None:
    browser = office.browser()
    address = reverse("afas-account-new")
    page = text(
        browser.post(address, {"participant_number": "123", "afas_user": "x", "environment_type": "test"})
    )
    assert "A participant number has five digits" in page
    new = {"participant_number": "54321", "afas_user": "54321.bas", "environment_type": "accept"}
    response = browser.post(address, new)
    made = Connection.objects.get(environment__participant_number="54321")
    assert response.headers["Location"] == reverse("afas-account", args=[made.pk])
    assert "This AFAS account exists already." in text(browser.post(address, new))


def test_keys_and_codes_never_come_back(office: AfasOffice, afas: Afas) -> None:
    browser = office.browser()
    browser.post(at("afas-code", office), KEYS)
    typed = KEYS | {"activation_code": "1111 1111"}
    answers = [
        browser.post(at("afas-authorise", office), typed),
        browser.post(at("afas-authorise", office), {"api_key": API_KEY, "environment_key": "short"}),
        browser.post(at("afas-reset", office), KEYS, follow=True),
        browser.post(at("afas-authorise", office), KEYS | {"activation_code": CODE}, follow=True),
        browser.get(at("afas-account", office)),
    ]
    for answer in answers:
        shown = answer.content.decode()
        for secret in (API_KEY, ENVIRONMENT_KEY, "1111", "short", CODE, TOKEN, "5EC2E7"):
            assert secret not in shown
    assert "no-store" in answers[-1].headers["Cache-Control"]
    assert not {str(value) for value in browser.session.values()} & {API_KEY, ENVIRONMENT_KEY, CODE}


def test_where_every_company_is_mapped_a_new_mapping_says_what_to_do(office: AfasOffice) -> None:
    Company.objects.all().delete()
    address = f"{reverse('afas-mapping-new')}?account={office.account.id}"
    shown = text(office.browser(language="en").get(address, follow=True))
    assert "Every company has a mapping already. Change it here, or add a company first." in shown


def test_the_language_switch_after_a_wrong_key_leads_to_the_account(office: AfasOffice) -> None:
    wrong = office.browser().post(at("afas-code", office), {"api_key": "verkeerd", "environment_key": "x"})
    assert f'name="next" value="{at("afas-account", office)}"' in wrong.content.decode()


def test_a_wrong_code_tells_cause_and_cure(office: AfasOffice, afas: Afas) -> None:
    browser = office.browser()
    browser.post(at("afas-code", office), KEYS)
    page = text(browser.post(at("afas-authorise", office), KEYS | {"activation_code": "11111111"}))
    assert "AFAS gave no token for this activation code." in page
    assert "choose 'Reset Authentication' for a new code" in page


def test_afass_own_words_and_log_reference_are_shown(office: AfasOffice, afas: Afas) -> None:
    answer = {
        "externalMessage": "Er is een <b>onverwachte</b> fout opgetreden.",
        "errorNumber": -2147180999,
        "profitLogReference": "0123456789abcdef0123456789abcdef",
    }
    afas.answers["OtpRequest"] = web.json_response(answer, status=500)
    response = office.browser().post(at("afas-code", office), KEYS)
    assert "&lt;b&gt;onverwachte&lt;/b&gt;" in response.content.decode()
    assert "0123456789abcdef0123456789abcdef" in text(response)


def test_a_broken_account_says_why(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    afas.tokens_work = False
    browser = office.browser()
    page = text(browser.post(at("afas-check", office), follow=True))
    assert "AFAS does not let this account in." in page
    Connection.objects.update(broken_reason="AFAS answered 401: token expired")
    page = text(browser.get(at("afas-account", office)))
    assert "AFAS answered 401: token expired" in page
    afas.tokens_work = True
    assert "AFAS lets this account in." in text(browser.post(at("afas-check", office), follow=True))


def test_no_administrations_is_told_with_its_cure(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    afas.administrations = []
    page = text(office.browser().post(at("afas-check", office), follow=True))
    assert "Maintenance filters" in page


def test_readers_see_no_fields_and_no_buttons_and_are_told_why(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    made = map_company.save_mapping(
        scope=office.scope, company_id=office.bakery_id, values=values(account.id), now=NOW
    )
    browser = office.browser(Level.READ)
    for name, arguments in (("afas-accounts", []), ("afas-account", [account.id]), ("afas-mappings", [])):
        response = browser.get(reverse(name, args=arguments))
        page = text(response)
        assert "your template needs “Write”" in page
        main = response.content.decode().partition('<main id="main"')[2]
        assert "<input" not in main
        assert 'method="post"' not in main
    for name, arguments in (
        ("afas-account-new", []),
        ("afas-code", [account.id]),
        ("afas-authorise", [account.id]),
        ("afas-reset", [account.id]),
        ("afas-check", [account.id]),
        ("afas-administrations-connector", [account.id]),
        ("afas-account-remove", [account.id]),
        ("afas-mapping", [made.id]),
        ("afas-mapping-remove", [made.id]),
    ):
        assert browser.post(reverse(name, args=arguments), KEYS).status_code == 403, name
    address = f"{reverse('afas-mapping-new')}?account={account.id}"
    assert browser.post(address, MAPPING).status_code == 403
    assert Mapping.objects.count() == 1
    assert len(afas.mailed) == 1


def test_who_has_no_right_at_all_sees_nothing(office: AfasOffice) -> None:
    browser = office.browser(Level.NONE)
    for name in ("afas-accounts", "afas-mappings"):
        assert browser.get(reverse(name)).status_code == 403


def test_another_offices_account_is_not_found(office: AfasOffice) -> None:
    browser = make_office("Kantoor Zuid").browser(language="nl")
    assert browser.get(at("afas-account", office)).status_code == 404
    assert browser.post(at("afas-code", office), KEYS).status_code == 404
    assert browser.post(at("afas-account-remove", office)).status_code == 404
    assert Connection.objects.filter(state=ConnectionState.NEW).count() == 2


def test_a_mapping_is_changed_and_removed(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    made = map_company.save_mapping(
        scope=office.scope, company_id=office.bakery_id, values=values(account.id), now=NOW
    )
    browser = office.browser()
    address = reverse("afas-mapping", args=[made.id])
    page = browser.get(address).content.decode()
    assert '<option value="90" selected>' in page
    assert "91" not in re.findall(r'<option value="(\w+)"', page)
    page = text(browser.post(address, MAPPING | {"balance_pattern": "[0-"}))
    assert "This is no account pattern." in page
    page = text(browser.post(address, MAPPING | {"default_cost_centre": "100"}, follow=True))
    assert "was saved" in page
    assert Mapping.objects.get().default_cost_centre == "100"
    page = text(browser.post(reverse("afas-mapping-remove", args=[made.id]), follow=True))
    assert "The mapping was removed." in page
    assert not Mapping.objects.exists()


def test_the_preview_shows_what_a_choice_does_without_saving_it(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    made = map_company.save_mapping(
        scope=office.scope, company_id=office.bakery_id, values=values(account.id), now=NOW
    )
    browser = office.browser()
    address = reverse("afas-mapping", args=[made.id])
    assert "Bruto lonen" in text(browser.get(address))
    chosen = MAPPING | {
        "booking_date": "day",
        "booking_day": "30",
        "description_template": "Loon {periode} {bedrijf}",
    }
    page = text(browser.post(address, chosen | {"preview": "1"}))
    assert "Loon 2 Bakkerij Van Dam" in page
    assert "28 February" in page
    assert Mapping.objects.get().description_template == ""


def test_a_new_mapping_begins_with_the_payroll_periods_that_nmbrs_tells(
    office: AfasOffice, afas: Afas
) -> None:
    office.authorised()
    link(office.office.pk, office.bakery_id)
    NmbrsCompany.objects.update(period_type="4-weeks")
    address = f"{reverse('afas-mapping-new')}?account={office.account.id}&company={office.bakery_id}"
    chosen = re.findall(r'value="(\w+)" selected', office.browser().get(address).content.decode())
    assert "four_weeks" in chosen


def test_the_preview_follows_the_fields_by_itself_and_names_what_is_wrong(
    office: AfasOffice, afas: Afas
) -> None:
    browser = office.browser()
    address = reverse("afas-mapping-preview")
    chosen = {
        "payroll_periods": "month",
        "period_rule": "four_weeks",
        "booking_date": "period_end",
        "thirteenth_at_year_end": "on",
        "company": str(office.bakery_id),
        "description_template": "{bedrijf} {run}",
    }
    page = text(browser.post(address, chosen))
    assert "Bakkerij Van Dam 1" in page
    assert "31 December" in page
    assert "{medewerker} is unknown" in text(
        browser.post(address, chosen | {"description_template": "{medewerker}"})
    )
    assert "A brace misses" in text(browser.post(address, chosen | {"description_template": "{run"}))
    assert "Fill in a day" in text(browser.post(address, chosen | {"booking_date": "day"}))
    assert "Company 1" in text(browser.post(address, chosen | {"company": "9" * 30}))
    assert office.browser(Level.READ).post(address, chosen).status_code == 403


def test_a_mapping_form_survives_an_afas_that_is_away(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    afas.get_connectors.clear()
    browser = office.browser()
    address = f"{reverse('afas-mapping-new')}?account={account.id}"
    page = browser.post(address, MAPPING | {"company": office.bakery_id}).content.decode()
    assert "AFAS does not let this account use the connector." in page
    assert '<option value="1" selected>1</option>' in page
    assert 'value="90"' in page
    assert not Mapping.objects.exists()


def test_the_journal_codes_follow_the_administration(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    browser = office.browser()
    where = {"account": account.id, "administration": 1}
    field = browser.get(reverse("afas-journal-codes"), where).content.decode()
    assert "90 · Lonen" in field
    field = browser.get(reverse("afas-journal-codes"), where | {"administration": 2}).content.decode()
    assert "<select" not in field
    assert 'name="journal_code"' in field


def test_an_administration_number_without_end_breaks_no_page(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    browser, endless = office.browser(), "9" * 5_000
    where = {"account": account.id, "administration": endless}
    assert browser.get(reverse("afas-journal-codes"), where).status_code == 200
    again = browser.post(f"{reverse('afas-mapping-new')}?account={account.id}", {"administration": endless})
    assert again.status_code == 200


def test_the_only_account_need_not_be_chosen_for_a_new_mapping(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    page = text(office.browser().get(reverse("afas-mapping-new")))
    assert "New mapping" in page
    assert "Choose an AFAS account first." not in page


def test_without_accounts_the_pages_say_what_to_do_first(office: AfasOffice) -> None:
    authorise.remove_account(scope=office.scope, connection_id=office.account.id, now=NOW)
    browser = office.browser()
    assert "No AFAS accounts yet" in text(browser.get(reverse("afas-accounts")))
    assert "No AFAS accounts yet" in text(browser.get(reverse("afas-mappings")))


def test_numbers_above_a_thousand_are_written_plainly(office: AfasOffice, afas: Afas) -> None:
    afas.administrations = [{"AdminId": 12345, "AdminNm": "Groot"}]
    afas.get_connectors.remove("Profit_Journals")
    account = office.authorised()
    map_company.save_mapping(
        scope=office.scope,
        company_id=office.bakery_id,
        values=values(account.id, administration=12345),
        now=NOW,
    )
    page = text(office.browser(language="nl").get(reverse("afas-mappings")))
    assert "12345 · Groot" in page


def test_wrong_keys_get_no_mail_and_no_promise_of_one(office: AfasOffice, afas: Afas) -> None:
    keys = {"api_key": WRONG_KEY, "environment_key": ENVIRONMENT_KEY}
    page = text(office.browser().post(at("afas-code", office), keys, follow=True))
    assert afas.mailed == []
    assert "If everything is set up right" in page


def test_a_user_of_another_participant_is_added_with_a_warning(office: AfasOffice) -> None:
    browser = office.browser()
    typed = {"participant_number": "54321", "environment_type": "test"}
    for user, warned in (("12345.admin", True), ("54321.admin", False), ("loon@brug.nl", False)):
        shown = text(browser.post(reverse("afas-account-new"), {**typed, "afas_user": user}, follow=True))
        assert ("does not begin with participant number 54321" in shown) == warned
    assert Connection.objects.filter(environment__participant_number="54321").count() == 3


def test_removing_an_account_is_asked_once(office: AfasOffice) -> None:
    asked = text(office.browser().get(at("afas-account-remove", office)))
    assert "Remove AFAS account" in asked
    assert Connection.objects.filter(pk=office.account.id).exists()
