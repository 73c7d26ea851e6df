"""What people type about debtors, companies, cost centres and cost units.

Lengths and characters are checked by the operations, which tell everything that is wrong at once.
"""

from django import forms
from django.utils.translation import gettext_lazy as _


class DebtorForm(forms.Form):
    """A debtor (debiteur)."""

    number = forms.CharField(
        label=_("Number"), help_text=_("The debtor's number in your own administration.")
    )
    name = forms.CharField(label=_("Name"))
    is_blocked = forms.BooleanField(
        label=_("Blocked"),
        help_text=_("While a debtor is blocked, no journal of its companies can be sent to AFAS."),
        required=False,
    )


class CompanyForm(forms.Form):
    """A company (bedrijf)."""

    number = forms.CharField(
        label=_("Number"), help_text=_("The company's number in payroll. A journal file can name it.")
    )
    name = forms.CharField(label=_("Name"))
    is_test = forms.BooleanField(
        label=_("Test company"),
        help_text=_("No journal of a test company can be sent to AFAS."),
        required=False,
    )


class CodeForm(forms.Form):
    """A cost centre or cost unit."""

    code = forms.CharField(label=_("Number"), help_text=_("Equal to the allocation code in AFAS."))
    name = forms.CharField(label=_("Name"))
