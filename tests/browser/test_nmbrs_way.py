"""From consent to entry in a browser: nobody carries a file, and after the lock nobody does anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import OpenPage, StorageState, signed_in
from tests.running import Installation, wait_for

from loonbrug.project.demo import nmbrs_way
from loonbrug.project.demo.comparison import differences
from loonbrug.project.demo.nmbrs_side import NmbrsSide, RunInNmbrs
from loonbrug.project.demo.nmbrs_way import CAFE

LOGIN, NAME = "Horeca Combinatie West", "Eetcafé 't Anker & Zn. V.O.F."
BOOKS = CAFE.administration.id
LOOKS = 100
#: A quarter of an hour becomes 7.5 s.
SCALE = 120

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Place:
    """Everything that `make demo` starts, and the cookies of the sample office's first user."""

    installation: Installation
    cookies: StorageState

    @property
    def pages(self) -> str:
        return self.installation.address(self.installation.pages)

    @property
    def control(self) -> str:
        return self.installation.address(self.installation.nmbrs_control_port)


@pytest.fixture
def place(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Installation(tmp_path_factory.mktemp("way"), scale=SCALE) as installation:
        installation.start_nmbrs()
        link = installation.start()
        yield Place(installation, signed_in(browser, link))


def test_a_run_that_is_locked_in_nmbrs_is_booked_in_afas_with_no_hand_in_between(
    open_page: OpenPage, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOONBRUG_DEMO_NMBRS_CONTROL", place.control)
    nmbrs = NmbrsSide()
    page = open_page(storage_state=place.cookies)
    set_up = place.installation.run("loonbrug.project.demo.inside", "nmbrs")
    consent(page, place)
    wait_for(lambda: set_up.popen.poll() is not None, "the companies to be mapped")
    assert set_up.popen.returncode == 0, set_up.output
    company_appears(page, place)
    run, is_locked = nmbrs.newest_run(CAFE.number)
    assert not is_locked
    assert place.installation.books(BOOKS) == []
    nmbrs.lock(run)
    entry_number = number_on_the_page(page, run)
    (entry,) = place.installation.books(BOOKS)
    assert str(entry["number"]) == entry_number
    assert differences([entry], nmbrs_way.expected(CAFE, run, nmbrs.amounts(run))) == []


def consent(page: Page, place: Place) -> None:
    """From our button to the page of Nmbrs, and back with consent; until all that Nmbrs shows has been read."""
    page.goto(f"{place.pages}/settings/nmbrs/")
    page.get_by_role("button", name="Debiteur verbinden").click()
    page.get_by_label(f"{LOGIN} (").check()
    page.get_by_role("button", name="Toestaan").click()
    expect(page.get_by_text("Nmbrs heeft toestemming gegeven.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Bijgewerkt")).to_be_visible()


def company_appears(page: Page, place: Place) -> None:
    """The debtor that consented, and its company with the open run; ends at that company's runs."""
    page.goto(f"{place.pages}/debtors/")
    page.get_by_role("main").get_by_role("link", name=LOGIN, exact=True).click()
    page.get_by_role("main").get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("link", name="Loonopdracht", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="Open")).to_have_count(1)


def number_on_the_page(page: Page, run: RunInNmbrs) -> str:
    """AFAS's number, as it appears in the line of this run."""
    line = page.get_by_role("row").filter(has_text=f"{run.year}-{run.period}, run {run.number}")
    booked = line.locator(".mark__word").filter(has_text=re.compile(r"^\s*[0-9]+\s*$"))
    for _ in range(LOOKS):
        if booked.count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    return booked.inner_text().strip()
