"""Pages of a company's cost centres and cost units."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loonbrug.access.rights import Level, Part
from loonbrug.directory import operations, queries
from loonbrug.directory.models import CodeKind
from loonbrug.ledger.problems import ProblemsError
from loonbrug.web.directory.forms import CodeForm
from loonbrug.web.field_errors import attempt, text_of
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import directory as workflow

_TABS = {CodeKind.COST_CENTRE: "cost-centres", CodeKind.COST_UNIT: "cost-units"}


@require_http_methods(["GET", "POST"])
def codes(request: OfficeRequest, company_id: int, kind: CodeKind) -> HttpResponse:
    """The company's codes of one kind, with a form for one more."""
    if request.method == "POST":
        request.scope.require(Part.DIRECTORY, Level.WRITE)
    found = queries.codes(scope=request.scope, company_id=company_id, kind=kind)
    form = CodeForm(request.POST or None)
    if added := attempt(
        form,
        lambda: operations.add_code(
            scope=request.scope, company_id=company_id, kind=kind, now=timezone.now(), **form.cleaned_data
        ),
    ):
        messages.success(request, _("%(name)s has been added.") % {"name": added.name})
        return redirect(_TABS[kind], company_id)
    context = _context(request, company_id, kind) | {"codes": found, "form": form}
    return render(request, "directory/codes.html", context)


@require_http_methods(["GET", "POST"])
def code_change(request: OfficeRequest, company_id: int, code_id: int) -> HttpResponse:
    """Another name; another number only while no journal uses it."""
    request.scope.require(Part.DIRECTORY, Level.WRITE)
    code = queries.code(scope=request.scope, company_id=company_id, code_id=code_id)
    form = CodeForm(request.POST or None, initial=asdict(code))
    if attempt(
        form,
        lambda: workflow.change_code(
            scope=request.scope,
            company_id=company_id,
            code_id=code_id,
            now=timezone.now(),
            **form.cleaned_data,
        ),
    ):
        messages.success(request, _("The changes have been saved."))
        return redirect(_TABS[code.kind], company_id)
    context = _context(request, company_id, code.kind) | {"code": code, "form": form}
    return render(request, "directory/code_change.html", context)


@require_http_methods(["GET", "POST"])
def code_delete(request: OfficeRequest, company_id: int, code_id: int) -> HttpResponse:
    """Asks first; refused while a journal uses the code."""
    request.scope.require(Part.DIRECTORY, Level.WRITE)
    code = queries.code(scope=request.scope, company_id=company_id, code_id=code_id)
    if request.method == "POST":
        try:
            workflow.delete_code(
                scope=request.scope, company_id=company_id, code_id=code_id, now=timezone.now()
            )
            messages.success(request, _("%(name)s has been deleted.") % {"name": code.name})
        except ProblemsError as error:
            messages.error(request, text_of(error.problems[0]))
        return redirect(_TABS[code.kind], company_id)
    context = _context(request, company_id, code.kind) | {"code": code}
    return render(request, "directory/code_delete.html", context)


def _context(request: OfficeRequest, company_id: int, kind: CodeKind) -> dict[str, object]:
    return {
        "company": queries.company(scope=request.scope, company_id=company_id),
        "tab": _TABS[kind],
        "is_centre": kind is CodeKind.COST_CENTRE,
        "used": workflow.used_codes(scope=request.scope, company_id=company_id, kind=kind),
    }
