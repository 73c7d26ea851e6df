"""The choice of environment, and what an environment is set to."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afas_sandbox.messages import LANGUAGES
from afas_sandbox.pages import menu
from afas_sandbox.pages.forms import read
from afas_sandbox.pages.layout import redirect, render
from afas_sandbox.pages.place import place_of, sandbox_of, show
from afas_sandbox.world import ResponseShape

SWITCHES = ("mail_server", "strict_period", "allow_zero_amount")


async def list_environments(request: Request) -> Response:
    """All environments of the world."""
    environments = sandbox_of(request).world.environments.values()
    return render(request, "environments.html", title="Choice of environment", environments=environments)


async def start(request: Request) -> Response:
    """The first page of an environment: its menu, written out."""
    return show(request, "start.html", item=menu.START)


async def information(request: Request) -> Response:
    """Participant number, and the switches of the imitation."""
    environment = place_of(request).environment
    names = (*SWITCHES, "language", "response_shape")
    return _show_information(request, {name: getattr(environment, name) for name in names})


async def change_information(request: Request) -> Response:
    """Set the switches."""
    environment = place_of(request).environment
    form = await read(request)
    language = form.choice("language", LANGUAGES)
    shape = form.choice("response_shape", tuple(ResponseShape))
    if form.errors:
        return _show_information(request, form.values(), form.errors)
    environment.language, environment.response_shape = language, ResponseShape(shape)
    for name in SWITCHES:
        setattr(environment, name, form.ticked(name))
    return redirect(request.url.path)


def _show_information(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    return show(
        request,
        "information.html",
        item=menu.INFORMATION,
        values=values,
        errors=errors,
        languages=LANGUAGES,
        shapes=tuple(ResponseShape),
    )


routes = [
    Route("/", list_environments),
    Route("/{environment}/", start),
    Route("/{environment}/information", information),
    Route("/{environment}/information", change_information, methods=["POST"]),
]
