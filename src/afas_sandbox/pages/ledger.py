"""Financieel / Grootboek and Btw: ledger accounts, journals, VAT codes."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.access import AlreadyThereError
from afas_sandbox.books import Account, AxisUse, Journal, JournalType, ProjectUse
from afas_sandbox.pages import menu
from afas_sandbox.pages.authorisation import ALREADY_THERE
from afas_sandbox.pages.forms import Form, read
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import Place, place_of, show
from afas_sandbox.pages.words import Data

CODE = re.compile(r"[A-Za-z0-9_.-]+")
CODE_FAULT = "Only letters, digits, dot, hyphen and underscore."
TYPES = {"1": "Assets", "2": "Liabilities", "3": "Revenue", "4": "Costs"}
KINDS = {"G": "General ledger", "D": "Debtors", "I": "Creditors", "B": "VAT", "O": "Other", "GD": "G account"}
AXIS_USES = {
    AxisUse.NONE: "Not allocated",
    AxisUse.MANUAL: "By hand at booking (by amount)",
    AxisUse.AUTOMATIC: "Automatic (percentage)",
}
PROJECT_USES = {
    ProjectUse.NONE: "No projects",
    ProjectUse.ALLOWED: "Allowed",
    ProjectUse.MANDATORY: "Mandatory",
    ProjectUse.INVESTMENT: "Investment project",
}
JOURNAL_TYPES = {
    JournalType.PURCHASE: "Purchase",
    JournalType.SALES: "Sales",
    JournalType.FINANCIAL: "Financial",
    JournalType.GENERAL: "General journal",
    JournalType.OPENING: "Opening balance",
}


async def list_accounts(request: Request) -> Response:
    """The chart of accounts."""
    return show(request, "accounts.html", item=menu.ACCOUNTS, types=TYPES, axis_uses=AXIS_USES)


async def new_account(request: Request) -> Response:
    """The form for an account that is not there yet."""
    return _show_account(request, None, {"type": "4", "kind": "G"})


async def add_account(request: Request) -> Response:
    """A new ledger account, for the whole environment."""
    place, form = place_of(request), await read(request)
    number = _code(form, "number", longest=16)
    account = Account(number=number, description="")
    _fill_account(account, form, place)
    if not form.errors:
        try:
            place.environment.add_account(account)
        except AlreadyThereError:
            form.errors["number"] = ALREADY_THERE
    if form.errors:
        return _show_account(request, None, form.values(), form.errors)
    return redirect(f"{place.administration_path}accounts/{number}", done="added")


def _code(form: Form, name: str, *, longest: int) -> str:
    code = form.text(name, longest=longest)
    if name not in form.errors and not CODE.fullmatch(code):
        form.errors[name] = CODE_FAULT
    return code


def _fill_account(account: Account, form: Form, place: Place) -> None:
    """Take the form's fields over into `account`, unless something is wrong with one."""
    description = form.text("description", longest=50)
    type_, kind = form.choice("type", TYPES), form.choice("kind", KINDS)
    vat_code = form.choice("vat_code", {"", *place.environment.vat_codes})
    to_project = form.choice("to_project", PROJECT_USES)
    uses = list(account.axes)
    for axis in range(len(place.environment.axis_names)):
        chosen = form.choice(f"axis_{axis + 1}", AXIS_USES)
        uses[axis] = AxisUse(chosen) if f"axis_{axis + 1}" not in form.errors else uses[axis]
    if form.errors:
        return
    account.description, account.type, account.kind, account.vat_code = description, type_, kind, vat_code
    account.to_project, account.axes = ProjectUse(to_project), tuple(uses)
    account.blocked = form.ticked("blocked")
    allow = account.vat_allowed_in.add if form.ticked("vat_allowed") else account.vat_allowed_in.discard
    allow(place.opened.id)


def _account_of(request: Request) -> Account:
    account = place_of(request).environment.accounts.get(request.path_params["number"])
    if account is None:
        raise HTTPException(404, "This environment has no such ledger account.")
    return account


async def account(request: Request) -> Response:
    """One ledger account."""
    one, administration = _account_of(request), place_of(request).opened
    names = ("number", "description", "type", "kind", "vat_code", "to_project", "blocked")
    values = {name: getattr(one, name) for name in names}
    values |= {f"axis_{axis}": use for axis, use in enumerate(one.axes, start=1)}
    values["vat_allowed"] = administration.id in one.vat_allowed_in
    return _show_account(request, one, values)


async def change_account(request: Request) -> Response:
    """Change a ledger account; the number stays."""
    one, form = _account_of(request), await read(request)
    _fill_account(one, form, place_of(request))
    if form.errors:
        return _show_account(request, one, form.values() | {"number": one.number}, form.errors)
    return redirect(request.url.path)


def _show_account(
    request: Request, one: Account | None, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    assigned = place_of(request).opened.assignments if one else set()
    return show(
        request,
        "account.html",
        item=menu.ACCOUNTS,
        title=Data(f"{one.number} {one.description}") if one else "New ledger account",
        account=one,
        assigned=sorted((axis, code) for number, axis, code in assigned if one and number == one.number),
        values=values,
        errors=errors,
        types=TYPES,
        kinds=KINDS,
        axis_uses=AXIS_USES,
        project_uses=PROJECT_USES,
    )


async def list_journals(request: Request) -> Response:
    """The journals of the administration."""
    return show(request, "journals.html", item=menu.JOURNALS, types=JOURNAL_TYPES)


async def new_journal(request: Request) -> Response:
    """The form for a journal that is not there yet."""
    return _show_journal(request, None, {"type": JournalType.GENERAL})


async def add_journal(request: Request) -> Response:
    """A new journal in this administration."""
    place, form = place_of(request), await read(request)
    journals = place.opened.journals
    journal = Journal(code=_code(form, "code", longest=6), description="")
    _fill_journal(journal, form, place)
    if journal.code in journals:
        form.errors["code"] = ALREADY_THERE
    if form.errors:
        return _show_journal(request, None, form.values(many=("blocked_periods",)), form.errors)
    journals[journal.code] = journal
    return redirect(f"{place.administration_path}journals/{journal.code}", done="added")


def _fill_journal(journal: Journal, form: Form, place: Place) -> None:
    """Take the form's fields over into `journal`, unless something is wrong with one."""
    description = form.text("description", longest=50)
    type_ = form.choice("type", JOURNAL_TYPES)
    periods = {
        f"{period.year}-{period.number}": (period.year, period.number) for period in place.opened.periods
    }
    blocked = form.chosen("blocked_periods", periods)
    if form.errors:
        return
    journal.description, journal.type, journal.blocked = (
        description,
        JournalType(type_),
        form.ticked("blocked"),
    )
    journal.blocked_periods = {periods[key] for key in blocked}


def _journal_of(request: Request) -> Journal:
    journal = place_of(request).opened.journals.get(request.path_params["code"])
    if journal is None:
        raise HTTPException(404, "This administration has no such journal.")
    return journal


async def journal(request: Request) -> Response:
    """One journal with its tab Periods."""
    one = _journal_of(request)
    values: dict[str, Any] = {name: getattr(one, name) for name in ("code", "description", "type", "blocked")}
    values["blocked_periods"] = [f"{year}-{number}" for year, number in one.blocked_periods]
    return _show_journal(request, one, values)


async def change_journal(request: Request) -> Response:
    """Change a journal; the code stays."""
    one, form = _journal_of(request), await read(request)
    _fill_journal(one, form, place_of(request))
    if form.errors:
        values = form.values(many=("blocked_periods",)) | {"code": one.code}
        return _show_journal(request, one, values, form.errors)
    return redirect(request.url.path)


def _show_journal(
    request: Request, one: Journal | None, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    return show(
        request,
        "journal.html",
        item=menu.JOURNALS,
        title=Data(f"{one.code} {one.description}") if one else "New journal",
        journal=one,
        values=values,
        errors=errors,
        types=JOURNAL_TYPES,
    )


async def list_vat_codes(request: Request) -> Response:
    """The VAT codes of the environment."""
    return show(request, "vat_codes.html", item=menu.VAT_CODES)


_ADMINISTRATION = "/{environment}/administrations/{administration}/"

routes = [
    Route(_ADMINISTRATION + "accounts/", list_accounts),
    Route(_ADMINISTRATION + "accounts/new", new_account),
    Route(_ADMINISTRATION + "accounts/new", add_account, methods=["POST"]),
    Route(_ADMINISTRATION + "accounts/{number}", account),
    Route(_ADMINISTRATION + "accounts/{number}", change_account, methods=["POST"]),
    Route(_ADMINISTRATION + "journals/", list_journals),
    Route(_ADMINISTRATION + "journals/new", new_journal),
    Route(_ADMINISTRATION + "journals/new", add_journal, methods=["POST"]),
    Route(_ADMINISTRATION + "journals/{code}", journal),
    Route(_ADMINISTRATION + "journals/{code}", change_journal, methods=["POST"]),
    Route(_ADMINISTRATION + "vat-codes", list_vat_codes),
]
