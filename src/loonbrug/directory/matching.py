"""Which of our debtors or companies one in Nmbrs is: the same, a new one, or for a person to decide. Pure."""

from dataclasses import dataclass
from enum import StrEnum

#: Our own numbers and names are no longer than this.
LONGEST_NUMBER = 20
LONGEST_NAME = 120


class Doubt(StrEnum):
    """Why a person has to decide."""

    LINKED_ELSEWHERE = "linked_elsewhere"
    OTHER_DEBTOR = "other_debtor"
    NUMBER_UNUSABLE = "number_unusable"


@dataclass(frozen=True, slots=True)
class Ours:
    """The one of ours that has the same number; `debtor_id` is None for a debtor itself."""

    id: int
    name: str
    debtor_id: int | None
    is_linked: bool


@dataclass(frozen=True, slots=True)
class Match:
    """The one it is (`id`), a new one (no id, no doubt), or a doubt."""

    id: int | None = None
    doubt: Doubt | None = None


def match(*, number: str, name: str, debtor_id: int | None, ours: Ours | None) -> Match:
    """What one that Nmbrs shows for the first time is among ours.

    The same number under the same debtor is the same, whatever it is called. Under another debtor only the same
    name makes it the same: then it has moved.
    """
    if not number or len(number) > LONGEST_NUMBER or number.split() != [number]:
        return Match(doubt=Doubt.NUMBER_UNUSABLE)
    if ours is None:
        return Match()
    if ours.is_linked:
        return Match(doubt=Doubt.LINKED_ELSEWHERE)
    if ours.debtor_id == debtor_id or _plain(ours.name) == _plain(name):
        return Match(id=ours.id)
    return Match(doubt=Doubt.OTHER_DEBTOR)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
