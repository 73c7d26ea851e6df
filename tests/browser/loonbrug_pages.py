"""Somebody of the office at work in Loonbrug's pages."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from tests.browser.profit import Keys
from tests.browser.words import Words
from tests.running import Installation

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "journals"


class Loonbrug:
    """The pages in one language; everything is found by what a reader sees or a screen reader says."""

    def __init__(self, page: Page, installation: Installation, words: Words) -> None:
        self.page = page
        self.main = page.get_by_role("main")
        self.words = words
        self._address = installation.address(installation.pages)

    def sign_in(self, link: str) -> None:
        """By one-time link; then in the language of this reader."""
        self.page.goto(link)
        self.main.get_by_role("button").click()
        self.speak()

    def open(self) -> None:
        """The first page, for whoever is signed in."""
        self.page.goto(self._address)
        self.speak()

    def speak(self) -> None:
        switch = self.page.get_by_role("banner").get_by_role(
            "button", name=self.words.language.upper(), exact=True
        )
        switch.click()
        expect(self.page.locator("html")).to_have_attribute("lang", self.words.language)

    def link(self, text: str, context: str = "") -> Locator:
        return self.main.get_by_role("link", name=self.words(text, context), exact=True)

    def button(self, text: str) -> Locator:
        return self.main.get_by_role("button", name=self.words(text), exact=True)

    def field(self, text: str) -> Locator:
        """A field by its label (which may add that it is optional)."""
        label = re.compile(rf"^{re.escape(self.words(text))}( {self.words('optional')})?$")
        return self.main.get_by_label(label)

    def message(self) -> Locator:
        """What the last act came to."""
        return self.main.get_by_role("status").or_(self.main.get_by_role("alert")).first

    def mark(self, words: str) -> Locator:
        """The connection mark with these words."""
        return self.main.get_by_text(self.words(words), exact=True).first

    def settings(self, section: str) -> None:
        """Instellingen, and one of the pages beside it."""
        tabs = self.page.get_by_role("navigation", name=self.words("Office level"))
        self.page.get_by_role("navigation", name=self.words("Level"), exact=True).get_by_role(
            "link"
        ).first.click()
        tabs.get_by_role("link", name=self.words("Settings"), exact=True).click()
        side = self.page.get_by_role("navigation", name=self.words("Settings"), exact=True)
        side.get_by_role("link", name=self.words(section), exact=True).click()

    def afas_settings(self, tab: str = "Accounts") -> None:
        self.settings("AFAS Profit settings")
        tabs = self.page.get_by_role("navigation", name=self.words("AFAS Profit settings"))
        tabs.get_by_role(
            "link", name=self.words(tab, "tab" if tab == "Administrations" else ""), exact=True
        ).click()

    def new_account(self, user: str, environment: str = "Test") -> None:
        """Nieuw account; afterwards the list of accounts is shown."""
        self.afas_settings()
        self.link("New account").click()
        self.field("Participant number").fill("12345")
        self.field("User").fill(user)
        self.field("Environment").select_option(label=self.words(environment))
        self.button("Add account").click()
        expect(self.main.get_by_role("heading", level=1)).to_contain_text(user)
        self.afas_settings()

    def click_mark(self, user: str) -> None:
        """Click the mark of an account in the list."""
        self.afas_settings()
        self.main.get_by_role("row").filter(has_text=user).get_by_role("link").click()

    def fill_keys(self, keys: Keys, code: str = "") -> None:
        self.field("API key").fill(keys.api_key)
        self.field("Environment key").fill(keys.environment_key)
        if code:
            self.field("Activation code").fill(code)

    def ask_code(self, keys: Keys, button: str) -> None:
        """Ask AFAS to mail a code. A second request within seconds is taken for a double click, and refused."""
        for _ in range(10):
            self.fill_keys(keys)
            with self.page.expect_navigation():
                self.button(button).click()
            if not self.main.get_by_role("article").count():
                return
            self.page.wait_for_timeout(1000)
        raise AssertionError(self.problem(self.main, "Message"))

    def authorise(self, keys: Keys, code: str) -> None:
        """Both keys and the mailed code, then Authenticatie."""
        self.fill_keys(keys, code)
        self.button("Authentication").click()

    def new_mapping(
        self,
        account: str,
        company: str,
        administration: str,
        *,
        default_cost_centre: str = "",
        period_rule: str = "Month",
    ) -> None:
        """Nieuwe mapping, as the tab Administraties offers it."""
        self.afas_settings("Administrations")
        self.field("AFAS account").select_option(label=self._option("AFAS account", account))
        self.button("New mapping").click()
        self.field("Company").select_option(label=self._option("Company", company))
        administration = self._option("Administration in AFAS", administration)
        with self.page.expect_response("**/journal-codes/**"):
            self.field("Administration in AFAS").select_option(label=administration)
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        journal_code = self.field("Journal code")
        if journal_code.evaluate("element => element.tagName") == "SELECT":
            journal_code.select_option("90")
        else:
            journal_code.fill("90")
        self.field("Send from year").fill("2026")
        self.field("Send from period").fill("1")
        self.field("Periods of the book year").select_option(label=self.words(period_rule))
        self.field("Axis for cost centres").select_option("1")
        self.field("Axis for cost units").select_option("2")
        if default_cost_centre:
            self.field("Cost centre for lines without one").fill(default_cost_centre)
            self.field("Balance sheet accounts (BAS)").fill("[0-3][0-9][0-9][0-9]")
        self.button("Save mapping").click()
        expect(
            self.main.get_by_role("table").get_by_role("rowheader").filter(has_text=company)
        ).to_be_visible()

    def _option(self, field: str, part: str) -> str:
        """The whole text of the option that holds this part, as soon as the page shows it."""
        option = self.field(field).get_by_role("option").filter(has_text=part).first
        option.wait_for(state="attached")
        return option.inner_text()

    def find_company(self, number: str) -> None:
        """The company with this number; its first tab is Loonopdracht."""
        self.page.get_by_role("searchbox").fill(number)
        self.page.get_by_role("searchbox").press("Enter")
        self.company_tab("Payroll run")

    def company_tab(self, name: str) -> None:
        tabs = self.page.get_by_role("navigation", name=self.words("Company level"))
        tabs.get_by_role("link", name=self.words(name), exact=True).click()

    def import_journal(
        self, company: str, file: str, year: int = 2026, period: int = 10, run: int = 1
    ) -> None:
        """Journaalposten Export: choose a file, look what it holds, read it in."""
        self.find_company(company)
        self.link("Import a journal").click()
        self.field("Journal file").set_input_files(SAMPLES / file)
        self.field("Year").fill(str(year))
        self.field("Period").fill(str(period))
        self.field("Run number").fill(str(run))
        self.button("Read the file").click()
        self.button("Import").click()
        expect(self.message()).to_have_text(
            self.words.count("%(count)d journal was imported.", "%(count)d journals were imported.", 1)
        )

    def state(self) -> Locator:
        """State and mark of the journal that is shown."""
        return self.main.get_by_role("region", name=self.words("State")).get_by_role("status")

    def send(self) -> None:
        """Verzenden naar AFAS."""
        self.button("Send to AFAS").click()

    def entry(self, ordinal: int = 1) -> Locator:
        """One entry of the journal that is shown, on its way to AFAS."""
        name = self.words("Entry %(ordinal)s of %(date)s", ordinal=ordinal, date="")
        return self.main.get_by_role("region", name=name).first

    def fact(self, place: Locator, name: str) -> str:
        """The value that a list of facts has for this name."""
        term = place.get_by_role("term").filter(has_text=self.words(name))
        value = term.locator("xpath=following-sibling::dd[1]")
        copied = value.locator("code")  # beside a button that copies it
        return (copied if copied.count() else value).inner_text().strip()

    def problem(self, place: Locator, name: str) -> str:
        """Melding, Oorzaak, Oplossing and so on of the first problem that is shown."""
        article = place.get_by_role("article").first
        term = article.get_by_role("term").filter(
            has_text=re.compile(rf"^\s*{re.escape(self._problem(name))}\s*$")
        )
        return term.locator("xpath=following-sibling::dd[1]").inner_text().strip()

    def _problem(self, name: str) -> str:
        return self.words(name, "problem" if name == "Message" else "")
