"""Tab Accounts: AFAS accounts, the dialogue that authorises one, and what it may do."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

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
    CodeForm,
    KeysForm,
    add_problems,
)
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

_WRONG = 422
