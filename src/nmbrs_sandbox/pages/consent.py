"""`/connect/authorize`: somebody with a login of a debtor allows a partner to look, or does not."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nmbrs_sandbox.authorization import (
    Authorization,
    MasterLoginError,
    StrangePartnerError,
    check_login,
    read_authorization,
)
from nmbrs_sandbox.identity import SCOPES, GrantError
from nmbrs_sandbox.pages.forms import read
from nmbrs_sandbox.pages.guard import HEADERS
from nmbrs_sandbox.pages.layout import render
from nmbrs_sandbox.sandbox import Sandbox

STRANGE = "This application, or the address it wants to return to, is not registered."
NO_MASTER = (
    "A master login cannot give consent in an accountant environment. Choose a login of the debtor itself."
)


async def ask(request: Request) -> Response:
    """The page that asks for consent."""
    asked = _asked(request)
    return asked if isinstance(asked, Response) else _page(request, asked)


async def decide(request: Request) -> Response:
    """What the form of the page says: allow or deny."""
    asked, form = _asked(request), await read(request)
    if isinstance(asked, Response):
        return asked
    sandbox: Sandbox = request.app.state.sandbox
    if form.choice("decision", ("allow", "deny")) == "deny":
        return _back(asked, error="access_denied")
    email = form.choice("login", sandbox.world.logins)
    if form.errors:
        return _page(request, asked, form.errors)
    login = sandbox.world.logins[email]
    try:
        check_login(sandbox.world, login)
    except MasterLoginError:
        return _page(request, asked, {"login": NO_MASTER})
    code = sandbox.identity.allow(
        asked.partner,
        login,
        asked.scopes,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        randomness=sandbox.randomness,
        now=sandbox.now(),
    )
    return _back(asked, code=code)


def _asked(request: Request) -> Authorization | Response:
    """What is asked, or where the browser goes when that is not in order."""
    sandbox: Sandbox = request.app.state.sandbox
    try:
        asked, fault = read_authorization(sandbox.world, request.query_params)
    except StrangePartnerError:
        raise HTTPException(400, STRANGE) from None
    return asked if fault is None else _refused(asked, fault)


def _refused(asked: Authorization, fault: GrantError) -> Response:
    description = {"error_description": fault.description} if fault.description else {}
    return _back(asked, error=fault.error, **description)


def _back(asked: Authorization, **answer: str) -> Response:
    return RedirectResponse(asked.back(**answer), status_code=303)


def _page(request: Request, asked: Authorization, errors: dict[str, str] | None = None) -> Response:
    sandbox: Sandbox = request.app.state.sandbox
    page = render(
        request,
        "consent.html",
        title="Give consent",
        errors=errors,
        partner=asked.partner,
        scopes=[SCOPES[scope] for scope in asked.scopes],
        goal=asked.origin,
        world=sandbox.world,
    )
    # The browser holds the form to this when it is led back to the partner, too.
    policy = HEADERS["Content-Security-Policy"].replace(
        "form-action 'self'", f"form-action 'self' {asked.origin}"
    )
    page.headers["Content-Security-Policy"] = policy
    return page


routes = [
    Route("/connect/authorize", ask, methods=["GET"]),
    Route("/connect/authorize", decide, methods=["POST"]),
]
