"""Nmbrs journal documents as drafts."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class NmbrsDocument:
    """A journal document as it was read; `offices` is whose it says to be, where it does. Problems, or entries."""

    entries: tuple[Entry, ...] = ()
    offices: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def read_document(data: bytes) -> NmbrsDocument:
    """The document with an entry per dated transaction, or everything that is wrong with it."""
    try:
        transactions = read_journal_xml(data)
    except JournalXmlError as error:
        return NmbrsDocument(problems=tuple(map(_problem, error.problems)))
    offices = frozenset(each.office for each in transactions if each.office)
    return NmbrsDocument(tuple(map(entry_of, transactions)), offices)


def read_xml(data: bytes) -> ReadJournals:
    """One draft with an entry per dated transaction; the document does not surely name company or run."""
    read = read_document(data)
    if read.problems:
        return ReadJournals("xml", problems=read.problems)
    return ReadJournals("xml", (JournalDraft(read.entries),))


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
