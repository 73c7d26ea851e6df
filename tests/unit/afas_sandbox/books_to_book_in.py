"""A small environment and messages for it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from afas_sandbox import fi_entries
from afas_sandbox.access import User
from afas_sandbox.messages import Refusal
from afas_sandbox.seeding import document_of, seed
from afas_sandbox.world import Environment

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DAY = "2026-10-31"


def environment() -> Environment:
    return seed("demo").environments["12345.resttest"]


def admin(of: Environment) -> User:
    return of.users["12345.admin"]


def line(account: str, *, debit: object = None, credit: object = None, **more: Any) -> dict[str, Any]:
    """A line on a ledger account; `below` holds what hangs under it."""
    below = more.pop("below", {})
    fields = {"VaAs": "1", "AcNr": account, "EnDa": DAY, "BpDa": DAY} | more
    fields |= {name: value for name, value in (("AmDe", debit), ("AmCr", credit)) if value is not None}
    return {"Fields": fields, "Objects": below}


def allocated(*codes: str, **amounts: object) -> dict[str, Any]:
    return {
        "FiDimEntries": {
            "Element": {"Fields": {f"DiC{axis}": code for axis, code in enumerate(codes, 1)} | amounts}
        }
    }


def message(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    fields = {"Year": "2026", "Peri": "10", "UnId": "1", "JoCo": "90"} | header
    return {
        "FiEntryPar": {
            "Element": {"Fields": fields, "Objects": {"FiEntries": {"Element": list(lines)}}},
        }
    }


def balanced(
    account: str, amount: object = "10.00", header: dict[str, Any] | None = None, **more: Any
) -> Any:
    """A debit on the account under test against net wages."""
    return message(line(account, debit=amount, **more), line("2100", credit=amount), **(header or {}))


def book(of: Environment, body: object) -> fi_entries.Booked:
    return fi_entries.book(of, admin(of), body, NOW)


def refusal(of: Environment, body: object) -> str:
    """The key of the refusal; the books have to be as they were."""
    before = document_of(of)
    try:
        book(of, body)
    except Refusal as refused:
        assert document_of(of) == before
        return refused.message.key
    return "booked"


def open_amount(of: Environment, invoice: str) -> Decimal:
    return of.administrations[1].invoices[invoice].open_amount
