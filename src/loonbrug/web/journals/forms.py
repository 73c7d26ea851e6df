"""What a person types on the pages of journals."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.reversing import How

_WAYS = {
    How.DELETE: _("Delete it in AFAS"),
    How.COUNTER_ENTRY: _("Book a counter-entry: the same lines with debit and credit exchanged"),
}


class RunForm(forms.Form):
    """Which run it is, where the file does not say so."""

    year = forms.IntegerField(label=_("Year"), required=False, min_value=2000, max_value=2099)
    period = forms.IntegerField(
        label=_("Period"),
        required=False,
        min_value=1,
        max_value=13,
        help_text=_("1 to 12 for months, 1 to 13 for periods of four weeks."),
    )
    run = forms.IntegerField(
        label=_("Run number"),
        required=False,
        min_value=1,
        max_value=999_999,
        help_text=_(
            "Journal XML of Nmbrs names no year, period or run number: fill in all three. CSV and XLSX may name them."
        ),
    )


class UploadForm(RunForm):
    """A journal file, and which run it is."""

    file = forms.FileField(
        label=_("Journal file"),
        allow_empty_file=True,  # an empty file gets the reader's own message
        help_text=_("Journal XML from Nmbrs, or CSV or XLSX in our layout. At most 20 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,.csv,.xlsx,.txt"}),
    )
    field_order = ("file", "year", "period", "run")


class ReasonForm(forms.Form):
    """Why somebody does something; kept and shown."""

    reason = forms.CharField(label=_("Reason"), max_length=500, strip=True)


class ReversalForm(ReasonForm):
    """How a journal is taken out of AFAS, and why; what AFAS refused before is not proposed again."""

    def __init__(self, data: QueryDict | None, ways: Collection[How], *, was_refused: bool = False) -> None:
        offered = [way for way in How if way in ways]
        is_counter_proposed = was_refused and How.COUNTER_ENTRY in ways
        proposed = How.COUNTER_ENTRY if is_counter_proposed else next(iter(offered), "")
        super().__init__(data, initial={"how": proposed})
        self.fields["how"] = forms.ChoiceField(
            label=_("How?"),
            widget=forms.RadioSelect,
            choices=[(way.value, _WAYS[way]) for way in offered],
            help_text=_("AFAS refused to delete it, so a counter-entry is proposed.")
            if is_counter_proposed
            else "",
        )
        self.order_fields(["how", "reason"])


class SettleForm(ReasonForm):
    """Under which number AFAS holds an entry once now."""

    entry_number = forms.RegexField(
        r"^[0-9]{1,12}$",
        label=_("AFAS entry number (EnNo)"),
        error_messages={"invalid": _("An entry number consists of digits only.")},
    )
    field_order = ("entry_number", "reason")


class DecisionForm(ReasonForm):
    """What a person found in AFAS about an entry in doubt."""

    decision = forms.ChoiceField(
        label=_("What does AFAS show?"),
        widget=forms.RadioSelect,
        choices=[
            (DoubtDecision.AGAIN.value, _("Not found: send it again")),
            (DoubtDecision.CANCEL.value, _("Not found: cancel it")),
            (DoubtDecision.BOOKED.value, _("Found: it is booked, under the entry number below")),
            (
                DoubtDecision.BY_HAND.value,
                _(
                    "Not found, but entered by hand, under the entry number below (looked up where that can be done)"
                ),
            ),
        ],
    )
    entry_number = forms.RegexField(
        r"^[0-9]{1,12}$",
        label=_("AFAS entry number (EnNo)"),
        required=False,
        help_text=_("Journaalpostnummer in AFAS. Only needed when the entry is in AFAS."),
        error_messages={"invalid": _("An entry number consists of digits only.")},
    )
    field_order = ("decision", "entry_number", "reason")

    def clean(self) -> dict[str, Any]:
        """An entry that is in AFAS has a number there."""
        values = super().clean() or {}
        needs_number = values.get("decision") in {DoubtDecision.BOOKED, DoubtDecision.BY_HAND}
        if needs_number and not values.get("entry_number") and "entry_number" not in self.errors:
            self.add_error("entry_number", _("Fill in the number under which AFAS has the entry."))
        return values
