"""What became of the journals of a batch, in words, for the page and for a file."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from loonbrug.access.rights import Scope
from loonbrug.delivery import queries as deliveries
from loonbrug.delivery.queries import DeliveryView
from loonbrug.delivery.states import State
from loonbrug.payroll.formats.export import Value, table_csv, table_xlsx
from loonbrug.screens.send_all import BatchRow, Fate, Outcome, batch_rows
from loonbrug.web.field_errors import text_of
from loonbrug.web.journals import words
from loonbrug.web.waiting import awaited, next_try
from loonbrug.web.words import language

_WORDS: dict[Outcome, tuple[str, Promise]] = {
    Outcome.UNDER_WAY: ("waiting", lazy("Under way")),
    Outcome.BOOKED: ("good", lazy("Booked")),
    Outcome.REFUSED: ("bad", lazy("Refused")),
    Outcome.IN_DOUBT: ("attention", lazy("In doubt")),
    Outcome.PERSON: ("attention", lazy("Waits for a person")),
    Outcome.NOT_SENT: ("bad", lazy("Not sent")),
    Outcome.ENDED: ("neutral", lazy("Cancelled or reversed")),
}
#: In the order in which they are shown.
OUTCOMES = tuple(_WORDS)
_EXPLAINED = frozenset({Outcome.REFUSED, Outcome.IN_DOUBT, Outcome.PERSON, Outcome.UNDER_WAY})


@dataclass(frozen=True, slots=True)
class Line:
    """One journal of a batch: where it stands, and what explains that."""

    row: BatchRow
    tone: str
    word: str
    explanation: str


def word(outcome: Outcome) -> tuple[str, str]:
    """Tone and word of an outcome."""
    tone, text = _WORDS[outcome]
    return tone, str(text)


def lines(*, scope: Scope, fates: Sequence[Fate]) -> list[Line]:
    """The journals that these fates are of, in words."""
    wanted = [fate.journal_id for fate in fates if fate.outcome in _EXPLAINED]
    sent = deliveries.of_journals(scope=scope, journal_ids=wanted) if wanted else {}
    return [
        Line(row, *word(row.fate.outcome), _explanation(row.fate, sent.get(row.journal.id, ())))
        for row in batch_rows(scope=scope, fates=fates)
    ]


def table(kind: str, found: Sequence[Line], *, made_at: datetime.datetime) -> bytes:
    """The lines as CSV or XLSX, in the reader's language."""
    headings = [
        _("Debtor"), _("Company"), _("Name"), _("Year"), _("Period"), _("Run number"), _("Entries"),
        _("Debit"), _("Credit"), _("State"), _("AFAS entry number (EnNo)"), _("Explanation"),
    ]  # fmt: skip
    rows = [_values(line) for line in found]
    if kind == "csv":
        return table_csv(headings, rows, language())
    return table_xlsx(_("Batch"), headings, rows, made_at=made_at)


def _values(line: Line) -> list[Value]:
    journal, company = line.row.journal, line.row.company
    return [
        company.debtor_number,
        company.number,
        company.name,
        journal.run.year,
        journal.run.period,
        journal.run.number,
        len(journal.entries),
        journal.total_debit,
        journal.total_credit,
        line.word,
        ", ".join(line.row.fate.entry_numbers),
        line.explanation,
    ]


def _explanation(fate: Fate, sent: Sequence[DeliveryView]) -> str:
    """Why it was not sent, or what AFAS said of the entries that are not booked."""
    if fate.problems:
        return " ".join(dict.fromkeys(map(text_of, fate.problems)))
    if fate.is_waiting:
        return _("Waits its turn in this batch.")
    latest = {view.ordinal: view for view in sent}
    return " ".join(dict.fromkeys(text for view in latest.values() if (text := _of_entry(view))))


def _of_entry(view: DeliveryView) -> str:
    if view.entry_number:
        return ""
    now = timezone.now()
    if view.awaited and (said := awaited(view.awaited, now=now)):
        return said
    answered = [attempt for attempt in view.attempts if attempt.status is not None]
    said = words.refusal(answered[-1]).message if answered else ""
    later = view.due_at if view.state is State.QUEUED else None
    again = next_try(later, now=now) if later is not None and later > now else ""
    return " ".join(text for text in (words.reason(view.reason), said, again) if text)
