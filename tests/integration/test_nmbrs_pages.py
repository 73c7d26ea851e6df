"""Consent in the browser, and the pages of connections with Nmbrs."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from tests.integration.nmbrs_on_stub import NOW, NmbrsOffice, NmbrsStub, office, stub
from tests.integration.people import browser_of, person

from loonbrug.access.rights import Level, Part
from loonbrug.audit.models import Record
from loonbrug.connections.models import NmbrsConnection, NmbrsState
from loonbrug.directory.models import Company, Debtor, NmbrsCompany
from loonbrug.workflows import nmbrs_consent
from nmbrs_client import errors
from nmbrs_client.auth import Tokens, challenge_of

__all__ = ["office", "stub"]  # fixtures


class Identity:
    """Nmbrs's identity service as far as the pages ask it."""

    def __init__(self) -> None:
        self.codes: list[tuple[str, str]] = []
        self.revoked: list[str] = []
        self.fails: Exception | None = None

    async def exchange_code(self, code: str, verifier: str) -> Tokens:
        if self.fails:
            raise self.fails
        self.codes.append((code, verifier))
        return Tokens("an access token", "a refresh token", timedelta(hours=1), frozenset())

    async def revoke(self, refresh_token: str) -> None:
        if self.fails:
            raise self.fails
        self.revoked.append(refresh_token)


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Identity:
    made = Identity()
    monkeypatch.setattr("loonbrug.workflows.nmbrs_calls.IdentityClient", lambda *_given: made)
    return made


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as moment:
        yield moment


def browser(office: NmbrsOffice, level: Level = Level.WRITE, language: str = "en") -> Client:
    rights = {Part.NMBRS_SETTINGS: level, Part.DIRECTORY: level}
    return browser_of(person(office.scope.office_id, rights, name="Bo", language=language))


def ask(client: Client, **given: object) -> dict[str, str]:
    """Press the button: what Nmbrs is asked."""
    answer = client.post(reverse("nmbrs-consent"), given)
    assert answer.status_code == 302
    assert answer["Location"].startswith("http://nmbrs.test/connect/authorize?")
    return {key: values[0] for key, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def come_back(client: Client, **query: str) -> str:
    return client.get(reverse("nmbrs-callback"), query, follow=True).content.decode()


def test_consent_is_asked_with_a_state_and_a_challenge_and_the_code_is_traded_with_its_verifier(
    office: NmbrsOffice, identity: Identity
) -> None:
    client = browser(office)
    asked = ask(client)
    assert asked["redirect_uri"] == f"{settings.ADDRESS}/settings/nmbrs/callback/"
    page = come_back(client, code="the code", state=asked["state"])
    ((code, verifier),) = identity.codes
    assert code == "the code"
    assert challenge_of(verifier) == asked["code_challenge"]
    assert "Nmbrs gave consent." in page
    kept = NmbrsConnection.objects.latest("id")
    assert (kept.state, kept.consented_by) == (NmbrsState.CONNECTED, "Bo")
    assert Record.objects.filter(verb="nmbrs_consent_given", subject_id=kept.pk).exists()
    assert "a refresh token" not in page
    assert str(list(Record.objects.values_list("details", flat=True))).count("token") == 0


def test_a_state_serves_once(office: NmbrsOffice, identity: Identity) -> None:
    client = browser(office)
    state = ask(client)["state"]
    come_back(client, code="one", state=state)
    assert "This consent was not used." in come_back(client, code="two", state=state)
    assert [code for code, _ in identity.codes] == ["one"]


@pytest.mark.parametrize("state", ["", "made up"])
def test_a_state_that_this_browser_never_got_is_refused_and_nothing_is_traded(
    office: NmbrsOffice, identity: Identity, state: str
) -> None:
    client = browser(office)
    ask(client)
    assert "This consent was not used." in come_back(client, code="stolen", state=state)
    assert identity.codes == []


def test_the_state_of_another_browser_is_refused(office: NmbrsOffice, identity: Identity) -> None:
    state = ask(browser(office))["state"]
    other = browser(office, language="nl")
    assert "Deze toestemming is niet gebruikt." in come_back(other, code="stolen", state=state)
    assert identity.codes == []


def test_a_consent_that_took_too_long_is_asked_anew(
    office: NmbrsOffice, identity: Identity, clock: time_machine.Traveller
) -> None:
    client = browser(office)
    state = ask(client)["state"]
    clock.shift(nmbrs_consent.CONSENT_LIFE + timedelta(seconds=1))
    assert "This consent was not used." in come_back(client, code="late", state=state)
    assert identity.codes == []


@pytest.mark.parametrize(
    ("error", "message"),
    [("access_denied", "Nmbrs gave no consent."), ("server_error", "Nmbrs could not ask for consent.")],
)
def test_who_does_not_consent_is_told_and_nothing_is_kept(
    office: NmbrsOffice, identity: Identity, error: str, message: str
) -> None:
    client = browser(office)
    state = ask(client)["state"]
    assert message in come_back(client, error=error, state=state)
    assert NmbrsConnection.objects.count() == 1
    assert "This consent was not used." in come_back(client, code="after all", state=state)


def test_a_code_that_nmbrs_refuses_is_told_and_nothing_is_kept(
    office: NmbrsOffice, identity: Identity
) -> None:
    client = browser(office)
    state = ask(client)["state"]
    identity.fails = errors.ApplicationRefused("no")
    assert "Nmbrs does not know our application." in come_back(client, code="code", state=state)
    assert NmbrsConnection.objects.count() == 1


def test_several_consents_may_be_under_way_in_one_browser(office: NmbrsOffice, identity: Identity) -> None:
    client = browser(office)
    states = [ask(client)["state"] for _ in range(3)]
    for state in states:
        come_back(client, code=state, state=state)
    assert [code for code, _ in identity.codes] == states


def test_without_an_application_nothing_can_be_asked_and_the_page_says_who_can_mend_it(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(office)
    monkeypatch.setattr(settings, "NMBRS_CLIENT_ID", "")
    page = client.get(reverse("nmbrs-connections")).content.decode()
    assert "This installation has no application at Nmbrs." in page
    assert "Whoever runs this installation" in page
    assert "Connect a debtor" not in page
    told = client.post(reverse("nmbrs-consent")).content.decode()
    assert "This installation has no application at Nmbrs." in told


def test_who_may_read_only_sees_the_connections_and_can_do_nothing(
    office: NmbrsOffice, identity: Identity
) -> None:
    client = browser(office, Level.READ)
    office.synchronise()
    one = {"nmbrs_connection_id": office.connection_id}
    page = client.get(reverse("nmbrs-connection", kwargs=one)).content.decode()
    assert "Van Dijk Groep" in page
    assert "Remove connection" not in page
    assert client.post(reverse("nmbrs-consent")).status_code == 403
    for name in ("nmbrs-synchronise", "nmbrs-connection-remove"):
        assert client.post(reverse(name, kwargs=one)).status_code == 403
    assert client.get(reverse("nmbrs-callback"), {"code": "x"}).status_code == 403


def test_a_click_leads_to_nmbrs_and_nowhere_else(office: NmbrsOffice) -> None:
    """The browser holds a form to what the page allows, also when it is led on."""
    policy = browser(office).get(reverse("nmbrs-connections"))["Content-Security-Policy"]
    assert "form-action 'self' https://identityservice.nmbrs.com" in policy


def test_progress_is_shown_while_it_lasts_and_the_page_stops_asking_when_it_is_done(
    office: NmbrsOffice, clock: time_machine.Traveller
) -> None:
    client = browser(office)
    one = {"nmbrs_connection_id": office.connection_id}
    state = reverse("nmbrs-connection-state", kwargs=one)
    busy = client.get(state)
    assert "hx-get" in busy.content.decode()
    assert "HX-Refresh" not in busy
    office.synchronise()
    clock.shift(60)
    client.post(reverse("nmbrs-synchronise", kwargs=one))
    assert "0 of 4 questions to Nmbrs answered" in client.get(state).content.decode()
    office.synchronise(later=timedelta(seconds=60))
    done = client.get(state)
    assert "hx-get" not in done.content.decode()
    assert done["HX-Refresh"] == "true"


def test_a_stopped_connection_is_told_on_its_page_on_the_first_page_and_at_its_debtor(
    office: NmbrsOffice,
) -> None:
    office.synchronise()
    NmbrsConnection.objects.update(
        state=NmbrsState.CONSENT_NEEDED, reason="nmbrs_refresh_lost", stopped_at=NOW
    )
    client = browser(office, language="nl")
    debtor = Debtor.objects.get()
    for address in (
        reverse("home"),
        reverse("nmbrs-connection", kwargs={"nmbrs_connection_id": office.connection_id}),
        reverse("debtor", kwargs={"debtor_id": debtor.pk}),
    ):
        page = client.get(address).content.decode()
        assert "De verbinding moet opnieuw gelegd worden." in page, address
        assert "inlog van de debiteur" in page, address


def test_of_many_connections_a_page_shows_some_and_those_first_that_need_somebody(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loonbrug.screens.nmbrs.PER_PAGE", 2)
    office.now -= timedelta(days=3)
    earlier = office.consent(token="earlier")
    stopped = office.consent(token="stopped")
    NmbrsConnection.objects.filter(id=stopped).update(state=NmbrsState.CONSENT_NEEDED, stopped_at=NOW)
    client = browser(office)

    def shown(page: str) -> list[str]:
        told = client.get(reverse("nmbrs-connections"), {"page": page}).content.decode()
        return re.findall(r'<th scope="row"><a href="/settings/nmbrs/(\d+)/"', told)

    assert shown("1") == [str(stopped), str(earlier)]
    assert shown("2") == shown("99") == [str(office.connection_id)]
    assert shown("x") == shown("1")


def test_a_person_decides_which_company_it_is(office: NmbrsOffice) -> None:
    debtor = Debtor.objects.create(office_id=office.scope.office_id, number="9", name="Iemand anders")
    ours = Company.objects.create(
        office_id=office.scope.office_id, debtor=debtor, number="2001", name="Slagerij"
    )
    office.synchronise()
    client = browser(office)
    waiting = NmbrsCompany.objects.get(company=None)
    address = reverse("nmbrs-decide-company", kwargs={"nmbrs_company_id": waiting.pk})
    assert "Here this number belongs to another debtor" in client.get(address).content.decode()
    refused = client.post(address, {"same_as": "", "number": "2002"}).content.decode()
    assert "Number 2002 exists already." in refused
    answer = client.post(address, {"same_as": str(ours.pk), "number": ""})
    assert answer.status_code == 302
    waiting.refresh_from_db()
    assert waiting.company_id == ours.pk
    assert client.get(address).status_code == 404


def test_what_is_gone_from_nmbrs_is_told_where_it_stands(office: NmbrsOffice, stub: NmbrsStub) -> None:
    stub.companies["c1"].cost_centres = {"100": "Productie"}
    office.synchronise()
    stub.companies["c1"].cost_centres.clear()
    del stub.companies["c2"]
    office.synchronise(later=timedelta(days=1))
    client = browser(office)
    bakery = Company.objects.get(number="2001")
    codes = client.get(reverse("cost-centres", kwargs={"company_id": bakery.pk})).content.decode()
    debtor = client.get(reverse("debtor", kwargs={"debtor_id": bakery.debtor_id})).content.decode()
    assert codes.count("No longer in Nmbrs") == 1
    assert debtor.count("No longer in Nmbrs") == 1


@pytest.mark.parametrize("fails", [None, errors.NoAnswer("away")])
def test_a_removed_connection_gives_its_consent_back_and_what_was_read_stays(
    office: NmbrsOffice, identity: Identity, fails: Exception | None
) -> None:
    office.synchronise()
    identity.fails = fails
    one = {"nmbrs_connection_id": office.connection_id}
    page = browser(office).post(reverse("nmbrs-connection-remove", kwargs=one), follow=True).content.decode()
    assert "The connection was removed." in page
    assert ("Nmbrs could not be told." in page) is (fails is not None)
    assert identity.revoked == ([] if fails else ["refresh"])
    assert not NmbrsConnection.objects.exists()
    assert Company.objects.count() == 2
    assert not NmbrsCompany.objects.filter(gone_at=None).exists()
