"""Why something could not be done, in words: at the field that is wrong, or on top of the page."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest

from loonbrug.ledger.problems import Problem, ProblemsError
from loonbrug.screens.problem_texts import describe
from loonbrug.web.words import language

Result = TypeVar("Result")


def text_of(problem: Problem) -> str:
    """What is wrong and what to do, in the reader's language."""
    told = describe(problem, language())
    return f"{told.message} {told.cure}"


def attempt(form: Form, act: Callable[[], Result]) -> Result | None:
    """Do it, when the form is filled in; where it cannot be done, say at each field why, and give nothing."""
    if not form.is_valid():
        return None
    try:
        return act()
    except ProblemsError as refused:
        _say_at_fields(form, refused)
        return None


def was_done(form: Form, act: Callable[[], object]) -> bool:
    """Do it; whether that could be done. Otherwise each field says why not."""
    try:
        act()
    except ProblemsError as refused:
        _say_at_fields(form, refused)
        return False
    return True


def say_why_not(request: HttpRequest, refused: ProblemsError) -> None:
    """Everything that is wrong, on top of the next page."""
    for problem in refused.problems:
        messages.error(request, text_of(problem))


def _say_at_fields(form: Form, refused: ProblemsError) -> None:
    for problem in refused.problems:
        field = problem.place.field
        form.add_error(field if field in form.fields else None, text_of(problem))
