"""Tab Administraties: which company goes to which administration of AFAS, and how."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.rights import Level, NotFoundError, Part
from loonbrug.connections.queries import ConnectionView, connection_choices
from loonbrug.mappings.operations import CompanyMappedError, MappingInputError
from loonbrug.mappings.queries import MappingView, all_mappings, mapping
from loonbrug.screens.companies_to_map import CompanyToMap, companies_to_map, deliveries_under_way
from loonbrug.web.afas_settings.forms import MappingForm, add_problems
from loonbrug.web.afas_settings.page import WRONG, page
from loonbrug.web.afas_settings.texts import ENVIRONMENT_TYPES, PERIOD_RULES, ProblemText, answer_text
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import map_company as workflow
from loonbrug.workflows.administrations import Administration, JournalCode
from loonbrug.workflows.afas_calls import AfasAnswerError
from loonbrug.workflows.map_company import AccountNotReadyError, MappingInUseError


@dataclass(frozen=True, slots=True)
class Offer:
    """What AFAS lists to choose from, or what it answered instead."""

    administrations: tuple[Administration, ...] = ()
    journal_codes: tuple[JournalCode, ...] | None = None
    trouble: ProblemText | None = None


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
        "unmapped": [each for each in companies_to_map(scope=scope) if not each.is_mapped],
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
    unmapped = [(each.id, _company(each)) for each in companies_to_map(scope=scope) if not each.is_mapped]
    today = timezone.localdate()
    initial = {
        "company": request.GET.get("company"),
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
    except MappingInUseError as used:
        told = ngettext(
            "%(count)s entry of this company is under way. Wait until it is booked, or cancel it, and remove the "
            "mapping then.",
            "%(count)s entries of this company are under way. Wait until they are booked, or cancel them, and remove "
            "the mapping then.",
            used.count,
        )
        messages.error(request, told % {"count": used.count})
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


def _saved_or_again(
    request: OfficeRequest,
    form: MappingForm,
    chosen: ConnectionView,
    save: Callable[[], MappingView],
    *,
    before: MappingView | None = None,
) -> HttpResponse:
    """Back to the list when the mapping was saved; otherwise the form, with what is wrong at its field."""
    trouble = None
    if form.is_bound and form.is_valid():
        try:
            saved = save()
        except MappingInputError as wrong:
            add_problems(form, wrong.problems)
        except CompanyMappedError:
            form.add_error("company", _("This company has a mapping already. Change that one."))
        except AccountNotReadyError:
            form.add_error(None, _("This AFAS account is not authorised, or its connection is broken."))
        except AfasAnswerError as answer:
            trouble = answer_text(answer)
        else:
            told = _("The mapping of %(company)s was saved.") % {"company": saved.company_name}
            messages.success(request, told)
            return redirect(f"{reverse('afas-mappings')}?account={chosen.id}")
    offer = _offer(request, chosen, str(form["administration"].value() or ""))
    form.offer(offer.administrations, offer.journal_codes)
    form.ask_journal_codes_from(f"{reverse('afas-journal-codes')}?account={chosen.id}")
    context = {
        "form": form,
        "account": chosen,
        "account_label": _label(chosen),
        "before": before,
        "under_way": before and deliveries_under_way(scope=request.scope, company_id=before.company_id),
        "trouble": trouble or offer.trouble,
    }
    return page(request, "mapping", context, status=WRONG if form.is_bound else 200)


def _offer(request: OfficeRequest, chosen: ConnectionView, administration: str) -> Offer:
    try:
        listed = workflow.administrations(scope=request.scope, connection_id=chosen.id)
    except AccountNotReadyError:
        return Offer()
    except AfasAnswerError as answer:
        return Offer(trouble=answer_text(answer))
    return Offer(listed, _journal_codes(request, chosen, administration))


def _journal_codes(
    request: OfficeRequest, chosen: ConnectionView, administration: str
) -> tuple[JournalCode, ...] | None:
    """None where AFAS gives no list: then the code is typed, and AFAS refuses a wrong one."""
    if not administration.isdecimal():
        return None
    try:
        return workflow.journal_codes(
            scope=request.scope, connection_id=chosen.id, administration=int(administration)
        )
    except (AccountNotReadyError, AfasAnswerError):
        return None


def _chosen(request: OfficeRequest, accounts: Sequence[ConnectionView]) -> ConnectionView | None:
    """The AFAS account that the address names."""
    wanted = request.GET.get("account", "")
    return next((each for each in accounts if str(each.id) == wanted), None)


def _label(account: ConnectionView) -> str:
    environment = ENVIRONMENT_TYPES[account.environment_type]
    return f"{account.participant_number} · {environment} · {account.afas_user}"


def _company(company: CompanyToMap) -> str:
    return f"{company.number} · {company.name} ({company.debtor_name})"
