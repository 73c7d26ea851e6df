"""Algemeen: the environment log, and the locks that keep others out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.pages import menu
from afas_sandbox.pages.forms import read
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import place_of, show


async def logbook(request: Request) -> Response:
    """The errors of connectors, newest first; AFAS keeps no message's content."""
    wanted = request.query_params.get("reference", "").strip()
    rows = [
        row
        for row in reversed(place_of(request).environment.logbook)
        if wanted.casefold() in row.reference.casefold()
    ]
    return show(request, "logbook.html", item=menu.LOGBOOK, rows=rows, reference=wanted)


async def locks(request: Request) -> Response:
    """Who has the entry layout of which journal open."""
    return show(request, "locks.html", item=menu.LOCKS)


async def lock(request: Request) -> Response:
    """As if a user opened the journal's entry layout: nothing is booked there by connectors meanwhile."""
    return await _set_lock(request, locked=True)


async def release(request: Request) -> Response:
    """Release the entry layout."""
    return await _set_lock(request, locked=False)


async def _set_lock(request: Request, *, locked: bool) -> Response:
    place, form = place_of(request), await read(request)
    journals = {
        f"{administration.id}/{journal.code}": journal
        for administration in place.environment.administrations.values()
        for journal in administration.journals.values()
    }
    journal = form.choice("journal", journals)
    user = form.choice("user", place.environment.users) if locked else ""
    if form.errors:
        return show(request, "locks.html", item=menu.LOCKS, errors=form.errors)
    journals[journal].locked_by = user
    return redirect(f"{place.path}locks", done="blocked" if locked else "unblocked")


routes = [
    Route("/{environment}/logbook", logbook),
    Route("/{environment}/locks", locks),
    Route("/{environment}/locks", lock, methods=["POST"]),
    Route("/{environment}/locks/release", release, methods=["POST"]),
]
