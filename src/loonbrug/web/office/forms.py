"""What is typed and chosen about users and templates. What may be in it is decided by the operations."""

from collections.abc import Iterable, Mapping

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from loonbrug.access.queries import TemplateView
from loonbrug.access.rights import Level, Part
from loonbrug.web.words import level_name, part_name


class UserForm(forms.Form):
    """A person who may sign in."""

    name = forms.CharField(label=_("Name"))
    email = forms.CharField(
        label=_("E-mail address"),
        help_text=_("The person signs in with this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    template_id = forms.TypedChoiceField(
        label=_("Template"), help_text=_("Says what this person may see and do."), coerce=int
    )

    def __init__(
        self,
        data: QueryDict | None,
        templates: Iterable[TemplateView],
        initial: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        choice = self.fields["template_id"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(template.id, template.name) for template in templates]


class TemplateForm(forms.Form):
    """A template: a name, and for each part none, read or write."""

    name = forms.CharField(label=_("Name"))

    def __init__(self, data: QueryDict | None, template: TemplateView | None = None) -> None:
        super().__init__(data, initial={"name": template.name if template else ""})
        choices = [(level.value, level_name(level)) for level in Level]
        for part in Part:
            present = template.rights.get(part, Level.NONE) if template else Level.NONE
            self.fields[part.value] = forms.TypedChoiceField(
                label=part_name(part),
                choices=choices,
                initial=present.value,
                coerce=Level,
                widget=forms.RadioSelect,
            )

    def rights(self) -> dict[Part, Level]:
        """What was chosen for each part."""
        return {part: self.cleaned_data[part.value] for part in Part}

    def rows(self) -> list[forms.BoundField]:
        """The rows of the table."""
        return [self[part.value] for part in Part]
