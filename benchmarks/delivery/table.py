"""The figures of a run as tables: a row for every figure, a column for every engine or loop."""

from collections.abc import Iterator, Mapping
from typing import Any

TITLES = {
    "a": "(a) one environment, 100 administrations, 400 entries, 300 ms, 5 calls",
    "b": "(b) 100 environments x 5 calls, 6,000 entries, 20 ms",
    "c": "(c) 20 small environments behind a large one",
    "d": "(d) claim and record, with old deliveries in the table",
    "e": "(e) memory, with 10,000 due and 500 in flight",
}


def table_of(report: Mapping[str, Any]) -> str:
    """Every part that was measured; with `small`, the numbers in the titles do not hold."""
    tables = [_table(title, report[part]) for part, title in TITLES.items() if part in report]
    return "\n\n".join(tables)


def _table(title: str, columns: Mapping[str, Mapping[str, Any]]) -> str:
    flat = {name: dict(_flat(figures)) for name, figures in columns.items()}
    rows = list(dict.fromkeys(row for figures in flat.values() for row in figures))
    width = max(map(len, rows))
    lines = [title, " " * width + "".join(f"{name:>17}" for name in flat)]
    lines += [
        f"{row:{width}}" + "".join(f"{each.get(row, ''):>17}" for each in flat.values()) for row in rows
    ]
    return "\n".join(lines)


def _flat(figures: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield before + name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
