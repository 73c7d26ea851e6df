"""Tab Administraties: which company goes to which administration of AFAS, and how."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.rights import Level, NotFoundError, Part
from loonbrug.connections.queries import ConnectionView, connection_choices
from loonbrug.delivery.queries import mapping_is_in_use
from loonbrug.directory.nmbrs_queries import company_link
from loonbrug.directory.queries import CompanyView, companies
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import ProblemsError
from loonbrug.mappings.queries import MappingView, all_mappings, mapping
from loonbrug.web.afas_settings import preview
from loonbrug.web.afas_settings.forms import BookingForm, MappingForm
from loonbrug.web.afas_settings.page import attempt, page
from loonbrug.web.afas_settings.texts import ENVIRONMENT_TYPES, PERIOD_RULES, answer
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import map_company as workflow
from loonbrug.workflows.administrations import Administration, JournalCode
from loonbrug.workflows.nmbrs_runs import FOUR_WEEKS

#: Digits of an administration's number (AFAS's UnId), with room to spare.
_LONGEST_NUMBER = 18


@require_GET
def mapping_list(request: OfficeRequest) -> HttpResponse:
    """The mappings of one AFAS account or of all, and how many companies have none."""
    scope = request.scope
    accounts = connection_choices(scope=scope)
    chosen = _chosen(request, accounts)
    shown = all_mappings(scope=scope, connection_id=chosen.id if chosen else None)
    labels = {each.id: _label(each) for each in accounts}
    context = {
        "accounts": list(labels.items()),
        "account": chosen,
        "mappings": [(each, labels[each.connection_id], PERIOD_RULES[each.period_rule]) for each in shown],
        "unmapped": _unmapped(request),
    }
    return page(request, "mappings", context)


@require_http_methods(["GET", "POST"])
def new_mapping(request: OfficeRequest) -> HttpResponse:
    """Nieuwe mapping, for a company that has none, through the AFAS account chosen on the tab."""
    scope = request.scope
    scope.require(Part.MAPPINGS, Level.WRITE)
    chosen = _chosen(request, connection_choices(scope=scope))
    if chosen is None:
        messages.error(request, _("Choose an AFAS account first."))
        return redirect("afas-mappings")
    unmapped = [(each.id, _company(each)) for each in _unmapped(request)]
    if not unmapped:
        messages.info(
            request, _("Every company has a mapping already. Change it here, or add a company first.")
        )
        return redirect(f"{reverse('afas-mappings')}?account={chosen.id}")
    today = timezone.localdate()
    initial = {
        "company": request.GET.get("company"),
        "payroll_periods": _payroll_periods(request),
        "valid_from_year": today.year,
        "valid_from_period": today.month,
    }
    form = MappingForm(request.POST or None, companies=unmapped, initial=initial)

    def save() -> MappingView:
        return workflow.save_mapping(
            scope=scope,
            company_id=form.cleaned_data["company"],
            values=form.values(connection_id=chosen.id),
            now=timezone.now(),
        )

    return _saved_or_again(request, form, chosen, save)


@require_http_methods(["GET", "POST"])
def change_mapping(request: OfficeRequest, mapping_id: int) -> HttpResponse:
    """Change a mapping; what was approved before is still sent as it was."""
    scope = request.scope
    scope.require(Part.MAPPINGS, Level.WRITE)
    before = mapping(scope=scope, mapping_id=mapping_id)
    accounts = connection_choices(scope=scope)
    chosen = _chosen(request, accounts) or next(each for each in accounts if each.id == before.connection_id)
    form = MappingForm(request.POST or None, companies=None, initial=asdict(before.values))

    def save() -> MappingView:
        return workflow.change_mapping(
            scope=scope,
            mapping_id=mapping_id,
            values=form.values(connection_id=chosen.id),
            now=timezone.now(),
        )

    return _saved_or_again(request, form, chosen, save, before=before)


@require_POST
def remove_mapping(request: OfficeRequest, mapping_id: int) -> HttpResponse:
    """Remove a mapping, unless entries of the company are under way."""
    try:
        workflow.remove_mapping(scope=request.scope, mapping_id=mapping_id, now=timezone.now())
    except ProblemsError as found:
        said = answer(found)
        messages.error(request, f"{said.message} {said.cause} {said.cure}")
    else:
        messages.success(request, _("The mapping was removed."))
    return redirect("afas-mappings")


@require_GET
def journal_codes(request: OfficeRequest) -> HttpResponse:
    """The field for the journal code, as a list where AFAS gives one for the administration just chosen."""
    chosen = _chosen(request, connection_choices(scope=request.scope))
    if chosen is None:
        raise NotFoundError("connection", request.GET.get("account"))
    form = MappingForm(initial=request.GET.dict(), companies=None)
    form.offer((), _journal_codes(request, chosen, str(request.GET.get("administration", ""))))
    return render(request, "afas_settings/journal_code.html", {"field": form["journal_code"]})


@require_POST
def booking_preview(request: OfficeRequest) -> HttpResponse:
    """The preview of what is being chosen, for a page that has a script."""
    request.scope.require(Part.MAPPINGS, Level.WRITE)
    form = BookingForm(request.POST)
    return render(request, "afas_settings/booking_preview.html", preview.shown(request, form))


def _saved_or_again(
    request: OfficeRequest,
    form: MappingForm,
    chosen: ConnectionView,
    save: Callable[[], MappingView],
    *,
    before: MappingView | None = None,
) -> HttpResponse:
    """Back to the list when the mapping was saved; otherwise the form, with what is wrong at its field."""
    saved, trouble = (None, None) if "preview" in request.POST else attempt(form, save)
    if saved is not None:
        messages.success(
            request, _("The mapping of %(company)s was saved.") % {"company": saved.company_name}
        )
        return redirect(f"{reverse('afas-mappings')}?account={chosen.id}")
    administrations: tuple[Administration, ...] = ()
    try:
        administrations = workflow.administrations(scope=request.scope, connection_id=chosen.id)
    except ProblemsError as found:
        trouble = trouble or answer(found)
    codes = _journal_codes(request, chosen, str(form["administration"].value() or ""))
    form.offer(administrations, codes)
    form.ask_journal_codes_from(f"{reverse('afas-journal-codes')}?account={chosen.id}")
    form.ask_preview_from(preview.address(before))
    context = {
        **preview.shown(request, form, before),
        "form": form,
        "account": chosen,
        "account_label": _label(chosen),
        "before": before,
        "is_in_use": before is not None
        and mapping_is_in_use(scope=request.scope, company_id=before.company_id),
        "trouble": trouble,
    }
    return page(request, "mapping", context)


def _journal_codes(
    request: OfficeRequest, chosen: ConnectionView, administration: str
) -> tuple[JournalCode, ...] | None:
    """None where AFAS gives no list: then the code is typed, and AFAS refuses a wrong one."""
    if not (administration.isdecimal() and len(administration) <= _LONGEST_NUMBER):
        return None
    try:
        return workflow.journal_codes(
            scope=request.scope, connection_id=chosen.id, administration=int(administration)
        )
    except ProblemsError:
        return None


def _chosen(request: OfficeRequest, accounts: Sequence[ConnectionView]) -> ConnectionView | None:
    """The AFAS account that the address names, or the only one there is."""
    wanted = request.GET.get("account", "")
    if len(accounts) == 1 and not wanted:
        return accounts[0]
    return next((each for each in accounts if str(each.id) == wanted), None)


def _unmapped(request: OfficeRequest) -> list[CompanyView]:
    mapped = {each.company_id for each in all_mappings(scope=request.scope)}
    return [each for each in companies(scope=request.scope) if each.id not in mapped]


def _payroll_periods(request: OfficeRequest) -> PeriodRule:
    """How the payroll of the company that the address names counts its periods, where Nmbrs says so."""
    asked = request.GET.get("company", "")
    is_id = asked.isascii() and asked.isdecimal() and len(asked) <= _LONGEST_NUMBER
    link = company_link(scope=request.scope, company_id=int(asked)) if is_id else None
    return PeriodRule.FOUR_WEEKS if link and link.period_type == FOUR_WEEKS else PeriodRule.MONTH


def _label(account: ConnectionView) -> str:
    environment = ENVIRONMENT_TYPES[account.environment_type]
    return f"{account.participant_number} · {environment} · {account.afas_user}"


def _company(company: CompanyView) -> str:
    return f"{company.number} · {company.name} ({company.debtor_name})"
