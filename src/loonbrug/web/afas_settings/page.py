"""What the pages of both tabs share."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from loonbrug.access.queries import user_managers
from loonbrug.ledger.problems import ProblemsError
from loonbrug.web.afas_settings.texts import answer, field_text
from loonbrug.web.journals.words import Advice
from loonbrug.web.requests import OfficeRequest

Result = TypeVar("Result")


def page(request: OfficeRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    """A page of this section; whoever may only read is told whom to ask for the right to write."""
    shared = {"tab": "settings", "section": "afas", "askable": user_managers(scope=request.scope)}
    return render(request, f"afas_settings/{name}.html", {**shared, **context})


def attempt(form: forms.Form, act: Callable[[], Result]) -> tuple[Result | None, Advice | None]:
    """What came of it, or else what is wrong: at the fields of the form, or as advice on the whole."""
    if not form.is_valid():
        return None, None
    try:
        return act(), None
    except ProblemsError as found:
        at_fields = [each for each in found.problems if each.place.field in form.fields]
        for each in at_fields:
            form.add_error(each.place.field, field_text(each))
        return None, None if at_fields else answer(found)
