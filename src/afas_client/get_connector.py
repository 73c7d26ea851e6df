"""GetConnectors: how to ask AFAS for rows, and how to read them.

Vendor facts are those of AFAS's page "GetConnector": operators, `,` for AND and `;` for OR, sorting that is
needed for paging, and at most 2,049 characters from the question mark on.
"""

# ruff: noqa: N818 - an error is named after what is wrong with the query

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from urllib.parse import quote, urlencode

QUERY_LIMIT = 2_049
"""Characters of a query, the question mark included; AFAS answers a longer one with 404."""

Value = str | int | Decimal | bool | None
Row = Mapping[str, Value]
"""One row by column. AFAS writes an amount without cents as a whole number: make it a Decimal before adding."""


class QueryTooLong(ValueError):
    """The query is longer than AFAS takes: ask for fewer conditions at once."""


class SortingMissing(ValueError):
    """Paging without sorting would miss rows or give them twice."""


class Operator(IntEnum):
    """How a field is compared (AFAS "GetConnector", table of operators)."""

    EQUAL = 1
    AT_LEAST = 2
    AT_MOST = 3
    GREATER = 4
    LESS = 5
    CONTAINS = 6
    NOT_EQUAL = 7
    EMPTY = 8
    NOT_EMPTY = 9
    STARTS_WITH = 10
    CONTAINS_NOT = 11
    STARTS_NOT_WITH = 12
    ENDS_WITH = 13
    ENDS_NOT_WITH = 14
    QUICK_FILTER = 15


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. Dates are texts without a zone: see `moment_text`."""

    field: str
    operator: Operator
    value: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows: any group of `where` holds, and in that group every condition; sorted, then paged.

    `order_by` holds field names, with a minus in front for descending.
    """

    where: tuple[tuple[Condition, ...], ...] = ()
    order_by: tuple[str, ...] = ()
    skip: int = 0
    take: int = 100

    def next_page(self) -> Query:
        """The same query for the rows after these."""
        return replace(self, skip=self.skip + self.take)


def all_of(*conditions: Condition) -> tuple[tuple[Condition, ...], ...]:
    """A `where` in which every condition has to hold."""
    return (conditions,)


def query_string(query: Query) -> str:
    """The query, from the question mark on. Raises QueryTooLong."""
    parts = {"skip": str(query.skip), "take": str(query.take)}
    if query.order_by:
        parts["orderbyfieldids"] = ",".join(_sorting(field) for field in query.order_by)
    if query.where:
        parts |= _filter_json(query) if _needs_json(query) else _filter_lists(query)
    text = "?" + urlencode(parts, quote_via=quote, safe="")
    if len(text) > QUERY_LIMIT:
        raise QueryTooLong(f"the query has {len(text)} characters; AFAS takes {QUERY_LIMIT}")
    return text


def _needs_json(query: Query) -> bool:
    return any(sign in condition.value for group in query.where for condition in group for sign in ",;")


def _filter_lists(query: Query) -> dict[str, str]:
    def joined(texts: list[list[str]]) -> str:
        return ";".join(",".join(group) for group in texts)

    return {
        "filterfieldids": joined([[_field(each.field) for each in group] for group in query.where]),
        "filtervalues": joined([[_value(each) for each in group] for group in query.where]),
        "operatortypes": joined([[str(int(each.operator)) for each in group] for group in query.where]),
    }


def _filter_json(query: Query) -> dict[str, str]:
    filters = [
        {
            "@FilterId": f"Filter {number}",
            "Field": [
                {
                    "@FieldId": _field(each.field),
                    "@OperatorType": str(int(each.operator)),
                    "#text": _value(each),
                }
                for each in group
            ],
        }
        for number, group in enumerate(query.where, start=1)
    ]
    return {
        "filterjson": json.dumps({"Filters": {"Filter": filters}}, separators=(",", ":"), ensure_ascii=False)
    }


def _value(condition: Condition) -> str:
    # "Is empty" and "is not empty" compare with nothing, yet AFAS wants a value: two quotes.
    return '""' if condition.operator in (Operator.EMPTY, Operator.NOT_EMPTY) else condition.value


def _field(name: str) -> str:
    """AFAS wants names with a dot or another special character as ['NAME']."""
    return name if re.fullmatch(r"\w+", name, re.ASCII) else f"['{name}']"


def _sorting(field: str) -> str:
    return f"-{_field(field[1:])}" if field.startswith("-") else _field(field)


def moment_text(moment: datetime) -> str:
    """A moment for a condition. AFAS counts in Amsterdam local time, so it has to come without a zone."""
    if moment.tzinfo is not None:
        raise ValueError("AFAS takes Amsterdam local time, without a zone")
    return moment.isoformat(timespec="seconds")


def local_moment(text: str) -> datetime:
    """A moment as AFAS writes it, in Amsterdam local time, without a zone.

    AFAS writes a Z behind it that is wrong (AFAS "GetConnector"). Raises ValueError for anything else.
    """
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=None)


def rows(answer: object) -> tuple[Row, ...] | None:
    """The rows of an answer, or None if it holds none."""
    found = answer.get("rows") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        return None
    return tuple(found)
