"""Financieel / Grootboek / Journaalpost: what is booked."""

from decimal import Decimal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.books import Administration, Entry
from afas_sandbox.pages import menu
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import place_of, show

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
    one, place = _entry_of(request), place_of(request)
    return show(
        request,
        "entry.html",
        item=menu.ENTRIES,
        title=f"{one.number}",
        entry=one,
        ledgers=LEDGERS,
        axes=place.environment.axis_names,
        total_credit=sum((line.credit for line in one.lines), Decimal(0)),
    )


async def delete_entry(request: Request) -> Response:
    """Delete a whole entry, unless it is reconciled."""
    place, one = place_of(request), _entry_of(request)
    if one.reconciled:
        raise HTTPException(409, "This entry is reconciled and cannot be deleted.")
    remove(place.opened, one)
    return redirect(f"{place.administration_path}entries/", done="deleted")


def remove(administration: Administration, entry: Entry) -> None:
    """Take an entry out of the books, with the open items that it made."""
    del administration.entries[entry.number]
    kept = {key: one for key, one in administration.invoices.items() if one.entry_number != entry.number}
    administration.invoices = kept


_ENTRIES = "/{environment}/administrations/{administration}/entries/"

routes = [
    Route(_ENTRIES, list_entries),
    Route(_ENTRIES + "{entry}", entry),
    Route(_ENTRIES + "{entry}/delete", delete_entry, methods=["POST"]),
]
