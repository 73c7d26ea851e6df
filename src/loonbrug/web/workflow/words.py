"""Words for steps and for what keeps them."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from loonbrug.planning.plan import Step, Turn
from loonbrug.screens.planned import Hold

_STEPS: dict[Step, Promise] = {
    Step.GENERATE: pgettext_lazy("step", "Generate"),
    Step.CHECK: pgettext_lazy("step", "Check"),
    Step.SEND: pgettext_lazy("step", "Send"),
}
_HOLDS: dict[Hold, Promise] = {
    Hold.ENDED: gettext_lazy("cancelled or reversed by a person"),
    Hold.WITHDRAWN: gettext_lazy("withdrawn by a person"),
    Hold.OFFICE_PAUSED: gettext_lazy("the office is paused"),
    Hold.PAUSED: gettext_lazy("paused"),
    Hold.NOT_LOCKED: gettext_lazy("the run is not locked"),
    Hold.TEST_COMPANY: gettext_lazy("test company"),
    Hold.BLOCKED_DEBTOR: gettext_lazy("the debtor is blocked"),
    Hold.NO_MAPPING: gettext_lazy("no mapping"),
    Hold.BEFORE_START: gettext_lazy("before the start period"),
}


def step_name(step: Step) -> str:
    """What users call a step."""
    return str(_STEPS[step])


def hold_name(hold: Hold) -> str:
    """What keeps a step from being taken by itself."""
    return str(_HOLDS[hold])


def turn_name(turn: Turn) -> str:
    """How a step is taken."""
    if not turn.by_itself:
        return _("by hand")
    if not turn.days:
        return _("by itself, at once")
    return ngettext("by itself, after %(days)s day", "by itself, after %(days)s days", turn.days) % {
        "days": turn.days
    }
