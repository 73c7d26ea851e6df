"""Pages of debtors and their companies."""

from dataclasses import asdict
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from loonbrug.access.rights import Level, Part
from loonbrug.directory import operations, queries
from loonbrug.directory.nmbrs_queries import gone_companies
from loonbrug.screens.nmbrs import connection_of_debtor
from loonbrug.web.directory.forms import CompanyForm, DebtorForm
from loonbrug.web.field_errors import attempt
from loonbrug.web.nmbrs_settings.words import row_of
from loonbrug.web.requests import OfficeRequest


@require_GET
def debtors(request: OfficeRequest) -> HttpResponse:
    """All debtors with their companies."""
    request.scope.require(Part.DIRECTORY, Level.READ)
    companies = sorted(queries.companies(scope=request.scope), key=lambda company: company.debtor_id)
    of_debtor = {key: list(group) for key, group in groupby(companies, lambda company: company.debtor_id)}
    rows = [(debtor, of_debtor.get(debtor.id, [])) for debtor in queries.debtors(scope=request.scope)]
    return render(request, "directory/debtors.html", {"tab": "debtors", "rows": rows})


@require_http_methods(["GET", "POST"])
def debtor_add(request: OfficeRequest) -> HttpResponse:
    """A new debtor."""
    request.scope.require(Part.DIRECTORY, Level.WRITE)
    form = DebtorForm(request.POST or None)
    if debtor := attempt(
        form, lambda: operations.add_debtor(scope=request.scope, now=timezone.now(), **form.cleaned_data)
    ):
        messages.success(request, _("%(name)s has been added.") % {"name": debtor.name})
        return redirect("debtor", debtor.id)
    return render(request, "directory/debtor_form.html", {"tab": "debtors", "form": form})


@require_GET
def debtor(request: OfficeRequest, debtor_id: int) -> HttpResponse:
    """One debtor and its companies."""
    debtor = queries.debtor(scope=request.scope, debtor_id=debtor_id)
    companies = queries.companies(scope=request.scope, debtor_id=debtor_id)
    found = connection_of_debtor(scope=request.scope, debtor_id=debtor_id, now=timezone.now())
    context = {
        "debtor": debtor,
        "companies": companies,
        "nmbrs": row_of(found) if found else None,
        "gone": gone_companies(scope=request.scope),
    }
    return render(request, "directory/debtor.html", context)


@require_http_methods(["GET", "POST"])
def debtor_change(request: OfficeRequest, debtor_id: int) -> HttpResponse:
    """Number, name and the switch *blocked*."""
    request.scope.require(Part.DIRECTORY, Level.WRITE)
    debtor = queries.debtor(scope=request.scope, debtor_id=debtor_id)
    form = DebtorForm(request.POST or None, initial=asdict(debtor))
    if attempt(
        form,
        lambda: operations.change_debtor(
            scope=request.scope, debtor_id=debtor_id, now=timezone.now(), **form.cleaned_data
        ),
    ):
        messages.success(request, _("The changes have been saved."))
        return redirect("debtor", debtor_id)
    return render(request, "directory/debtor_form.html", {"debtor": debtor, "form": form})


@require_http_methods(["GET", "POST"])
def company_add(request: OfficeRequest, debtor_id: int) -> HttpResponse:
    """A new company under a debtor."""
    request.scope.require(Part.DIRECTORY, Level.WRITE)
    debtor = queries.debtor(scope=request.scope, debtor_id=debtor_id)
    form = CompanyForm(request.POST or None)
    if company := attempt(
        form,
        lambda: operations.add_company(
            scope=request.scope, debtor_id=debtor_id, now=timezone.now(), **form.cleaned_data
        ),
    ):
        messages.success(request, _("%(name)s has been added.") % {"name": company.name})
        return redirect("company", company.id)
    return render(request, "directory/company_add.html", {"debtor": debtor, "form": form})


@require_GET
def company(request: OfficeRequest, company_id: int) -> HttpResponse:
    """To the tab that this person most likely wants."""
    company = queries.company(scope=request.scope, company_id=company_id)
    if request.scope.allows(Part.JOURNAL_EXPORT, Level.READ):
        return redirect("company-payroll", company.id)
    return redirect("company-change", company.id)


@require_http_methods(["GET", "POST"])
def company_change(request: OfficeRequest, company_id: int) -> HttpResponse:
    """Number, name and the switch *test company*; to look at for those who may not change them."""
    is_change = request.method == "POST"
    request.scope.require(Part.DIRECTORY, Level.WRITE if is_change else Level.READ)
    company = queries.company(scope=request.scope, company_id=company_id)
    form = CompanyForm(request.POST or None, initial=asdict(company))
    if attempt(
        form,
        lambda: operations.change_company(
            scope=request.scope, company_id=company_id, now=timezone.now(), **form.cleaned_data
        ),
    ):
        messages.success(request, _("The changes have been saved."))
        return redirect("company-change", company_id)
    return render(request, "directory/company.html", {"company": company, "tab": "details", "form": form})
