"""Read a journal file of any format that we know; the content tells which, not the name."""

from loonbrug.ledger.problems import problem
from loonbrug.payroll.formats.csv_rows import csv_sheet
from loonbrug.payroll.formats.drafts import ReadJournals, UnreadableFileError
from loonbrug.payroll.formats.nmbrs_xml import read_xml
from loonbrug.payroll.formats.tabular import read_sheet
from loonbrug.payroll.formats.xlsx_rows import xlsx_sheet

LARGEST_FILE = 20 * 1024 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the old .xls, and any workbook with a password


def read_journal(name: str, data: bytes) -> ReadJournals:
    """The journals of a file, or every problem in it. `name` is the file's name, for messages only."""
    file_format = _format(data)
    try:
        if not data.strip():
            raise UnreadableFileError(problem("file_empty", name=name))
        if len(data) > LARGEST_FILE:
            raise UnreadableFileError(problem("file_too_large", name=name, limit=LARGEST_FILE // 1024**2))
        if file_format == "xml":
            return read_xml(data)
        if file_format == "unknown":
            raise UnreadableFileError(problem("file_unknown", name=name))
        return read_sheet(file_format, xlsx_sheet(data) if file_format == "xlsx" else csv_sheet(data))
    except UnreadableFileError as error:
        return ReadJournals(file_format, problems=(error.problem,))


def _format(data: bytes) -> str:
    if data.startswith((b"PK\x03\x04", _OLE)):
        return "xlsx"
    head = data[:200].removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if head.replace(b"\x00", b"").lstrip().startswith(b"<"):
        return "xml"
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"{\\rtf", b"Rar!")):
        return "unknown"
    return "csv"
