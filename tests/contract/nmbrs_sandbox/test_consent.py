"""`/connect`: consent, codes, tokens and their ends."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from tests.contract.nmbrs_sandbox.caller import (
    BACK,
    CLIENT,
    MASTER,
    SECRET,
    TWO_DEBTORS,
    VAN_DIJK,
    VERIFIER,
    Partner,
)

from nmbrs_sandbox.world import EnvironmentKind


def told(location: str) -> dict[str, str]:
    return {name: texts[0] for name, texts in parse_qs(urlsplit(location).query).items()}


async def test_consent_yields_a_code_and_the_code_tokens(stranger: Partner) -> None:
    page = await stranger.decide(stranger.asking())
    assert page.status == 303
    assert page.headers["location"].startswith(f"{BACK}?")
    assert told(page.headers["location"])["state"] == "a state"

    given = await stranger.exchange(told(page.headers["location"])["code"])

    assert (given.status, given.headers["cache-control"]) == (200, "no-store")
    assert (given.content["token_type"], given.content["expires_in"]) == ("Bearer", 3600)
    assert set(given.content) == {"access_token", "refresh_token", "expires_in", "token_type", "scope"}


async def test_who_denies_leads_back_without_a_code(stranger: Partner) -> None:
    page = await stranger.decide(stranger.asking(), decision="deny")
    assert told(page.headers["location"]) == {"error": "access_denied", "state": "a state"}
    assert stranger.sandbox.identity.consents == []


async def test_a_master_login_is_refused_in_an_accountant_environment_only(stranger: Partner) -> None:
    page = await stranger.decide(stranger.asking(), login=MASTER)
    assert page.status == 422
    assert "Met een masterlogin kan in een accountantsomgeving geen toestemming gegeven worden." in page.text
    stranger.sandbox.world.kind = EnvironmentKind.BUSINESS
    assert (await stranger.decide(stranger.asking(), login=MASTER)).status == 303


async def test_somebody_has_to_be_chosen(stranger: Partner) -> None:
    page = await stranger.decide(stranger.asking(), login="nobody@elders.example")
    assert (page.status, stranger.sandbox.identity.consents) == (422, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "PartnerApp_Elders"},
        {"redirect_uri": "https://elsewhere.example/back"},
        {"redirect_uri": "http://127.0.0.1:8000@elsewhere.example/"},
        {"redirect_uri": "http://127.0.0.1:8000;script-src/ *"},
        {"redirect_uri": ""},
    ],
    ids=str,
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    stranger: Partner, changes: dict[str, str]
) -> None:
    page = await stranger.decide(stranger.asking(**changes))
    assert page.status == 400
    assert "location" not in page.headers
    assert "is niet geregistreerd" in page.text


async def test_a_registered_address_counts_to_the_letter(stranger: Partner) -> None:
    stranger.sandbox.world.partners[CLIENT].redirect_uris = [BACK]
    assert (await stranger.decide(stranger.asking())).status == 303
    assert (await stranger.decide(stranger.asking(redirect_uri=f"{BACK}/"))).status == 400
    await stranger.control("POST", "/reset", {})
    assert (await stranger.decide(stranger.asking(redirect_uri=f"{BACK}/"))).status == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "company.info.read openid"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_at_the_partner(
    stranger: Partner, changes: dict[str, str], error: str
) -> None:
    page = await stranger.decide(stranger.asking(**changes))
    assert page.status == 303
    answer = told(page.headers["location"])
    assert (answer["error"], answer["state"]) == (error, "a state")


@pytest.mark.parametrize(
    ("changes", "later"),
    [
        ({"code_verifier": VERIFIER[:-1] + "w"}, 0),
        ({"code_verifier": ""}, 0),
        ({"redirect_uri": f"{BACK}x"}, 0),
        ({"code": "f" * 64}, 0),
        ({}, 300),
    ],
    ids=["verifier", "no verifier", "address", "code", "five minutes later"],
)
async def test_a_code_that_does_not_fit_yields_nothing(
    stranger: Partner, changes: dict[str, str], later: int
) -> None:
    code = await stranger.code()
    await stranger.control("POST", "/clock", {"seconds": later})
    answer = await stranger.exchange(**{"code": code} | changes)
    assert (answer.status, answer.content["error"]) == (400, "invalid_grant")


async def test_a_verifier_without_a_challenge_is_refused_and_neither_is_fine(stranger: Partner) -> None:
    without = {"code_challenge": "", "code_challenge_method": ""}
    assert (await stranger.exchange(await stranger.code(**without))).content["error"] == "invalid_grant"
    assert (await stranger.exchange(await stranger.code(**without), code_verifier="")).status == 200


async def test_a_code_serves_once_and_until_just_before_five_minutes(stranger: Partner) -> None:
    code = await stranger.code()
    await stranger.control("POST", "/clock", {"seconds": 299})
    assert (await stranger.exchange(code)).status == 200
    assert (await stranger.exchange(code)).content["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "basic",
    [
        f"{CLIENT}:{SECRET}",
        f"{CLIENT}:{quote(SECRET, safe='*')}",
        f"{CLIENT}:wrong",
        f"PartnerApp_Elders:{quote(SECRET, safe='')}",
        "nothing",
    ],
)
async def test_credentials_have_to_be_right_and_percent_encoded(stranger: Partner, basic: str) -> None:
    answer = await stranger.ask_token(basic=basic, grant_type="refresh_token", refresh_token="x")
    assert (answer.status, answer.content["error"]) == (400, "invalid_client")


async def test_a_secret_in_the_form_is_not_looked_at(stranger: Partner) -> None:
    code = await stranger.code()
    answer = await stranger.ask_token(
        basic="x:y", grant_type="authorization_code", code=code, client_id=CLIENT, client_secret=SECRET
    )
    assert answer.content["error"] == "invalid_client"


async def test_only_the_two_grants_are_known(stranger: Partner) -> None:
    answer = await stranger.ask_token(grant_type="client_credentials")
    assert (answer.status, answer.content["error"]) == (400, "unsupported_grant_type")


async def test_a_refresh_token_serves_once(partner: Partner) -> None:
    renewed = await partner.renew(partner.refresh_token)
    assert renewed.content["refresh_token"] != partner.refresh_token
    assert (await partner.renew(partner.refresh_token)).content["error"] == "invalid_grant"
    assert (await partner.renew(renewed.content["refresh_token"])).status == 200


async def test_a_chain_of_refresh_tokens_ends_after_thirty_days_without_use(partner: Partner) -> None:
    month = 30 * 24 * 3600
    await partner.control("POST", "/clock", {"seconds": month - 1})
    renewed = await partner.renew(partner.refresh_token)
    assert renewed.status == 200
    await partner.control("POST", "/clock", {"seconds": month})
    assert (await partner.renew(renewed.content["refresh_token"])).content["error"] == "invalid_grant"


async def test_without_offline_access_there_is_no_refresh_token(stranger: Partner) -> None:
    await stranger.connect(scope="company.info.read")
    assert stranger.refresh_token == ""
    assert (await stranger.get("/api/debtors")).status == 200


async def test_an_access_token_serves_an_hour(partner: Partner) -> None:
    await partner.control("POST", "/clock", {"seconds": 3599})
    assert (await partner.get("/api/debtors")).status == 200
    await partner.control("POST", "/clock", {"seconds": 1})
    assert (await partner.get("/api/debtors")).code == 40102


async def test_a_revoked_refresh_token_ends_its_access_tokens_too(partner: Partner) -> None:
    assert (await partner.post_form("/connect/revocation", {"token": "unknown"})).status == 200
    assert (await partner.get("/api/debtors")).status == 200
    assert (await partner.post_form("/connect/revocation", {"token": partner.refresh_token})).status == 200
    assert (await partner.get("/api/debtors")).code == 40102
    assert (await partner.renew(partner.refresh_token)).content["error"] == "invalid_grant"


async def test_a_revoked_access_token_leaves_the_refresh_token(partner: Partner) -> None:
    await partner.post_form("/connect/revocation", {"token": partner.token})
    assert (await partner.get("/api/debtors")).code == 40102
    assert (await partner.renew(partner.refresh_token)).status == 200


async def test_a_withdrawn_consent_ends_everything_that_came_of_it(partner: Partner) -> None:
    (given,) = (await partner.control("GET", "/consents")).content["consents"]
    assert (given["email"], given["debtors"], given["withdrawn"]) == (VAN_DIJK, ["1001"], False)
    await partner.control("DELETE", f"/consents/{given['id']}")
    assert (await partner.get("/api/debtors")).code == 40102
    assert (await partner.renew(partner.refresh_token)).content["error"] == "invalid_grant"
    assert (await partner.control("DELETE", "/consents/9")).status == 404


async def test_the_page_may_lead_to_the_partner_and_nowhere_else(stranger: Partner) -> None:
    page = await stranger.get(stranger.asking())
    assert page.status == 200
    assert "form-action 'self' http://127.0.0.1:8000;" in page.headers["content-security-policy"]


async def test_a_form_from_elsewhere_gives_no_consent(stranger: Partner) -> None:
    page = await stranger.post_form(stranger.asking(), {"login": VAN_DIJK, "decision": "allow"})
    assert (page.status, stranger.sandbox.identity.consents) == (403, [])


async def test_consent_for_two_debtors_shows_both(stranger: Partner) -> None:
    await stranger.connect(login=TWO_DEBTORS)
    rows = (await stranger.get("/api/debtors")).content["data"]
    assert [row["number"] for row in rows] == ["1002", "1003"]
