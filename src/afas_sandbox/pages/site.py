"""All pages together, to be mounted under a path of the sandbox."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount
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
from afas_sandbox.randomness import Randomness
from afas_sandbox.world import World


def app(world: World, randomness: Randomness) -> Starlette:
    """The pages on `world`; new keys come from `randomness`."""
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
    pages.state.world = world
    pages.state.randomness = randomness
    return pages
