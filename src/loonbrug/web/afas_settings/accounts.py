"""Tab Accounts: AFAS accounts, the dialogue that authorises one, and what it may do."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.rights import Level, Part
from loonbrug.connections.clients import NotAuthorisedError
from loonbrug.connections.inputs import AccountInputError
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.operations import AccountExistsError, AccountInUseError, CodeJustRequestedError
from loonbrug.connections.queries import (
    CLASSIC_TOKENS_END,
    CLASSIC_TOKENS_EXPIRE,
    ConnectionView,
    all_connections,
    connection,
)
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.web.afas_settings.forms import (
    AccountForm,
    AdministrationsConnectorForm,
    DialogueForm,
    add_problems,
)
from loonbrug.web.afas_settings.page import WRONG, page
from loonbrug.web.afas_settings.texts import (
    ENVIRONMENT_TYPES,
    FEATURES,
    ProblemText,
    answer_text,
    broken_text,
)
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import authorise as workflow
from loonbrug.workflows.afas_calls import AfasAnswerError
from loonbrug.workflows.authorise import AlreadyAuthorisedError, Checked, UnknownConnectorError


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
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and (account := _added(request, form)):
        messages.success(request, _("The account was added. Now authorise it: fill in both keys."))
        return redirect("afas-account", account.id)
    return page(request, "new_account", {"form": form}, status=WRONG if form.is_bound else 200)


def _added(request: OfficeRequest, form: AccountForm) -> ConnectionView | None:
    try:
        return workflow.add_account(scope=request.scope, now=timezone.now(), **form.cleaned_data)
    except AccountInputError as wrong:
        add_problems(form, wrong.problems)
    except AccountExistsError:
        form.add_error(
            None, _("This office has an account with this participant number, user and environment.")
        )
    return None


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
    form, trouble = DialogueForm(request.POST, wants_code=False), None
    if form.is_valid():
        try:
            ask(
                scope=request.scope,
                connection_id=connection_id,
                api_key=form.cleaned_data["api_key"],
                environment_key=form.cleaned_data["environment_key"],
                now=timezone.now(),
            )
        except AccountInputError as wrong:
            add_problems(form, wrong.problems)
        except CodeJustRequestedError as busy:
            form.add_error(None, _just_requested(busy.seconds))
        except AlreadyAuthorisedError:
            form.add_error(None, _already_authorised())
        except AfasAnswerError as answer:
            trouble = answer_text(answer)
        else:
            messages.success(request, _code_requested())
            return redirect("afas-account", connection_id)
    return _again(request, connection_id, form, trouble)


@never_cache
@require_POST
def authorise(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Authenticatie."""
    request.scope.require(Part.AFAS_SETTINGS, Level.WRITE)
    form, trouble = DialogueForm(request.POST), None
    if form.is_valid():
        try:
            checked = workflow.authorise(
                scope=request.scope, connection_id=connection_id, now=timezone.now(), **form.cleaned_data
            )
        except AccountInputError as wrong:
            add_problems(form, wrong.problems)
        except AlreadyAuthorisedError:
            form.add_error(None, _already_authorised())
        except AfasAnswerError as answer:
            trouble = answer_text(answer)
        else:
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
    except NotAuthorisedError:
        messages.error(request, _("This account is not authorised yet."))
    except SecretUnreadableError:
        messages.error(
            request,
            _(
                "The token of this account cannot be read: the key file of this installation was replaced. Put the "
                "old key back, or choose Reset Authentication."
            ),
        )
    else:
        if checked.trouble is None and checked.account.state is ConnectionState.AUTHORISED:
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
    except UnknownConnectorError:
        messages.error(
            request, _("This GetConnector is not in the App Connector. Check the connection anew.")
        )
    else:
        messages.success(request, _("The choice of GetConnector was kept."))
    return redirect("afas-account", connection_id)


@require_POST
def remove(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Remove an account that is not used."""
    try:
        workflow.remove_account(scope=request.scope, connection_id=connection_id, now=timezone.now())
    except AccountInUseError:
        messages.error(
            request,
            _("This account is in use. Remove its mappings first; with journals sent, it has to stay."),
        )
        return redirect("afas-account", connection_id)
    messages.success(request, _("The account was removed."))
    return redirect("afas-accounts")


def _again(
    request: OfficeRequest, connection_id: int, form: DialogueForm, trouble: ProblemText | None
) -> HttpResponse:
    """The dialogue once more, with what went wrong; the keys have to be filled in anew."""
    shown = connection(scope=request.scope, connection_id=connection_id)
    return _account_page(request, shown, form=form, trouble=trouble, status=WRONG)


def _account_page(
    request: OfficeRequest,
    shown: ConnectionView,
    *,
    form: DialogueForm | None = None,
    trouble: ProblemText | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "account": shown,
        "environment": ENVIRONMENT_TYPES[shown.environment_type],
        "form": form or DialogueForm(),
        "trouble": trouble,
        "broken": broken_text(shown.broken_reason) if shown.broken_reason else None,
        "capabilities": [(each, FEATURES[each.need.feature]) for each in shown.capabilities],
        "connector_form": AdministrationsConnectorForm(
            connectors=shown.get_connectors, initial={"name": shown.administrations_connector}
        ),
        "days_left": shown.days_left(timezone.localdate()),
        "tokens_expire": CLASSIC_TOKENS_EXPIRE,
        "tokens_end": CLASSIC_TOKENS_END,
    }
    return page(request, "account", context, status=status)


def _tell(request: OfficeRequest, checked: Checked) -> None:
    """What came of asking AFAS what the account may do."""
    if checked.trouble is not None:
        trouble = answer_text(checked.trouble)
        messages.error(request, " ".join([trouble.message, trouble.cause, trouble.cure]))
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


def _code_requested() -> str:
    # AFAS takes the request whatever the keys and the settings, so nobody can say that a mail went out.
    return _(
        "AFAS took the request. If everything is set up right, an e-mail with the activation code is on its way to the "
        "user's address in the Authorisation Tool. AFAS does not tell whether it was sent: if nothing comes, go "
        "through the list on this page."
    )


def _just_requested(seconds: int) -> str:
    return _(
        "A code was asked for a moment ago, so nothing was asked now. Wait for the e-mail, or try again in %(seconds)s "
        "seconds."
    ) % {"seconds": seconds}


def _already_authorised() -> str:
    return _("This account is authorised already. To start anew, choose Reset Authentication.")
