"""Pages of the office's users."""

from dataclasses import asdict

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access import operations, queries, sign_in
from loonbrug.access.rights import Level, Part
from loonbrug.ledger.problems import ProblemsError
from loonbrug.web.field_errors import attempt, text_of
from loonbrug.web.office.forms import UserForm
from loonbrug.web.requests import OfficeRequest

_PLACE = {"tab": "settings", "section": "users"}


@require_GET
def users(request: OfficeRequest) -> HttpResponse:
    """Everybody of the office."""
    found = queries.users(scope=request.scope)
    return render(request, "office/users.html", _PLACE | {"users": found})


@require_http_methods(["GET", "POST"])
def user_add(request: OfficeRequest) -> HttpResponse:
    """A new user, who gets a one-time link to come in by."""
    request.scope.require(Part.USERS, Level.WRITE)
    form = UserForm(request.POST or None, queries.templates(scope=request.scope))
    if user := attempt(
        form, lambda: operations.add_user(scope=request.scope, now=timezone.now(), **form.cleaned_data)
    ):
        return _handed_over(request, user.id)
    return render(request, "office/user_form.html", _PLACE | {"form": form})


@require_http_methods(["GET", "POST"])
def user_change(request: OfficeRequest, user_id: int) -> HttpResponse:
    """Name, e-mail address and template; and the ways to let the person in or keep the person out."""
    request.scope.require(Part.USERS, Level.WRITE)
    user = queries.user(scope=request.scope, user_id=user_id)
    form = UserForm(request.POST or None, queries.templates(scope=request.scope), asdict(user))
    if attempt(
        form,
        lambda: operations.change_user(
            scope=request.scope, user_id=user_id, now=timezone.now(), **form.cleaned_data
        ),
    ):
        messages.success(request, _("The changes have been saved."))
        return redirect("users")
    return render(request, "office/user_form.html", _PLACE | {"form": form, "person": user})


@require_POST
def user_link(request: OfficeRequest, user_id: int) -> HttpResponse:
    """A new one-time link, shown once."""
    return _handed_over(request, user_id)


@require_POST
def user_active(request: OfficeRequest, user_id: int) -> HttpResponse:
    """Let somebody sign in again, or no longer."""
    is_active = request.POST.get("is_active") == "yes"
    try:
        user = operations.set_active(
            scope=request.scope, user_id=user_id, is_active=is_active, now=timezone.now()
        )
    except ProblemsError as error:
        messages.error(request, text_of(error.problems[0]))
        return redirect("user-change", user_id)
    text = _("%(name)s can sign in again.") if user.is_active else _("%(name)s can no longer sign in.")
    messages.success(request, text % {"name": user.name})
    return redirect("users")


@never_cache
def _handed_over(request: OfficeRequest, user_id: int) -> HttpResponse:
    user, token = sign_in.make_link_for(scope=request.scope, user_id=user_id, now=timezone.now())
    address = settings.ADDRESS + reverse("sign-in-link", args=[token])
    return render(request, "office/user_link.html", _PLACE | {"person": user, "address": address})
