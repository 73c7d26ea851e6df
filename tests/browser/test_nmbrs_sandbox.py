"""The Nmbrs sandbox in a browser: consent leads back to the partner, runs are worked on, all fits a small screen."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenPage
from tests.running import HERE, Process, free_port

pytestmark = pytest.mark.browser

PARTNER = {"client_id": "PartnerApp_Loonbrug_zandbak", "response_type": "code", "scope": "company.info.read"}
COMPANY = "/companies/2001"


@dataclass(frozen=True)
class Nmbrs:
    url: str
    partner: str
    """An address elsewhere that answers: the control port's clock."""

    @property
    def consent(self) -> str:
        return f"{self.url}/connect/authorize?{urlencode(PARTNER | {'redirect_uri': self.partner, 'state': 's'})}"


@pytest.fixture
def nmbrs(tmp_path: Path) -> Iterator[Nmbrs]:
    port, control_port = free_port(), free_port()
    arguments = ["--port", str(port), "--control-port", str(control_port), "--today", "2026-11-23"]
    output = tmp_path / "nmbrs.txt"
    with Process("nmbrs_sandbox", *arguments, output=output, environment=dict(os.environ)) as process:
        process.wait_until_listening(port)
        process.wait_until_listening(control_port)
        yield Nmbrs(f"http://{HERE}:{port}", f"http://{HERE}:{control_port}/clock")


def test_consent_leads_back_to_the_partner_but_not_with_a_master_login(
    open_page: OpenPage, nmbrs: Nmbrs
) -> None:
    page = open_page()
    page.goto(nmbrs.consent)
    page.get_by_label("Saskia de Boer").check()
    page.get_by_role("button", name="Toestaan").click()
    expect(page.get_by_role("alert")).to_contain_text("Met een masterlogin")
    page.get_by_label("Van Dijk Groep").check()
    page.get_by_role("button", name="Toestaan").click()
    page.wait_for_url(f"{nmbrs.partner}?code=*&state=s")


def test_a_run_is_locked_and_recalculated_with_the_keyboard(open_page: OpenPage, nmbrs: Nmbrs) -> None:
    page = open_page()
    page.goto(nmbrs.url + COMPANY)
    for button, done in (("Vergrendelen", "Vergrendeld."), ("Herberekenen", "Herberekend")):
        page.get_by_role("button", name=f"{button}: 2026-10 run 1").press("Enter")
        expect(page.get_by_role("status")).to_contain_text(done)
    expect(page.get_by_role("button", name="Ontgrendelen: 2026-10 run 1")).to_be_visible()


def test_pages_fit_a_small_screen_and_keep_nobody_out(open_page: OpenPage, nmbrs: Nmbrs) -> None:
    page = open_page(viewport={"width": 380, "height": 800})
    for address in (
        nmbrs.consent,
        f"{nmbrs.url}/",
        nmbrs.url + COMPANY,
        f"{nmbrs.url}{COMPANY}/runs/2026/9/1/journal?variant=journalscostcenterunit",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        assert barriers(page) == []


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
