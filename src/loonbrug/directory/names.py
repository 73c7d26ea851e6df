"""What a name, number or code may look like; each mistake is a problem at its field. Pure."""

import re
import unicodedata

from loonbrug.ledger.problems import Place, Problem, problem

_SPACES = re.compile(r"\s+")


def tidied(text: str) -> str:
    """Without spaces around it, and with single ones inside."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def name_problems(text: str, *, field: str, longest: int) -> list[Problem]:
    """What is wrong with a tidied text: empty, too long, or with characters that nobody can see."""
    place = Place(field=field)
    if not text:
        return [problem("name_missing", place=place)]
    found = []
    if len(text) > longest:
        found.append(problem("name_too_long", place=place, length=len(text), limit=longest))
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cn"} for letter in text):
        found.append(problem("name_unreadable", place=place))
    return found
