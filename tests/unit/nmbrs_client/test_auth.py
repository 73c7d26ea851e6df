"""Signing in: what leaves, and what is made of the answers. Nothing is asked twice."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nmbrs_client.scripted import Answer, Scripted, answered

from nmbrs_client import errors
from nmbrs_client.auth import NMBRS, SCOPES, Application, Tokens, authorize_url, challenge_of
from nmbrs_client.client import IdentityClient
from nmbrs_client.errors import Form
from nmbrs_client.wire import Response

APPLICATION = Application(
    "PartnerApp_loonbrug_x1", "s*cr$t/:%é", "key-1", "https://bridge.example/nmbrs/back"
)
GRANTED = {
    "access_token": "access-1",
    "refresh_token": "refresh-2",
    "expires_in": 3600,
    "token_type": "Bearer",
    "scope": "company.info.read document.read",
}


def identity(*answers: Answer) -> tuple[Scripted, IdentityClient]:
    line = Scripted(list(answers))
    return line, IdentityClient(line, APPLICATION, NMBRS)


def test_the_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


@pytest.mark.parametrize(
    "verifier", ["", "a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "é", "a" * 43 + "\n"]
)
def test_an_unfit_verifier_is_refused(verifier: str) -> None:
    with pytest.raises(ValueError, match="43 to 128"):
        challenge_of(verifier)


def test_the_page_of_consent_asks_for_no_more_than_is_used() -> None:
    address = urlsplit(authorize_url(APPLICATION, NMBRS, "state&1", "challenge"))
    assert f"{address.scheme}://{address.netloc}{address.path}" == NMBRS.authorize
    assert dict(parse_qsl(address.query, strict_parsing=True)) == {
        "response_type": "code",
        "client_id": APPLICATION.client_id,
        "redirect_uri": APPLICATION.redirect_url,
        "scope": " ".join(SCOPES),
        "state": "state&1",
        "code_challenge": "challenge",
        "code_challenge_method": "S256",
    }
    assert "openid" not in SCOPES  # Nmbrs refuses the whole request for it
    assert all(scope.endswith(".read") or scope == "offline_access" for scope in SCOPES)


async def test_a_code_becomes_tokens_with_both_halves_of_the_sign_in_encoded() -> None:
    line, client = identity(answered(200, GRANTED))

    tokens = await client.exchange_code("c+de", "v" * 43)

    assert tokens == Tokens(
        access_token="access-1",
        refresh_token="refresh-2",
        expires_in=timedelta(hours=1),
        scopes=frozenset({"company.info.read", "document.read"}),
    )
    (asked,) = line.asked
    kind, _, halves = asked.headers["Authorization"].partition(" ")
    assert (asked.method, asked.url, kind) == ("POST", NMBRS.token, "Basic")
    assert base64.b64decode(halves) == b"PartnerApp_loonbrug_x1:s%2Acr%24t%2F%3A%25%C3%A9"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode(), strict_parsing=True) == {
        "grant_type": ["authorization_code"],
        "code": ["c+de"],
        "redirect_uri": [APPLICATION.redirect_url],
        "code_verifier": ["v" * 43],
    }


async def test_a_refresh_brings_the_next_refresh_token() -> None:
    line, client = identity(answered(200, GRANTED))
    assert (await client.refresh("refresh-1")).refresh_token == "refresh-2"
    sent = parse_qs(line.asked[0].body.decode(), strict_parsing=True)
    assert sent == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-1"]}


async def test_a_refresh_without_a_next_token_keeps_the_one_there_is() -> None:
    _, client = identity(answered(200, {**GRANTED, "refresh_token": None}))
    assert (await client.refresh("refresh-1")).refresh_token == "refresh-1"


async def test_a_consent_that_yields_no_refresh_token_is_none() -> None:
    _, client = identity(answered(200, {**GRANTED, "refresh_token": ""}))
    with pytest.raises(errors.BadAnswer) as bad:
        await client.exchange_code("code", "v" * 43)
    assert bad.value.form is Form.OTHER_FIELDS


async def test_a_consent_is_given_back() -> None:
    line, client = identity(Response(200, {}, b""))
    await client.revoke("refresh-1")
    (asked,) = line.asked
    assert asked.url == NMBRS.revocation
    sent = parse_qs(asked.body.decode(), strict_parsing=True)
    assert sent == {"token": ["refresh-1"], "token_type_hint": ["refresh_token"]}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answered(400, {"error": "invalid_grant"}), errors.ConsentEnded),
        (answered(401, {"error": "invalid_grant"}), errors.ConsentEnded),
        (answered(400, {"error": "invalid_client"}), errors.ApplicationRefused),
        (answered(401, {"error": "invalid_client"}), errors.ApplicationRefused),
        (answered(400, {"error": "unauthorized_client"}), errors.ApplicationRefused),
        (answered(400, {"error": "invalid_scope"}), errors.ApplicationRefused),
        (answered(401, None), errors.ApplicationRefused),
        (answered(400, {"error": "invalid_request"}), errors.Invalid),
        (answered(400, {"error": ["invalid_grant"]}), errors.Invalid),
        (answered(429, None, Retry_After="9"), errors.TooManyCalls),
        (answered(503, None), errors.Unavailable),
        (answered(500, {"error": "oops"}), errors.ServerFailed),
        (Response(401, {"Content-Type": "text/html"}, b"<html>proxy"), errors.BadAnswer),
        (Response(302, {"Location": "https://elsewhere.example"}, b""), errors.BadAnswer),
        (Response(200, {}, b"<html>maintenance"), errors.BadAnswer),
        (Response(200, {}, b""), errors.BadAnswer),
        (errors.NoAnswer("cut"), errors.NoAnswer),
        (errors.NeverLeft("refused"), errors.NeverLeft),
    ],
)
async def test_every_answer_without_tokens_has_a_name_and_is_never_asked_again(
    answer: Answer, kind: type[errors.NmbrsError]
) -> None:
    line, client = identity(answer)
    with pytest.raises(errors.NmbrsError) as told:
        await client.refresh("refresh-1")
    assert type(told.value) is kind
    assert len(line.asked) == 1


async def test_what_a_stranger_puts_in_a_code_does_not_change_the_meaning_of_the_answer() -> None:
    _, client = identity(answered(400, {"error": "invalid_grant"}))
    with pytest.raises(errors.ConsentEnded):
        await client.exchange_code("invalid_grant", "v" * 43)


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": None},
        {"access_token": "two\r\nlines"},
        {"access_token": "é"},
        {"refresh_token": "a b"},
        {"expires_in": None},
        {"expires_in": 0},
        {"expires_in": -5},
        {"expires_in": True},
        {"expires_in": 10**12},
        {"expires_in": 401 * 24 * 3600},
        {"token_type": "mac"},
        {"token_type": None},
    ],
)
async def test_tokens_that_cannot_be_used_are_refused_without_being_quoted(wrong: dict[str, object]) -> None:
    _, client = identity(answered(200, {**GRANTED, **wrong}))
    with pytest.raises(errors.BadAnswer) as bad:
        await client.exchange_code("code", "v" * 43)
    assert "access-1" not in str(bad.value) + repr(bad.value.evidence)


async def test_a_life_given_as_text_and_a_bearer_in_small_letters_are_read() -> None:
    _, client = identity(
        answered(200, {**GRANTED, "expires_in": "60", "token_type": "bearer", "scope": None})
    )
    tokens = await client.refresh("refresh-1")
    assert (tokens.expires_in, tokens.scopes) == (timedelta(minutes=1), frozenset())


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60)


@given(SECRET, SECRET)
def test_no_repr_shows_a_secret(first: str, second: str) -> None:
    shown = repr(Application("id", first, second, "https://bridge.example"))
    shown += repr(Tokens(first, second, timedelta(hours=1), frozenset()))
    assert first not in shown
    assert second not in shown
