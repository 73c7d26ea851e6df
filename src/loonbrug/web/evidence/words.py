"""What the evidence tells of the mapping and of what people did, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from loonbrug.web.afas_settings.forms import MappingForm
from loonbrug.web.journals import words

_ACTS: dict[str, Promise] = {
    "journal.imported": lazy("Read in"),
    "journal.offered": lazy("Offered by Nmbrs"),
    "journal.taken_over": lazy("Taken over from Nmbrs"),
    "journal.released": lazy("Allowed to stay"),
    "journal.confirmed": lazy("Confirmed"),
    "journal.withdrawn": lazy("Withdrawn"),
    "journal.replaced": lazy("Replaced"),
    "workflow.check": lazy("Checked by the workflow"),
    "workflow.send": lazy("Sent by the workflow"),
    "send": lazy("Approved and sent"),
    "reverse": lazy("Reversed"),
    "take_back": lazy("Taken out of AFAS"),
}


def act(verb: str) -> str:
    """What somebody did to a journal or an entry of it."""
    return str(_ACTS[verb]) if verb in _ACTS else words.decision(verb)


def mapping(used: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The mapping as its page names it, without the ids that nobody reads."""
    for name, field in MappingForm.base_fields.items():
        if name in used:
            yield str(field.label), _value(field, used[name])


def _value(field: forms.Field, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    names = {str(key): str(text) for key, text in getattr(field, "choices", ())}
    return names.get(str(value), str(value))
