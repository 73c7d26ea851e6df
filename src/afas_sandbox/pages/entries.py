"""Financieel / Grootboek / Journaalpost: what is booked."""

from collections.abc import Mapping
from decimal import Decimal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox import fi_entries
from afas_sandbox.books import Entry
from afas_sandbox.messages import Refusal
from afas_sandbox.pages import menu
from afas_sandbox.pages.layout import language_of, redirect
from afas_sandbox.pages.place import place_of, sandbox_of, show
from afas_sandbox.pages.words import Data

LEDGERS = {"1": "Ledger account", "2": "Debtor", "3": "Creditor"}


async def list_entries(request: Request) -> Response:
    """The booked entries, newest first; of one journal, or with one voucher number, if asked."""
    administration = place_of(request).opened
    journal = request.query_params.get("journal", "")
    voucher = request.query_params.get("voucher", "").strip()
    found = [
        entry
        for entry in reversed(administration.entries.values())
        if journal in ("", entry.journal) and (not voucher or _has_voucher(entry, voucher))
    ]
    return show(request, "entries.html", item=menu.ENTRIES, entries=found, journal=journal, voucher=voucher)


def _has_voucher(entry: Entry, voucher: str) -> bool:
    return any(voucher.casefold() in line.voucher_number.casefold() for line in entry.lines)


def _entry_of(request: Request) -> Entry:
    for entry in place_of(request).opened.entries.values():
        if str(entry.number) == request.path_params["entry"]:
            return entry
    raise HTTPException(404, "This administration has no such journal entry.")


async def entry(request: Request) -> Response:
    """One booked entry with its lines and allocations."""
    return _show_entry(request, _entry_of(request))


def _show_entry(request: Request, one: Entry, errors: Mapping[str, str] | None = None) -> Response:
    return show(
        request,
        "entry.html",
        item=menu.ENTRIES,
        title=Data(one.number),
        entry=one,
        errors=errors,
        ledgers=LEDGERS,
        total_credit=sum((line.credit for line in one.lines), Decimal(0)),
    )


async def delete_entry(request: Request) -> Response:
    """Delete a whole entry, by the rules that hold for connectors too."""
    place, one = place_of(request), _entry_of(request)
    journal = place.opened.journals.get(one.journal)
    if journal is None:
        raise HTTPException(404, "This administration has no such journal.")
    where = fi_entries.Place(place.opened, journal)
    try:
        fi_entries.delete(place.environment, where, sandbox_of(request).now(), number=one.number)
    except Refusal as refusal:
        return _show_entry(request, one, errors={"entry": Data(refusal.text(language_of(request)))})
    return redirect(f"{place.administration_path}entries/", done="deleted")


_ENTRIES = "/{environment}/administrations/{administration}/entries/"

routes = [
    Route(_ENTRIES, list_entries),
    Route(_ENTRIES + "{entry}", entry),
    Route(_ENTRIES + "{entry}/delete", delete_entry, methods=["POST"]),
]
