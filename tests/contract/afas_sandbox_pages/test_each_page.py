"""Every page answers, in both languages, says what it imitates, and is calm about what is not there."""

import re
from pathlib import Path

import pytest
from tests.contract.afas_sandbox_pages.visitor import Visitor

from afas_sandbox.pages import layout, words
from afas_sandbox.world import Environment

T = "/profit/T12345/"
A = f"{T}administrations/1/"
C = f"{T}app-connectors/1/"

#: Address, and the path above the page with its name, in Dutch.
PAGES = {
    "/": "Omgeving kiezen",
    T: "Start",
    f"{T}information": r"Algemeen \ Omgeving \ Beheer \ Informatie",
    f"{T}app-connectors/": r"Algemeen \ Beheer \ App connector",
    f"{T}app-connectors/new": r"Algemeen \ Beheer \ App connector \ Nieuwe app connector",
    f"{C}general": r"Algemeen \ Beheer \ App connector \ Loonbrug \ Algemeen",
    f"{C}get-connectors": r"Algemeen \ Beheer \ App connector \ Loonbrug \ GetConnectoren",
    f"{C}update-connectors": r"Algemeen \ Beheer \ App connector \ Loonbrug \ UpdateConnectoren",
    f"{C}connectors": r"Algemeen \ Beheer \ App connector \ Loonbrug \ Connectoren",
    f"{C}user-tokens": r"Algemeen \ Beheer \ App connector \ Loonbrug \ Gebruikerstokens",
    f"{T}users/": r"Algemeen \ Beheer \ Autorisatie tool",
    f"{T}users/new": r"Algemeen \ Beheer \ Autorisatie tool \ Nieuwe gebruiker",
    f"{T}users/12345.admin": r"Algemeen \ Beheer \ Autorisatie tool \ 12345.admin",
    f"{T}groups/": r"Algemeen \ Beheer \ Autorisatie tool",
    f"{T}administrations/": r"Algemeen \ Administratie \ Openen",
    f"{T}logbook": r"Algemeen \ Omgevingslogboek",
    f"{T}locks": r"Algemeen \ Inrichting \ Blokkeringen",
    f"{A}settings/general": r"Financieel \ Beheer \ Instellingen administratie \ Algemeen",
    f"{A}settings/booking": r"Financieel \ Beheer \ Instellingen administratie \ Boeken algemeen",
    f"{A}settings/preferences": r"Financieel \ Beheer \ Instellingen administratie \ Voorkeuren",
    f"{A}settings/periods": r"Financieel \ Beheer \ Instellingen administratie \ Perioden",
    f"{A}journals/": r"Financieel \ Grootboek \ Dagboek",
    f"{A}journals/new": r"Financieel \ Grootboek \ Dagboek \ Nieuw dagboek",
    f"{A}journals/90": r"Financieel \ Grootboek \ Dagboek \ 90 Loonjournaal",
    f"{A}accounts/": r"Financieel \ Grootboek \ Grootboekrekening",
    f"{A}accounts/new": r"Financieel \ Grootboek \ Grootboekrekening \ Nieuwe grootboekrekening",
    f"{A}accounts/4000": r"Financieel \ Grootboek \ Grootboekrekening \ 4000 Bruto lonen",
    f"{A}entries/": r"Financieel \ Grootboek \ Journaalpost",
    f"{A}entries/77": r"Financieel \ Grootboek \ Journaalpost \ 77",
    f"{A}axes": r"Financieel \ Verbijzondering \ Verbijzonderingsas",
    f"{A}codes": r"Financieel \ Verbijzondering \ Code verbijzondering",
    f"{A}assignments": r"Financieel \ Verbijzondering \ Verbijzonderingstoewijzing",
    f"{A}vat-codes": r"Financieel \ Btw \ Btw-code",
}
NOWHERE = [
    "/profit/nowhere/",
    "/profit/Z12345/",
    f"{T}nowhere/at/all",
    f"{T}app-connectors/9/general",
    f"{T}app-connectors/{'9' * 5000}/general",
    f"{T}app-connectors/1/nowhere",
    f"{T}users/12345.nobody",
    f"{T}administrations/9/accounts/",
    f"{T}administrations/{'9' * 5000}/accounts/",
    f"{T}administrations/open?administration=1&to=//elsewhere.example",
    f"{A}accounts/9999",
    f"{A}journals/zz",
    f"{A}entries/1",
    "/profit/O12345/administrations/2/accounts/",
]


def trail(html: str) -> str:
    """The path above the page as one line."""
    steps = re.search(r'<nav class="crumbs".*?</nav>', html, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", steps.group())).strip() if steps else ""


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_names_its_path_in_the_words_of_afas(visitor: Visitor, address: str) -> None:
    page = await visitor.get(address)
    assert page.status == 200
    assert (trail(page.html) or re.findall(r"<title>(.*) ·", page.html)[0]) == PAGES[address]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("address", PAGES)
async def test_a_page_says_that_it_is_an_imitation(visitor: Visitor, address: str, language: str) -> None:
    visitor.cookies["sandbox_language"] = language
    page = await visitor.get(address)
    assert f'<html lang="{language}">' in page.html
    assert {"nl": "geen AFAS-product", "en": "not an AFAS product"}[language] in page.html


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_loads_nothing_from_elsewhere_and_runs_no_script(visitor: Visitor, address: str) -> None:
    page = await visitor.get(address)
    sources = re.findall(r'(?:src|href|action)="((?:https?:)?//[^"]*)"', page.html)
    assert [one for one in sources if not one.startswith("http://127.0.0.1:8101/")] == []
    assert "<script" not in page.html
    assert "<img" not in page.html
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("address", PAGES)
async def test_every_field_has_a_label_and_every_id_is_used_once(visitor: Visitor, address: str) -> None:
    html = (await visitor.get(address)).html
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert sorted(ids) == sorted(set(ids))
    labelled = set(re.findall(r'<label for="([^"]*)"', html))
    for field in re.findall(r"<(?:input|select)\b[^>]*>", html):
        own = re.search(r'\sid="([^"]*)"', field)
        assert 'type="hidden"' in field or "aria-label=" in field or (own and own.group(1) in labelled), field


@pytest.mark.parametrize("address", NOWHERE)
async def test_an_address_that_leads_nowhere_gets_a_calm_page(visitor: Visitor, address: str) -> None:
    page = await visitor.get(address)
    assert page.status == 404
    assert "Naar de eerste pagina" in page.html
    assert "Traceback" not in page.html


async def test_no_text_of_a_page_lacks_dutch(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    missing: set[str] = set()
    known = words.dutch()

    def translate(text: str) -> str:
        if not isinstance(text, words.Data) and text not in known:
            missing.add(text)
        return text

    monkeypatch.setattr(layout, "translator", lambda _: translate)
    layout.templates.cache_clear()
    try:
        for address in [*PAGES, *NOWHERE]:
            await visitor.get(address)
    finally:
        layout.templates.cache_clear()
    assert missing == set()


def test_every_text_of_the_templates_has_dutch() -> None:
    templates = Path(layout.__file__).parents[1] / "templates"
    texts = {
        text
        for template in templates.glob("*.html")
        for pair in re.findall(r"""\b_\((?:"([^"]*)"|'([^']*)')\)""", template.read_text("utf-8"))
        for text in pair
        if text
    }
    assert len(texts) > 100
    assert texts - set(words.dutch()) == set()


async def test_the_language_is_switched_where_the_reader_is(visitor: Visitor) -> None:
    page = await visitor.get(f"{T}app-connectors/1/user-tokens?lang=en")
    assert page.path == f"{T}app-connectors/1/user-tokens"
    assert "User tokens" in page.html
    assert "User group" in (await visitor.get(f"{C}general")).html
    assert "Gebruikersgroep" in (await visitor.get(f"{C}general?lang=nl")).html


async def test_another_administration_stays_open(visitor: Visitor) -> None:
    page = await visitor.get(f"{T}administrations/open?administration=2&to=accounts/")
    assert page.path == f"{T}administrations/2/accounts/"
    assert f'href="{T}administrations/2/settings/general"' in (await visitor.get(f"{T}logbook")).html


async def test_an_empty_environment_has_all_its_pages(visitor: Visitor, environment: Environment) -> None:
    for kept in (
        environment.app_connectors,
        environment.administrations,
        environment.users,
        environment.groups,
    ):
        kept.clear()
    for path in (
        "",
        "information",
        "app-connectors/",
        "users/",
        "groups/",
        "administrations/",
        "locks",
        "logbook",
    ):
        assert (await visitor.get(T + path)).status == 200
