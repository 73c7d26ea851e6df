"""The query language of GetConnectors: filters, sorting and paging, as on AFAS's GetConnector page."""

import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from afas_sandbox.connectors import Cell, ConnectorField, GetConnector, Row, day, moment
from afas_sandbox.messages import Refusal

GREATEST_PAGE = 150_000
"""Columns times rows of a page have to stay below this."""

Plain: TypeAlias = str | int | bool | Decimal | None
Test: TypeAlias = Callable[[Mapping[str, Plain]], bool]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "1": operator.eq,
    "2": operator.ge,
    "3": operator.le,
    "4": operator.gt,
    "5": operator.lt,
    "7": operator.ne,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "6": lambda text, part: part in text,
    "10": lambda text, part: text.startswith(part),
    "11": lambda text, part: part not in text,
    "12": lambda text, part: not text.startswith(part),
    "13": lambda text, part: text.endswith(part),
    "14": lambda text, part: not text.endswith(part),
}
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_BRACKETED = re.compile(r"\['(.*)'\]")


@dataclass(frozen=True)
class Query:
    """What is asked of a GetConnector."""

    skip: int
    take: int
    groups: tuple[tuple[Test, ...], ...]
    """Filters: all tests of one of the groups have to hold; no group lets every row through."""
    order: tuple[tuple[str, bool], ...]
    """(field, whether descending), the most important first."""


def parse(connector: GetConnector, parameters: Mapping[str, str]) -> Query:
    """The query in the parameters of a URL. Raises Refusal."""
    skip, take = (_number(parameters.get(name), default) for name, default in (("skip", 0), ("take", 100)))
    skip = skip if skip >= -1 else 0
    if skip >= 0 and take < 0:
        raise Refusal("unexpected")
    if "filterjson" in parameters:
        groups = _json_filter(connector, parameters["filterjson"])
    else:
        groups = _list_filter(connector, parameters)
    return Query(skip, take, groups, _order(connector, parameters.get("orderbyfieldids", "")))


def select(connector: GetConnector, query: Query, found: Iterable[Row]) -> list[dict[str, Plain]]:
    """The page of rows asked for, as plain values. Raises Refusal for a page that is too large."""
    rows = [{name: _plain(cell) for name, cell in row.items()} for row in found]
    if query.groups:
        rows = [row for row in rows if any(all(test(row) for test in group) for group in query.groups)]
    for name, descending in reversed(query.order):
        rows.sort(key=lambda row, name=name: _sort_key(row[name]), reverse=descending)  # type: ignore[misc]
    if query.skip >= 0:
        rows = rows[query.skip : query.skip + max(query.take, 1)]
    if len(rows) * len(connector.fields) >= GREATEST_PAGE:
        raise Refusal("out_of_memory")
    return rows


def _plain(cell: Cell) -> Plain:
    if isinstance(cell, datetime):
        return moment(cell)
    return day(cell) if isinstance(cell, date) else cell


def _sort_key(value: Plain) -> tuple[bool, Any]:
    """Empty comes first, as in SQL Server; text without regard to case."""
    return (value is not None, value.casefold() if isinstance(value, str) else (value or 0))


def _number(text: str | None, default: int) -> int:
    """A whole number; anything else counts as 0, nothing as the default."""
    if text is None:
        return default
    return int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else 0


def _field(connector: GetConnector, written: str) -> ConnectorField:
    name = written.strip()
    bracketed = _BRACKETED.fullmatch(name)
    if bracketed:
        name = bracketed[1]
    elif not re.fullmatch(r"\w+", name):
        raise Refusal("index_field_invalid")
    found = connector.field(name)
    if found is None:
        raise Refusal("field_unknown", field=name)
    return found


def _order(connector: GetConnector, text: str) -> tuple[tuple[str, bool], ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple((_field(connector, part.removeprefix("-")).name, part.startswith("-")) for part in parts)


def _list_filter(connector: GetConnector, parameters: Mapping[str, str]) -> tuple[tuple[Test, ...], ...]:
    """The three parallel lists: `;` parts groups, `,` parts the tests of a group."""
    names = ("filterfieldids", "filtervalues", "operatortypes")
    if not parameters.get("filterfieldids"):
        return ()
    fields, values, operators = (
        [group.split(",") for group in parameters.get(name, "").split(";")] for name in names
    )
    shapes = [[len(group) for group in groups] for groups in (fields, values, operators)]
    if not shapes[0] == shapes[1] == shapes[2]:
        raise Refusal("unexpected")
    return tuple(
        tuple(
            _test(_field(connector, field), type_, value) for field, value, type_ in zip(*group, strict=True)
        )
        for group in zip(fields, values, operators, strict=True)
    )


def _json_filter(connector: GetConnector, text: str) -> tuple[tuple[Test, ...], ...]:
    """`filterjson`: the fields of a filter all have to hold, of one of the filters."""
    try:
        filters = _listed(json.loads(text)["Filters"]["Filter"])
        return tuple(
            tuple(
                _test(_field(connector, f["@FieldId"]), str(f["@OperatorType"]), str(f.get("#text", "")))
                for f in _listed(one["Field"])
            )
            for one in filters
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refusal("unexpected") from None


def _listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def _test(field: ConnectorField, type_: str, value: str) -> Test:
    name, type_ = field.name, type_.strip()
    if type_ in ("8", "9"):
        return lambda row: (row[name] in (None, "")) == (type_ == "8")
    if type_ == "15":
        return lambda row: _quick(value, _as_text(row[name]))
    if type_ in _TEXT_TESTS:
        compare, part = _TEXT_TESTS[type_], value.casefold()
        return lambda row: compare(_as_text(row[name]), part)
    if type_ in _COMPARISONS:
        return _comparison(name, _COMPARISONS[type_], type_, _typed(field.type, value))
    raise Refusal("unexpected")


def _comparison(name: str, compare: Callable[[Any, Any], bool], type_: str, wanted: Plain) -> Test:
    def holds(row: Mapping[str, Plain]) -> bool:
        value = row[name]
        if value is None:
            return type_ == "7"
        return compare(value.casefold() if isinstance(value, str) else value, wanted)

    return holds


def _typed(type_: str, value: str) -> Plain:
    """A filter's text as a value of the field's type, so that the two compare."""
    if type_ in ("int", "decimal"):
        if not re.fullmatch(r"-?\d*\.?\d+", value, re.ASCII):
            raise Refusal("unexpected")
        return Decimal(value)
    if type_ == "boolean":
        if value.lower() not in _FLAGS:
            raise Refusal("unexpected")
        return _FLAGS[value.lower()]
    if type_ == "date":
        plain = value.strip().rstrip("Zz")
        return f"{plain if 'T' in plain else plain + 'T00:00:00'}Z".casefold()
    return value.casefold()


def _as_text(value: Plain) -> str:
    return "" if value is None else str(value).casefold()


def _quick(search: str, text: str) -> bool:
    """Operator 15: a part of the text, or a range `from..to`; Profit's further syntax is not imitated."""
    first, dots, last = search.casefold().partition("..")
    return first <= text <= last if dots else first in text
