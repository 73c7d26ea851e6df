"""Everything a reader sees is in Dutch as well as in English, and nothing else is in the catalogue."""

import io
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

SOURCE = Path(__file__).resolve().parents[2] / "src" / "loonbrug"
CATALOGUE = SOURCE / "locale" / "nl" / "LC_MESSAGES" / "django.po"
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "gettext_noop": None,
}
TEMPLATES = sorted((SOURCE / "web" / "templates").rglob("*.html"))
Key = tuple[str, str]


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def names_of(text: str) -> dict[str, str]:
    """What a module calls Django's functions: `gettext_lazy as lazy` makes lazy another name of it."""
    known = {name: name for name in KEYWORDS}
    for line in re.findall(r"from django\.utils\.translation import (.*)", text):
        known |= {alias: name for name, alias in re.findall(r"(\w+) as (\w+)", line)}
    return known


def extracted(text: str) -> Iterator[Key]:
    """Context and English text of every message in a piece of Python."""
    source, known = io.BytesIO(text.encode()), names_of(text)
    keywords = {name: KEYWORDS[original] for name, original in known.items()}
    for _line, function, found, _comments in extract_python(source, keywords, (), {"encoding": "utf-8"}):
        texts = found if isinstance(found, tuple) else (found,)
        if known[function].startswith(("pgettext", "npgettext")):
            yield str(texts[0]), str(texts[1])
        elif texts[0]:
            yield "", str(texts[0])


@cache
def used() -> dict[Key, str]:
    """Every message in templates and code, with a place where it is used."""
    places: dict[Key, str] = {}
    for path in TEMPLATES:
        as_python = "\n".join(line.strip() for line in templatize(path.read_text()).splitlines())
        places |= dict.fromkeys(extracted(as_python), named(path))
    for path in SOURCE.rglob("*.py"):
        if "django.utils.translation" in (text := path.read_text()):
            places |= dict.fromkeys(extracted(text), named(path))
    return places


@cache
def dutch() -> dict[Key, Message]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    return {
        (message.context or "", message.id[0] if isinstance(message.id, tuple) else message.id): message
        for message in catalogue
        if message.id
    }


def texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|%[sd]", text))


def test_there_is_something_to_translate() -> None:
    assert len(used()) > 50


def test_every_text_has_a_dutch_one() -> None:
    missing = {
        key: place
        for key, place in used().items()
        if key not in dutch() or not all(texts(dutch()[key])) or dutch()[key].fuzzy
    }
    assert missing == {}


def test_no_dutch_text_is_left_over() -> None:
    assert sorted(set(dutch()) - set(used())) == []


def test_a_text_is_translated_once() -> None:
    ids = re.findall(r'^(?:msgctxt (".*")\n)?msgid (".*(?:"\n".*)*")$', CATALOGUE.read_text(), re.MULTILINE)
    assert sorted({each for each in ids if ids.count(each) > 1}) == []


def test_dutch_texts_hold_the_same_names_as_the_english_ones() -> None:
    wrong = []
    for key, message in dutch().items():
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = set().union(*(placeholders(text) for text in english))
        wrong += [key for text in texts(message) if placeholders(text) - wanted]
        wrong += [] if placeholders(texts(message)[-1]) == placeholders(english[-1]) else [key]
    assert wrong == []


class Visible(HTMLParser):
    """What a reader would see or hear of a page's source."""

    HEARD = ("title", "alt", "placeholder", "aria-label", "value")

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style", "svg"}
        shown = tag == "button" or dict(attrs).get("type") in {"submit", "button"}
        self.seen += [
            value for name, value in attrs if value and name in self.HEARD and (name != "value" or shown)
        ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "svg"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.seen.append(data)


#: The product's name, and names of languages, which each language writes in its own way.
SAME_IN_EVERY_LANGUAGE = {
    "Loonbrug",
    "NL",
    "EN",
    "Nederlands",
    "English",
    "nl",
    "en",
    "AFAS",
    "Nmbrs",
    "XLSX",
    "CSV",
    "PDF",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_shows_no_text_that_is_not_translated(path: Path) -> None:
    source = re.sub(r"\{% block \w+_class %\}.*?\{% endblock %\}", "", path.read_text())
    source = re.sub(r"(?s)\{% blocktrans(late)?.*?\{% endblocktrans(late)? %\}", "", source)
    source = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source)
    page = Visible()
    page.feed(source)
    words = {word for text in page.seen for word in re.findall(r"[^\W\d_]{2,}", text)}
    assert words - SAME_IN_EVERY_LANGUAGE == set()
