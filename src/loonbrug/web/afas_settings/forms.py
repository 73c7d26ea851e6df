"""Forms of AFAS accounts and mappings. They read what was typed; workflows decide whether it is right."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from afas_client.auth import EnvironmentType
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.periods import PeriodRule
from loonbrug.mappings.checks import BookingChoice, JournalVariant, MappingValues
from loonbrug.web.afas_settings.texts import (
    BOOKING_DATES,
    ENVIRONMENT_TYPES,
    JOURNAL_VARIANTS,
    PERIOD_RULES,
)
from loonbrug.workflows.administrations import Administration, JournalCode

_AXES = [("", _("Do not send")), *((str(axis), str(axis)) for axis in range(1, 6))]


class AccountForm(forms.Form):
    """Nieuw account."""

    participant_number = forms.CharField(
        label=_("Participant number"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_(
            "Five digits. In AFAS: General / Environment / Management / Information, field Participant number (Dutch: "
            "Algemeen / Omgeving / Beheer / Informatie, veld Deelnemersnummer)."
        ),
    )
    afas_user = forms.CharField(
        label=_("User"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "The user's code, such as 12345.user. In AFAS: General / Management / Authorisation Tool (Dutch: "
            "Algemeen / Beheer / Autorisatie tool). This may not be a collaboration account (Dutch: meewerk account)."
        ),
    )
    environment_type = forms.TypedChoiceField(
        label=_("Environment"),
        coerce=EnvironmentType,
        choices=[(kind.value, name) for kind, name in ENVIRONMENT_TYPES.items()],
        help_text=_(
            "The first letter of the environment in AFAS says which: O is Production, T is Test, A is Accept "
            "(O12345AA is Production)."
        ),
    )


class SecretInput(forms.PasswordInput):
    """A field that is never filled in again by us, nor remembered by the browser; people see what they paste."""

    input_type = "text"


def _secret() -> SecretInput:
    return SecretInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"})


class DialogueForm(forms.Form):
    """The two keys of the App Connector, asked again at each step, and the activation code from the e-mail."""

    api_key = forms.CharField(
        label=_("API key"),
        widget=_secret(),
        help_text=_(
            "In AFAS: General / Management / App Connector, tab General (Dutch: Algemeen / Beheer / App connector, "
            "tabblad Algemeen, API-sleutel)."
        ),
    )
    environment_key = forms.CharField(
        label=_("Environment key"),
        widget=_secret(),
        help_text=_("On the same tab, below the API key (Dutch: Omgevingssleutel)."),
    )
    activation_code = forms.CharField(
        label=_("Activation code"),
        widget=_secret(),
        help_text=_("The digits in the newest e-mail of AFAS. Not needed for Reset Authentication."),
    )

    def __init__(self, *args: object, wants_code: bool = True, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments, passed on
        self.fields["activation_code"].required = wants_code


class AdministrationsConnectorForm(forms.Form):
    """From which GetConnector the administrations come."""

    name = forms.ChoiceField(label=_("GetConnector for the administrations"), required=False)

    def __init__(self, *args: object, connectors: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments, passed on
        choices = [("", _("As usual: Precal_Administraties or Profit_Administrations"))]
        self.fields["name"].choices = choices + [(name, name) for name in connectors]  # type: ignore[attr-defined]


class BookingForm(forms.Form):
    """When entries are booked and what their lines say; part of a mapping, with a preview of its own."""

    payroll_periods = forms.TypedChoiceField(
        label=_("Payroll periods"),
        coerce=PeriodRule,
        choices=[(rule.value, name) for rule, name in PERIOD_RULES.items()],
        initial=PeriodRule.MONTH,
        help_text=_("How the payroll of this company counts its periods."),
    )
    period_rule = forms.TypedChoiceField(
        label=_("Periods of the book year"),
        coerce=PeriodRule,
        choices=[(rule.value, name) for rule, name in PERIOD_RULES.items()],
        initial=PeriodRule.MONTH,
        help_text=_(
            "How this administration divides its book year in AFAS. The period follows from the booking date."
        ),
    )
    booking_date = forms.TypedChoiceField(
        label=_("Booking date"),
        coerce=BookingDate,
        choices=[(kind.value, name) for kind, name in BOOKING_DATES.items()],
        initial=BookingDate.DOCUMENT,
        help_text=_("A correction of an earlier period is booked in that period."),
    )
    booking_day = forms.IntegerField(
        label=_("Day of the month"),
        required=False,
        help_text=_(
            "For a day of the month: in the month in which the period ends. A shorter month gives its last day."
        ),
    )
    thirteenth_at_year_end = forms.BooleanField(
        label=_("Book the 13th period on 31 December"),
        required=False,
        help_text=_("For a payroll by months, where the 13th period settles the year."),
    )
    description_template = forms.CharField(
        label=_("Description of the lines"),
        max_length=1000,
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Empty leaves payroll's own descriptions. Loonbrug fills in {jaar}, {periode}, {run}, {bedrijf} and "
            "{omschrijving}, payroll's own description."
        ),
    )

    def choice(self) -> BookingChoice:
        """What was chosen, for the checks."""
        return BookingChoice(**{name: self.cleaned_data[name] for name in BookingForm.base_fields})

    def ask_preview_from(self, address: str) -> None:
        """Where the page finds the preview anew while somebody is choosing."""
        for name in BookingForm.base_fields:
            self.fields[name].widget.attrs |= {
                "hx-post": address,
                "hx-trigger": "input changed delay:300ms, change",
                "hx-target": "#booking-preview",
                "hx-swap": "outerHTML",
            }


class MappingForm(BookingForm):
    """Nieuwe mapping, or a change of one (then without a choice of company)."""

    company = forms.TypedChoiceField(label=_("Company"), coerce=int)
    administration = forms.IntegerField(
        label=_("Administration in AFAS"),
        widget=forms.Select,
        help_text=_("The list comes from AFAS now, and holds what the AFAS user may see there."),
    )
    journal_code = forms.CharField(
        label=_("Journal code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "The journal for wages in AFAS, usually a general journal. In AFAS: Finance / General ledger / Journal "
            "(Dutch: Financieel / Grootboek / Dagboek)."
        ),
    )
    valid_from_year = forms.IntegerField(label=_("Send from year"))
    valid_from_period = forms.IntegerField(
        label=_("Send from period"),
        help_text=_(
            "Payrolls before this period are not sent: what another link has booked before is not booked again."
        ),
    )
    journal_variant = forms.TypedChoiceField(
        label=_("Journal from Nmbrs"),
        coerce=JournalVariant,
        choices=[(kind.value, name) for kind, name in JOURNAL_VARIANTS.items()],
        initial=JournalVariant.COST_CENTRE_AND_UNIT,
        help_text=_(
            "How finely Nmbrs splits the journals that are generated. A journal from a file is split as the file is."
        ),
    )
    cost_centre_axis = forms.TypedChoiceField(
        label=_("Axis for cost centres"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=_AXES,
        help_text=_(
            "The allocation axis that holds cost centres in AFAS, usually 1. In AFAS: Finance / Allocation / "
            "Allocation axis (Dutch: Financieel / Verbijzondering / Verbijzonderingsas)."
        ),
    )
    default_cost_centre = forms.CharField(
        label=_("Cost centre for lines without one"), max_length=40, required=False
    )
    cost_unit_axis = forms.TypedChoiceField(
        label=_("Axis for cost units"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=_AXES,
        help_text=_("The allocation axis that holds cost units in AFAS, usually 2."),
    )
    default_cost_unit = forms.CharField(
        label=_("Cost unit for lines without one"), max_length=40, required=False
    )
    balance_pattern = forms.CharField(
        label=_("Balance sheet accounts (BAS)"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Accounts of this form never carry cost centres or cost units. [0-3][0-9][0-9][0-9] is 0000 to 3999."
        ),
    )
    profit_loss_pattern = forms.CharField(
        label=_("Profit and loss accounts (PNL)"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "If filled in, only accounts of this form carry them. [4-9][0-9][0-9][0-9] is 4000 to 9999."
        ),
    )

    def __init__(self, *args: object, companies: Sequence[tuple[int, str]] | None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments, passed on
        if companies is None:
            del self.fields["company"]
        else:
            self.fields["company"].choices = [("", _("Choose a company")), *companies]  # type: ignore[attr-defined]

    def offer(self, administrations: Sequence[Administration], codes: Sequence[JournalCode] | None) -> None:
        """Show what AFAS lists; what was chosen before stays in the list."""
        chosen = str(self["administration"].value() or "")
        listed = [(str(each.number), f"{each.number} · {each.name}") for each in administrations]
        if chosen and chosen not in dict(listed):
            listed.append((chosen, chosen))
        self.fields["administration"].widget.choices = [("", _("Choose an administration")), *listed]
        if codes:
            self.fields["journal_code"].widget = journal_code_choice(codes)

    def ask_journal_codes_from(self, address: str) -> None:
        """Where the page finds the journals of another administration when one is chosen."""
        self.fields["administration"].widget.attrs |= {
            "hx-get": address,
            "hx-trigger": "change",
            "hx-target": "#journal-code",
            "hx-include": "#journal-code",
        }

    def values(self, *, connection_id: int) -> MappingValues:
        """What was chosen, for the workflow to check. The administration's name is AFAS's to tell."""
        chosen = {name: value for name, value in self.cleaned_data.items() if name != "company"}
        return MappingValues(connection_id=connection_id, administration_name="", **chosen)


def journal_code_choice(codes: Sequence[JournalCode]) -> forms.Select:
    """A list of the journals that AFAS has for the administration, in place of a field to type in."""
    open_codes = [(each.code, f"{each.code} · {each.description}") for each in codes if not each.is_blocked]
    return forms.Select(choices=[("", _("Choose a journal code")), *open_codes])
