"""Connections with Nmbrs: the list, consent in the browser, and each connection's own page."""

import secrets
from dataclasses import asdict
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.queries import user_managers
from loonbrug.access.rights import Level, Part
from loonbrug.connections.nmbrs_clients import is_registered
from loonbrug.ledger.problems import ProblemsError, Who, problem
from loonbrug.screens import nmbrs as screens
from loonbrug.screens.nmbrs import Connected
from loonbrug.web.journals.words import Advice, advice
from loonbrug.web.nmbrs_settings.way_back import redirect_url
from loonbrug.web.nmbrs_settings.words import row_of
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import nmbrs_consent as workflow
from loonbrug.workflows.nmbrs_consent import Asked

#: Where the session keeps the consents that were asked and not answered yet, by state.
_ASKED = "nmbrs_consents"
#: More consents than this are not under way at once in one browser; the oldest is forgotten.
_MOST_ASKED = 5
_LIVE_EVERY = "3s"
#: Digits of a page number.
_LONGEST_PAGE = 6


@never_cache
@require_GET
def connection_list(request: OfficeRequest) -> HttpResponse:
    """The connections of the office, those first that need somebody."""
    return _list(request)


@never_cache
@require_GET
def connection(request: OfficeRequest, nmbrs_connection_id: int) -> HttpResponse:
    """One connection."""
    return _page(request, "connection", _context(request, nmbrs_connection_id))


@never_cache
@require_GET
def connection_state(request: OfficeRequest, nmbrs_connection_id: int) -> HttpResponse:
    """The part of a connection's page that changes while it is synchronised."""
    context = _context(request, nmbrs_connection_id)
    answer = render(request, "nmbrs_settings/_connection_live.html", context)
    if not context["every"]:
        answer["HX-Refresh"] = "true"  # what is around it has changed too
    return answer


@require_POST
def consent(request: OfficeRequest) -> HttpResponse:
    """To Nmbrs, where a person with a login of the debtor consents."""
    given = request.POST.get("connection", "")
    asked = Asked(
        state=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        at=timezone.now(),
        renews_id=int(given) if given.isdecimal() and len(given) < 19 else None,
    )
    try:
        address = workflow.ask_consent(scope=request.scope, asked=asked, redirect_url=redirect_url())
    except ProblemsError as found:
        return _refused(request, found)
    under_way = list(request.session.get(_ASKED, {}).items())[1 - _MOST_ASKED :]
    request.session[_ASKED] = dict([*under_way, (asked.state, {**asdict(asked), "at": asked.at.isoformat()})])
    return redirect(address)


@never_cache
@require_GET
def callback(request: OfficeRequest) -> HttpResponse:
    """Back from Nmbrs: with a code, or because the person did not consent."""
    asked = _asked(request, request.GET.get("state", ""))
    code = request.GET.get("code", "")
    if asked is not None and not code:
        return _not_given(request, request.GET.get("error", ""))
    try:
        kept = workflow.take_consent(
            scope=request.scope, asked=asked, code=code, redirect_url=redirect_url(), now=timezone.now()
        )
    except ProblemsError as found:
        return _refused(request, found)
    messages.success(request, _("Nmbrs gave consent. Its debtors and companies are being read."))
    return redirect("nmbrs-connection", kept.id)


@require_POST
def synchronise(request: OfficeRequest, nmbrs_connection_id: int) -> HttpResponse:
    """Nu synchroniseren."""
    workflow.synchronise_now(
        scope=request.scope, connection_id=nmbrs_connection_id, today=timezone.localdate(), now=timezone.now()
    )
    messages.success(request, _("Nmbrs is being asked. You may leave this page; it goes on."))
    return redirect("nmbrs-connection", nmbrs_connection_id)


@require_http_methods(["GET", "POST"])
def remove(request: OfficeRequest, nmbrs_connection_id: int) -> HttpResponse:
    """Remove a connection, after asking once."""
    request.scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    if request.method == "GET":
        return _page(request, "remove_connection", _context(request, nmbrs_connection_id))
    revoked = workflow.remove_connection(
        scope=request.scope,
        connection_id=nmbrs_connection_id,
        redirect_url=redirect_url(),
        now=timezone.now(),
    )
    messages.success(request, _("The connection was removed."))
    if not revoked:
        messages.warning(
            request, _("Nmbrs could not be told. Withdraw the consent there too, under the connected apps.")
        )
    return redirect("nmbrs-connections")


def _asked(request: OfficeRequest, state: str) -> Asked | None:
    """What this session asked under this state; whatever comes back, it serves once."""
    under_way = dict(request.session.get(_ASKED, {}))
    kept = under_way.pop(state, None)
    request.session[_ASKED] = under_way
    if kept is None:
        return None
    return Asked(**{**kept, "at": datetime.fromisoformat(kept["at"])})


def _not_given(request: OfficeRequest, error: str) -> HttpResponse:
    request.scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    code = "nmbrs_consent_denied" if error == "access_denied" else "nmbrs_consent_failed"
    return _refused(request, ProblemsError(problem(code, who=Who.DEBTOR)))


def _refused(request: OfficeRequest, found: ProblemsError) -> HttpResponse:
    """The list again, with what went wrong at its head."""
    return _list(request, trouble=advice(found.problems[0]))


def _list(request: OfficeRequest, trouble: Advice | None = None) -> HttpResponse:
    wanted = request.GET.get("page", "")
    number = int(wanted) if wanted.isdecimal() and len(wanted) <= _LONGEST_PAGE else 1
    found = screens.connected(scope=request.scope, page=number, now=timezone.now())
    context = {
        "rows": [row_of(each) for each in found.rows],
        "number": found.number,
        "numbers": range(1, found.count + 1),
        "trouble": trouble,
    }
    return _page(request, "connections", context)


def _context(request: OfficeRequest, connection_id: int) -> dict[str, object]:
    found: Connected = screens.one_connected(
        scope=request.scope, connection_id=connection_id, now=timezone.now()
    )
    return {"row": row_of(found), "every": _LIVE_EVERY if found.is_busy else ""}


def _page(request: OfficeRequest, name: str, context: dict[str, object]) -> HttpResponse:
    not_registered: Advice | None = None
    if not is_registered():
        not_registered = advice(problem("nmbrs_not_registered", who=Who.OPERATOR))
    shared = {
        "tab": "settings",
        "section": "nmbrs",
        "askable": user_managers(scope=request.scope),
        "not_registered": not_registered,
    }
    return render(request, f"nmbrs_settings/{name}.html", {**shared, **context})
