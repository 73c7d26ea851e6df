"""Reads the body of a FiEntries message: one journal entry with its lines, every value of its own type.

Fields and types as AFAS publishes them (Mutaties API, UpdateConnector FiEntries). `Fields` and
`Objects` may be an object or a list of objects, `Element` one or a list; numbers and booleans may
come as text, as in AFAS's own examples.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from afas_sandbox.messages import Refusal, Wording

Value: TypeAlias = str | int | Decimal | date | bool

_WHOLE = re.compile(r"-?\d{1,10}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,16}(\.\d{1,10})?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}Z?)?", re.ASCII)
_FREE_FIELD = re.compile(r"U[0-9A-F]{32}", re.ASCII)
_WITH_FREE_FIELDS = ("FiEntries", "FiDimEntries", "FiPrjEntries")
_GREATEST_EXPONENT = 30
_FLAGS = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True)
class FieldRule:
    """What may be in a field; `length` 0 is without limit."""

    type: str
    length: int
    mandatory: bool
    label: Wording
    values: Mapping[str, str]


@cache
def field_rules() -> dict[str, dict[str, FieldRule]]:
    """The fields of each object, from `fields.toml`."""
    objects = tomllib.loads(resources.files("afas_sandbox").joinpath("fields.toml").read_text("utf-8"))
    values = objects.pop("values")
    return {
        name: {
            field: FieldRule(type_, length, mandatory, Wording(nl, en), values.get(field, {}))
            for field, (type_, length, mandatory, nl, en) in fields.items()
        }
        for name, fields in objects.items()
    }


class Fields:
    """The filled-in fields of one element; a field that is absent, null or "" is not filled in."""

    def __init__(self, values: dict[str, Value]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        return str(self._values.get(name, ""))

    def whole(self, name: str) -> int:
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def amount(self, name: str) -> Decimal:
        value = self._values.get(name, Decimal(0))
        assert isinstance(value, Decimal)
        return value

    def day(self, name: str) -> date:
        value = self._values[name]
        assert isinstance(value, date)
        return value

    def flag(self, name: str) -> bool:
        return self._values.get(name) is True


@dataclass(frozen=True)
class MessageLine:
    """A line with what hangs under it; `position` counts from 1."""

    position: int
    fields: Fields
    allocations: list[Fields]
    projects: list[Fields]
    transitories: list[Fields]


@dataclass(frozen=True)
class EntryMessage:
    header: Fields
    lines: list[MessageLine]


def read(body: object) -> EntryMessage:
    """The journal entry in `body` (parsed JSON, amounts as Decimal).

    Raises Refusal for a shape, field or value that FiEntries does not have.
    """
    if not isinstance(body, dict) or not body:
        raise Refusal("unexpected")
    wrong = [name for name in body if name != "FiEntryPar"]
    if wrong:
        raise Refusal("object_unknown", name=wrong[0])
    elements = _elements(body["FiEntryPar"])
    if len(elements) != 1:
        raise Refusal("one_entry_only")
    header, objects = _element("FiEntryPar", elements[0], allowed=("FiEntries",))
    lines = [_line(position, line) for position, line in enumerate(objects.get("FiEntries", []), start=1)]
    return EntryMessage(header, lines)


def _line(position: int, element: object) -> MessageLine:
    fields, below = _element("FiEntries", element, allowed=("FiDimEntries", "FiPrjEntries", "FiTransEntries"))
    parts = {
        name: [_element(name, part, allowed=())[0] for part in below.get(name, [])]
        for name in ("FiDimEntries", "FiPrjEntries", "FiTransEntries")
    }
    return MessageLine(
        position, fields, parts["FiDimEntries"], parts["FiPrjEntries"], parts["FiTransEntries"]
    )


def _element(
    name: str, element: object, *, allowed: tuple[str, ...]
) -> tuple[Fields, dict[str, list[object]]]:
    if not isinstance(element, dict):
        raise Refusal("unexpected")
    fields = _read_fields(name, _merged(element.get("Fields")))
    objects = _merged(element.get("Objects"))
    for below in objects:
        if below not in allowed:
            raise Refusal("object_unknown", name=below)
    return fields, {below: _elements(content) for below, content in objects.items()}


def _elements(content: object) -> list[object]:
    if not isinstance(content, dict) or "Element" not in content:
        raise Refusal("unexpected")
    element = content["Element"]
    return element if isinstance(element, list) else [element]


def _merged(content: object) -> dict[str, Any]:
    """One object, whether it came as an object, a list of objects, or not at all."""
    merged: dict[str, Any] = {}
    for part in content if isinstance(content, list) else [content or {}]:
        if not isinstance(part, dict):
            raise Refusal("unexpected")
        merged.update(part)
    return merged


def _read_fields(name: str, raw: dict[str, Any]) -> Fields:
    rules = field_rules()[name]
    values: dict[str, Value] = {}
    for field, value in raw.items():
        if field not in rules:
            if name in _WITH_FREE_FIELDS and _FREE_FIELD.fullmatch(field):
                continue
            raise Refusal("field_unknown", field=field)
        if value not in (None, ""):
            values[field] = _read_value(rules[field], value)
    _demand_mandatory(rules, values)
    return Fields(values)


def _demand_mandatory(rules: dict[str, FieldRule], values: dict[str, Value]) -> None:
    for field, rule in rules.items():
        # The published list calls EnNo mandatory; AFAS refuses a POST that fills it in.
        if rule.mandatory and field not in values and field != "EnNo":
            if field == "AcNr":
                raise Refusal("account_empty")
            raise Refusal("value_empty", label=rule.label)


def _read_value(rule: FieldRule, raw: object) -> Value:
    if isinstance(raw, bool):
        if rule.type != "boolean":
            raise Refusal("type_mismatch")
        return raw
    if not isinstance(raw, str | int | Decimal):
        raise Refusal("type_mismatch")
    if isinstance(raw, Decimal) and abs(raw.adjusted()) > _GREATEST_EXPONENT:
        raise Refusal("type_mismatch")
    text = f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
    if rule.type == "string":
        return _read_text(rule, text)
    return _read_typed(rule.type, text)


def _read_text(rule: FieldRule, text: str) -> str:
    if len(text) > rule.length:
        raise Refusal("too_long", label=rule.label, length=rule.length)
    if rule.values and text not in rule.values:
        raise Refusal("value_unknown", label=rule.label)
    return text


def _read_typed(type_: str, text: str) -> Value:
    if type_ == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if type_ == "decimal" and _NUMBER.fullmatch(text):
        return Decimal(text)
    if type_ == "boolean" and text.lower() in _FLAGS:
        return _FLAGS[text.lower()]
    if type_ == "date" and (match := _DAY.fullmatch(text)):
        return _read_day(match[1])
    raise Refusal("type_mismatch")


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("type_mismatch") from None
