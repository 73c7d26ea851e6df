"""Pages for what went wrong: what happened, and what to do about it."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from loonbrug.access.queries import user_managers
from loonbrug.access.rights import NotAllowedError, NotFoundError
from loonbrug.delivery.writer import AWAY
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.words import level_name, part_name


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the browser sent something no page of ours sends; 413: it sent too much of it."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "errors/413.html", status=413)
    return render(request, "errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """403 without a named right."""
    return render(request, "errors/403.html", status=403)


def not_allowed(request: OfficeRequest, error: NotAllowedError) -> HttpResponse:
    """403: names the right that is missing and who can give it."""
    context = {
        "part": part_name(error.part),
        "level": level_name(error.level),
        "askable": user_managers(scope=request.scope),
    }
    return render(request, "errors/403.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing there, or nothing of this office."""
    status = 404
    return render(
        request, "errors/404.html", {"is_named": isinstance(exception, NotFoundError)}, status=status
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our own mistake; shows nothing of it. 503: the database is not there, or takes nothing now."""
    if isinstance(sys.exception(), AWAY):
        return render(request, "errors/503.html", status=503)
    return render(request, "errors/500.html", status=500)


def not_by_address(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """405: an address that only a button of ours goes to, opened by itself, as after signing in anew."""
    page = render(request, "errors/405.html", status=405)
    page["Allow"] = refused["Allow"]
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """403: the form was too old, or was not ours."""
    return render(request, "errors/csrf.html", status=403)
