"""An entry that AFAS holds twice, differently, or after it had ended: what to look for, and what may be chosen."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loonbrug.access.rights import Level, Part
from loonbrug.delivery import queries as deliveries
from loonbrug.delivery.queries import DeliveryView
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import State
from loonbrug.directory import queries as directory
from loonbrug.payroll import queries as payroll
from loonbrug.web.field_errors import was_done
from loonbrug.web.journals import sections, words
from loonbrug.web.journals.forms import ReversalForm, SettleForm
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import deliver, reverse


@require_http_methods(["GET", "POST"])
def conflict(request: OfficeRequest, delivery_id: int) -> HttpResponse:
    """What AFAS told us, where to look, and the choice: it is there once now, or it is taken out."""
    view = deliveries.delivery(scope=request.scope, delivery_id=delivery_id)
    form = _settle_form(view, request.POST or None)
    if request.method == "POST":
        request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
        given = {"entry_number": request.POST.get("entry_number", "")}
        if form.is_valid() and _done(request, view, form, deliver.settle, **given):
            messages.success(request, _("Your decision is kept with the entry."))
            return redirect("journal", view.journal_id)
    return _page(request, view, settle=form, reversal=None)


@require_http_methods(["GET", "POST"])
def take_back(request: OfficeRequest, delivery_id: int) -> HttpResponse:
    """Take out of AFAS what it booked after it had ended, and that alone."""
    view = deliveries.delivery(scope=request.scope, delivery_id=delivery_id)
    if request.method == "GET":
        return redirect("delivery-conflict", delivery_id)
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    request.scope.require(Part.REVERSAL, Level.WRITE)
    form = ReversalForm(request.POST, deliveries.ways_back(scope=request.scope, delivery_id=delivery_id))
    if form.is_valid() and _done(request, view, form, reverse.take_back, how=How(form.cleaned_data["how"])):
        messages.success(request, _("The entry is being taken out of AFAS. You see here how it goes on."))
        return redirect("journal", view.journal_id)
    return _page(request, view, settle=None, reversal=form)


def _page(
    request: OfficeRequest, view: DeliveryView, *, settle: SettleForm | None, reversal: ReversalForm | None
) -> HttpResponse:
    journal = payroll.summary(scope=request.scope, journal_id=view.journal_id)
    ways = deliveries.ways_back(scope=request.scope, delivery_id=view.id)
    context = {
        "journal": journal,
        "company": directory.company(scope=request.scope, company_id=journal.run.company_id),
        "tab": "payroll",
        "delivery": view,
        "state": words.delivery_state(view),
        "reason": words.reason(view.reason),
        "numbers": _numbers(view),
        "is_open": view.state is State.CONFLICT,
        "settle": settle or _settle_form(view, None),
        "reversal": reversal or ReversalForm(None, ways),
        "ways": ways,
        "can_write": sections.may_act_on(request.scope, view),
        "may_reverse": sections.may_reverse(request.scope),
    }
    return render(request, "journals/conflict.html", context)


def _settle_form(view: DeliveryView, data: QueryDict | None) -> SettleForm:
    return SettleForm(data, initial={"entry_number": view.entry_number}, auto_id="settle_%s")


def _numbers(view: DeliveryView) -> list[str]:
    """Every number of AFAS that we know of this entry."""
    told = [attempt.entry_number for attempt in view.attempts]
    told += [decision.entry_number for decision in view.decisions]
    return sorted({number for number in [*told, view.entry_number] if number})


def _done(
    request: OfficeRequest,
    view: DeliveryView,
    form: forms.Form,
    doing: Callable[..., object],
    **given: object,
) -> bool:
    """Whether it could be carried out; otherwise the form says why not."""
    return was_done(
        form,
        lambda: doing(
            scope=request.scope,
            delivery_id=view.id,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            **given,
        ),
    )
