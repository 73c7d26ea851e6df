"""What can be wrong with a journal document of Nmbrs: named, with every place at once."""

from dataclasses import dataclass
from enum import StrEnum


class JournalXmlCode(StrEnum):
    """What is wrong in a journal document. The names in brackets are the parameters that come with it."""

    EMPTY = "xml_empty"
    TOO_LARGE = "xml_too_large"  # (limit: megabytes)
    ENCODING = "xml_encoding_unknown"  # (encoding)
    UNDECODABLE = "xml_not_in_its_encoding"  # (encoding)
    MALFORMED = "xml_not_well_formed"
    FORBIDDEN = "xml_forbidden_construct"
    TANGLED = "xml_tangled"
    NO_TRANSACTIONS = "xml_without_transactions"
    FIELD_TWICE = "xml_field_twice"
    DATE_MISSING = "xml_date_missing"
    DATE_UNREADABLE = "xml_date_unreadable"  # (value)
    VALUE_MISSING = "xml_amount_missing"
    VALUE_UNREADABLE = "xml_amount_unreadable"
    SIDE_MISSING = "xml_side_missing"
    SIDE_UNREADABLE = "xml_side_unreadable"  # (value)
    MORE = "xml_more_problems"  # (limit)


@dataclass(frozen=True, slots=True)
class JournalXmlProblem:
    """One thing that is wrong. Transactions, lines and rows (of the document) count from 1."""

    code: JournalXmlCode
    params: tuple[tuple[str, str], ...] = ()
    transaction: int | None = None
    line: int | None = None
    field: str = ""
    row: int | None = None


class JournalXmlError(Exception):
    """A journal document that cannot be read. `problems` holds all that is wrong with it, in its order."""

    def __init__(self, problems: tuple[JournalXmlProblem, ...]) -> None:
        super().__init__(", ".join(sorted({found.code.value for found in problems})))
        self.problems = problems
