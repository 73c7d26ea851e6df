"""Nmbrs journal documents as drafts."""

from decimal import Decimal

from loonbrug.ledger.entry import Entry, Line, line_of, tidy
from loonbrug.ledger.problems import Place, Problem
from loonbrug.payroll.formats.drafts import JournalDraft, ReadJournals
from nmbrs_client.journal_errors import JournalXmlError, JournalXmlProblem
from nmbrs_client.journal_xml import JournalLine, Side, Transaction, read_journal_xml

_FIELDS = {
    "dim1": "account",
    "dim2": "cost_centre",
    "dim3": "cost_unit",
    "value": "amount",
    "debitcredit": "side",
}


def read_xml(data: bytes) -> ReadJournals:
    """One draft with an entry per dated transaction; the document does not name company or run."""
    try:
        transactions = read_journal_xml(data)
    except JournalXmlError as error:
        return ReadJournals("xml", problems=tuple(map(_problem, error.problems)))
    return ReadJournals("xml", (JournalDraft(tuple(map(entry_of, transactions))),))


def entry_of(transaction: Transaction) -> Entry:
    """The entry that a dated transaction of Nmbrs is."""
    return Entry(transaction.date, tuple(map(_line, transaction.lines)))


def _line(line: JournalLine) -> Line:
    signed: Decimal = line.value if line.side is Side.DEBIT else -line.value
    return line_of(
        tidy(line.account),
        signed,
        cost_centre=tidy(line.cost_centre),
        cost_unit=tidy(line.cost_unit),
        description=tidy(line.description),
    )


def _problem(found: JournalXmlProblem) -> Problem:
    """The same problem in the ledger's words; the row of the document becomes a parameter."""
    row = () if found.row is None else (("row", str(found.row)),)
    place = Place(found.transaction, found.line, _FIELDS.get(found.field, found.field))
    return Problem(found.code.value, tuple(sorted((*found.params, *row))), place=place)
