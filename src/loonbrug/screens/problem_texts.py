"""Problems in words: a code with its parameters as message, cause and cure, in Dutch or English."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_currency

from loonbrug.ledger.problems import Place, Problem, Who

Language = Literal["nl", "en"]
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class ProblemTextError(LookupError):
    """A problem that has no text, or whose text asks for a parameter that it does not have."""


@dataclass(frozen=True, slots=True)
class ProblemText:
    """What a reader is told: what is wrong, why, how to mend it, who can, and where."""

    message: str
    cause: str
    cure: str
    who: str
    place: str


def describe_together(problem: Problem, language: Language) -> ProblemText:
    """The problem as many journals have it: without what differs between them. Raises as `describe`."""
    text = replace(describe(problem, language), place="")
    words = _texts()[problem.code][language]
    if "together" not in words:
        return text
    message = _Words(language).vformat(words["together"], (), _values(problem, language))
    return replace(text, message=message)


def describe(problem: Problem, language: Language) -> ProblemText:
    """The problem in words. Raises ProblemTextError for a code or parameter without text."""
    texts = _texts()
    words = texts.get(problem.code)
    if words is None or problem.code == "labels":
        raise ProblemTextError(f"no text for problem {problem.code}")
    labels = texts["labels"]
    formatter = _Words(language)
    values = _values(problem, language)
    try:
        message, cause, cure = (
            formatter.vformat(words[language][part], (), values) for part in ("message", "cause", "cure")
        )
    except KeyError as error:
        raise ProblemTextError(f"problem {problem.code} has no {error}") from error
    return ProblemText(
        message, cause, cure, labels["who"][problem.who][language], _place(labels, problem.place, language)
    )


def who_label(who: Who, language: Language) -> str:
    """What users call those who can mend something."""
    return str(_texts()["labels"]["who"][who][language])


def _values(problem: Problem, language: Language) -> dict[str, str]:
    """What the text may name."""
    values = dict(problem.params)
    if problem.place.field:
        values["field"] = _label(_texts()["labels"]["field"], problem.place.field, language)
    return values


def _place(labels: Mapping[str, Any], place: Place, language: Language) -> str:
    """Where it is: in a journal as entry, line and field; in a table as row and column."""
    in_table = place.entry is None and place.line is not None
    parts = (
        ("entry", place.entry),
        ("row" if in_table else "line", place.line),
        ("column" if in_table else "field", _label(labels["field"], place.field, language)),
    )
    said = (labels["place"][name][language].format(value=value) for name, value in parts if value)
    return ", ".join(said)


def _label(labels: Mapping[str, Any], name: str, language: Language) -> str:
    """The label of a field, or the name itself for a form's own field."""
    return str(labels[name][language]) if name in labels else name


class _Words(Formatter):
    """Fills a text; `{name:euro}` writes an amount and `{name:moment}` a moment as the language does."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec == "euro":
            return str(format_currency(Decimal(str(value)), "EUR", locale=self._language))
        if format_spec == "moment":
            moment = datetime.fromisoformat(str(value)).astimezone(AMSTERDAM)
            return str(format_datetime(moment, "d MMMM HH:mm", locale=self._language))
        return str(value)


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads(files("loonbrug.screens").joinpath("problem_texts.toml").read_text("utf-8"))
