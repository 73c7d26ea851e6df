"""Sending that stands still because the database was restored or copied, and the question whether it may go on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loonbrug.access.rights import Level, Part
from loonbrug.delivery import queries as deliveries
from loonbrug.web.field_errors import was_done
from loonbrug.web.journals.forms import ReasonForm
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows.release import release_sending


@require_http_methods(["GET", "POST"])
def release(request: OfficeRequest) -> HttpResponse:
    """Why nothing is sent, what waits for it, and who may let it go on."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        request.scope.require(Part.AFAS_SETTINGS, Level.WRITE)
        if form.is_valid() and _released(request, form):
            messages.success(request, _("Sending goes on."))
            return redirect("home")
    context = {"tab": "home", "pause": deliveries.pause(scope=request.scope), "form": form}
    return render(request, "office/release.html", context)


def _released(request: OfficeRequest, form: ReasonForm) -> bool:
    """Whether the office was released; otherwise the form says why not."""
    return was_done(
        form,
        lambda: release_sending(scope=request.scope, reason=form.cleaned_data["reason"], now=timezone.now()),
    )
