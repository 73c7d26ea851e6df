"""All pages together."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from nmbrs_sandbox.pages import companies, consent
from nmbrs_sandbox.pages.guard import guard
from nmbrs_sandbox.pages.layout import explain
from nmbrs_sandbox.sandbox import Sandbox


def pages(sandbox: Sandbox) -> Starlette:
    """The application of the pages."""
    site = Starlette(
        routes=[
            Mount("/static", StaticFiles(packages=[("nmbrs_sandbox", "static")])),
            *consent.routes,
            *companies.routes,
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guard)],
        exception_handlers={HTTPException: explain},
    )
    site.state.sandbox = sandbox
    return site
