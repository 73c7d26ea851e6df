"""The request as every page behind the sign-in gets it."""

from django.http import HttpRequest

from loonbrug.access.rights import Scope


class OfficeRequest(HttpRequest):
    """A request of a signed-in user; `ScopeMiddleware` sets the scope."""

    scope: Scope
