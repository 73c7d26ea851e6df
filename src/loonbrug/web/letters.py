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
from loonbrug.screens.radar import Group
from loonbrug.web.afas_settings.texts import why_broken
from loonbrug.web.journals.words import advice
from loonbrug.web.nmbrs_settings.words import trouble_of
from loonbrug.web.radar.words import Section, section
from loonbrug.web.workflow.words import step_name
from loonbrug.workflows.digest import DIGEST_MAIL
from loonbrug.workflows.tell_failures import FAILED_MAIL, FailedRun


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
    """Steps that were to be taken by themselves could not be: why, of which runs, and where to look."""
    runs, count = msgspec.json.decode(params["runs"], type=list[FailedRun]), int(params["count"])
    by_cause: dict[str, list[FailedRun]] = {}
    for run in runs:
        by_cause.setdefault("\n".join(map(_told, run.problems)), []).append(run)
    subject = ngettext(
        "Workflow: %(count)s run could not go on", "Workflow: %(count)s runs could not go on", count
    )
    more = count - len(runs)
    return subject % {"count": count}, [
        *("\n".join([cause, *map(_failed_run, of_cause)]) for cause, of_cause in by_cause.items()),
        ngettext("And %(count)s more.", "And %(count)s more.", more) % {"count": more} if more else "",
        _since(params),
        _("Loonbrug tries again every hour, and tells it once."),
    ]


def _told(found: Problem) -> str:
    said = advice(found)
    return "\n".join(filter(None, [said.message, said.cause, said.cure]))


def _failed_run(run: FailedRun) -> str:
    page = (
        reverse("journal", args=[run.journal_id])
        if run.journal_id
        else reverse("workflow", args=[run.company_id])
    )
    number = f" ({run.number})" if run.number != 1 else ""
    return (
        f"- {run.company} {run.year}-{run.period}{number}, {step_name(run.step)}\n  {settings.ADDRESS}{page}"
    )


def _digest(params: Mapping[str, str]) -> tuple[str, list[str]]:
    """The overview of a day: what did not happen, and where something can be done about it."""
    groups = msgspec.json.decode(params["groups"], type=tuple[Group, ...])
    count = sum(group.count for group in groups)
    day = date_format(datetime.fromisoformat(params["at"]), "j F")
    subject = ngettext("%(day)s: %(count)s thing to look at", "%(day)s: %(count)s things to look at", count)
    return subject % {"day": day, "count": count}, [
        _("This is what did not happen by itself, or will stop, and what you can do something about."),
        *(_section_text(section(group)) for group in groups),
        _("The whole overview: %(address)s") % {"address": settings.ADDRESS + reverse("radar")},
        _("Choose the hour of this mail, or switch it off, here: %(address)s")
        % {"address": settings.ADDRESS + reverse("profile")},
    ]


def _section_text(found: Section) -> str:
    lines = [f"{found.title} ({found.count})"]
    for line in found.lines:
        said = " ".join(filter(None, [line.name, line.period]))
        lines.append(f"- {said}: {line.stage} ({line.who})\n  {settings.ADDRESS}{line.address}")
    if found.more:
        lines.append(
            ngettext("- and %(count)s more", "- and %(count)s more", found.more) % {"count": found.more}
        )
    return "\n".join(lines)


def _since(params: Mapping[str, str]) -> str:
    since = timezone.localtime(datetime.fromisoformat(params["at"]))
    return _("Since: %(moment)s") % {"moment": date_format(since, "j F Y H:i")}


def _address(page: str, params: Mapping[str, str]) -> str:
    return f"{settings.ADDRESS}{reverse(page, args=[int(params['connection_id'])])}"


_WORDS: dict[str, Callable[[Mapping[str, str]], tuple[str, list[str]]]] = {
    BROKEN_MAIL: _account_broken,
    STOPPED_MAIL: _consent_needed,
    ENDING_MAIL: _consent_ends,
    FAILED_MAIL: _workflow_failed,
    DIGEST_MAIL: _digest,
}
