"""What is wrong with a typed text, in words, at the field where it is wrong."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from loonbrug.ledger.problems import Problem, ProblemsError

Result = TypeVar("Result")

_TEXTS = {
    "text_missing": _("This cannot be empty."),
    "text_not_printable": _(
        "There is an invisible character (such as a line break or tab) in this. Type it again."
    ),
    "text_is_markup": _("The characters < and > cannot be used here."),
    "text_too_long": _("This has %(length)s characters; at most %(longest)s fit."),
    "number_has_spaces": _("There cannot be a space in this."),
    "number_taken": _("This number is taken already. Choose another."),
    "name_taken": _("This name is taken already. Choose another."),
    "email_format": _("This is not an e-mail address. Example: anna@example.nl"),
    "email_taken": _("There is a user with this e-mail address already."),
    "code_in_use": _(
        "%(code)s is used in a journal. Its number cannot change and it cannot be deleted; its name can change."
    ),
}


def text_of(problem: Problem) -> str:
    """One sentence for one problem of a field."""
    return str(_TEXTS[problem.code]) % dict(problem.params)


def add_to(form: Form, problems: Iterable[Problem]) -> None:
    """Puts every problem at its field of the form."""
    for problem in problems:
        form.add_error(problem.place.field or None, text_of(problem))


def attempt(form: Form, act: Callable[[], Result]) -> Result | None:
    """Do it; where it cannot be done, say at each field why, and give nothing."""
    try:
        return act()
    except ProblemsError as error:
        add_to(form, error.problems)
        return None
