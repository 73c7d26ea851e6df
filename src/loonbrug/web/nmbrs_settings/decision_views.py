"""The page on which a person says which of ours a debtor or company in Nmbrs is."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from loonbrug.access.rights import Level, Part
from loonbrug.directory.nmbrs_decisions import Kind, candidates, question
from loonbrug.directory.nmbrs_queries import Undecided
from loonbrug.web.field_errors import attempt
from loonbrug.web.nmbrs_settings.words import doubt
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import nmbrs_consent as workflow


class DecisionForm(forms.Form):
    """One of ours, or none of them: then the number that it gets here."""

    same_as = forms.TypedChoiceField(
        label=gettext_lazy("It is the same as"), required=False, coerce=int, empty_value=None
    )
    number = forms.CharField(
        label=gettext_lazy("Or it is another, with this number here"),
        help_text=gettext_lazy("A number that is not used here yet."),
        required=False,
    )


@require_http_methods(["GET", "POST"])
def decide_debtor(request: OfficeRequest, nmbrs_debtor_id: int) -> HttpResponse:
    """Which of our debtors it is."""
    return _decide(request, "debtor", nmbrs_debtor_id)


@require_http_methods(["GET", "POST"])
def decide_company(request: OfficeRequest, nmbrs_company_id: int) -> HttpResponse:
    """Which of our companies it is."""
    return _decide(request, "company", nmbrs_company_id)


def _decide(request: OfficeRequest, kind: Kind, nmbrs_id: int) -> HttpResponse:
    scope = request.scope
    scope.require(Part.NMBRS_SETTINGS, Level.WRITE)
    asked = question(scope=scope, kind=kind, nmbrs_id=nmbrs_id)
    form = _form(request, kind, asked)

    def act() -> Undecided:
        return workflow.decide(
            scope=scope, kind=kind, nmbrs_id=nmbrs_id, now=timezone.now(), **form.cleaned_data
        )

    if attempt(form, act):
        messages.success(request, _("Noted. Nmbrs is asked for what belongs to it."))
        return redirect("nmbrs-connection", asked.connection_id)
    context = {"tab": "settings", "section": "nmbrs", "asked": asked, "why": doubt(asked), "form": form}
    return render(request, "nmbrs_settings/decide.html", context)


def _form(request: OfficeRequest, kind: Kind, asked: Undecided) -> DecisionForm:
    found = candidates(scope=request.scope, kind=kind)
    same = next((each.id for each in found if each.id == asked.ours_id), None)
    form = DecisionForm(request.POST or None, initial={"same_as": same})
    choice = form.fields["same_as"]
    assert isinstance(choice, forms.ChoiceField)
    choice.choices = [("", _("None of these")), *((each.id, f"{each.number} {each.name}") for each in found)]
    return form
