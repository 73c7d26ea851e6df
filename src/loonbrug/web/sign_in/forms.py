"""What a person types to sign in."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    """E-mail address and password; whether they are right is the view's to ask."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """A new password; the present one is asked only of those who have one."""

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    wanted = forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 characters. A sentence is easy to remember and hard to guess."),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: QueryDict | None, *, asks_present: bool) -> None:
        super().__init__(data)
        if not asks_present:
            del self.fields["present"]


class DigestForm(forms.Form):
    """When the overview of the day is mailed; empty is never."""

    hour = forms.TypedChoiceField(
        label=_("Overview of the day by e-mail"),
        help_text=_("What did not happen by itself and you can do something about; only when there is any."),
        choices=[("", _("Never")), *((hour, f"{hour}:00") for hour in range(24))],
        coerce=int,
        empty_value=None,
        required=False,
    )
