"""A sandbox with the demo's books, one booked entry, one refusal in the log, and somebody who visits its pages."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.contract.afas_sandbox_pages.visitor import Visitor

from afas_sandbox import seeding
from afas_sandbox.app import profit_app
from afas_sandbox.books import Entry, EntryLine
from afas_sandbox.randomness import SeededRandomness
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.world import Environment

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DAY = date(2026, 10, 31)


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(seeding.seed("demo"), SeededRandomness("pages"), lambda: NOW)


@pytest.fixture
def environment(sandbox: Sandbox) -> Environment:
    """T12345, with a token, a booked entry in administration 1 and a row in the logbook."""
    environment = sandbox.world.environments["12345.resttest"]
    environment.app_connectors[1].add_token("12345.admin", "Loonbrug", sandbox.randomness, NOW)
    environment.administrations[1].entries[77] = entry(77)
    environment.log_error(
        at=NOW,
        connector="FiEntries",
        user_code="12345.admin",
        error_number=-2147180996,
        message="VAT is verplicht voor rekening 4070",
        randomness=sandbox.randomness,
    )
    return environment


def entry(number: int) -> Entry:
    """A balanced entry of two lines in journal 90."""
    lines = [
        _line(1, "4000", debit=Decimal("1234.50"), credit=Decimal(0), codes=("100", "", "", "", "")),
        _line(2, "2100", debit=Decimal(0), credit=Decimal("1234.50"), codes=("",) * 5),
    ]
    return Entry(number, "90", 2026, 10, lines, NOW, "12345.admin")


def _line(
    sequence: int, account: str, *, debit: Decimal, credit: Decimal, codes: tuple[str, ...]
) -> EntryLine:
    return EntryLine(
        sequence,
        "1",
        account,
        debit,
        credit,
        DAY,
        DAY,
        2026,
        10,
        voucher_number="202610-KORENAAR-1",
        description="Loonjournaalpost oktober",
        codes=codes,
    )


@pytest.fixture
def visitor(sandbox: Sandbox, environment: Environment) -> Visitor:
    return Visitor(profit_app(sandbox))
