"""The one catalogue of AFAS's messages: what each means for a write, who can mend it, and how.

The messages themselves are in `catalogue.toml`. Patterns match the whole text, without regard to capitals,
after the prefixes that AFAS puts before it are taken off (AFAS "Troubleshooting" shows `General message:`;
vendors quote `(AfasFiEntry)` and `(AntaObject)`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

LANGUAGES = ("nl", "en")
"""The languages of every advice."""


class Outcome(StrEnum):
    """What a message says about a write: the column that decides whether something may be sent again."""

    REFUSED = "refused"
    NOT_BOOKED = "not_booked"
    NOT_LET_IN = "not_let_in"
    UNKNOWN = "unknown"


class Who(StrEnum):
    """Who can mend it."""

    PAYROLL = "payroll"
    CONTROLLER = "controller"
    AFAS_ADMIN = "afas_admin"


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Melding, Oorzaak, Oplossing: the message restated, why it appears, and what to do about it where."""

    title: str
    cause: str
    cure: str


class Patterns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wordings of one message in AFAS's two languages, as regular expressions with named groups."""

    nl: tuple[str, ...]
    en: tuple[str, ...]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message of AFAS. `ours`: AFAS publishes no wording for it, and the pattern is our own guess."""

    code: str
    outcome: Outcome
    who: Who
    patterns: Patterns
    nl: Advice
    en: Advice
    ours: bool = False


class Finding(msgspec.Struct, frozen=True):
    """A message of AFAS that we know, with what it named (`params`: account, axis, period, year, ...)."""

    code: str
    params: Mapping[str, str]
    outcome: Outcome
    who: Who
    advice: Mapping[str, Advice]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    message: tuple[Message, ...]


_PREFIXES = re.compile(r"^(?:\s*(?:General message:|\(AfasFiEntry\)|\(AntaObject\)))+\s*", re.IGNORECASE)
_STRAIGHT_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})


@cache
def messages() -> tuple[Message, ...]:
    """All messages, in the order in which they are tried."""
    source = files("afas_client").joinpath("catalogue.toml").read_bytes()
    return msgspec.toml.decode(source, type=_File).message


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], Message], ...]:
    return tuple(
        (re.compile(pattern + r"\s*\.?", re.IGNORECASE), message)
        for message in messages()
        for pattern in message.patterns.nl + message.patterns.en
    )


def plain(message: str) -> str:
    """The text without AFAS's prefixes, with straight quotes and single spaces."""
    return " ".join(_PREFIXES.sub("", message.translate(_STRAIGHT_QUOTES)).split())


def find(message: str) -> Finding | None:
    """What the catalogue knows about a text of AFAS, or None where it knows nothing."""
    text = plain(message)
    for pattern, known in _compiled():
        if match := pattern.fullmatch(text):
            return _finding(known, match.groupdict(default=""))
    return None


def _finding(known: Message, params: dict[str, str]) -> Finding:
    return Finding(
        code=known.code,
        params=MappingProxyType(params),
        outcome=known.outcome,
        who=known.who,
        advice=MappingProxyType({"nl": _filled(known.nl, params), "en": _filled(known.en, params)}),
    )


def _filled(advice: Advice, params: dict[str, str]) -> Advice:
    return Advice(*(text.format_map(params) for text in (advice.title, advice.cause, advice.cure)))
