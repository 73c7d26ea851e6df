"""What a person does about an entry that did not simply arrive: again, cancel, or decide what AFAS shows."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loonbrug.access.rights import Level, Part
from loonbrug.delivery import queries as deliveries
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.queries import DeliveryView
from loonbrug.directory import queries as directory
from loonbrug.ledger.problems import problem
from loonbrug.payroll import queries as payroll
from loonbrug.web.field_errors import text_of, was_done
from loonbrug.web.journals import sections, words
from loonbrug.web.journals.forms import DecisionForm, ReasonForm
from loonbrug.web.journals.views import act
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.waiting import awaited
from loonbrug.workflows import deliver


@require_POST
def retry(request: OfficeRequest, delivery_id: int) -> HttpResponse:
    """Opnieuw: the same payload and voucher number once more."""
    return _with_reason(request, delivery_id, deliver.retry, _("The entry is sent again."))


@require_POST
def cancel(request: OfficeRequest, delivery_id: int) -> HttpResponse:
    """Annuleren: this entry is not sent."""
    return _with_reason(request, delivery_id, deliver.cancel, _("The entry is cancelled."))


@require_POST
def send_anew(request: OfficeRequest, delivery_id: int) -> HttpResponse:
    """Annuleren en opnieuw verzenden: by the mapping as it is now."""
    done = _("The entry is cancelled, and sent anew by the mapping as it is now.")
    return _with_reason(request, delivery_id, deliver.send_anew, done)


@require_http_methods(["GET", "POST"])
def doubt(request: OfficeRequest, delivery_id: int) -> HttpResponse:
    """An entry whose answer was lost: until when AFAS may be busy, where to look, and what to decide."""
    view = deliveries.delivery(scope=request.scope, delivery_id=delivery_id)
    form = DecisionForm(request.POST or None)
    seen = str(len(view.attempts))  # what AFAS shows of an earlier attempt tells nothing of a later one
    if request.method == "POST":
        request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
        if request.POST.get("seen") != seen:
            messages.error(request, text_of(problem("delivery_has_moved_on")))
            return redirect("delivery-doubt", delivery_id)
        if form.is_valid() and _decided(request, view, form):
            messages.success(request, _("Your decision is kept with the entry."))
            return redirect("journal", view.journal_id)
    journal = payroll.summary(scope=request.scope, journal_id=view.journal_id)
    now = timezone.now()
    context = {
        "journal": journal,
        "company": directory.company(scope=request.scope, company_id=journal.run.company_id),
        "tab": "payroll",
        "delivery": view,
        "state": words.delivery_state(view),
        "form": form,
        "seen": seen,
        "awaited": awaited(view.awaited, now=now) if view.awaited else "",
        "can_decide": sections.may_decide(view, now=now),
        "can_write": sections.may_act_on(request.scope, view),
    }
    return render(request, "journals/doubt.html", context)


def _decided(request: OfficeRequest, view: DeliveryView, form: DecisionForm) -> bool:
    """Whether the decision could be carried out; otherwise the form says why not."""
    return was_done(
        form,
        lambda: deliver.decide(
            scope=request.scope,
            delivery_id=view.id,
            decision=DoubtDecision(form.cleaned_data["decision"]),
            entry_number=form.cleaned_data["entry_number"],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
    )


def _with_reason(
    request: OfficeRequest, delivery_id: int, doing: Callable[..., object], done: str
) -> HttpResponse:
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    view = deliveries.delivery(scope=request.scope, delivery_id=delivery_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Fill in a reason of at most 500 characters; it is kept with the entry."))
        return redirect("journal", view.journal_id)
    reason = form.cleaned_data["reason"]
    return act(
        request,
        view.journal_id,
        lambda: doing(scope=request.scope, delivery_id=delivery_id, reason=reason, now=timezone.now()),
        done,
    )
