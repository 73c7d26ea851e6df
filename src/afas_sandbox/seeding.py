"""A world as a document, and back: for the seeds, the control port and tests.

A document has the attributes of the world's dataclasses; what the world keeps by key is a list of rows.
A row with a key that is there already changes only what it names. Three short forms are for
administrations: `calendar` makes periods, `allocations` makes assignments, and a row of `periods` may
name what changes in one period.
"""

import dataclasses
import tomllib
from collections.abc import Callable, Hashable, Mapping
from importlib import resources
from operator import itemgetter
from typing import Any, get_type_hints

import msgspec

from afas_sandbox.access import AppConnector, User, UserGroup
from afas_sandbox.books import (
    Account,
    Administration,
    AxisCode,
    Entry,
    Invoice,
    Journal,
    Project,
    Relation,
    VatCode,
    four_week_periods,
    months,
)
from afas_sandbox.world import Environment, EnvironmentType, World

SEEDS = ("demo", "empty")
_CALENDARS = {"months": months, "four_weeks": four_week_periods}


class DocumentError(ValueError):
    """The document names something that the world does not have; the text says what and where."""


@dataclasses.dataclass(frozen=True)
class _Rows:
    """Rows that are kept by a key."""

    type: type
    key: Callable[[Mapping[str, Any]], Hashable]


_KEPT: dict[type, dict[str, _Rows]] = {
    World: {
        "environments": _Rows(
            Environment, lambda row: f"{row['participant']}.{EnvironmentType(row['type']).segment}"
        )
    },
    Environment: {
        "users": _Rows(User, itemgetter("code")),
        "groups": _Rows(UserGroup, itemgetter("code")),
        "app_connectors": _Rows(AppConnector, itemgetter("id")),
        "administrations": _Rows(Administration, itemgetter("id")),
        "accounts": _Rows(Account, itemgetter("number")),
        "axis_codes": _Rows(AxisCode, itemgetter("axis", "code")),
        "vat_codes": _Rows(VatCode, itemgetter("code")),
        "debtors": _Rows(Relation, itemgetter("number")),
        "creditors": _Rows(Relation, itemgetter("number")),
        "projects": _Rows(Project, itemgetter("number")),
    },
    Administration: {
        "journals": _Rows(Journal, itemgetter("code")),
        "invoices": _Rows(Invoice, itemgetter("number")),
        "entries": _Rows(Entry, itemgetter("number")),
    },
}


def seed(name: str) -> World:
    """A new world from one of the `SEEDS`. Raises DocumentError for another name."""
    if name not in SEEDS:
        raise DocumentError(f"There is no seed {name!r}; choose one of {', '.join(SEEDS)}.")
    text = resources.files("afas_sandbox").joinpath("seeds", f"{name}.toml").read_text("utf-8")
    world = World()
    apply(world, tomllib.loads(text))
    return world


def apply(target: Any, document: Mapping[str, Any]) -> None:
    """Bring a world, or a part of one, to what `document` says. Raises DocumentError."""
    place = type(target).__name__
    hints = get_type_hints(type(target))
    for name, value in document.items():
        if name in _KEPT.get(type(target), {}):
            _apply_rows(getattr(target, name), _KEPT[type(target)][name], value, f"{place}.{name}")
        elif isinstance(target, Administration) and name in _SHORT_FORMS:
            _SHORT_FORMS[name](target, value)
        elif name in hints:
            setattr(target, name, _convert(value, hints[name], f"{place}.{name}"))
        else:
            raise DocumentError(f"{place} has no {name}.")


def document_of(part: Any) -> dict[str, Any]:
    """A world, or a part of one, as a document; amounts and dates as text."""
    kept = _KEPT.get(type(part), {})
    return {
        field.name: [document_of(row) for row in getattr(part, field.name).values()]
        if field.name in kept
        else msgspec.to_builtins(getattr(part, field.name), order="deterministic")
        for field in dataclasses.fields(part)
    }


def _apply_rows(rows: dict[Any, Any], kept: _Rows, values: Any, place: str) -> None:
    if not isinstance(values, list) or not all(isinstance(row, Mapping) for row in values):
        raise DocumentError(f"{place} has to be a list of rows.")
    for row in values:
        try:
            key = kept.key(row)
        except (KeyError, ValueError) as error:
            raise DocumentError(f"A row of {place} lacks its key: {error}.") from None
        if key not in rows:
            rows[key] = _new(kept.type, row, place)
        apply(rows[key], row)


def _new(type_: type, row: Mapping[str, Any], place: str) -> Any:
    """A row of only what it cannot do without; the rest is applied after it."""
    needed = [
        field.name
        for field in dataclasses.fields(type_)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return _convert({name: row[name] for name in needed if name in row}, type_, place)


def _convert(value: Any, type_: Any, place: str) -> Any:
    try:
        return msgspec.convert(value, type_, strict=True)
    except msgspec.ValidationError as error:
        raise DocumentError(f"{place}: {error}.") from None


def _apply_calendar(administration: Administration, value: Mapping[str, Any]) -> None:
    """`{kind = "months" or "four_weeks", years = [...]}`."""
    if value.get("kind") not in _CALENDARS:
        raise DocumentError(f"A calendar is one of {', '.join(_CALENDARS)}.")
    for year in value.get("years", []):
        administration.periods += _CALENDARS[value["kind"]](year)


def _apply_periods(administration: Administration, rows: list[Mapping[str, Any]]) -> None:
    """Change the periods named; add those that are not there."""
    for row in rows:
        period = administration.period(row["year"], row["number"])
        if period is None:
            hints = get_type_hints(Administration)
            administration.periods += _convert([row], hints["periods"], "Administration.periods")
        else:
            apply(period, row)


def _apply_allocations(administration: Administration, rows: list[Mapping[str, Any]]) -> None:
    """`{accounts = [...], axis = 1, codes = [...]}`: every code on every account."""
    administration.assignments |= {
        (account, row["axis"], code) for row in rows for account in row["accounts"] for code in row["codes"]
    }


_SHORT_FORMS: dict[str, Callable[[Administration, Any], None]] = {
    "calendar": _apply_calendar,
    "periods": _apply_periods,
    "allocations": _apply_allocations,
}
