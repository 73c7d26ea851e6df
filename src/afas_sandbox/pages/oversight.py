"""Algemeen: the environment log, and the locks that keep others out."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.books import Journal
from afas_sandbox.pages import menu
from afas_sandbox.pages.forms import read
from afas_sandbox.pages.layout import redirect
from afas_sandbox.pages.place import place_of, show
from afas_sandbox.world import Environment


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
    return _show_locks(request)


def _show_locks(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    journals = _journals(place_of(request).environment)
    locked = [(key, words, journal) for key, (words, journal) in journals.items() if journal.locked_by]
    free = [
        (key, f"{words} \\ {journal.code} {journal.description}")
        for key, (words, journal) in journals.items()
        if not journal.locked_by
    ]
    return show(request, "locks.html", item=menu.LOCKS, locked=locked, free=free, errors=errors)


def _journals(environment: Environment) -> dict[str, tuple[str, Journal]]:
    """All journals of all administrations: a key, the administration's name, the journal."""
    return {
        f"{administration.id}/{journal.code}": (f"{administration.id} {administration.name}", journal)
        for administration in environment.administrations.values()
        for journal in administration.journals.values()
    }


async def lock(request: Request) -> Response:
    """As if a user opened the journal's entry layout: nothing is booked there by connectors meanwhile."""
    place, form = place_of(request), await read(request)
    journals = _journals(place.environment)
    key, user = form.choice("journal", journals), form.choice("user", place.environment.users)
    if form.errors:
        return _show_locks(request, form.errors)
    journals[key][1].locked_by = user
    return redirect(request.url.path, done="locked")


async def release(request: Request) -> Response:
    """Release the entry layout."""
    place, form = place_of(request), await read(request)
    journals = _journals(place.environment)
    key = form.choice("journal", journals)
    if form.errors:
        return _show_locks(request, form.errors)
    journals[key][1].locked_by = ""
    return redirect(f"{place.path}locks", done="released")


routes = [
    Route("/{environment}/logbook", logbook),
    Route("/{environment}/locks", locks),
    Route("/{environment}/locks", lock, methods=["POST"]),
    Route("/{environment}/locks/release", release, methods=["POST"]),
]
