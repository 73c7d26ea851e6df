"""AFAS's books against what they should hold, entry by entry and by content."""

import json
from collections.abc import Iterable
from typing import Any


def differences(books: Iterable[dict[str, Any]], expected: Iterable[dict[str, Any]]) -> list[str]:
    """What is in the books and not expected, or expected and not there; every entry counts once."""
    found = sorted(json.dumps(_content(entry)) for entry in books)
    missing, surplus = sorted(json.dumps(entry) for entry in expected), []
    for entry in found:
        if entry in missing:
            missing.remove(entry)
        else:
            surplus.append(entry)
    return [f"missing {entry}" for entry in missing] + [f"surplus {entry}" for entry in surplus]


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry by what it says: where, when, and per line account, debit, credit and allocation codes."""
    lines = [
        [line["account"], line["debit"], line["credit"], " ".join(line["codes"]).strip()]
        for line in entry["lines"]
    ]
    return {
        "administration": entry["administration"],
        "journal_code": entry["journal"],
        "year": entry["year"],
        "period": entry["period"],
        "date": entry["lines"][0]["voucher_date"],
        "lines": sorted(lines),
    }
