"""The application on Nmbrs's port: the API, the identity service, and the pages."""

from starlette.applications import Starlette
from starlette.routing import Mount

from nmbrs_sandbox import api, identity_service
from nmbrs_sandbox.pages import site
from nmbrs_sandbox.sandbox import Sandbox


def nmbrs_app(sandbox: Sandbox) -> Starlette:
    """The API and the identity service come first; every other address belongs to the pages."""
    return Starlette(
        routes=[
            *api.routes(sandbox),
            *identity_service.routes(sandbox),
            Mount("/", site.pages(sandbox)),
        ]
    )
