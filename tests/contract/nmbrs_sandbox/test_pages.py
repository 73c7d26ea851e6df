"""The pages: the payroll work done by hand shows in the API; nothing comes from elsewhere; two languages."""

import re
from pathlib import Path

import pytest
from tests.contract.afas_sandbox_pages.visitor import Visitor
from tests.contract.nmbrs_sandbox.caller import NOW, TWO_DEBTORS, Partner

from nmbrs_sandbox import identity
from nmbrs_sandbox.app import nmbrs_app
from nmbrs_sandbox.journal import Variant
from nmbrs_sandbox.pages import companies, consent, forms, layout, words
from nmbrs_sandbox.world import LoginKind, RunType

COMPANY = "/companies/2001"
RUN = f"{COMPANY}/runs/2026/10/1"
PAGES = ["/", COMPANY, f"{RUN}/journal", Partner.asking(), *(f"{RUN}/journal?variant={v}" for v in Variant)]
NOWHERE = ["/nope", "/companies/9", f"{COMPANY}/runs/2026/10/9/journal", f"{RUN}/lock", "/connect/authorize"]
MARKUP = '"><script>alert(1)</script>'


@pytest.fixture
def visitor(partner: Partner) -> Visitor:
    return Visitor(nmbrs_app(partner.sandbox))


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("address", PAGES)
async def test_a_page_says_that_it_is_an_imitation(visitor: Visitor, address: str, language: str) -> None:
    visitor.cookies["nmbrs_sandbox_language"] = language
    page = await visitor.get(address)
    assert page.status == 200
    assert f'<html lang="{language}">' in page.html
    assert {"nl": "geen product van Visma Nmbrs", "en": "not a Visma Nmbrs product"}[language] in page.html


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_loads_nothing_from_elsewhere_and_runs_no_script(visitor: Visitor, address: str) -> None:
    page = await visitor.get(address)
    assert re.findall(r'src="|action="(?!/)', page.html) == []
    assert re.findall(r'href="(?!/|\?|#|http://127\.0\.0\.1:8101/)', page.html) == []
    assert "<script" not in page.html
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("address", PAGES)
async def test_every_field_has_a_label_and_every_id_is_used_once(visitor: Visitor, address: str) -> None:
    html = (await visitor.get(address)).html
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert sorted(ids) == sorted(set(ids))
    labelled = re.findall(r'<label for="([^"]*)"', html)
    assert set(re.findall(r'<(?:input|select)\b[^>]*\sid="([^"]*)"', html)) == set(labelled)
    buttons = re.findall(r"<td>.*?</td>", html, re.DOTALL)
    assert all("aria-label=" in button for cell in buttons for button in re.findall(r"<button[^>]*>", cell))


@pytest.mark.parametrize("address", NOWHERE)
async def test_an_address_that_leads_nowhere_gets_a_calm_page(visitor: Visitor, address: str) -> None:
    page = await visitor.get(address)
    assert page.status in (400, 404, 405)
    assert "Naar de bedrijven" in page.html


async def test_every_text_has_dutch(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    missing: set[str] = set()
    known = words.dutch()

    def translate(text: str) -> str:
        missing.update({text} - set(known))
        return text

    monkeypatch.setattr(layout, "translator", lambda _: translate)
    layout.templates.cache_clear()
    try:
        for address in [*PAGES, *NOWHERE, *(f"/?done={done}" for done in layout.DONE)]:
            await visitor.get(address)
    finally:
        layout.templates.cache_clear()
    templates = Path(layout.__file__).parents[1] / "templates"
    written = {
        text
        for template in templates.glob("*.html")
        for pair in re.findall(r"""\b_\((?:"([^"]*)"|'([^']*)')\)""", template.read_text("utf-8"))
        for text in pair
        if text
    }
    named = {*LoginKind, *RunType, *identity.SCOPES.values(), *companies.TYPES.values()}
    named |= {
        text
        for module in (forms, consent)
        for name, text in vars(module).items()
        if name.isupper() and isinstance(text, str)
    }
    assert len(written) > 40
    assert missing | (written | named) - set(known) == set()


async def test_the_language_is_switched_where_the_reader_is(visitor: Visitor) -> None:
    page = await visitor.get(f"{RUN}/journal?variant=journalsemployee&lang=en")
    assert page.path == f"{RUN}/journal?variant=journalsemployee"
    assert "per employee" in page.html


async def test_a_run_is_locked_recalculated_released_and_deleted_by_hand(
    visitor: Visitor, partner: Partner
) -> None:
    run = partner.sandbox.world.company("2001").run((2026, 10, 1))
    assert "Vergrendeld." in (await visitor.post(f"{RUN}/lock")).text
    assert run.locked
    assert "Herberekend" in (await visitor.post(f"{RUN}/recalculate")).text
    assert run.revision == 1
    assert "Ontgrendeld." in (await visitor.post(f"{RUN}/release")).text
    assert not run.locked
    assert "Verwijderd." in (await visitor.post(f"{RUN}/delete")).text
    assert (2026, 10, 1) not in partner.sandbox.world.company("2001").runs
    assert (await visitor.post(f"{RUN}/lock")).status == 404
    assert (await visitor.post(f"{COMPANY}/runs/2026/9/1/paint")).status == 404


async def test_a_run_is_added_by_hand(visitor: Visitor, partner: Partner) -> None:
    page = await visitor.post(f"{COMPANY}/runs", {"period": "2026-12", "type": "normal_twk"})
    assert "Toegevoegd." in page.text
    run = partner.sandbox.world.company("2001").run((2026, 12, 1))
    assert (run.corrected, run.locked, run.created_at) == ([(2026, 11)], False, NOW)
    for wrong in ({"period": "2031-1", "type": "normal"}, {"period": "2026-12", "type": "none"}, {}):
        assert (await visitor.post(f"{COMPANY}/runs", wrong)).status == 422
    assert len([key for key in partner.sandbox.world.company("2001").runs if key[:2] == (2026, 12)]) == 1


async def test_a_company_is_renamed_and_moved_by_hand(visitor: Visitor, partner: Partner) -> None:
    company = partner.sandbox.world.company("2001")
    assert "Opgeslagen." in (await visitor.post(COMPANY, {"name": "De Halm", "debtor": "1003"})).text
    assert (company.name, company.debtor) == ("De Halm", "1003")
    for wrong in ({"name": "", "debtor": "1001"}, {"name": "x" * 81, "debtor": "1001"}, {"name": "x"}):
        assert (await visitor.post(COMPANY, wrong)).status == 422
    assert (company.name, company.debtor) == ("De Halm", "1003")


async def test_a_consent_is_withdrawn_by_hand(visitor: Visitor, partner: Partner) -> None:
    assert "Intrekken" in (await visitor.get("/")).html
    assert "Ingetrokken." in (await visitor.post("/consents/1/withdraw")).text
    assert (await partner.get("/api/debtors")).code == 40102
    assert (await visitor.post("/consents/9/withdraw")).status == 404


@pytest.mark.parametrize("origin", ["", "null", "http://elsewhere.example", "http://127.0.0.1:8103"])
async def test_a_form_from_elsewhere_changes_nothing(visitor: Visitor, partner: Partner, origin: str) -> None:
    page = await visitor.post(f"{RUN}/lock", headers={"origin": origin})
    assert page.status == 403
    assert not partner.sandbox.world.company("2001").run((2026, 10, 1)).locked


async def test_another_name_for_this_machine_is_refused(visitor: Visitor) -> None:
    strange = {"host": "elsewhere.example", "origin": "http://elsewhere.example"}
    assert (await visitor.post(f"{RUN}/lock", headers=strange)).status == 421


@pytest.mark.parametrize("content_type", ["", "multipart/form-data; boundary=x", "application/json"])
async def test_what_is_no_form_gets_a_calm_page(visitor: Visitor, content_type: str) -> None:
    page = await visitor.post(COMPANY, {"name": "x", "debtor": "1001"}, {"content-type": content_type})
    assert (page.status, "Er is niets gewijzigd." in page.html) == (415, True)


async def test_markup_is_shown_as_text(visitor: Visitor, partner: Partner) -> None:
    world = partner.sandbox.world
    world.company("2001").name = world.debtor("1001").name = world.logins[TWO_DEBTORS].name = MARKUP
    for address in PAGES[:4]:
        html = (await visitor.get(address)).html
        assert "<script" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


async def test_a_journal_is_shown_with_its_dates_and_splits(visitor: Visitor) -> None:
    page = await visitor.get(f"{COMPANY}/runs/2026/9/1/journal?variant=journalscostcenterunit")
    assert [f"<h2>{day}</h2>" in page.html for day in ("30-09-2026", "31-07-2026", "31-08-2026")] == [
        True
    ] * 3
    assert "100 · P01" in page.html
