"""What a mail says: in its reader's language, with a link to the page where something can be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from loonbrug.web.afas_settings.texts import why_broken


@dataclass(frozen=True, slots=True)
class Words:
    """A mail, ready to be sent."""

    subject: str
    body: str


def words_of(*, name: str, language: str, params: Mapping[str, str]) -> Words:
    """An AFAS account no longer lets us in: which, since when, why, and what to do where."""
    with translation.override(language):
        said = why_broken(params["account"], params["reason"])
        since = timezone.localtime(datetime.fromisoformat(params["at"]))
        address = settings.ADDRESS + reverse("afas-account", args=[int(params["connection_id"])])
        subject = _("AFAS %(participant_number)s: the connection of %(account)s is interrupted") % params
        lines = [
            _("Dear %(name)s,") % {"name": name},
            said.message,
            _("Since: %(moment)s") % {"moment": date_format(since, "j F Y H:i")},
            _("Cause: %(cause)s") % {"cause": said.cause},
            _("AFAS said: “%(original)s”") % {"original": said.original} if said.original else "",
            _("Solution: %(cure)s") % {"cure": said.cure},
            _("Authorise it again here: %(address)s") % {"address": address},
            _("You get this message once, because you may change the AFAS Profit settings of your office."),
        ]
    return Words(subject, "\n\n".join(line for line in lines if line) + "\n\nLoonbrug\n")
