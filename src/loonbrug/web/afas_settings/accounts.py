"""Tab Accounts: AFAS accounts, the dialogue that authorises one, and what it may do."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.rights import Level, Part
from loonbrug.connections.inputs import is_of_other_participant
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.queries import (
    CLASSIC_TOKENS_END,
    CLASSIC_TOKENS_EXPIRE,
    ConnectionView,
    all_connections,
    connection,
)
from loonbrug.ledger.problems import ProblemsError
from loonbrug.web.afas_settings.forms import AccountForm, AdministrationsConnectorForm, DialogueForm
from loonbrug.web.afas_settings.page import attempt, page
from loonbrug.web.afas_settings.texts import ENVIRONMENT_TYPES, FEATURES, answer, broken
from loonbrug.web.journals.words import Advice
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import authorise as workflow
from loonbrug.workflows.authorise import Checked


@require_GET
def account_list(request: OfficeRequest) -> HttpResponse:
    """All AFAS accounts with their marks. Who may see mappings only is taken to those."""
    scope = request.scope
    if not scope.allows(Part.AFAS_SETTINGS, Level.READ) and scope.allows(Part.MAPPINGS, Level.READ):
        return redirect("afas-mappings")
    today = timezone.localdate()
    accounts = [
        {
            "account": each,
            "environment": ENVIRONMENT_TYPES[each.environment_type],
            "days_left": each.days_left(today),
        }
        for each in all_connections(scope=scope)
    ]
    return page(request, "accounts", {"accounts": accounts})


@require_http_methods(["GET", "POST"])
def new_account(request: OfficeRequest) -> HttpResponse:
    """Nieuw account."""
    request.scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    form = AccountForm(request.POST or None)

    def add() -> ConnectionView:
        return workflow.add_account(scope=request.scope, now=timezone.now(), **form.cleaned_data)

    added, trouble = attempt(form, add)
    if added is not None:
        messages.success(request, _("The account was added. Now authorise it: fill in both keys."))
        if is_of_other_participant(added.participant_number, added.afas_user):
            messages.warning(request, _other_participant(added))
        return redirect("afas-account", added.id)
    return page(request, "new_account", {"form": form, "trouble": trouble})


@never_cache
@require_GET
def account(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """One account: the dialogue that authorises it, and what it may do."""
    return _account_page(request, connection(scope=request.scope, connection_id=connection_id))


@never_cache
@require_POST
def request_code(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Genereer activatiecode."""
    return _ask_code(request, connection_id, workflow.request_code)


@never_cache
@require_POST
def reset(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Authenticatie opnieuw instellen."""
    return _ask_code(request, connection_id, workflow.reset)


def _ask_code(request: OfficeRequest, connection_id: int, ask: Callable[..., ConnectionView]) -> HttpResponse:
    request.scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    form = DialogueForm(request.POST, wants_code=False)

    def ask_with_keys() -> ConnectionView:
        keys = {name: form.cleaned_data[name] for name in ("api_key", "environment_key")}
        return ask(scope=request.scope, connection_id=connection_id, now=timezone.now(), **keys)

    asked, trouble = attempt(form, ask_with_keys)
    if asked is not None:
        messages.success(request, _code_requested())
        return redirect("afas-account", connection_id)
    return _again(request, connection_id, form, trouble)


@never_cache
@require_POST
def authorise(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Authenticatie."""
    request.scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    form = DialogueForm(request.POST)

    def trade() -> Checked:
        return workflow.authorise(
            scope=request.scope, connection_id=connection_id, now=timezone.now(), **form.cleaned_data
        )

    checked, trouble = attempt(form, trade)
    if checked is not None:
        messages.success(request, _("Authentication completed."))
        _tell(request, checked)
        return redirect("afas-account", connection_id)
    return _again(request, connection_id, form, trouble)


@require_POST
def check(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Verbinding controleren: ask AFAS anew what this account may do."""
    try:
        checked = workflow.check_connection(
            scope=request.scope, connection_id=connection_id, now=timezone.now()
        )
    except ProblemsError as found:
        _refuse(request, found)
    else:
        if checked.account.state is ConnectionState.AUTHORISED and not checked.trouble:
            messages.success(request, _("AFAS lets this account in."))
        _tell(request, checked)
    return redirect("afas-account", connection_id)


@require_POST
def choose_administrations_connector(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """From which GetConnector the administrations come."""
    name = request.POST.get("name", "")
    try:
        workflow.choose_administrations_connector(
            scope=request.scope, connection_id=connection_id, name=name, now=timezone.now()
        )
    except ProblemsError as found:
        _refuse(request, found)
    else:
        messages.success(request, _("The choice of GetConnector was kept."))
    return redirect("afas-account", connection_id)


@require_http_methods(["GET", "POST"])
def remove(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Remove an account that is not used, after asking once."""
    if request.method == "GET":
        request.scope.require(Part.AFAS_SETTINGS, Level.WRITE)
        shown = connection(scope=request.scope, connection_id=connection_id)
        return page(request, "remove_account", {"account": shown})
    try:
        workflow.remove_account(scope=request.scope, connection_id=connection_id, now=timezone.now())
    except ProblemsError as found:
        _refuse(request, found)
        return redirect("afas-account", connection_id)
    messages.success(request, _("The account was removed."))
    return redirect("afas-accounts")


def _again(
    request: OfficeRequest, connection_id: int, form: DialogueForm, trouble: Advice | None
) -> HttpResponse:
    """The dialogue once more, with what went wrong; the keys have to be filled in anew."""
    shown = connection(scope=request.scope, connection_id=connection_id)
    return _account_page(request, shown, form=form, trouble=trouble)


def _account_page(
    request: OfficeRequest,
    shown: ConnectionView,
    *,
    form: DialogueForm | None = None,
    trouble: Advice | None = None,
) -> HttpResponse:
    context = {
        "account": shown,
        "address": reverse("afas-account", args=[shown.id]),
        "environment": ENVIRONMENT_TYPES[shown.environment_type],
        "form": form or DialogueForm(),
        "trouble": trouble,
        "broken": broken(shown) if shown.state is ConnectionState.BROKEN else None,
        "capabilities": [(each, FEATURES[each.need.feature]) for each in shown.capabilities],
        "connector_form": AdministrationsConnectorForm(
            connectors=shown.get_connectors, initial={"name": shown.administrations_connector}
        ),
        "days_left": shown.days_left(timezone.localdate()),
        "tokens_expire": CLASSIC_TOKENS_EXPIRE,
        "tokens_end": CLASSIC_TOKENS_END,
    }
    return page(request, "account", context)


def _refuse(request: OfficeRequest, found: ProblemsError) -> None:
    messages.error(request, _sentences(answer(found)))


def _sentences(said: Advice) -> str:
    return " ".join(filter(None, [said.message, said.cause, said.cure, said.original]))


def _tell(request: OfficeRequest, checked: Checked) -> None:
    """What came of asking AFAS what the account may do."""
    if checked.trouble is not None:
        _refuse(request, checked.trouble)
    elif not checked.administrations and checked.account.can_book:
        messages.warning(request, _no_administrations())
    elif checked.administrations:
        count = len(checked.administrations)
        told = ngettext(
            "AFAS lists %(count)s administration.", "AFAS lists %(count)s administrations.", count
        )
        messages.success(request, told % {"count": count})


def _no_administrations() -> str:
    return _(
        "AFAS lists no administrations for this user. Let the AFAS administrator give the user rights on them: General "
        "/ Management / Authorisation Tool, tab Maintenance filters (Dutch: Onderhoud filters)."
    )


def _other_participant(account: ConnectionView) -> str:
    return _(
        "The user %(user)s does not begin with participant number %(number)s. If this is a collaboration account "
        "(Dutch: meewerk account), AFAS sends no activation code: then add an account with a user of %(number)s itself."
    ) % {"user": account.afas_user, "number": account.participant_number}


def _code_requested() -> str:
    # AFAS takes the request whatever the keys and the settings, so nobody can say that a mail went out.
    return _(
        "AFAS took the request. If everything is set up right, an e-mail with the activation code is on its way to the "
        "user's address in the Authorisation Tool. AFAS does not tell whether it was sent: if nothing comes, go "
        "through the list on this page."
    )
