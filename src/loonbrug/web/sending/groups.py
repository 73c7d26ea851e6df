"""What keeps journals from being sent, the same problem of many companies told once."""

from collections.abc import Sequence
from dataclasses import dataclass

from loonbrug.ledger.problems import Problem
from loonbrug.screens.problem_texts import ProblemText, describe, describe_together
from loonbrug.web.words import language
from loonbrug.workflows.send_all import Checked

#: Parameters in which the same problem differs from journal to journal.
_OWN = frozenset({"company", "difference", "count", "length", "other", "year", "period", "run"})
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A journal that has the problem, and what is said of this one if that is more than the group says."""

    checked: Checked
    message: str


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """One problem with all journals that have it."""

    text: ProblemText
    members: tuple[Member, ...]

    @property
    def company_count(self) -> int:
        return len({member.checked.open.company.id for member in self.members})


def grouped(blocked: Sequence[Checked]) -> tuple[ProblemGroup, ...]:
    """The problems of these journals, that of most companies first."""
    found: dict[_Key, dict[int, tuple[Checked, Problem]]] = {}
    for checked in blocked:
        for problem in checked.problems:
            found.setdefault(_key(problem), {}).setdefault(checked.open.journal.id, (checked, problem))
    groups = (_group(list(members.values())) for members in found.values())
    return tuple(sorted(groups, key=lambda group: -group.company_count))


def _key(problem: Problem) -> _Key:
    shared = tuple(pair for pair in problem.params if pair[0] not in _OWN)
    return problem.code, problem.who, problem.place.field, shared


def _group(found: Sequence[tuple[Checked, Problem]]) -> ProblemGroup:
    spoken = language()
    many = len(found) > 1
    text = (describe_together if many else describe)(found[0][1], spoken)
    told = [(checked, describe(problem, spoken)) for checked, problem in found]
    return ProblemGroup(
        text,
        tuple(Member(checked, "" if own.message == text.message else own.message) for checked, own in told),
    )
