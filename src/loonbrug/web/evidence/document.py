"""The evidence of a journal as a PDF for people, in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace

from afas_client.auth import EnvironmentType
from loonbrug.audit.queries import RecordView
from loonbrug.payroll.formats.pdf import ENCODING, printable
from loonbrug.screens.evidence import Evidence, SentEntry
from loonbrug.web.afas_settings.texts import ENVIRONMENT_TYPES
from loonbrug.web.evidence.words import act, mapping
from loonbrug.web.journals import words
from loonbrug.web.templatetags.loonbrug import amount
from loonbrug.web.words import language

_BOLD = FontFace(emphasis="BOLD")


def to_pdf(found: Evidence) -> bytes:
    """The evidence on A4."""
    pdf = _Document(found)
    pdf.add_page()
    pdf.write_journal()
    for sent in found.sent:
        pdf.write_delivery(sent)
    pdf.write_acts(found.acts)
    return bytes(pdf.output())


class _Document(FPDF):
    """The evidence of one journal."""

    def __init__(self, found: Evidence) -> None:
        super().__init__(format="A4")
        self._found = found
        self.core_fonts_encoding = ENCODING
        self.set_creation_date(timezone.localtime(found.last_at))
        self.set_title(_("Evidence of a payroll journal"))
        self.set_lang(language())
        self.set_margin(15)
        self.set_auto_page_break(auto=True, margin=18)

    def footer(self) -> None:
        """Until when this tells what happened, and the page number."""
        self.set_y(-13)
        self.set_font("Helvetica", size=8)
        self.cell(0, 5, printable(_("Loonbrug · until %(at)s") % {"at": _moment(self._found.last_at)}))
        self.set_x(self.l_margin)
        numbers = {"page": self.page_no(), "pages": self.str_alias_nb_pages}
        self.cell(0, 5, _("Page %(page)s of %(pages)s") % numbers, align=Align.R)

    def write_journal(self) -> None:
        """What the journal is, and the document that it was read from."""
        found, journal = self._found, self._found.journal
        run = {"year": journal.run.year, "period": journal.run.period, "run": journal.run.number}
        imported = {"at": _moment(journal.imported_at), "by": journal.imported_by}
        self._title(_("Evidence of a payroll journal"), 15)
        self._facts(
            (_("Office"), found.office),
            (_("Company"), f"{found.company.number} {found.company.name}"),
            (_("Payroll run"), _("%(year)s, period %(period)s, run %(run)s") % run),
            (_("Document"), found.source.name),
            (_("Its SHA-256"), sha256(found.source.data).hexdigest()),
            (_("SHA-256 of the lines"), journal.content_hash),
            (_("Read in"), _("%(at)s by %(by)s") % imported),
        )

    def write_delivery(self, sent: SentEntry) -> None:
        """One entry on its way: where to, who approved it, what AFAS answered, what was decided."""
        view = sent.view
        heading = {"ordinal": view.ordinal, "date": date_format(view.entry_date, "j F Y")}
        approved = {"at": _moment(view.queued_at), "by": view.queued_by}
        kind = ENVIRONMENT_TYPES[EnvironmentType(sent.environment_type)]
        if view.reverses_id is None:
            self._title(_("Entry %(ordinal)s of %(date)s") % heading, 12)
        else:
            self._title(_("Counter-entry of entry %(ordinal)s of %(date)s") % heading, 12)
        self._facts(
            (_("State"), words.delivery_state(view).word),
            (_("Verified by"), words.compared(view)),
            (_("AFAS entry number (EnNo)"), view.entry_number),
            (_("Voucher number (BpNr)"), view.voucher_number),
            (_("Environment"), f"{sent.participant_number} · {kind} · {sent.afas_user}"),
            (_("Administration"), str(view.administration)),
            (_("Journal code"), view.journal_code),
            (_("Book year and period"), f"{view.year}-{view.period}"),
            (_("Debit and credit"), f"€ {amount(view.total)}"),
            (_("Approved and sent"), _("%(at)s by %(by)s") % approved),
            (_("Message"), sent.payload.name),
            (_("Its SHA-256"), view.payload_hash),
        )
        self._table(
            (_("Attempt"), _("From"), _("Until"), _("Outcome"), _("Answer")),
            (17, 30, 30, 34, 69),
            (
                (
                    str(attempt.number),
                    _moment(attempt.claimed_at),
                    _moment(attempt.ended_at),
                    f"{words.outcome(attempt)} {attempt.entry_number}",
                    " ".join(filter(None, (words.attempt_answer(attempt), attempt.log_reference))),
                )
                for attempt in view.attempts
            ),
        )
        self._table(
            (_("Decision"), _("When"), _("By"), _("Reason")),
            (35, 32, 33, 80),
            (
                (f"{words.decision(each.kind)} {each.entry_number}", _moment(each.at), each.by, each.reason)
                for each in view.decisions
            ),
        )
        self._table((_("Mapping as used"), _("Value")), (60, 120), mapping(sent.mapping))

    def write_acts(self, acts: Iterable[RecordView]) -> None:
        """Who did what to the journal and its entries."""
        entries = {each.view.id: each.view.ordinal for each in self._found.sent}
        self._title(_("Record"), 12)
        self._table(
            (_("When"), _("By"), _("Act"), _("On")),
            (40, 50, 45, 45),
            ((_moment(each.at), each.user_name, act(each.verb), _subject(each, entries)) for each in acts),
        )

    def _title(self, text: str, size: int) -> None:
        self.ln(4)
        self.set_font("Helvetica", "B", size)
        self.multi_cell(0, 8, printable(text), new_x="LMARGIN", new_y="NEXT")
        self.set_font("Helvetica", size=9)

    def _facts(self, *pairs: tuple[str, str]) -> None:
        self._rows((45, 135), (pair for pair in pairs if pair[1]), None)

    def _table(self, heads: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]) -> None:
        found = list(rows)
        if found:
            self.ln(3)
            self._rows(widths, found, heads)

    def _rows(
        self, widths: Sequence[int], rows: Iterable[Sequence[str]], heads: Sequence[str] | None
    ) -> None:
        with self.table(
            col_widths=tuple(widths),
            text_align=Align.L,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=_BOLD,
            first_row_as_headings=heads is not None,
            line_height=5,
        ) as table:
            for row in ([heads] if heads else []) + [*rows]:
                table.row(tuple(map(printable, row)))


def _moment(at: datetime | None) -> str:
    return "" if at is None else date_format(timezone.localtime(at), "j F Y H:i:s")


def _subject(record: RecordView, entries: Mapping[int, int]) -> str:
    """The journal, or the entry of it; `entries` are the ordinals of the entries by delivery."""
    if record.subject_kind == "delivery":
        return _("Entry %(ordinal)s") % {"ordinal": entries[record.subject_id]}
    return _("Journal")
