"""Who may change something, how much may be sent, and the switch of language."""

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nmbrs_sandbox.pages.layout import LANGUAGE_COOKIE, explain
from nmbrs_sandbox.pages.words import LANGUAGES

BODY_LIMIT = 200_000  # bytes; the longest form of these pages stays far below
OUR_NAMES = {"127.0.0.1", "localhost", "::1"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Let a request through to the pages, or say calmly why not; switch the language on `?lang=`."""
    refusal = _refusal(request)
    if refusal is not None:
        response = explain(request, refusal)
    elif request.method == "GET" and request.query_params.get("lang") in LANGUAGES:
        response = _switch_language(request)
    else:
        response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refusal(request: Request) -> HTTPException | None:
    if request.url.hostname not in OUR_NAMES:
        return HTTPException(421, "These pages answer only on this machine.")
    if request.method != "POST":  # other methods that change something cannot be sent from a page elsewhere
        return None
    if not _same_origin(request):
        return HTTPException(403, "This change did not come from these pages.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        return HTTPException(411, "The request does not say how long it is.")
    return (
        HTTPException(413, "This is more than a form of these pages holds.")
        if int(length) > BODY_LIMIT
        else None
    )


def _same_origin(request: Request) -> bool:
    """Browsers send Origin with every POST; a page elsewhere cannot choose it."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")


def _switch_language(request: Request) -> Response:
    language = request.query_params["lang"]
    response = RedirectResponse(str(request.url.remove_query_params("lang")), status_code=303)
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=31_536_000, httponly=True, samesite="lax")
    return response
