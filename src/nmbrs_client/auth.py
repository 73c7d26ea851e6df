"""Signing in to Nmbrs: OAuth 2 with an authorization code, PKCE and refresh tokens that serve once. Pure.

A person consents in the browser, for one or more debtors. Nmbrs's REST reference gives the addresses of
authorization and token, the scopes, and that only `offline_access` yields a refresh token. That revocation
exists, that PKCE is understood, and that the halves of the Basic header must be percent-encoded (Nmbrs's
secrets hold `*` and `$`), is told by others who use it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import quote, urlencode

from nmbrs_client import errors, wire
from nmbrs_client.errors import Form

SCOPES = (
    "company.info.read",
    "company.payrollsettings.read",
    "company.document.read",
    "document.read",
    "offline_access",
)
"""What a person consents to: companies, runs and codes, making and fetching documents; and lastingly."""

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")  # what may stand in a header
_LONGEST_LIFE = 400 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class Application:
    """What Nmbrs knows us as. `redirect_url` must be one of those registered there."""

    client_id: str
    client_secret: str = field(repr=False)
    subscription_key: str = field(repr=False)
    redirect_url: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Nmbrs listens; `api` has no slash at its end."""

    authorize: str
    token: str
    revocation: str
    api: str


NMBRS = Addresses(
    authorize="https://identityservice.nmbrs.com/connect/authorize",
    token="https://identityservice.nmbrs.com/connect/token",  # noqa: S106 - an address, not a token
    revocation="https://identityservice.nmbrs.com/connect/revocation",
    api="https://api.nmbrsapp.com",
)
"""The vendor's own addresses."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a consent yields. `expires_in` is the life of the access token, about an hour.

    The refresh token serves once, within about 30 days: write the next one down before using it.
    `scopes` is what was granted, empty where Nmbrs does not say.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: timedelta
    scopes: frozenset[str]


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636). Raises ValueError unless it has 43 to 128 fit characters."""
    if _VERIFIER.fullmatch(verifier) is None:
        raise ValueError("a verifier has 43 to 128 letters, digits, dots, hyphens, tildes and underscores")
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorize_url(application: Application, addresses: Addresses, state: str, challenge: str) -> str:
    """The page where a person consents. It leads back to the redirect address, with `code` and `state`."""
    query = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": application.redirect_url,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{addresses.authorize}?{urlencode(query)}"


def form_post(url: str, application: Application, fields: Mapping[str, str]) -> wire.Request:
    """A request to the identity service: a form, and the application's own sign-in."""
    halves = f"{quote(application.client_id, safe='')}:{quote(application.client_secret, safe='')}"
    headers = {
        "Accept": "application/json",
        "Authorization": "Basic " + base64.b64encode(halves.encode("ascii")).decode("ascii"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return wire.Request("POST", url, MappingProxyType(headers), urlencode(fields).encode("ascii"))


_BY_ERROR: Mapping[str, type[errors.NmbrsError]] = {
    "invalid_grant": errors.ConsentEnded,
    "invalid_client": errors.ApplicationRefused,
    "unauthorized_client": errors.ApplicationRefused,
    "invalid_scope": errors.ApplicationRefused,
}


def checked(response: wire.Response, secrets: tuple[str, ...]) -> wire.Response:
    """The answer of the identity service, where it is a success; else the error it is (RFC 6749, 5.2)."""
    if response.status == 200:
        return response
    evidence = wire.evidence_of(response, secrets)
    kind = _BY_ERROR.get(wire.text_of(wire.said_in(response).get("error")))
    if kind is None and response.status == 401 and not response.is_html:
        kind = errors.ApplicationRefused
    if kind is None:
        raise wire.error_of(response, evidence)
    raise kind(f"Nmbrs answered {response.status}: {evidence.title}", evidence=evidence)


def tokens_of(response: wire.Response, previous: str = "") -> Tokens:
    """The tokens in a success. Raises BadAnswer, which quotes nothing of them.

    Where a renewal brings no new refresh token, the `previous` one stays (RFC 6749, 6).
    """
    answer = wire.fields_of(wire.read(response))
    access, refresh = wire.text_of(answer.get("access_token")), wire.text_of(answer.get("refresh_token"))
    seconds = wire.whole_of(answer.get("expires_in"))
    bearer = wire.text_of(answer.get("token_type")).lower() == "bearer"
    refresh = refresh or previous
    fit = bearer and _TOKEN.fullmatch(access) and _TOKEN.fullmatch(refresh)
    if not fit or seconds is None or not 0 < seconds <= _LONGEST_LIFE:
        raise wire.bad_answer(response, Form.OTHER_FIELDS)
    return Tokens(
        access_token=access,
        refresh_token=refresh,
        expires_in=timedelta(seconds=seconds),
        scopes=frozenset(wire.text_of(answer.get("scope")).split()),
    )
