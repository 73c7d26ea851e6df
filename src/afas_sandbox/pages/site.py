"""All pages together, beside the REST services on the same port."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from afas_sandbox.pages import (
    administrations,
    allocation,
    app_connectors,
    authorisation,
    entries,
    environments,
    ledger,
    oversight,
)
from afas_sandbox.pages.guard import guard
from afas_sandbox.pages.layout import explain
from afas_sandbox.sandbox import Sandbox

PATH = "/profit"


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """The pages under `/profit`; the address without a path leads there."""

    async def to_pages(_: Request) -> Response:
        return RedirectResponse(f"{PATH}/", status_code=303)

    return [Route("/", to_pages), Mount(PATH, _pages(sandbox))]


def _pages(sandbox: Sandbox) -> Starlette:
    pages = Starlette(
        routes=[
            Mount("/static", StaticFiles(packages=[("afas_sandbox", "static")])),
            *environments.routes,
            *app_connectors.routes,
            *authorisation.routes,
            *administrations.routes,
            *ledger.routes,
            *allocation.routes,
            *entries.routes,
            *oversight.routes,
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guard)],
        exception_handlers={HTTPException: explain},
    )
    pages.state.sandbox = sandbox
    return pages
