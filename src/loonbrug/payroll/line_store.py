"""How lines are kept: compact JSON, `[account, debit, credit, cost centre, cost unit, description]` each."""

import json
from collections.abc import Iterable
from decimal import Decimal

from loonbrug.ledger.entry import Line


def pack(lines: Iterable[Line]) -> str:
    """The lines as text; amounts in euros as decimal text, so that no float ever holds one."""
    rows = [
        [line.account, str(line.debit), str(line.credit), line.cost_centre, line.cost_unit, line.description]
        for line in lines
    ]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def unpack(text: str) -> tuple[Line, ...]:
    """The lines as they were packed."""
    return tuple(
        Line(account, Decimal(debit), Decimal(credit), cost_centre, cost_unit, description)
        for account, debit, credit, cost_centre, cost_unit, description in json.loads(text)
    )
