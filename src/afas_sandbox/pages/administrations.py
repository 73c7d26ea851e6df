"""Algemeen / Administratie / Openen, and Financieel / Beheer / Instellingen administratie with its tabs."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from afas_sandbox.books import AXES
from afas_sandbox.pages import menu
from afas_sandbox.pages.forms import read
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import ADMINISTRATION_COOKIE, place_of, show

TABS = {
    "general": "General",
    "booking": "General booking",
    "preferences": "Preferences",
    "periods": "Periods",
}


async def list_administrations(request: Request) -> Response:
    """All administrations of the environment."""
    return show(request, "administrations.html", item=menu.ADMINISTRATIONS)


async def open_administration(request: Request) -> Response:
    """Go to a page of the menu in another administration, which stays open."""
    place = place_of(request)
    number, to = request.query_params.get("administration", ""), request.query_params.get("to", "")
    known = {item.path for item in menu.MENU if item.of_administration}
    if to not in known or number not in map(str, place.environment.administrations):
        raise HTTPException(404, "This environment has no such administration.")
    response = RedirectResponse(f"{place.path}administrations/{number}/{to}", status_code=303)
    response.set_cookie(ADMINISTRATION_COOKIE, number, httponly=True, samesite="lax")
    return response


def _show_tab(
    request: Request, tab: str, *, errors: Mapping[str, str] | None = None, **context: Any
) -> Response:
    path = f"{place_of(request).administration_path}settings/"
    return show(
        request,
        f"settings_{tab}.html",
        item=menu.SETTINGS,
        title=TABS[tab],
        tab=tab,
        tabs=[(path + key, name, key) for key, name in TABS.items()],
        errors=errors,
        **context,
    )


async def general(request: Request) -> Response:
    """Tab General: number, name and period table."""
    administration = place_of(request).opened
    return _show_tab(request, "general", values={"name": administration.name, "code": administration.code})


async def change_general(request: Request) -> Response:
    """Change name and code."""
    administration, form = place_of(request).opened, await read(request)
    name = form.text("name", longest=80)
    code = form.text("code", longest=10, required=False)
    if form.errors:
        return _show_tab(request, "general", values=form.values(), errors=form.errors)
    administration.name, administration.code = name, code
    return redirect(request.url.path)


async def booking(request: Request) -> Response:
    """Tab General booking: how many axes count here, and where transitory lines wait."""
    administration = place_of(request).opened
    values = {"axis_count": administration.axis_count, "interim_account": administration.interim_account}
    return _show_booking(request, values)


async def change_booking(request: Request) -> Response:
    """Change the number of axes and the interim account."""
    place, form = place_of(request), await read(request)
    axis_count = form.choice("axis_count", _axis_counts())
    interim_account = form.choice("interim_account", {"", *place.environment.accounts})
    if form.errors:
        return _show_booking(request, form.values(), form.errors)
    place.opened.axis_count, place.opened.interim_account = int(axis_count), interim_account
    return redirect(request.url.path)


def _axis_counts() -> list[str]:
    return [str(count) for count in range(AXES + 1)]


def _show_booking(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    return _show_tab(
        request,
        "booking",
        values=values,
        errors=errors,
        axis_counts=[(count, count) for count in _axis_counts()],
    )


async def preferences(request: Request) -> Response:
    """Tab Preferences: for each ledger account, whether VAT is allowed in this administration."""
    return _show_tab(request, "preferences")


async def change_preferences(request: Request) -> Response:
    """Tick or untick *Btw toestaan* per ledger account."""
    place, form = place_of(request), await read(request)
    accounts = place.environment.accounts
    ticked = form.chosen("vat_allowed", accounts)
    if form.errors:
        return _show_tab(request, "preferences", errors=form.errors)
    for number, account in accounts.items():
        change = account.vat_allowed_in.add if number in ticked else account.vat_allowed_in.discard
        change(place.opened.id)
    return redirect(request.url.path)


async def periods(request: Request) -> Response:
    """Tab Periods: blocks of this administration, and of the period table for the whole environment."""
    return _show_tab(request, "periods")


async def change_periods(request: Request) -> Response:
    """Block and unblock periods."""
    place, form = place_of(request), await read(request)
    administration, environment = place.opened, place.environment
    keys = {f"{period.year}-{period.number}": period for period in administration.periods}
    here, in_table = form.chosen("blocked", keys), form.chosen("blocked_in_table", keys)
    if form.errors:
        return _show_tab(request, "periods", errors=form.errors)
    for key, period in keys.items():
        period.blocked = key in here
        row = (administration.period_table, period.year, period.number)
        change = environment.blocked_periods.add if key in in_table else environment.blocked_periods.discard
        change(row)
    return redirect(request.url.path)


_SETTINGS = "/{environment}/administrations/{administration}/settings/"

routes = [
    Route("/{environment}/administrations/", list_administrations),
    Route("/{environment}/administrations/open", open_administration),
    Route(_SETTINGS + "general", general),
    Route(_SETTINGS + "general", change_general, methods=["POST"]),
    Route(_SETTINGS + "booking", booking),
    Route(_SETTINGS + "booking", change_booking, methods=["POST"]),
    Route(_SETTINGS + "preferences", preferences),
    Route(_SETTINGS + "preferences", change_preferences, methods=["POST"]),
    Route(_SETTINGS + "periods", periods),
    Route(_SETTINGS + "periods", change_periods, methods=["POST"]),
]
