"""The texts of AFAS in Dutch and English, with their error numbers; read from `messages.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TypeAlias

LANGUAGES = ("nl", "en")


@dataclass(frozen=True)
class Wording:
    """A text in both languages."""

    nl: str
    en: str

    def in_language(self, language: str) -> str:
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True)
class Message:
    """An entry of the catalogue; `source` says per language where the text comes from."""

    key: str
    error_number: int
    wording: Wording
    source: Wording


Detail: TypeAlias = str | int | Decimal | date | Wording


class Refusal(Exception):  # noqa: N818 - AFAS refuses a message; nothing is broken
    """AFAS refuses the call, for a reason of the catalogue. Nothing has been booked."""

    def __init__(self, key: str, **details: Detail) -> None:
        super().__init__(key)
        self.message = catalogue()[key]
        self._details = details

    def text(self, language: str) -> str:
        """What the caller reads in `language` (nl or en)."""
        details = {name: _say(value, language) for name, value in self._details.items()}
        return self.message.wording.in_language(language).format_map(details)


@cache
def catalogue() -> dict[str, Message]:
    """All messages by key."""
    rows = tomllib.loads(resources.files("afas_sandbox").joinpath("messages.toml").read_text("utf-8"))
    return {
        key: Message(key, row["number"], Wording(row["nl"], row["en"]), Wording(**row["source"]))
        for key, row in rows.items()
    }


def language_of(accept_language: str | None, base: str) -> str:
    """The language of an answer: that of `Accept-Language`, without it the environment's own."""
    asked = (accept_language or "").strip().lower()[:2]
    return asked if asked in LANGUAGES else base


def _say(value: Detail, language: str) -> str:
    if isinstance(value, Wording):
        return value.in_language(language)
    if isinstance(value, date):
        return f"{value.day}-{value.month}-{value.year}"
    return str(value)
