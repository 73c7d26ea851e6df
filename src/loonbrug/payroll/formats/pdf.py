"""A journal as a PDF: A4, one table per entry, totals and difference at its foot, page numbers."""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace

from loonbrug.ledger.entry import Entry
from loonbrug.payroll.formats.export import JournalSheet, Language

ENCODING = "windows-1252"  # of the fonts that every PDF reader has; it holds the euro sign
_WIDTHS = (15, 14, 14, 35, 18, 18)
_ALIGNMENTS = (Align.L, Align.L, Align.L, Align.L, Align.R, Align.R)


@dataclass(frozen=True, slots=True)
class _Words:
    heads: tuple[str, str, str, str, str, str]
    run: str
    entry: str
    total: str
    difference: str
    page: str


_WORDS = {
    "nl": _Words(
        heads=("Rekening", "Kostenplaats", "Kostendrager", "Omschrijving", "Debet (€)", "Credit (€)"),
        run="{company} · {year}, periode {period}, run {run} · {state}",
        entry="Boeking {number} van {count}: {date}",
        total="Totaal",
        difference="Verschil",
        page="Pagina {page} van {pages}",
    ),
    "en": _Words(
        heads=("Account", "Cost centre", "Cost unit", "Description", "Debit (€)", "Credit (€)"),
        run="{company} · {year}, period {period}, run {run} · {state}",
        entry="Entry {number} of {count}: {date}",
        total="Total",
        difference="Difference",
        page="Page {page} of {pages}",
    ),
}


def to_pdf(sheet: JournalSheet, language: Language) -> bytes:
    """The journal as an A4 PDF. Letters that its font lacks appear without their accents, or as `?`."""
    pdf = _Document(sheet, language)
    pdf.add_page()
    pdf.write_title()
    for number, entry in enumerate(sheet.entries, start=1):
        pdf.write_entry(entry, number)
    return bytes(pdf.output())


class _Document(FPDF):
    """One journal on A4."""

    def __init__(self, sheet: JournalSheet, language: Language) -> None:
        super().__init__(format="A4")
        self._sheet, self._language, self._words = sheet, language, _WORDS[language]
        self.core_fonts_encoding = ENCODING
        self.set_creation_date(sheet.made_at)
        self.set_title(sheet.title)
        self.set_lang(language)
        self.set_margin(15)
        self.set_auto_page_break(auto=True, margin=18)

    def footer(self) -> None:
        """Date of making and page number on every page."""
        self.set_y(-13)
        self.set_font("Helvetica", size=8)
        made = format_datetime(self._sheet.made_at, "d MMMM y HH:mm", locale=self._language)
        page = self._words.page.format(page=self.page_no(), pages=self.str_alias_nb_pages)
        self.cell(0, 5, printable(f"Loonbrug · {made}"))
        self.set_x(self.l_margin)
        self.cell(0, 5, page, align=Align.R)

    def write_title(self) -> None:
        """What is booked, for whom, in which run, and how far it is."""
        sheet = self._sheet
        run = self._words.run.format(
            company=f"{sheet.company_number} {sheet.company_name}".strip(),
            year=sheet.year,
            period=sheet.period,
            run=sheet.run_number,
            state=sheet.state,
        )
        self.set_font("Helvetica", "B", 15)
        self.multi_cell(0, 8, printable(sheet.title), new_x="LMARGIN", new_y="NEXT")
        self.set_font("Helvetica", size=10)
        self.multi_cell(0, 6, printable(run), new_x="LMARGIN", new_y="NEXT")

    def write_entry(self, entry: Entry, number: int) -> None:
        """One entry as a table with its totals and difference."""
        date = format_date(entry.date, "d MMMM y", locale=self._language)
        count = len(self._sheet.entries)
        self.ln(5)
        self.set_font("Helvetica", "B", 11)
        self.cell(0, 7, self._words.entry.format(number=number, count=count, date=date))
        self.ln(8)
        self.set_font("Helvetica", size=9)
        debit, credit = entry.totals()
        bold = FontFace(emphasis="BOLD")
        with self.table(
            col_widths=_WIDTHS,
            text_align=_ALIGNMENTS,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=bold,
            line_height=5,
        ) as table:
            table.row(self._words.heads)
            for line in entry.lines:
                texts = (line.account, line.cost_centre, line.cost_unit, line.description)
                amounts = (self._amount(line.debit), self._amount(line.credit))
                table.row((*map(printable, texts), *amounts))
            table.row(("", "", "", self._words.total, *map(self._money, (debit, credit))), style=bold)
            difference = self._money(entry.residual())
            table.row(("", "", "", self._words.difference, difference, ""), style=bold)

    def _amount(self, value: Decimal) -> str:
        return self._money(value) if value else ""

    def _money(self, value: Decimal) -> str:
        return format_decimal(value, "#,##0.00", locale=self._language)


def printable(text: str) -> str:
    """The text in letters that the font has."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


def _letter(letter: str) -> str:
    for written in (letter, unicodedata.normalize("NFKD", letter)[0]):
        try:
            written.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return written
    return "?"
