"""The XML document of a journal.

Nmbrs publishes no schema. Seen in use: transactions with a header (its first child the date) and lines with
dim1, dim2, dim3, value, debitcredit and description. Ours: the names of the root, of `office`, and of what
tells a department or an employee.
"""

from collections.abc import Iterable
from dataclasses import replace
from xml.sax.saxutils import escape

from nmbrs_sandbox.faults import FaultKind
from nmbrs_sandbox.journal import CENT, NET, WAGES, Account, Line, Split, Transaction, Variant

HUGE_LINES = 100_000
_PROLOG = '<?xml version="1.0" encoding="utf-8"?>'


def document(
    transactions: list[Transaction], variant: Variant, office: str, mood: FaultKind | None = None
) -> bytes:
    """The document in UTF-8, disturbed where a fault says so; `office` is the company's number."""
    if mood is FaultKind.UNBALANCED:
        transactions = [_unbalanced(transactions[0]), *transactions[1:]]
    if mood is FaultKind.HUGE:
        transactions = [_huge(transactions[0]), *transactions[1:]]
    parts = [_PROLOG, "<transactions>"]
    for transaction in transactions:
        parts += _transaction(transaction, variant, office, mood)
    text = "\n".join([*parts, "</transactions>", ""])
    if mood is FaultKind.UTF_16_PROLOG:
        text = text.replace("utf-8", "utf-16", 1)
    content = text.encode()
    return content[: len(content) * 2 // 3] if mood is FaultKind.TRUNCATED else content


def _transaction(
    transaction: Transaction, variant: Variant, office: str, mood: FaultKind | None
) -> Iterable[str]:
    unknown = mood is FaultKind.UNKNOWN_ELEMENTS
    yield "  <transaction>"
    yield f"    <header><date>{transaction.date:%Y%m%d}</date><office>{escape(office)}</office></header>"
    yield "    <lines>"
    for number, line in enumerate(transaction.lines, 1):
        content = "".join(_elements(line, variant, negative=mood is FaultKind.NEGATIVE_VALUES))
        strange = '<matching status="none"><level>2</level></matching>' if unknown else ""
        yield f'      <line id="{number}">{content}{strange}</line>'
    yield "    </lines>"
    if unknown:
        yield '    <attachments count="0"/>'
    yield "  </transaction>"


def _elements(line: Line, variant: Variant, *, negative: bool) -> Iterable[str]:
    split = line.split
    yield _element("dim1", line.account)
    if variant in (Variant.COST_CENTRE, Variant.COST_CENTRE_UNIT):
        yield _element("dim2", split.cost_centre)
    if variant is Variant.COST_CENTRE_UNIT:
        yield _element("dim3", split.cost_unit)
    if variant is Variant.DEPARTMENT:
        yield _element("department", split.department)
    if variant is Variant.EMPLOYEE:
        yield _element("employee", split.employee)
    is_debit = negative or line.amount > 0
    yield _element("value", f"{line.amount if is_debit else -line.amount:.2f}")
    yield _element("debitcredit", "debit" if is_debit else "credit")
    yield _element("description", line.description)


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _unbalanced(transaction: Transaction) -> Transaction:
    return replace(transaction, lines=(*transaction.lines, _cent(NET)))


def _huge(transaction: Transaction) -> Transaction:
    """More lines, of a cent each; it still balances."""
    pairs = (_cent(WAGES), replace(_cent(NET), amount=-CENT)) * (HUGE_LINES // 2)
    return replace(transaction, lines=transaction.lines + pairs)


def _cent(account: Account) -> Line:
    return Line(account.number, account.description, Split(), CENT)
