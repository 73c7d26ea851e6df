"""Signing in by password or one-time link, signing out, and choosing a language."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loonbrug.access import queries
from loonbrug.access import sign_in as signing_in
from loonbrug.access.models import User
from loonbrug.web.middleware import LANGUAGE_COOKIE
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.sign_in.forms import DigestForm, PasswordForm, SignInForm

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """By e-mail address and password."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _user_for(request, form)
        if user is not None:
            login(request, user)
            return HttpResponseRedirect(_next(request))
    return render(request, "sign_in/sign_in.html", {"form": form, "next": _wanted(request)})


def _user_for(request: HttpRequest, form: SignInForm) -> User | None:
    """The person with this password; otherwise what is wrong is said on the form."""
    now = timezone.now()
    account, address = form.cleaned_data["email"], str(request.META["REMOTE_ADDR"])
    until = queries.sign_in_blocked_until(address=address, account=account, now=now)
    if until is not None:
        moment = time_format(timezone.localtime(until), "H:i")
        form.add_error(None, _("Too many wrong passwords. You can try again at %(time)s.") % {"time": moment})
        return None
    user = authenticate(request, username=account, password=form.cleaned_data["password"])
    if user is None:
        signing_in.record_failure(address=address, account=account, now=now)
        form.add_error(
            None, _("This e-mail address and password do not belong together. Check both and try again.")
        )
        return None
    signing_in.clear_failures(address=address, account=account)
    return user


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """By one-time link. Looking at it (a mail scanner does) does not use it; the button does."""
    owner = queries.owner_of_link(token=token)
    if request.method == "POST" and owner and signing_in.use_link(user_id=owner.id, token=token):
        login(request, User.objects.get(id=owner.id), backend=BACKEND)
        return redirect("home")
    status = 200 if owner and request.method != "POST" else 410
    return render(request, "sign_in/link.html", {"owner": owner if status == 200 else None}, status=status)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return redirect("sign-in")


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The switch on every page: kept with the user, and in a cookie for the pages before signing in.

    What was typed or ticked comes along where a page asks for that, and is posted on to the page itself.
    """
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(_next(request), preserve_request="kept" in request.POST)
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=365 * 24 * 60 * 60,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        if request.user.is_authenticated:
            signing_in.set_language(user_id=request.user.id, language=chosen)
    return response


@require_http_methods(["GET", "POST"])
def profile(request: OfficeRequest) -> HttpResponse:
    """One's own details, and one's password."""
    user = User.objects.get(id=request.user.pk or 0)
    if "hour" in request.POST:
        return _digest(request, user)
    form = PasswordForm(request.POST or None, asks_present=user.has_usable_password())
    if request.method == "POST" and form.is_valid() and _changed(request, form):
        user.refresh_from_db()
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password has been changed."))
        return redirect("profile")
    context = {"form": form, "digest": DigestForm(initial={"hour": user.digest_hour})}
    return render(request, "sign_in/profile.html", context)


def _digest(request: OfficeRequest, user: User) -> HttpResponse:
    """The hour of the day's overview; what is no hour changes nothing."""
    form = DigestForm(request.POST)
    if form.is_valid():
        signing_in.set_digest_hour(user_id=user.id, hour=form.cleaned_data["hour"])
        messages.success(request, _("The changes have been saved."))
    return redirect("profile")


def _changed(request: OfficeRequest, form: PasswordForm) -> bool:
    present, wanted = form.cleaned_data.get("present", ""), form.cleaned_data["wanted"]
    try:
        signing_in.change_password(scope=request.scope, present=present, wanted=wanted, now=timezone.now())
    except signing_in.WrongPasswordError:
        form.add_error("present", _("This is not your present password."))
    except ValidationError as error:
        form.add_error("wanted", error)
    return not form.errors


def _wanted(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next") or ""


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go, as long as that is on this site."""
    wanted = _wanted(request)
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("home")
