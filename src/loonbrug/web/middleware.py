"""The reader's language and the user's scope, found once per request; refusals become pages."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from loonbrug.access.queries import scope_of
from loonbrug.access.rights import NotAllowedError, NotFoundError
from loonbrug.web.error_pages import not_allowed, not_by_address, not_found
from loonbrug.web.requests import OfficeRequest

Handler = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "language"


class LanguageMiddleware:
    """The user's own language; before signing in, the one chosen with the switch (Dutch by default)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = _language_of(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie"])
        return response


class ScopeMiddleware:
    """Gives the request the scope of its user; whoever may no longer sign in is signed out.

    No browser keeps what a user was shown: after signing out, going back shows no salaries.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            try:
                cast("OfficeRequest", request).scope = scope_of(user_id=user.id)
            except NotFoundError:
                logout(request)
        response = self.get_response(request)
        if user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response


class RefusalMiddleware:
    """What a part of the product refuses by name becomes a page that says what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            return not_by_address(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotAllowedError):
            return not_allowed(cast("OfficeRequest", request), error)
        if isinstance(error, NotFoundError):
            return not_found(request, error)
        return None


def _language_of(request: HttpRequest) -> str:
    if request.user.is_authenticated:
        return request.user.language
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
