"""`/connect/token` and `/connect/revocation`: where a partner's server comes, with its id and secret."""

import base64
import binascii
import re
from urllib.parse import unquote_plus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nmbrs_sandbox.calls import Operation
from nmbrs_sandbox.identity import ACCESS_HOLDS, GrantError, Tokens
from nmbrs_sandbox.reception import route
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.world import Partner

_ENCODED_HALF = re.compile(r"(?:[A-Za-z0-9._~+-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def routes(sandbox: Sandbox) -> list[Route]:
    """The services, each behind the reception."""
    return [
        route(sandbox, Operation.TOKEN, "/connect/token", give_tokens),
        route(sandbox, Operation.REVOCATION, "/connect/revocation", revoke),
    ]


async def give_tokens(sandbox: Sandbox, request: Request) -> Response:
    """Tokens for a code or for a refresh token."""
    try:
        form = await _form(request)
        tokens = _tokens(sandbox, _partner(sandbox, request), form)
    except GrantError as error:
        return _refused(error)
    answer: dict[str, object] = {
        "access_token": tokens.access,
        "expires_in": int(ACCESS_HOLDS.total_seconds()),
        "token_type": "Bearer",
        "scope": " ".join(tokens.scopes),
    }
    if tokens.refresh is not None:
        answer["refresh_token"] = tokens.refresh
    return JSONResponse(answer, headers=_NOT_KEPT)


async def revoke(sandbox: Sandbox, request: Request) -> Response:
    """End a token; 200 for an unknown one too (RFC 7009)."""
    try:
        form = await _form(request)
        partner = _partner(sandbox, request)
    except GrantError as error:
        return _refused(error)
    sandbox.identity.revoke(partner, form.get("token", ""))
    return Response(b"", headers=_NOT_KEPT)


def _tokens(sandbox: Sandbox, partner: Partner, form: dict[str, str]) -> Tokens:
    match form.get("grant_type"):
        case "authorization_code":
            return sandbox.identity.exchange(
                partner,
                form.get("code", ""),
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
                randomness=sandbox.randomness,
                now=sandbox.now(),
            )
        case "refresh_token":
            return sandbox.identity.renew(
                partner, form.get("refresh_token", ""), sandbox.randomness, sandbox.now()
            )
        case _:
            raise GrantError("unsupported_grant_type")


async def _form(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise GrantError("invalid_request", "The body has to be a form.")
    try:
        form = await request.form()
    except HTTPException:
        raise GrantError("invalid_request", "The body cannot be read as a form.") from None
    return {name: text for name, text in form.items() if isinstance(text, str)}


def _partner(sandbox: Sandbox, request: Request) -> Partner:
    """The partner of the Basic credentials, whose halves must be percent-encoded. Raises GrantError."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    name, _, secret = text.partition(":")
    if scheme.lower() == "basic" and _ENCODED_HALF.fullmatch(name) and _ENCODED_HALF.fullmatch(secret):
        partner = sandbox.world.partners.get(unquote_plus(name))
        if partner is not None and partner.client_secret == unquote_plus(secret):
            return partner
    raise GrantError("invalid_client")


def _refused(error: GrantError) -> Response:
    content = {"error": error.error}
    if error.description:
        content["error_description"] = error.description
    return JSONResponse(content, 400, headers=_NOT_KEPT)
