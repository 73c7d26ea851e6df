"""The application on AFAS's port: the REST services, and the sandbox's own pages beside them."""

from starlette.applications import Starlette

from afas_sandbox import rest
from afas_sandbox.pages import site
from afas_sandbox.sandbox import Sandbox


def profit_app(sandbox: Sandbox) -> Starlette:
    """Pages come first; every other address belongs to the REST services."""
    return Starlette(routes=[*site.routes(sandbox), *rest.routes(sandbox)])
