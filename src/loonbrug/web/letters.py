"""What a mail says: in its reader's language, with a link to the page where something can be done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loonbrug.connections.nmbrs_operations import ENDING_MAIL, STOPPED_MAIL
from loonbrug.connections.operations import BROKEN_MAIL
from loonbrug.ledger.problems import Problem
from loonbrug.planning.plan import Step
from loonbrug.web.afas_settings.texts import why_broken
from loonbrug.web.journals.words import advice
from loonbrug.web.nmbrs_settings.words import trouble_of
from loonbrug.web.workflow.words import step_name
from loonbrug.workflows.carry_out import FAILED_MAIL


@dataclass(frozen=True, slots=True)
class Words:
    """A mail, ready to be sent."""

    subject: str
    body: str


def words_of(*, code: str, name: str, language: str, params: Mapping[str, str]) -> Words:
    """A mail about something that happened, to one person."""
    with translation.override(language):
        subject, lines = _WORDS[code](params)
        greeting = _("Dear %(name)s,") % {"name": name} if name else ""
        body = "\n\n".join(filter(None, [greeting, *lines]))
    return Words(subject, f"{body}\n\nLoonbrug\n")


def _account_broken(params: Mapping[str, str]) -> tuple[str, list[str]]:
    """An AFAS account no longer lets us in: which, since when, why, and what to do where."""
    said = why_broken(params["account"], params["reason"])
    subject = _("AFAS %(participant_number)s: the connection of %(account)s is interrupted") % params
    return subject, [
        said.message,
        _since(params),
        _("Cause: %(cause)s") % {"cause": said.cause},
        _("AFAS said: “%(original)s”") % {"original": said.original} if said.original else "",
        _("Solution: %(cure)s") % {"cure": said.cure},
        _("Authorise it again here: %(address)s") % {"address": _address("afas-account", params)},
        _("You get this message once, because you may change the AFAS Profit settings of your office."),
    ]


def _consent_needed(params: Mapping[str, str]) -> tuple[str, list[str]]:
    """Nmbrs no longer lets us in: for which debtors, since when, why, and what to do where."""
    said = trouble_of(params["reason"])
    return _("Nmbrs: give consent again for %(debtors)s") % params, [
        said.message,
        _since(params),
        _("Cause: %(cause)s") % {"cause": said.cause},
        _("Solution: %(cure)s") % {"cure": said.cure},
        *_how_to_consent(params),
    ]


def _consent_ends(params: Mapping[str, str]) -> tuple[str, list[str]]:
    """A consent ends within so many days: for which debtors, and what to do where."""
    days = int(params["days_left"])
    subject = ngettext(
        "Nmbrs: the consent for %(debtors)s ends in %(days)s day",
        "Nmbrs: the consent for %(debtors)s ends in %(days)s days",
        days,
    )
    return subject % {"debtors": params["debtors"], "days": days}, [
        _("After that no new runs are found and no journals generated, until somebody gives consent again."),
        *_how_to_consent(params),
    ]


def _how_to_consent(params: Mapping[str, str]) -> list[str]:
    return [
        _(
            "Consent is given with a login of the debtor (Master Client or company login), not with a master login."
        ),
        _("Give consent here: %(address)s") % {"address": _address("nmbrs-connection", params)},
        _("You get this message once, because you may change the Nmbrs settings of your office."),
    ]


def _workflow_failed(params: Mapping[str, str]) -> tuple[str, list[str]]:
    """A step that was to be taken by itself could not be: of which run, why, and what to do where."""
    step = step_name(Step(params["step"])).lower()
    page, about = ("journal", "journal_id") if params["journal_id"] else ("workflow", "company_id")
    told = [advice(each) for each in msgspec.json.decode(params["problems"], type=list[Problem])]
    subject = _("%(company)s, period %(period)s of %(year)s: %(step)s did not work") % {
        **params,
        "step": step,
    }
    return subject, [
        _("Run %(run)s of period %(period)s of %(year)s could not go on by itself.") % params,
        _since(params),
        *(f"{each.message}\n{each.cause}\n{each.cure}" for each in told),
        _("Loonbrug tries again every hour, and tells it once."),
        _("Look at it here: %(address)s") % {"address": _address(page, params, about)},
    ]


def _since(params: Mapping[str, str]) -> str:
    since = timezone.localtime(datetime.fromisoformat(params["at"]))
    return _("Since: %(moment)s") % {"moment": date_format(since, "j F Y H:i")}


def _address(page: str, params: Mapping[str, str], about: str = "connection_id") -> str:
    return f"{settings.ADDRESS}{reverse(page, args=[int(params[about])])}"


_WORDS: dict[str, Callable[[Mapping[str, str]], tuple[str, list[str]]]] = {
    BROKEN_MAIL: _account_broken,
    STOPPED_MAIL: _consent_needed,
    ENDING_MAIL: _consent_ends,
    FAILED_MAIL: _workflow_failed,
}
