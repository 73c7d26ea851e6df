"""What is wrong with a typed text, in words, at the field where it is wrong."""

from collections.abc import Callable
from typing import TypeVar

from django.forms import Form
from django.utils.translation import get_language

from loonbrug.ledger.problems import Problem, ProblemsError
from loonbrug.screens.problem_texts import describe

Result = TypeVar("Result")


def text_of(problem: Problem) -> str:
    """What is wrong and what to do, in the reader's language."""
    told = describe(problem, "en" if get_language() == "en" else "nl")
    return f"{told.message} {told.cure}"


def attempt(form: Form, act: Callable[[], Result]) -> Result | None:
    """Do it, when the form is filled in; where it cannot be done, say at each field why, and give nothing."""
    if not form.is_valid():
        return None
    try:
        return act()
    except ProblemsError as error:
        for problem in error.problems:
            field = problem.place.field
            form.add_error(field if field in form.fields else None, text_of(problem))
        return None
