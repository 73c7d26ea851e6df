import csv
import datetime
import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pypdf import PdfReader

from loonbrug.ledger.entry import Entry, line_of, tidy
from loonbrug.payroll.formats.export import JournalSheet, Language, table_csv, table_xlsx, to_csv, to_xlsx
from loonbrug.payroll.formats.pdf import to_pdf
from loonbrug.payroll.formats.reading import read_journal
from loonbrug.payroll.formats.templates import csv_template, xlsx_template

OCTOBER = Entry(
    datetime.date(2026, 10, 31),
    (
        line_of(
            "4000", Decimal("1234.56"), cost_centre="0100", cost_unit="P01", description='Bruto; "lonen"'
        ),
        line_of("0170", Decimal("-1234.56"), description="Café €"),
    ),
)
SHEET = JournalSheet(
    title="Loonjournaal oktober",
    company_number="0042",
    company_name="Bakkerij De Korenaar",
    year=2026,
    period=10,
    run_number=1,
    state="Geboekt",
    entries=(OCTOBER,),
    made_at=datetime.datetime(2026, 11, 2, 9, 30, tzinfo=datetime.UTC),
    run_description="Salarissen",
)
LANGUAGES: tuple[Language, ...] = ("nl", "en")

CODE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=16).filter(
    lambda text: tidy(text) == text
)
TEXT = st.one_of(
    st.just(""), CODE, st.sampled_from(["=1+1", "+31", "-", "@x", "'", "'=", "''", 'a;b,c"d', "'t"])
)
LINE = st.builds(
    line_of,
    CODE,
    st.decimals(-(10**9), 10**9, places=2),
    cost_centre=TEXT,
    cost_unit=TEXT,
    description=TEXT,
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)),
        st.lists(LINE, min_size=1, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda entry: entry.date,
).map(tuple)


@given(ENTRIES, st.sampled_from(LANGUAGES))
def test_what_is_exported_as_csv_is_read_back(entries: tuple[Entry, ...], language: Language) -> None:
    [draft] = read_journal("x.csv", to_csv(replace(SHEET, entries=entries), language)).drafts
    assert draft.entries == entries
    assert (draft.company_number, draft.year, draft.period, draft.run_number, draft.description) == (
        *("0042", 2026, 10, 1),
        "Salarissen",
    )


@settings(max_examples=30)
@given(ENTRIES, st.sampled_from(LANGUAGES))
def test_what_is_exported_as_xlsx_is_read_back(entries: tuple[Entry, ...], language: Language) -> None:
    [draft] = read_journal("x.xlsx", to_xlsx(replace(SHEET, entries=entries), language)).drafts
    assert draft.entries == entries
    assert (draft.company_number, draft.year, draft.period, draft.run_number) == ("0042", 2026, 10, 1)


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example";"x")')


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", FORMULAS)
def test_text_never_becomes_a_formula(text: str, language: Language) -> None:
    line = line_of(text, Decimal(1), cost_centre=text, cost_unit=text, description=text)
    sheet = replace(
        SHEET, entries=(Entry(OCTOBER.date, (line,)),), company_number=text, run_description=text, title=text
    )
    written = to_csv(sheet, language).decode("utf-8-sig")
    cells = [
        cell
        for row in csv.reader(io.StringIO(written), delimiter=";" if language == "nl" else ",")
        for cell in row
    ]
    assert f"'{text}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    workbook = load_workbook(io.BytesIO(to_xlsx(sheet, language)))
    types = {cell.data_type for sheet in workbook for row in sheet.iter_rows() for cell in row}
    assert "f" not in types
    quoted = [cell for row in workbook.worksheets[0].iter_rows() for cell in row if cell.value == text]
    assert len(quoted) == 6
    assert all(cell.quotePrefix for cell in quoted)


def test_csv_is_written_as_a_spreadsheet_of_the_language_expects() -> None:
    dutch = to_csv(SHEET, "nl").decode("utf-8-sig").splitlines()
    assert dutch[0].startswith("Bedrijf;Jaar;Periode;Run;Runomschrijving;Datum;Grootboekrekening;")
    assert dutch[1] == '0042;2026;10;1;Salarissen;31-10-2026;4000;0100;P01;"Bruto; ""lonen""";1234,56;'
    english = to_csv(SHEET, "en").decode("utf-8-sig").splitlines()
    assert english[2] == "0042,2026,10,1,Salarissen,2026-10-31,0170,,,Café €,,1234.56"


def test_a_workbook_has_totals_per_entry() -> None:
    totals = load_workbook(io.BytesIO(to_xlsx(SHEET, "nl")))["Totalen"]
    rows = [[cell.value for cell in row] for row in totals.iter_rows()]
    assert rows[4] == ["Datum", "Totaal debet", "Totaal credit", "Verschil"]
    assert rows[5][1:] == [1234.56, 1234.56, 0]


def pdf_text(sheet: JournalSheet, language: Language) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(sheet, language))).pages]


def test_a_pdf_shows_the_lines_totals_and_difference_as_the_language_writes_them() -> None:
    [dutch] = pdf_text(SHEET, "nl")
    for text in ("Loonjournaal oktober", "0042 Bakkerij De Korenaar", "Geboekt", "Café €", "Debet (€)"):
        assert text in dutch
    for text in ("31 oktober 2026", "1.234,56", "Totaal", "Verschil", "0,00", "Pagina 1 van 1"):
        assert text in dutch
    [english] = pdf_text(SHEET, "en")
    for text in ("31 October 2026", "1,234.56", "Difference", "0.00", "Page 1 of 1"):
        assert text in english


def test_a_long_journal_gets_pages_with_numbers_and_headings() -> None:
    lines = OCTOBER.lines * 60
    pages = pdf_text(replace(SHEET, entries=(Entry(OCTOBER.date, lines),)), "nl")
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"Pagina {number} van {len(pages)}" in page
        assert "Rekening" in page


def test_a_pdf_writes_letters_that_its_font_lacks_without_accents() -> None:
    [text] = pdf_text(replace(SHEET, title="Őrség Łódź 工"), "nl")
    assert "Orség ?ódz ?" in text


def test_an_unbalanced_journal_shows_its_difference() -> None:
    [text] = pdf_text(replace(SHEET, entries=(Entry(OCTOBER.date, OCTOBER.lines[:1]),)), "nl")
    assert text.count("1.234,56") == 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", [csv_template, xlsx_template])
def test_a_template_can_be_read_and_balances(
    template: Callable[[Language], bytes], language: Language
) -> None:
    read = read_journal("template", template(language))
    assert read.problems == ()
    [draft] = read.drafts
    assert (draft.company_number, draft.year, draft.period, draft.run_number) == (None, 2026, 10, 1)
    assert draft.entries[0].totals() == (Decimal("1234.56"), Decimal("1234.56"))


@pytest.mark.parametrize(("language", "title"), [("nl", "Uitleg"), ("en", "Explanation")])
def test_the_workbook_template_explains_every_column(language: Language, title: str) -> None:
    workbook = load_workbook(io.BytesIO(xlsx_template(language)))
    heads = [cell.value for cell in workbook.worksheets[0][1]]
    explained = [[cell.value for cell in row] for row in workbook[title].iter_rows(min_row=2)]
    assert [row[0] for row in explained] == heads
    assert all(row[2] for row in explained)


@pytest.mark.parametrize("said", ["\t=1+1", "\r=1+1", "\n=1+1"])
def test_what_a_spreadsheet_trims_does_not_hide_a_formula(said: str) -> None:
    assert f"'{said}" in table_csv(["Uitleg"], [[said]], "nl").decode("utf-8-sig")


def test_words_of_afas_and_names_of_nmbrs_with_any_character_can_be_downloaded() -> None:
    made_at = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
    written = table_xlsx("Reeks", ["Uitleg"], [["regel 1\x0bregel 2"]], made_at=made_at)
    assert load_workbook(io.BytesIO(written)).active["A2"].value == "regel 1\N{REPLACEMENT CHARACTER}regel 2"
    assert to_pdf(replace(SHEET, company_name="Bakkerij\x0b\x1b"), "nl").startswith(b"%PDF")
