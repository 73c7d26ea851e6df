"""Consent and synchronising against the sandbox of Nmbrs in a process of its own, over real lines."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from tests.integration.nmbrs_on_stub import at_once
from tests.running import free_port

from loonbrug.access.models import User
from loonbrug.access.operations import create_office
from loonbrug.access.rights import Scope, service_scope
from loonbrug.connections.models import NmbrsConnection, NmbrsState
from loonbrug.directory.models import AllocationCode, Company, NmbrsCompany
from loonbrug.payroll.nmbrs_models import NmbrsLook, NmbrsRun
from loonbrug.payroll.run_queries import RunSeen, runs
from loonbrug.web.nmbrs_settings.way_back import redirect_url
from loonbrug.workflows.nmbrs_ground import Ground
from loonbrug.workflows.synchronise import due, synchronise
from nmbrs_client.transport import AiohttpTransport

pytestmark = pytest.mark.django_db
VAN_DIJK, ZUID = "loon@vandijkgroep.example", "inkoop@handelshuiszuid.example"
HOUR = timedelta(hours=1)
#: Where Nmbrs tells dates, a thirteenth period cannot be told from the twelfth: it is refused by name.
THIRTEENTH = 13
BY_FOUR_WEEKS = {"2004"}


def ask(url: str, method: str, body: str, kind: str = "application/json") -> tuple[str, str]:
    """The body of the answer, and where a browser would be led to."""
    parts = urlsplit(url)
    headers = {"Content-Type": kind, "Origin": f"{parts.scheme}://{parts.netloc}"}
    with closing(HTTPConnection(parts.netloc, timeout=20)) as line:
        line.request(method, f"{parts.path}?{parts.query}", body, headers)
        answer = line.getresponse()
        text = answer.read().decode()
        assert answer.status < 400, text
        return text, answer.headers.get("Location", "")


@dataclass
class Nmbrs:
    """The sandbox: its address, and the port on which a test does what people do in Nmbrs."""

    address: str
    control: str

    def act(self, path: str, method: str = "POST", **document: object) -> Any:
        return json.loads(ask(f"{self.control}{path}", method, json.dumps(document))[0])

    def newest_run(self, company: str) -> dict[str, Any]:
        found = self.act(f"/companies/{company}/runs", "GET")["runs"]
        return max(found, key=lambda run: (run["year"], run["period"], run["number"]))

    def consent(self, address: str, login: str) -> str:
        """A person allows it: where the browser is led to then."""
        form = urlencode({"decision": "allow", "login": login})
        return ask(address, "POST", form, "application/x-www-form-urlencoded")[1]


@pytest.fixture(scope="module")
def process() -> Iterator[Nmbrs]:
    port, control = free_port(), free_port()
    words = ("--port", str(port), "--control-port", str(control))
    running = subprocess.Popen(
        [sys.executable, "-m", "nmbrs_sandbox", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    nmbrs = Nmbrs(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{control}")
    until = time.monotonic() + 30
    while True:
        try:
            nmbrs.act("/clock", "GET")
            break
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the sandbox did not start"
            time.sleep(0.1)
    yield nmbrs
    running.terminate()
    running.wait(10)


@pytest.fixture
def nmbrs(process: Nmbrs, monkeypatch: pytest.MonkeyPatch) -> Nmbrs:
    process.act("/reset", seed="demo")
    world = process.act("/world", "GET")
    partner = world["partners"][0]
    monkeypatch.setattr(settings, "NMBRS_URL", process.address)
    monkeypatch.setattr(settings, "NMBRS_CLIENT_ID", partner["client_id"])
    monkeypatch.setattr(settings, "NMBRS_SECRET", partner["client_secret"])
    monkeypatch.setattr(settings, "NMBRS_SUBSCRIPTION_KEY", world["subscription_keys"][0])
    return process


@dataclass
class Office:
    """An office whose clock goes with that of the sandbox."""

    nmbrs: Nmbrs
    scope: Scope
    browser: Client = field(default_factory=Client)
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def connect(self, login: str, **given: object) -> None:
        address = self.browser.post(reverse("nmbrs-consent"), given)["Location"]
        back = self.nmbrs.consent(address, login)
        page = self.browser.get(back.removeprefix(settings.ADDRESS), follow=True).content.decode()
        assert "Nmbrs gave consent." in page

    def synchronise(self, later: timedelta = timedelta(0)) -> None:
        self.ahead += later
        self.nmbrs.act("/clock", seconds=int(later.total_seconds()))
        now = self.now()
        for _, connection_id in due(now=now):
            asyncio.run(synchronise(connection_id=connection_id, ground=self._ground(now)))

    def runs(self, number: str) -> list[RunSeen]:
        company = Company.objects.get(number=number)
        years = NmbrsRun.objects.filter(company=company).values_list("year", flat=True).distinct()
        return [
            each
            for year in sorted(years)
            for each in runs(scope=self.scope, company_id=company.pk, year=year)
        ]

    def _ground(self, now: datetime) -> Ground:
        return Ground(
            now=lambda: now,
            new_id=uuid4,
            write=at_once,
            open_transport=AiohttpTransport,
            is_stopping=lambda: False,
            others_wait=lambda: False,
            slice_seconds=60.0,
            redirect_url=redirect_url(),
        )


@pytest.fixture
def office(nmbrs: Nmbrs) -> Office:
    made = create_office(
        name="Kantoor", user_email="anna@kantoor.nl", user_name="Anna", now=datetime.now(UTC)
    )
    found = Office(nmbrs, service_scope(made.id))
    User.objects.update(language="en")
    found.browser.force_login(User.objects.get())
    return found


def identities(found: list[RunSeen]) -> set[tuple[int, int, int, bool]]:
    return {(run.year, run.period, run.number, run.is_locked) for run in found if run.gone_at is None}


@pytest.mark.parametrize("shape", ["number", "moment"])
def test_after_consent_everything_of_the_debtor_appears_as_nmbrs_has_it(
    office: Office, nmbrs: Nmbrs, shape: str
) -> None:
    nmbrs.act("/world", "PATCH", period_shape=shape)
    office.connect(VAN_DIJK)
    office.synchronise()
    mine = {
        each["number"]: each for each in nmbrs.act("/world", "GET")["companies"] if each["debtor"] == "1001"
    }
    assert set(Company.objects.values_list("number", flat=True)) == set(mine)
    for number in mine:
        told = nmbrs.act(f"/companies/{number}/runs", "GET")["runs"]
        wanted = {
            (run["year"], run["period"], run["number"], run["locked"])
            for run in told
            if shape == "number" or run["period"] != THIRTEENTH or number in BY_FOUR_WEEKS
        }
        assert identities(office.runs(number)) == wanted
    assert NmbrsLook.objects.exclude(failure="").exists() is (shape == "moment")
    bakery = AllocationCode.objects.filter(company__number="2001").values_list("code", flat=True)
    assert {"100", "200", "300", "P01", "P02"} == set(bakery)


def test_what_happens_in_nmbrs_is_seen_an_hour_later_with_a_new_token(office: Office, nmbrs: Nmbrs) -> None:
    office.connect(VAN_DIJK)
    office.synchronise()
    newest = nmbrs.newest_run("2001")
    path = f"/companies/2001/runs/{newest['year']}/{newest['period']}/{newest['number']}"
    nmbrs.act(path, "PATCH", locked=True)
    nmbrs.act("/companies/2002", "PATCH", name="Garage Anders")
    nmbrs.act("/companies/2005", "DELETE")
    office.synchronise(HOUR)
    assert (newest["year"], newest["period"], newest["number"], True) in identities(office.runs("2001"))
    assert Company.objects.get(number="2002").name == "Garage Anders"
    assert NmbrsCompany.objects.get(number="2005").gone_at is not None
    assert NmbrsConnection.objects.get().pair_serial == 2


def test_a_company_follows_its_debtor_from_one_connection_to_another(office: Office, nmbrs: Nmbrs) -> None:
    office.connect(VAN_DIJK)
    office.connect(ZUID)
    office.synchronise()
    nmbrs.act("/companies/2002", "PATCH", debtor="1002")
    office.synchronise(HOUR)
    office.synchronise(HOUR)
    moved = NmbrsCompany.objects.select_related("company__debtor", "debtor").get(number="2002")
    assert moved.gone_at is None
    assert moved.company is not None
    assert moved.company.debtor.number == "1002"
    assert NmbrsConnection.objects.count() == 2


def test_a_withdrawn_consent_stops_the_connection_and_a_new_one_mends_it(
    office: Office, nmbrs: Nmbrs
) -> None:
    office.connect(VAN_DIJK)
    office.synchronise()
    (given,) = nmbrs.act("/consents", "GET")["consents"]
    nmbrs.act(f"/consents/{given['id']}", "DELETE")
    office.synchronise(HOUR)
    stopped = NmbrsConnection.objects.get()
    assert (stopped.state, stopped.reason) == (NmbrsState.CONSENT_NEEDED, "nmbrs_consent_ended")
    first_page = office.browser.get(reverse("home")).content.decode()
    assert re.search("Nmbrs no longer takes this consent.*Van Dijk Groep", first_page, re.DOTALL)
    office.connect(VAN_DIJK, connection=stopped.pk)
    office.synchronise()
    assert (NmbrsConnection.objects.get().pk, NmbrsConnection.objects.get().state) == (
        stopped.pk,
        NmbrsState.CONNECTED,
    )


def test_the_way_back_is_the_one_that_the_address_of_this_installation_says() -> None:
    assert urlsplit(redirect_url()).path == "/settings/nmbrs/callback/"
