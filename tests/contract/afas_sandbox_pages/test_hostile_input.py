"""What comes from elsewhere, or is meant to do harm, changes nothing and is shown as plain text."""

import pytest
from tests.contract.afas_sandbox_pages.visitor import ORIGIN, Visitor

from afas_sandbox.world import Environment

T = "/profit/T12345/"
MARKUP = '"><script>alert(1)</script>'
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
FORM = {"description": "Elders", "group": "ADM"}


@pytest.mark.parametrize(
    "origin", ["", "null", "http://elsewhere.example", "http://127.0.0.1:8103", f"{ORIGIN}.nl"]
)
async def test_a_form_from_elsewhere_is_refused(
    visitor: Visitor, environment: Environment, origin: str
) -> None:
    page = await visitor.post(f"{T}app-connectors/1/general", FORM, {"origin": origin})
    assert page.status == 403
    assert "Deze wijziging kwam niet van deze pagina's." in page.text
    assert environment.app_connectors[1].description == "Loonbrug"


async def test_another_name_for_this_machine_is_refused(visitor: Visitor, environment: Environment) -> None:
    strange = {"host": "elsewhere.example", "origin": "http://elsewhere.example"}
    assert (await visitor.post(f"{T}app-connectors/1/general", FORM, strange)).status == 421
    assert environment.app_connectors[1].description == "Loonbrug"


async def test_a_huge_form_is_refused(visitor: Visitor) -> None:
    page = await visitor.post(f"{T}app-connectors/1/general", FORM | {"description": "x" * 300_000})
    assert page.status == 413
    nameless = await visitor.post(f"{T}app-connectors/1/general", FORM, {"content-length": ""})
    assert nameless.status == 411


async def test_a_method_that_a_page_does_not_take_gets_a_calm_page(visitor: Visitor) -> None:
    page = await visitor.get(f"{T}users/12345.admin/delete")
    assert page.status == 405
    assert "Deze pagina neemt dit verzoek niet aan." in page.html


@pytest.mark.parametrize("content_type", ["", "multipart/form-data; boundary=x", "application/json"])
async def test_what_is_no_form_gets_a_calm_page(
    visitor: Visitor, environment: Environment, content_type: str
) -> None:
    page = await visitor.post(f"{T}app-connectors/1/general", FORM, {"content-type": content_type})
    assert page.status == 415
    assert "Er is niets gewijzigd." in page.html
    assert environment.app_connectors[1].description == "Loonbrug"


async def test_a_form_of_a_thousand_fields_gets_a_calm_page(visitor: Visitor) -> None:
    page = await visitor.post(f"{T}groups/", {f"field{number}": "x" for number in range(1001)})
    assert page.status == 415
    assert "Dit kan niet als formulier gelezen worden." in page.html


async def test_markup_is_shown_as_text(visitor: Visitor, environment: Environment) -> None:
    environment.app_connectors[1].description = MARKUP
    environment.users["12345.admin"].name = MARKUP
    environment.administrations[1].name = MARKUP
    environment.administrations[1].entries[77].lines[0].description = MARKUP
    environment.logbook[0].message = MARKUP
    environment.axis_names = [MARKUP]
    for path in (
        "app-connectors/", "app-connectors/1/general", "app-connectors/1/user-tokens", "users/",
        "users/12345.admin", "administrations/", "administrations/1/entries/77",
        "administrations/1/accounts/4000", "administrations/1/codes", "logbook",
    ):  # fmt: skip
        page = await visitor.get(T + path)
        assert page.status == 200
        assert "<script" not in page.html
        assert ESCAPED in page.html, path


async def test_markup_in_a_form_or_a_search_comes_back_as_text(visitor: Visitor) -> None:
    refused = await visitor.post(f"{T}users/new", {"code": MARKUP, "name": MARKUP, "email": MARKUP})
    assert refused.status == 422
    for page in (
        refused,
        await visitor.get(f"{T}logbook?reference=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        await visitor.get(f"{T}administrations/1/entries/?voucher=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
    ):
        assert "<script" not in page.html
        assert ESCAPED in page.html


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "x" * 81])
async def test_texts_that_afas_could_not_keep_are_refused(
    visitor: Visitor, environment: Environment, text: str
) -> None:
    page = await visitor.post(f"{T}app-connectors/1/general", {"description": text, "group": "ADM"})
    assert page.status == 422
    assert environment.app_connectors[1].description == "Loonbrug"


async def test_a_switch_of_language_never_leads_elsewhere(visitor: Visitor) -> None:
    page = await visitor.call("GET", "/profit//elsewhere.example/?lang=en", b"", {})
    assert page.headers["location"].startswith(f"{ORIGIN}/profit/")


async def test_strange_cookies_change_nothing(visitor: Visitor) -> None:
    visitor.cookies = {"sandbox_language": "xx", "sandbox_administration": "9" * 5000}
    page = await visitor.get(f"{T}logbook")
    assert page.status == 200
    assert '<html lang="nl">' in page.html
