"""What is chosen for a workflow."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from loonbrug.planning.choices import Choice, addresses_in
from loonbrug.planning.plan import Step, Turn, Turns
from loonbrug.web.workflow.words import step_name

BY_HAND, BY_ITSELF = "hand", "itself"
_AFTER = {
    Step.GENERATE: _("Days after the run was locked"),
    Step.CHECK: _("Days after generating"),
    Step.SEND: _("Days after checking"),
}


class WorkflowForm(forms.Form):
    """How each step is taken, and who is mailed when one fails."""

    emails = forms.CharField(
        label=_("E-mail addresses for errors"),
        help_text=_("One on each line. Without any, everybody who may send journals is mailed."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: QueryDict | None, choice: Choice) -> None:
        super().__init__(data, initial=_initial(choice))
        for step in Step:
            self.fields[step.value] = forms.ChoiceField(
                label=step_name(step),
                choices=[(BY_HAND, _("By hand")), (BY_ITSELF, _("By itself"))],
                widget=forms.RadioSelect,
            )
            self.fields[f"{step}_days"] = forms.IntegerField(
                label=_AFTER[step], min_value=0, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
            )
        self.order_fields([name for step in Step for name in (step.value, f"{step}_days")])

    def choice(self) -> Choice:
        """What was chosen."""
        return Choice(
            Turns(**{step.value: self._turn(step) for step in Step}),
            addresses_in(self.cleaned_data["emails"]),
        )

    def steps(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The two fields of each step."""
        return [(self[step.value], self[f"{step}_days"]) for step in Step]

    def _turn(self, step: Step) -> Turn:
        return Turn(self.cleaned_data[step.value] == BY_ITSELF, self.cleaned_data[f"{step}_days"])


def _initial(choice: Choice) -> dict[str, object]:
    found: dict[str, object] = {"emails": "\n".join(choice.emails)}
    for step in Step:
        turn = choice.turns.of(step)
        found[step.value] = BY_ITSELF if turn.by_itself else BY_HAND
        found[f"{step}_days"] = turn.days
    return found
