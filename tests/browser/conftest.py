"""A browser, an installation of everything, and pages that fail the test on whatever goes wrong in them."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    StorageState,
    expect,
    sync_playwright,
)
from tests.running import HERE, Installation

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Page]


CHROMIUM = shutil.which("chromium")
MISSING = "the browser tests need Chromium: apt-get install chromium"


# The scope is a module: while playwright runs, no test of this process can have an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What is skipped is said, with the cure."""
    if CHROMIUM is None:
        terminalreporter.write_line(MISSING)


class Faults:
    """What went wrong in a page beside what the test looks at."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A page that refuses something (4xx) is also told on the console; `_response` judges those.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.found.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.hostname != HERE:
            self.found.append(f"another host: {request.url}")

    def _response(self, response: Response) -> None:
        is_page = response.request.resource_type == "document"
        if response.status >= 500 or (response.status >= 400 and not is_page):
            self.found.append(f"{response.status}: {response.url}")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, each as a person of their own; what goes wrong in any of them fails the test."""
    faults = Faults()
    with ExitStack() as contexts:

        def open_one(**options: Any) -> Page:
            context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}} | options)
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            faults.watch(page)
            return page

        yield open_one
    assert faults.found == []


@dataclass(frozen=True)
class Office:
    """A running installation, and the cookies of its first user, who may do everything."""

    installation: Installation
    cookies: StorageState


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Sandbox, mail catcher and the sample office with its pages; nothing is authorised or mapped yet."""
    with Installation(tmp_path_factory.mktemp("office")) as installation:
        yield Office(installation, signed_in(browser, installation.start()))


@pytest.fixture(scope="module")
def mapped_office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The same with an authorised account, and every company mapped."""
    with Installation(tmp_path_factory.mktemp("mapped-office"), scale=90) as installation:
        yield Office(installation, signed_in(browser, installation.start(authorised=True)))


def signed_in(browser: Browser, link: str) -> StorageState:
    """The cookies of whoever has this one-time link."""
    page = browser.new_page()
    page.goto(link)
    page.get_by_role("main").get_by_role("button").click()
    page.get_by_role("navigation").first.wait_for()
    cookies = page.context.storage_state()
    page.context.close()
    return cookies


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With a failure comes what the processes wrote."""
    outcome: Any = yield
    report = outcome.get_result()
    funcargs = getattr(item, "funcargs", {})
    for value in funcargs.values():
        if report.failed and isinstance(value, Office):
            report.sections.append(("what the processes wrote", value.installation.output[-20_000:]))
