"""The control port: reset, seed, look into the books, faults; apart from AFAS's own addresses."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from afas_sandbox.books import Administration
from afas_sandbox.faults import Fault
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.seeding import DocumentError, apply, document_of, seed
from afas_sandbox.world import Environment

_BELOW = "/world/{host}/administrations/{id:int}"


class NotThereError(LookupError):
    """The control port was asked about something that the world does not have."""


def control_app(sandbox: Sandbox) -> Starlette:
    """The control port's application."""
    control = Control(sandbox)
    return Starlette(
        routes=[
            Route("/reset", control.reset, methods=["POST"]),
            Route("/world", control.show_world),
            Route("/world", control.change_world, methods=["POST"]),
            Route("/world/{host}/{collection}/{key}", control.remove, methods=["DELETE"]),
            Route(f"{_BELOW}/{{collection}}/{{key}}", control.remove_below, methods=["DELETE"]),
            Route("/books/{host}", control.show_books),
            Route("/log/{host}", control.show_log),
            Route("/calls/{host}", control.show_calls),
            Route("/settings", control.show_settings),
            Route("/settings", control.change_settings, methods=["PATCH"]),
            Route("/faults", control.list_faults),
            Route("/faults", control.add_fault, methods=["POST"]),
            Route("/faults", control.clear_faults, methods=["DELETE"]),
            Route("/faults/{id:int}", control.clear_faults, methods=["DELETE"]),
        ],
        exception_handlers={DocumentError: _problem(400), NotThereError: _problem(404)},
    )


class Control:
    """The services of the control port. Bodies and answers are JSON; amounts are text."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def reset(self, request: Request) -> Response:
        """`{"seed": "demo"}`: a new world; faults and late bookings end."""
        world = seed((await _body(request)).get("seed", "demo"))
        for task in self._sandbox.late_work:
            task.cancel()
        self._sandbox.faults.clear()
        self._sandbox.world = world
        return JSONResponse({})

    async def show_world(self, _request: Request) -> Response:
        return JSONResponse(document_of(self._sandbox.world))

    async def change_world(self, request: Request) -> Response:
        """A document in the shape of the seeds: adds rows and changes what it names."""
        apply(self._sandbox.world, await _body(request))
        return JSONResponse({})

    async def remove(self, request: Request) -> Response:
        _remove(self._environment(request), request)
        return JSONResponse({})

    async def remove_below(self, request: Request) -> Response:
        _remove(_administration(self._environment(request), request.path_params["id"]), request)
        return JSONResponse({})

    async def show_books(self, request: Request) -> Response:
        """Booked entries with lines and allocations; `?administration=1&journal=90` narrows it."""
        environment = self._environment(request)
        wanted, journal = request.query_params.get("administration"), request.query_params.get("journal")
        entries = [
            {"administration": administration.id} | document_of(entry)
            for administration in environment.administrations.values()
            if wanted in (None, str(administration.id))
            for entry in administration.entries.values()
            if journal in (None, entry.journal)
        ]
        return JSONResponse({"entries": entries})

    async def show_log(self, request: Request) -> Response:
        """The environment logbook."""
        return JSONResponse({"rows": msgspec.to_builtins(self._environment(request).logbook)})

    async def show_calls(self, request: Request) -> Response:
        """From when to when each call was worked on; `ended_at` is null while it is."""
        host = self._environment(request).host
        return JSONResponse(
            {"calls": [msgspec.to_builtins(work) for work in self._sandbox.work if work.environment == host]}
        )

    async def show_settings(self, _request: Request) -> Response:
        return JSONResponse({"time_limit_ms": self._sandbox.time_limit_ms})

    async def change_settings(self, request: Request) -> Response:
        """`{"time_limit_ms": 2000}`: AFAS's own limit of 900 s, scaled down."""
        limit = (await _body(request)).get("time_limit_ms")
        if not isinstance(limit, int) or limit <= 0:
            raise DocumentError("time_limit_ms has to be a whole number above 0.")
        self._sandbox.time_limit_ms = limit
        return await self.show_settings(request)

    async def list_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": msgspec.to_builtins(self._sandbox.faults.in_force)})

    async def add_fault(self, request: Request) -> Response:
        """A fault with its scope and count, see `faults.Fault`; answers with its id."""
        try:
            fault = msgspec.convert(await _body(request), Fault)
        except msgspec.ValidationError as error:
            raise DocumentError(f"Fault: {error}.") from None
        return JSONResponse(msgspec.to_builtins(self._sandbox.faults.add(fault)), 201)

    async def clear_faults(self, request: Request) -> Response:
        self._sandbox.faults.clear(request.path_params.get("id"))
        return JSONResponse({})

    def _environment(self, request: Request) -> Environment:
        host = request.path_params["host"]
        found = self._sandbox.world.environment(host)
        if found is None:
            raise NotThereError(f"There is no environment {host}.")
        return found


def _administration(environment: Environment, administration_id: int) -> Administration:
    found = environment.administrations.get(administration_id)
    if found is None:
        raise NotThereError(f"There is no administration {administration_id}.")
    return found


def _remove(owner: Environment | Administration, request: Request) -> None:
    """Take a row out, whatever refers to it: a test may want just that."""
    collection, key = request.path_params["collection"], request.path_params["key"]
    rows = vars(owner).get(collection)
    if not isinstance(rows, dict) or key not in (written := {_written(kept): kept for kept in rows}):
        raise NotThereError(f"There is no {collection} {key}.")
    del rows[written[key]]


def _written(key: object) -> str:
    """A key as it stands in an address; `1,100` for the code 100 of axis 1."""
    return ",".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


async def _body(request: Request) -> dict[str, Any]:
    try:
        content = json.loads(await request.body() or b"{}")
    except ValueError:
        raise DocumentError("The body is not JSON.") from None
    if not isinstance(content, dict):
        raise DocumentError("The body has to be a JSON object.")
    return content


def _problem(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_request: Request, error: Exception) -> Response:
        return JSONResponse({"problem": str(error)}, status)

    return answer
