"""Two languages: English is written in the code and the templates, Dutch stands in words.toml beside them."""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "nl"

Translate = Callable[[str], str]


class Data(str):
    """Text that a user or the books gave: it is shown as it is, in every language."""

    __slots__ = ()


@cache
def dutch() -> dict[str, str]:
    """English text to Dutch text."""
    words: dict[str, str] = tomllib.loads(
        files("nmbrs_sandbox.pages").joinpath("words.toml").read_text("utf-8")
    )
    return words


def translator(language: Language) -> Translate:
    """A function from an English text to the text in `language`; a text without Dutch stays English."""
    if language == "en":
        return str
    words = dutch()
    return lambda text: text if isinstance(text, Data) else words.get(text, text)


def as_language(text: str | None) -> Language:
    """`text` if it names a language that we speak, otherwise Dutch."""
    return next((language for language in LANGUAGES if language == text), DEFAULT)
