"""What connections with Nmbrs are called on the screen, and what went wrong with them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from loonbrug.directory.matching import Doubt
from loonbrug.directory.nmbrs_queries import Undecided
from loonbrug.ledger.problems import problem
from loonbrug.screens.nmbrs import Connected
from loonbrug.screens.problem_texts import ProblemTextError
from loonbrug.web.journals.words import Advice, StateWord, advice
from loonbrug.workflows.nmbrs_calls import who_can_mend


@dataclass(frozen=True, slots=True)
class Row:
    """A connection in words; `trouble` is why it stopped, or why the last synchronisation failed."""

    found: Connected
    name: str
    state: StateWord
    trouble: Advice | None
    questions: tuple[tuple[Undecided, str], ...]


def row_of(found: Connected) -> Row:
    """A connection as the pages show it."""
    questions = tuple((each, doubt(each)) for each in found.undecided)
    return Row(
        found, found.name or _("Consent of a debtor, not read yet"), _state(found), _trouble(found), questions
    )


def _state(found: Connected) -> StateWord:
    if found.has_stopped:
        return StateWord("bad", _("Give consent again"), "broken")
    if found.ends_soon:
        return StateWord("attention", _("Connected, ends soon"), "authorised")
    return StateWord("good", _("Connected"), "authorised")


def _trouble(found: Connected) -> Advice | None:
    shown = found.connection
    code = shown.reason if found.has_stopped else shown.failure
    return trouble_of(code) if code else None


def trouble_of(code: str) -> Advice:
    """What Nmbrs told by this name, or that it is nothing we know."""
    try:
        return advice(problem(code, who=who_can_mend(code)))
    except ProblemTextError:
        return advice(problem("nmbrs_error", who=who_can_mend(code)))


def doubt(asked: Undecided) -> str:
    """Why its number does not tell which of ours it is."""
    if asked.doubt is Doubt.NUMBER_UNUSABLE:
        return _("It has no number that can be used here.")
    if asked.doubt is Doubt.OTHER_DEBTOR:
        return _("Here this number belongs to another debtor, and the names differ.")
    return _("Here this number stands for something else in Nmbrs already.")
