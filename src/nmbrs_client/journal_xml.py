"""The journal document of Nmbrs: bytes in, dated transactions out.

Nmbrs publishes no schema. What is known: any root element holds `transaction` elements; each has a `header`
with a `date` (YYYYMMDD), perhaps with an `office`, and `lines` of `line` with `dim1` (ledger account), `dim2`
(cost centre), `dim3` (cost unit), `value`, `debitcredit` and `description`. So elements are found by name,
never by position, and what is not known is passed over. The prolog may say utf-16 while the bytes are utf-8,
and the document may come escaped inside an element of another one.
"""

import datetime
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml.expatreader import create_parser

from nmbrs_client.journal_errors import JournalXmlCode as Code
from nmbrs_client.journal_errors import JournalXmlError, JournalXmlProblem

LARGEST_DOCUMENT = 20 * 1024 * 1024
MOST_PROBLEMS = 200

_QUOTED = 40  # characters of an unreadable text that a problem repeats
_ENCLOSURES = 3  # how deep a document may be wrapped in others
# Far beyond any journal; without an end a small file could keep the reader busy for hours.
_DEEPEST = 100
_MOST_ENCLOSED = 100
_PROLOG = re.compile(r"\s*<\?xml\b[^>]*\?>")
_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_SINGLE_BYTE = {"us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "latin1", "windows-1252", "cp1252"}
# Two decimals, or zeros after them; three decimals might be a thousands separator and are refused.
_VALUE = re.compile(r"([+-]?[0-9]{1,12}(?:\.[0-9]{1,2})?)(?:(?<=\.[0-9]{2})00+)?")
_DATE = re.compile(r"(20[0-9]{2})(-?)([0-9]{2})\2([0-9]{2})")
_LINE_FIELDS = frozenset({"dim1", "dim2", "dim3", "value", "debitcredit", "description"})


class Side(StrEnum):
    """The side of a journal line."""

    DEBIT = "debit"
    CREDIT = "credit"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line: the value is in euros and never negative; a negative one was put on the other side."""

    account: str
    cost_centre: str
    cost_unit: str
    value: Decimal
    side: Side
    description: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """The lines of one date. A run with corrections of earlier periods has several transactions.

    `office` is the header's text of that name, where there is one: the number of the company, as it seems.
    """

    date: datetime.date
    lines: tuple[JournalLine, ...]
    office: str = ""


def read_journal_xml(data: bytes) -> tuple[Transaction, ...]:
    """The transactions of a journal document, in its order. Raises JournalXmlError with all problems."""
    if len(data) > LARGEST_DOCUMENT:
        raise _refusal(Code.TOO_LARGE, limit=str(LARGEST_DOCUMENT // 1024**2))
    reader = _Reader()
    _read(_decoded(data), reader, first_row=1, enclosures=_ENCLOSURES)
    if not reader.problems and not reader.transactions:
        raise _refusal(Code.NO_TRANSACTIONS)
    if reader.problems:
        raise JournalXmlError(tuple(reader.problems))
    return tuple(reader.transactions)


def _refusal(code: Code, row: int | None = None, **params: str) -> JournalXmlError:
    return JournalXmlError((JournalXmlProblem(code, tuple(params.items()), row=row),))


def _decoded(data: bytes) -> str:
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise _refusal(Code.UNDECODABLE, row, encoding=encoding.removesuffix("-sig")) from error
    if not text.strip():
        raise _refusal(Code.EMPTY)
    return text


def _encoding(data: bytes) -> str:
    """The encoding by the bytes themselves; the prolog is believed only about single-byte encodings."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data.startswith(b"<\x00"):
        return "utf-16-le"
    if data.startswith(b"\x00<"):
        return "utf-16-be"
    found = _DECLARED.match(data)
    declared = found[1].decode("ascii").lower() if found else "utf-8"
    if declared in _SINGLE_BYTE:
        return declared
    if declared.startswith(("utf-8", "utf8", "utf-16", "utf16")):
        return "utf-8-sig"
    raise _refusal(Code.ENCODING, 1, encoding=declared)


def _read(text: str, reader: "_Reader", first_row: int, enclosures: int) -> None:
    """Read one document; without transactions, read the documents that it holds as escaped text."""
    prolog = _PROLOG.match(text)
    if prolog:
        first_row += prolog[0].count("\n")
        text = text[prolog.end() :]
    reader.start_reading(first_row)
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(reader)
    try:
        parser.parse(io.BytesIO(text.encode()))
    except DefusedXmlException as error:
        raise _refusal(Code.FORBIDDEN, reader.row()) from error
    except SAXParseException as error:
        row = (error.getLineNumber() or 1) + first_row - 1
        raise JournalXmlError((*reader.problems, JournalXmlProblem(Code.MALFORMED, row=row))) from error
    except _EnoughError:
        return
    if reader.transaction_count or not enclosures:
        return
    for row, enclosed in reader.enclosed:
        _read(enclosed, reader, row, enclosures - 1)


class _EnoughError(Exception):
    """So much is wrong that reading on serves nobody."""


@dataclass(slots=True)
class _Draft:
    """The fields found so far of a transaction or line, and the row of the document where it began."""

    row: int
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(ContentHandler):
    """Collects transactions, problems, and escaped documents."""

    def __init__(self) -> None:
        super().__init__()
        self.transactions: list[Transaction] = []
        self.problems: list[JournalXmlProblem] = []
        self.start_reading(1)

    def start_reading(self, first_row: int) -> None:
        """Begin a document; what the last one held stays."""
        self.enclosed: list[tuple[int, str]] = []
        self.transaction_count = 0
        self._first_row = first_row
        self._path: list[str] = []
        self._depth = 0  # of the open transaction; 0 outside
        self._header = _Draft(first_row)
        self._lines: list[JournalLine] = []
        self._line = _Draft(first_row)
        self._line_count = 0
        self._text: list[str] = []

    def row(self) -> int:
        """The row of the document that is being read."""
        return (self._locator.getLineNumber() or 1) + self._first_row - 1

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 -- SAX's own
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: ARG002, N802 -- SAX's own
        self._path.append(name.rpartition(":")[2].lower())
        self._text.clear()
        if len(self._path) > _DEEPEST:
            raise _refusal(Code.TANGLED, self.row())
        if self._depth:
            if self._path[self._depth :] == ["lines", "line"]:
                self._line = _Draft(self.row())
                self._line_count += 1
        elif self._path[-1] == "transaction":
            self._depth = len(self._path)
            self._header = _Draft(self.row())
            self._lines = []
            self._line_count = 0
            self.transaction_count += 1

    def characters(self, content: str) -> None:
        self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802 -- SAX's own
        text = "".join(self._text).strip()
        self._text.clear()
        if self._depth:
            self._end_inside(self._path[self._depth :], text)
        elif text.startswith("<"):
            if len(self.enclosed) == _MOST_ENCLOSED:
                raise _refusal(Code.TANGLED, self.row())
            self.enclosed.append((self.row() - text.count("\n"), text))
        self._path.pop()

    def _end_inside(self, path: list[str], text: str) -> None:
        match path:
            case ["lines", "line", name] if name in _LINE_FIELDS:
                self._keep(self._line, name, text, self._line_count)
            case ["lines", "line"]:
                self._end_line()
            case ["header", ("date" | "office") as name]:
                self._keep(self._header, name, text, None)
            case []:
                self._end_transaction()
                self._depth = 0

    def _keep(self, draft: _Draft, name: str, text: str, line: int | None) -> None:
        if name in draft.fields:
            self._problem(Code.FIELD_TWICE, draft, name, line)
        draft.fields[name] = text

    def _end_line(self) -> None:
        found = self._line.fields
        value = self._value(found.get("value", ""))
        side = self._side(found.get("debitcredit", ""))
        if value is None or side is None:
            return
        self._lines.append(
            JournalLine(
                account=found.get("dim1", ""),
                cost_centre=found.get("dim2", ""),
                cost_unit=found.get("dim3", ""),
                value=abs(value),
                side=side.other if value < 0 else side,
                description=found.get("description", ""),
            )
        )

    def _value(self, text: str) -> Decimal | None:
        written = _VALUE.fullmatch(text)
        if written:
            return Decimal(written[1])
        code = Code.VALUE_UNREADABLE if text else Code.VALUE_MISSING
        self._problem(code, self._line, "value", self._line_count)
        return None

    def _side(self, text: str) -> Side | None:
        if text.lower() in (Side.DEBIT, Side.CREDIT):
            return Side(text.lower())
        code = Code.SIDE_UNREADABLE if text else Code.SIDE_MISSING
        self._problem(code, self._line, "debitcredit", self._line_count, text)
        return None

    def _end_transaction(self) -> None:
        text = self._header.fields.get("date", "")
        date = _date(text)
        if date is None:
            code = Code.DATE_UNREADABLE if text else Code.DATE_MISSING
            self._problem(code, self._header, "date", None, text)
        else:
            office = self._header.fields.get("office", "")
            self.transactions.append(Transaction(date, tuple(self._lines), office))

    def _problem(self, code: Code, draft: _Draft, name: str, line: int | None, value: str = "") -> None:
        params = (("value", value[:_QUOTED]),) if value else ()
        self.problems.append(JournalXmlProblem(code, params, self.transaction_count, line, name, draft.row))
        if len(self.problems) == MOST_PROBLEMS:
            self.problems.append(JournalXmlProblem(Code.MORE, (("limit", str(MOST_PROBLEMS)),)))
            raise _EnoughError


def _date(text: str) -> datetime.date | None:
    written = _DATE.fullmatch(text)
    if not written:
        return None
    try:
        return datetime.date(int(written[1]), int(written[3]), int(written[4]))
    except ValueError:  # such as 31 February
        return None
