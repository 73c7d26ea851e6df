"""What a user chooses for a workflow, and what is wrong with it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from loonbrug.ledger.problems import Place, Problem, Who, problem
from loonbrug.planning.plan import LONGEST_DAYS, Step, Turns

#: So many people are mailed about one error at most.
MOST_ADDRESSES = 5
_LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")


@dataclass(frozen=True, slots=True)
class Choice:
    """How the steps of a company are taken, and who is mailed when one fails; nobody named is all who may send."""

    turns: Turns
    emails: tuple[str, ...] = ()


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses in a typed text, each once; they stand on lines, or between commas or semicolons."""
    return tuple(dict.fromkeys(re.split(r"[\s,;]+", text.strip()))) if text.strip() else ()


def problems_of(choice: Choice) -> list[Problem]:
    """Everything that is wrong with a choice; `place.field` is the field's name."""
    return [*_days(choice.turns), *_addresses(choice.emails)]


def _days(turns: Turns) -> Iterator[Problem]:
    for step in Step:
        if not 0 <= turns.of(step).days <= LONGEST_DAYS:
            place = Place(field=f"{step}_days")
            yield problem("workflow_days", place=place, who=Who.OFFICE_ADMIN, limit=LONGEST_DAYS)


def _addresses(emails: tuple[str, ...]) -> Iterator[Problem]:
    place = Place(field="emails")
    for each in emails:
        if len(each) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(each):
            yield problem("workflow_address", place=place, who=Who.OFFICE_ADMIN, address=each[:80])
    if len(emails) > MOST_ADDRESSES:
        yield problem("workflow_addresses", place=place, who=Who.OFFICE_ADMIN, limit=MOST_ADDRESSES)
