"""Algemeen / Beheer / Autorisatie tool: users and groups."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.access import AlreadyThereError, StillInUseError, User, UserGroup
from afas_sandbox.pages import menu
from afas_sandbox.pages.forms import Form, read
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import place_of, show
from afas_sandbox.pages.words import Data

USER_CODE = re.compile(r"[0-9]{5}\.[A-Za-z0-9_.-]{1,40}")
GROUP_CODE = re.compile(r"[A-Za-z0-9_.-]{1,20}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
ALREADY_THERE = "This code is there already; choose another."


async def list_users(request: Request) -> Response:
    """All users of the environment."""
    return _show(request, "users", "users.html")


def _show(request: Request, tab: str, template: str, **context: Any) -> Response:
    path = place_of(request).path
    tabs = [(f"{path}users/", "Users", "users"), (f"{path}groups/", "Groups", "groups")]
    return show(request, template, item=menu.AUTHORISATION, tab=tab, tabs=tabs, **context)


async def new_user(request: Request) -> Response:
    """The form for a user who is not there yet."""
    prefix = f"{place_of(request).environment.participant}."
    values = {"code": prefix, "email_in_subscription": True, "all_administrations": True}
    return _show_user(request, None, values)


async def add_user(request: Request) -> Response:
    """A new user."""
    place, form = place_of(request), await read(request)
    code = form.text("code", longest=46)
    if "code" not in form.errors and not USER_CODE.fullmatch(code):
        form.errors["code"] = "Five digits, a dot and a name, such as 12345.name."
    user = User(code=code, name="")
    _fill(user, form, request)
    if not form.errors:
        try:
            place.environment.add_user(user)
        except AlreadyThereError:
            form.errors["code"] = ALREADY_THERE
    if form.errors:
        return _show_user(request, None, form.values(many=("groups", "administrations")), form.errors)
    return redirect(f"{place.path}users/{user.code}", done="added")


def _fill(user: User, form: Form, request: Request) -> None:
    """Take the form's fields over into `user`, unless something is wrong with one."""
    environment = place_of(request).environment
    name = form.text("name", longest=80)
    email = form.text("email", longest=254, required=False)
    if email and not EMAIL.fullmatch(email):
        form.errors["email"] = "This is not an e-mail address."
    groups = form.chosen("groups", environment.groups)
    chosen = form.chosen("administrations", {str(number) for number in environment.administrations})
    if form.errors:
        return
    user.name, user.email, user.groups = name, email, groups
    user.email_in_subscription = form.ticked("email_in_subscription")
    user.collaboration = form.ticked("collaboration")
    user.blocked = form.ticked("blocked")
    user.administrations = None if form.ticked("all_administrations") else {int(number) for number in chosen}


def _user_of(request: Request) -> User:
    user = place_of(request).environment.users.get(request.path_params["user"])
    if user is None:
        raise HTTPException(404, "This environment has no such user.")
    return user


async def user(request: Request) -> Response:
    """One user."""
    one = _user_of(request)
    names = ("code", "name", "email", "email_in_subscription", "collaboration", "blocked", "groups")
    values = {name: getattr(one, name) for name in names}
    values["all_administrations"] = one.administrations is None
    values["administrations"] = [str(number) for number in one.administrations or ()]
    return _show_user(request, one, values)


async def change_user(request: Request) -> Response:
    """Change a user; the code stays."""
    one, form = _user_of(request), await read(request)
    _fill(one, form, request)
    if form.errors:
        values = form.values(many=("groups", "administrations")) | {"code": one.code}
        return _show_user(request, one, values, form.errors)
    return redirect(request.url.path)


def _show_user(
    request: Request, one: User | None, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    title = Data(one.code) if one else "New user"
    return _show(request, "users", "user.html", title=title, user=one, values=values, errors=errors)


async def delete_user(request: Request) -> Response:
    """Delete a user with everything the user has in app connectors."""
    place = place_of(request)
    place.environment.remove_user(_user_of(request).code)
    return redirect(f"{place.path}users/", done="deleted")


async def list_groups(request: Request) -> Response:
    """All groups with their members, and the form for a new one."""
    return _show_groups(request, {})


def _show_groups(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    environment = place_of(request).environment
    members = {
        code: sorted(user.code for user in environment.users.values() if code in user.groups)
        for code in environment.groups
    }
    return _show(request, "groups", "groups.html", members=members, values=values, errors=errors)


async def add_group(request: Request) -> Response:
    """A new group."""
    place, form = place_of(request), await read(request)
    code, name = form.text("code", longest=20), form.text("name", longest=80)
    if "code" not in form.errors and not GROUP_CODE.fullmatch(code):
        form.errors["code"] = "Only letters, digits, dot, hyphen and underscore."
    if not form.errors:
        try:
            place.environment.add_group(UserGroup(code=code, name=name))
        except AlreadyThereError:
            form.errors["code"] = ALREADY_THERE
    if form.errors:
        return _show_groups(request, form.values(), form.errors)
    return redirect(request.url.path, done="added")


async def delete_group(request: Request) -> Response:
    """Delete a group that no app connector belongs to."""
    place, form = place_of(request), await read(request)
    code = form.choice("group", place.environment.groups)
    if not form.errors:
        try:
            place.environment.remove_group(code)
        except StillInUseError:
            form.errors["groups"] = "An app connector still belongs to this group."
    if form.errors:
        return _show_groups(request, {}, form.errors)
    return redirect(f"{place.path}groups/", done="deleted")


_USERS = "/{environment}/users/"
_GROUPS = "/{environment}/groups/"

routes = [
    Route(_USERS, list_users),
    Route(_USERS + "new", new_user),
    Route(_USERS + "new", add_user, methods=["POST"]),
    Route(_USERS + "{user}", user),
    Route(_USERS + "{user}", change_user, methods=["POST"]),
    Route(_USERS + "{user}/delete", delete_user, methods=["POST"]),
    Route(_GROUPS, list_groups),
    Route(_GROUPS, add_group, methods=["POST"]),
    Route(_GROUPS + "delete", delete_group, methods=["POST"]),
]
