"""Algemeen / Beheer / App connector: keys, connectors, and the users who may have a token."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.access import AppConnector, Token
from afas_sandbox.connectors import get_connectors
from afas_sandbox.metainfo import UPDATE_CONNECTORS
from afas_sandbox.pages import menu
from afas_sandbox.pages.forms import Form, read
from afas_sandbox.pages.layout import Crumb, redirect
from afas_sandbox.pages.place import Place, place_of, sandbox_of, show
from afas_sandbox.pages.words import Data

TABS = {
    "general": "General",
    "get-connectors": "GetConnectors",
    "update-connectors": "UpdateConnectors",
    "connectors": "Connectors",
    "user-tokens": "User tokens",
}
OTHER_CONNECTORS = {"AppConnectorVersion": "AppConnectorVersion"}


async def list_connectors(request: Request) -> Response:
    """All app connectors of the environment."""
    return show(request, "app_connectors.html", item=menu.APP_CONNECTORS)


async def new(request: Request) -> Response:
    """The form for an app connector that is not there yet."""
    return _show_new(request, {})


async def add(request: Request) -> Response:
    """A new app connector; it is blocked until somebody unblocks it."""
    place, form = place_of(request), await read(request)
    description, group = _description_and_group(place, form)
    if form.errors:
        return _show_new(request, form.values(), form.errors)
    connector = place.environment.add_app_connector(description, group, sandbox_of(request).randomness)
    return redirect(f"{place.path}app-connectors/{connector.id}/general", done="added")


def _description_and_group(place: Place, form: Form) -> tuple[str, str]:
    return form.text("description", longest=80), form.choice("group", place.environment.groups)


def _show_new(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    return show(
        request,
        "app_connector_new.html",
        item=menu.APP_CONNECTORS,
        title="New app connector",
        values=values,
        errors=errors,
    )


def _connector_of(request: Request) -> AppConnector:
    for connector in place_of(request).environment.app_connectors.values():
        if str(connector.id) == request.path_params["connector"]:
            return connector
    raise HTTPException(404, "This environment has no such app connector.")


def _tab_path(request: Request, tab: str) -> str:
    return f"{place_of(request).path}app-connectors/{_connector_of(request).id}/{tab}"


def _show_tab(
    request: Request, tab: str, template: str, *, errors: Mapping[str, str] | None = None, **context: Any
) -> Response:
    connector = _connector_of(request)
    return show(
        request,
        template,
        item=menu.APP_CONNECTORS,
        title=TABS[tab],
        above=[Crumb(text=Data(connector.description), href=_tab_path(request, "general"))],
        errors=errors,
        connector=connector,
        tab=tab,
        tabs=[(_tab_path(request, key), name, key) for key, name in TABS.items()],
        **context,
    )


async def general(request: Request) -> Response:
    """Tab General: description, group, blocked, and both keys."""
    connector = _connector_of(request)
    values = {name: getattr(connector, name) for name in ("description", "group", "blocked")}
    return _show_tab(request, "general", "app_connector_general.html", values=values)


async def change_general(request: Request) -> Response:
    """Change description, group and the block."""
    connector, form = _connector_of(request), await read(request)
    description, group = _description_and_group(place_of(request), form)
    if form.errors:
        return _show_tab(
            request, "general", "app_connector_general.html", values=form.values(), errors=form.errors
        )
    connector.description, connector.group, connector.blocked = description, group, form.ticked("blocked")
    return redirect(request.url.path)


async def delete(request: Request) -> Response:
    """Delete the app connector with its tokens."""
    place = place_of(request)
    del place.environment.app_connectors[_connector_of(request).id]
    return redirect(f"{place.path}app-connectors/", done="deleted")


def _kind_of(request: Request) -> tuple[str, Mapping[str, str], set[str]]:
    """The tab, the connectors that exist of its kind, and those this app connector has."""
    connector = _connector_of(request)
    match request.path_params["kind"]:
        case "get-connectors" as tab:
            known = {name: one.description for name, one in get_connectors().items()}
            return tab, known, connector.get_connectors
        case "update-connectors" as tab:
            return tab, UPDATE_CONNECTORS, connector.update_connectors
        case "connectors" as tab:
            return tab, OTHER_CONNECTORS, connector.other_connectors
    raise HTTPException(404, "There is no such page.")


async def kind(request: Request) -> Response:
    """One of the three tabs that list connectors."""
    tab, known, chosen = _kind_of(request)
    return _show_kind(request, tab, known, chosen)


def _show_kind(
    request: Request,
    tab: str,
    known: Mapping[str, str],
    chosen: set[str],
    errors: Mapping[str, str] | None = None,
) -> Response:
    listed = {name: known.get(name, "") for name in sorted(chosen)}
    to_add = {name: words for name, words in known.items() if name not in chosen}
    return _show_tab(request, tab, "app_connector_kind.html", listed=listed, to_add=to_add, errors=errors)


async def add_of_kind(request: Request) -> Response:
    """Add a connector to the tab."""
    tab, known, chosen = _kind_of(request)
    form = await read(request)
    name = form.choice("name", known)
    if form.errors:
        return _show_kind(request, tab, known, chosen, form.errors)
    chosen.add(name)
    return redirect(_tab_path(request, tab), done="added")


async def remove_of_kind(request: Request) -> Response:
    """Take a connector off the tab."""
    tab, known, chosen = _kind_of(request)
    form = await read(request)
    name = form.choice("name", chosen)
    if form.errors:
        return _show_kind(request, tab, known, chosen, form.errors)
    chosen.discard(name)
    return redirect(_tab_path(request, tab), done="deleted")


async def user_tokens(request: Request) -> Response:
    """Tab User tokens: the users of this app connector and their tokens."""
    return _show_user_tokens(request)


def _show_user_tokens(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    connector, environment = _connector_of(request), place_of(request).environment
    listed = {code: environment.users[code] for code in sorted(connector.users) if code in environment.users}
    to_add = {code: user for code, user in environment.users.items() if code not in connector.users}
    return _show_tab(
        request,
        "user-tokens",
        "app_connector_users.html",
        listed=listed,
        to_add=to_add,
        errors=errors,
        token_name=token_name,
    )


async def add_user(request: Request) -> Response:
    """Let a user ask for an activation code of this app connector."""
    form = await read(request)
    code = form.choice("user", place_of(request).environment.users)
    if form.errors:
        return _show_user_tokens(request, form.errors)
    _connector_of(request).users.add(code)
    return redirect(_tab_path(request, "user-tokens"), done="added")


async def remove_user(request: Request) -> Response:
    """Take a user off, with the user's tokens."""
    connector, form = _connector_of(request), await read(request)
    code = form.choice("user", connector.users)
    if form.errors:
        return _show_user_tokens(request, form.errors)
    connector.remove_user(code)
    return redirect(_tab_path(request, "user-tokens"), done="deleted")


async def delete_token(request: Request) -> Response:
    """Delete one token: whoever uses it is let in no more."""
    connector, form = _connector_of(request), await read(request)
    named = {token_name(token): token for token in connector.tokens}
    name = form.choice("token", named)
    if form.errors:
        return _show_user_tokens(request, {"user": "This token is not here any more."})
    connector.tokens.remove(named[name])
    return redirect(_tab_path(request, "user-tokens"), done="deleted")


def token_name(token: Token) -> str:
    """A name for a token that does not give the token away."""
    return sha256(token.data.encode()).hexdigest()[:16]


_LIST = "/{environment}/app-connectors/"
_ONE = _LIST + "{connector}/"

routes = [
    Route(_LIST, list_connectors),
    Route(_LIST + "new", new),
    Route(_LIST + "new", add, methods=["POST"]),
    Route(_ONE + "general", general),
    Route(_ONE + "general", change_general, methods=["POST"]),
    Route(_ONE + "delete", delete, methods=["POST"]),
    Route(_ONE + "user-tokens", user_tokens),
    Route(_ONE + "user-tokens/add", add_user, methods=["POST"]),
    Route(_ONE + "user-tokens/remove", remove_user, methods=["POST"]),
    Route(_ONE + "user-tokens/delete-token", delete_token, methods=["POST"]),
    Route(_ONE + "{kind}", kind),
    Route(_ONE + "{kind}/add", add_of_kind, methods=["POST"]),
    Route(_ONE + "{kind}/remove", remove_of_kind, methods=["POST"]),
]
