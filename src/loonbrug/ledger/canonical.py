"""The canonical content of a journal and its hash: equal for equal content, whatever file it came in."""

import hashlib
import json
from collections.abc import Iterable

from loonbrug.ledger.entry import Entry, Line, tidy

_FORM = "loonbrug journal 1"


def canonical_bytes(entries: Iterable[Entry]) -> bytes:
    """The content of a journal as bytes: entries by date, lines sorted, texts tidied, amounts in euros.

    The order of entries and lines and the format of the source do not count; every line does, doubles too.
    """
    content = sorted([entry.date.isoformat(), sorted(map(_fields, entry.lines))] for entry in entries)
    return json.dumps([_FORM, content], separators=(",", ":")).encode()


def content_hash(entries: Iterable[Entry]) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(entries)).hexdigest()


def _fields(line: Line) -> list[str]:
    texts = (line.account, line.cost_centre, line.cost_unit, line.description)
    return [*map(tidy, texts), str(line.debit), str(line.credit)]
