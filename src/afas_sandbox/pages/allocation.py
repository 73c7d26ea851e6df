"""Financieel / Verbijzondering: axes, codes and assignments."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.access import AlreadyThereError, StillInUseError
from afas_sandbox.books import AXES, AxisCode
from afas_sandbox.pages import menu
from afas_sandbox.pages.authorisation import ALREADY_THERE
from afas_sandbox.pages.forms import Form, read
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import Place, place_of, show

CODE_LENGTH = 16


async def axes(request: Request) -> Response:
    """The names of the axes; an axis counts while it and all before it have a name."""
    names = place_of(request).environment.axis_names
    return _show_axes(request, {f"axis_{number}": name for number, name in enumerate(names, start=1)})


async def change_axes(request: Request) -> Response:
    """Name the axes."""
    place, form = place_of(request), await read(request)
    names = [form.text(f"axis_{number}", longest=50, required=False) for number in range(1, AXES + 1)]
    used = [name for name in names if name]
    if names[: len(used)] != used:
        form.errors[f"axis_{names.index('') + 1}"] = "Axes are used in order: name this one too."
    if form.errors:
        return _show_axes(request, form.values(), form.errors)
    place.environment.axis_names = used
    return redirect(request.url.path)


def _show_axes(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    return show(request, "axes.html", item=menu.AXES, values=values, errors=errors, axes=range(1, AXES + 1))


async def codes(request: Request) -> Response:
    """All codes of all axes, and the form for a new one."""
    return _show_codes(request, {})


async def add_code(request: Request) -> Response:
    """A new allocation code."""
    place, form = place_of(request), await read(request)
    axis = form.choice("axis", _axis_numbers())
    code = form.text("code", longest=CODE_LENGTH)
    description = form.text("description", longest=50)
    if not form.errors:
        try:
            place.environment.add_axis_code(AxisCode(int(axis), code, description))
        except AlreadyThereError:
            form.errors["code"] = ALREADY_THERE
    if form.errors:
        return _show_codes(request, form.values(), form.errors)
    return redirect(request.url.path, done="added")


async def change_code(request: Request) -> Response:
    """Block, unblock or delete an allocation code."""
    place, form = place_of(request), await read(request)
    code = _code_of(place, form)
    action = form.choice("action", ("block", "unblock", "delete"))
    if code is None or form.errors:
        return _show_codes(request, {}, {"codes": "This code is not here any more."})
    if action == "delete":
        return _delete_code(request, place, code)
    code.blocked = action == "block"
    return redirect(f"{place.administration_path}codes", done="blocked" if code.blocked else "unblocked")


def _delete_code(request: Request, place: Place, code: AxisCode) -> Response:
    try:
        place.environment.remove_axis_code(code.axis, code.code)
    except StillInUseError:
        return _show_codes(request, {}, {"codes": "This code is still assigned to an account, or is booked."})
    return redirect(f"{place.administration_path}codes", done="deleted")


def _code_of(place: Place, form: Form) -> AxisCode | None:
    axis = form.choice("axis", _axis_numbers())
    return (
        None
        if form.errors
        else place.environment.axis_codes.get((int(axis), next(iter(form.all("code")), "")))
    )


def _axis_numbers() -> list[str]:
    return [str(number) for number in range(1, AXES + 1)]


def _show_codes(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    listed = sorted(place_of(request).environment.axis_codes.values(), key=lambda one: (one.axis, one.code))
    return show(request, "codes.html", item=menu.CODES, codes=listed, values=values, errors=errors)


async def assignments(request: Request) -> Response:
    """Which codes may be used on which account in this administration, and the form for one more."""
    return _show_assignments(request, {})


async def add_assignment(request: Request) -> Response:
    """Allow a code on an account, or on all accounts that ask for a code of its axis."""
    place, form = place_of(request), await read(request)
    by_key = {f"{one.axis}/{one.code}": one for one in place.environment.axis_codes.values()}
    key = form.choice("code", by_key)
    account = form.choice("account", {"*", *place.environment.accounts})
    if form.errors:
        return _show_assignments(request, form.values(), form.errors)
    code = by_key[key]
    accounts = _allocated_accounts(place, code.axis) if account == "*" else [account]
    place.opened.assignments |= {(number, code.axis, code.code) for number in accounts}
    return redirect(request.url.path, done="added")


def _allocated_accounts(place: Place, axis: int) -> list[str]:
    accounts = place.environment.accounts.values()
    return [account.number for account in accounts if account.axes[axis - 1] != "N"]


async def delete_assignment(request: Request) -> Response:
    """Take an assignment back."""
    place, form = place_of(request), await read(request)
    by_key = {
        f"{axis}/{account}/{code}": (account, axis, code) for account, axis, code in place.opened.assignments
    }
    key = form.choice("assignment", by_key)
    if form.errors:
        return _show_assignments(request, {}, {"assignments": "This assignment is not here any more."})
    place.opened.assignments.discard(by_key[key])
    return redirect(f"{place.administration_path}assignments", done="deleted")


def _show_assignments(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    place = place_of(request)
    return show(
        request,
        "assignments.html",
        item=menu.ASSIGNMENTS,
        assignments=sorted(place.opened.assignments),
        codes=sorted(place.environment.axis_codes.values(), key=lambda one: (one.axis, one.code)),
        values=values,
        errors=errors,
    )


_ADMINISTRATION = "/{environment}/administrations/{administration}/"

routes = [
    Route(_ADMINISTRATION + "axes", axes),
    Route(_ADMINISTRATION + "axes", change_axes, methods=["POST"]),
    Route(_ADMINISTRATION + "codes", codes),
    Route(_ADMINISTRATION + "codes", add_code, methods=["POST"]),
    Route(_ADMINISTRATION + "codes/change", change_code, methods=["POST"]),
    Route(_ADMINISTRATION + "assignments", assignments),
    Route(_ADMINISTRATION + "assignments", add_assignment, methods=["POST"]),
    Route(_ADMINISTRATION + "assignments/delete", delete_assignment, methods=["POST"]),
]
