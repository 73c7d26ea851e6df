"""Account patterns like `[0-3][0-9][0-9][0-9]`: one character or one set of characters per position.

There is no repetition and no choice, so a pattern is matched in one pass over the account.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_LONGEST = 16  # AFAS: an account number has at most 16 characters (FiEntries, AcNr)
_LITERAL = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-/")
_KINDS = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class AccountPatternError(ValueError):
    """The text is not an account pattern. The message says at which character it goes wrong."""


@dataclass(frozen=True, slots=True)
class AccountPattern:
    """A pattern for whole account numbers, as Nmbrs users know it from *Format BAS* and *Format PNL*.

    Raises AccountPatternError for an empty pattern, more than 16 positions, or anything but letters, digits,
    `.`, `_`, `-`, `/` and sets of them in square brackets.
    """

    text: str
    positions: tuple[frozenset[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions = tuple(_positions(self.text))
        if not 1 <= len(positions) <= _LONGEST:
            raise AccountPatternError(f"a pattern has 1 to {_LONGEST} positions, this one {len(positions)}")
        object.__setattr__(self, "positions", positions)

    def matches(self, account: str) -> bool:
        """Whether every character of the account is in the set of its position, with none left over."""
        return len(account) == len(self.positions) and all(
            character in allowed for character, allowed in zip(account, self.positions, strict=True)
        )


def _positions(text: str) -> Iterator[frozenset[str]]:
    at = 0
    while at < len(text):
        if text[at] == "[":
            end = text.find("]", at)
            if end < 0:
                raise AccountPatternError(f"the bracket at character {at + 1} is not closed")
            yield _set(text[at + 1 : end], at + 2)
            at = end + 1
        else:
            yield frozenset(_literal(text[at], at + 1))
            at += 1


def _set(inside: str, first: int) -> frozenset[str]:
    if not inside:
        raise AccountPatternError(f"the brackets at character {first - 1} are empty")
    characters: set[str] = set()
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            characters.update(_range(inside[at], inside[at + 2], first + at))
            at += 3
        else:
            characters.add(_literal(inside[at], first + at))
            at += 1
    return frozenset(characters)


def _range(low: str, high: str, place: int) -> str:
    for kind in _KINDS:
        if low in kind and high in kind[kind.index(low) :]:
            return kind[kind.index(low) : kind.index(high) + 1]
    raise AccountPatternError(f"{low}-{high} at character {place} is not a range")


def _literal(character: str, place: int) -> str:
    if character not in _LITERAL:
        raise AccountPatternError(f"character {place} is not a letter, digit, '.', '_', '-' or '/'")
    return character
