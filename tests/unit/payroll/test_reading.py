import datetime
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.checks import check_entry
from loonbrug.ledger.entry import Entry, line_of
from loonbrug.ledger.problems import Severity
from loonbrug.payroll.formats import reading, sheet, tabular
from loonbrug.payroll.formats.drafts import JournalDraft, ReadJournals
from loonbrug.payroll.formats.reading import read_journal

SAMPLES = Path(__file__).parents[2] / "samples" / "journals"
HEADING = "datum;grootboekrekening;kostenplaats;kostendrager;omschrijving;debet;credit"
OCTOBER = datetime.date(2026, 10, 31)
ENTRY = Entry(
    OCTOBER,
    (
        line_of("4000", Decimal("1234.56"), cost_centre="0100", cost_unit="P01", description="Bruto lonen"),
        line_of("2100", Decimal("-1234.56"), description="Nettoloon"),
    ),
)
ROWS = (
    "31-10-2026;4000;0100;P01;Bruto lonen;1.234,56;",
    "31-10-2026;2100;;;Nettoloon;;1234,56",
)


def csv(*rows: str, heading: str = HEADING, end: str = "\r\n") -> bytes:
    return end.join([heading, *rows, ""]).encode()


def amounts(*pairs: str) -> bytes:
    return csv(*(f"31-10-2026;4000;{pair}" for pair in pairs), heading="datum;rekening;debet;credit")


def xlsx(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    workbook = Workbook()
    for row in ([*HEADING.split(";")], *rows):
        workbook.worksheets[0].append(row)
    if change is not None:
        change(workbook.worksheets[0])
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def only(data: bytes) -> JournalDraft:
    read = read_journal("file", data)
    assert [found for found in read.problems if found.severity is Severity.ERROR] == []
    [draft] = read.drafts
    return draft


def said(read: ReadJournals) -> list[tuple[str, int | None, str]]:
    return [(found.code, found.place.line, found.place.field) for found in read.problems]


def refused(data: bytes) -> list[tuple[str, int | None, str]]:
    read = read_journal("file", data)
    assert read.drafts == ()
    return said(read)


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", "\t", ","])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_csv_is_read_in_every_usual_form(encoding: str, separator: str, end: str) -> None:
    rows = [row.replace("lonen", "café €").replace(",", ".").split(";") for row in (HEADING, *ROWS)]
    rows[1][5] = "1234.56"
    text = end.join(
        separator.join(f'"{cell}"' if at == 4 else cell for at, cell in enumerate(row)) for row in rows
    )
    draft = only(text.encode(encoding))
    assert draft.entries[0].lines[0].description == "Bruto café €"
    assert draft.entries[0].totals() == ENTRY.totals()


def test_a_file_without_company_and_run_leaves_them_open() -> None:
    assert only(csv(*ROWS)) == JournalDraft((ENTRY,))


def test_english_headings_and_any_order_are_read() -> None:
    heading = "Credit,Debit,Ledger account,Date,Cost center,Cost_Unit,DESCRIPTION"
    rows = (",1234.56,4000,2026-10-31,0100,P01,Bruto lonen", "1234.56,,2100,20261031,,,Nettoloon")
    assert only(csv(*rows, heading=heading)) == JournalDraft((ENTRY,))


def test_titles_above_the_heading_empty_rows_and_a_separator_line_are_passed_over() -> None:
    data = csv(
        "", ROWS[0], ";;;;;;", "  ", ROWS[1], heading=f"sep=;\r\nLoonjournaal oktober\r\n\r\n{HEADING}"
    )
    assert only(data) == JournalDraft((ENTRY,))


def test_quoted_newlines_and_separators_belong_to_the_text() -> None:
    [entry] = only(csv('31-10-2026;4000;;;"Bruto;\r\nlonen ""x""";1,00;', ROWS[1])).entries
    assert entry.lines[0].description == 'Bruto; lonen "x"'


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    data = csv('31-10-2026;4000;;;"two\r\nlines";1,00;', "", "31-10-2026;4000;;;x;y;")
    assert refused(data) == [("amount_unreadable", 4, "debit")]


def test_one_file_can_hold_several_companies_runs_and_dates() -> None:
    heading = "bedrijf;jaar;periode;run;runomschrijving;" + HEADING
    data = csv(
        f"0001;2026;10;1;Oktober;{ROWS[0]}",
        f"0002;2026;10;1;;{ROWS[0]}",
        f"0001;2026;10;1;;{ROWS[1]}",
        f"0001;2026;10;2;;{ROWS[1]}",
        f"0002;2026;10;1;;{ROWS[1].replace('31-10', '30-09')}",
        heading=heading,
    )
    read = read_journal("file", data)
    assert [
        (draft.company_number, draft.run_number, draft.description, [entry.date for entry in draft.entries])
        for draft in read.drafts
    ] == [
        ("0001", 1, "Oktober", [OCTOBER]),
        ("0002", 1, "", [OCTOBER, datetime.date(2026, 9, 30)]),
        ("0001", 2, "", [OCTOBER]),
    ]
    assert read.drafts[0].entries == (ENTRY,)


def test_a_company_column_is_filled_on_every_row_or_on_none() -> None:
    heading = "bedrijf;" + HEADING
    assert only(csv(*(f";{row}" for row in ROWS), heading=heading)).company_number is None
    assert refused(csv(f"1;{ROWS[0]}", f";{ROWS[1]}", heading=heading)) == [("cell_empty", 3, "company")]


@pytest.mark.parametrize(
    ("written", "euros"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.5", "1234.50"),
        ("1.234.567,8", "1234567.80"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1234", "1234"),
        ("€ 1.234,56", "1234.56"),
        ("1 234,56 EUR", "1234.56"),
        ("0,05", "0.05"),
        ("+3,00", "3"),
        ("-12,50", "-12.50"),
        ("12,50-", "-12.50"),
        ("\u221212,50", "-12.50"),
    ],
)
def test_amounts_that_mean_one_thing_are_read(written: str, euros: str) -> None:
    [entry] = only(amounts(f'"{written}";')).entries
    assert entry.lines == (line_of("4000", Decimal(euros)),)
    [entry] = only(amounts(f';"{written}"')).entries
    assert entry.lines == (line_of("4000", -Decimal(euros)),)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1.234", "amount_ambiguous"),
        ("-12,345", "amount_ambiguous"),
        ("0,125", "amount_unreadable"),
        ("1.23.456", "amount_unreadable"),
        ("1.234,567", "amount_unreadable"),
        ("1,234,56", "amount_unreadable"),
        ("12,", "amount_unreadable"),
        ("--5", "amount_unreadable"),
        ("-5-", "amount_unreadable"),
        ("1e3", "amount_unreadable"),
        ("NaN", "amount_unreadable"),
        ("٣", "amount_unreadable"),
        ("(5)", "amount_unreadable"),
        ("9" * 13, "amount_not_in_cents"),
        ("9" * 5000, "amount_not_in_cents"),
    ],
)
def test_amounts_that_could_mean_something_else_are_refused(written: str, code: str) -> None:
    assert refused(amounts(f'"{written}";')) == [(code, 2, "debit")]


def test_a_line_has_one_amount() -> None:
    assert refused(amounts("1,00;1,00", ";")) == [
        ("amount_on_both_sides", 2, "debit"),
        ("amount_missing", 3, "debit"),
    ]
    [entry] = only(amounts("0;0", "1,00;0,00")).entries
    assert entry.lines == (line_of("4000", Decimal(0)), line_of("4000", Decimal(1)))


@pytest.mark.parametrize(
    "written", ["31-10-2026", "31/10/2026", "31.10.2026", "2026-10-31", "20261031", " 31-10-2026 "]
)
def test_dates_are_read_as_the_dutch_and_as_machines_write_them(written: str) -> None:
    assert only(csv(f"{written};4000;;;;1;")).entries[0].date == OCTOBER


@pytest.mark.parametrize(
    "written", ["31-02-2026", "10/31/2026", "31-10-26", "31-10-1999", "46326", "oktober", "31.10-2026"]
)
def test_other_dates_are_refused(written: str) -> None:
    assert refused(csv(f"{written};4000;;;;1;")) == [("date_unreadable", 2, "date")]


def test_a_missing_date_or_account_is_named() -> None:
    assert refused(csv(";;;;;1;")) == [("cell_empty", 2, "date"), ("cell_empty", 2, "account")]


@pytest.mark.parametrize(
    ("column", "value"), [("jaar", "1999"), ("periode", "0"), ("run", "x"), ("run", "9" * 30)]
)
def test_a_run_is_named_with_sensible_numbers(column: str, value: str) -> None:
    field = {"jaar": "year", "periode": "period", "run": "run"}[column]
    data = csv(f"{value};{ROWS[0]}", heading=f"{column};{HEADING}")
    assert refused(data) == [("number_out_of_range", 2, field)]


def test_every_problem_of_a_file_is_listed_and_nothing_of_it_is_kept() -> None:
    assert refused(csv(ROWS[0], "x;4000;;;;y;", "31-10-2026;;;;;1.250;", ROWS[1])) == [
        ("date_unreadable", 3, "date"),
        ("amount_unreadable", 3, "debit"),
        ("amount_ambiguous", 4, "debit"),
        ("cell_empty", 4, "account"),
    ]


def test_the_list_of_problems_ends_somewhere() -> None:
    found = refused(amounts(*["x;"] * (tabular.MOST_PROBLEMS + 5)))
    assert len(found) == tabular.MOST_PROBLEMS + 1
    assert found[-1][0] == "more_problems"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (csv(heading="naam;adres"), [("heading_not_found", None, "")]),
        (csv(), [("no_rows", 1, "")]),
        (csv(heading="datum;rekening;debet"), [("column_missing", 1, "credit")]),
        (csv(heading="rekening;credit"), [("column_missing", 1, "date"), ("column_missing", 1, "debit")]),
        (csv(ROWS[0], heading=HEADING + ";Grootboek"), [("column_twice", 1, "account")]),
        (csv(ROWS[0], '31-10-2026;"4000;;;'), [("csv_broken_row", 3, "")]),
        (csv("31-10-2026;4000;;;a\x07b;1;"), [("line_text_not_printable", 2, "description")]),
        (b"\xff\xfea", [("csv_encoding_unknown", None, "")]),
        (b"\x81\x8d\x8f", [("csv_encoding_unknown", None, "")]),
        (b"", [("file_empty", None, "")]),
        (b" \r\n", [("file_empty", None, "")]),
        (b"%PDF-1.7 ...", [("file_unknown", None, "")]),
        (b"\xff\xd8\xff\xe0 a photo", [("file_unknown", None, "")]),
        (b"GIF89a...", [("file_unknown", None, "")]),
        (b" " * (reading.LARGEST_FILE + 1) + b"x", [("file_too_large", None, "")]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), [("xlsx_no_workbook", None, "")]),
        (b"PK\x03\x04" + bytes(100), [("xlsx_no_workbook", None, "")]),
    ],
)
def test_what_is_no_journal_is_refused_by_name(data: bytes, found: list[tuple[str, int | None, str]]) -> None:
    assert refused(data) == found


def test_an_unknown_column_is_said_and_the_rest_is_read() -> None:
    read = read_journal("file", csv(*(f"{row};x" for row in ROWS), heading=HEADING + ";Opmerking"))
    assert [draft.entries for draft in read.drafts] == [(ENTRY,)]
    assert [(found.code, found.severity, found.params) for found in read.problems] == [
        ("column_unknown", Severity.WARNING, (("heading", "opmerking"),))
    ]


def test_more_rows_than_any_journal_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MOST_ROWS", 3)
    assert only(amounts("1;", "1;", "1;")).entries[0].totals()[0] == 3
    assert refused(amounts(*["1;"] * 4)) == [("too_many_rows", None, "")]


# XLSX

GOOD = (
    [OCTOBER, 4000, "0100", "P01", "Bruto lonen", Decimal("1234.56"), None],
    [OCTOBER, "2100", None, None, "Nettoloon", None, "1.234,56"],
)


def test_a_workbook_is_read() -> None:
    assert only(xlsx(*GOOD)) == JournalDraft((ENTRY,))


def test_codes_stay_as_the_sheet_shows_them() -> None:
    def formatted(worksheet: Any) -> None:
        worksheet["B2"].number_format = "0000"

    data = xlsx(
        [OCTOBER, 170, 100, "007", 12, 1, None],
        [OCTOBER, "0170", 100.0, None, None, 1, None],
        change=formatted,
    )
    first, second = only(data).entries[0].lines
    assert (first.account, first.cost_centre, first.cost_unit, first.description) == (
        "0170",
        "100",
        "007",
        "12",
    )
    assert (second.account, second.cost_centre) == ("0170", "100")


@pytest.mark.parametrize(
    "value", [46326, 46326.75, datetime.datetime.fromisoformat("2026-10-31T23:59"), "31-10-2026", 20261031]
)
def test_dates_of_a_workbook_are_read_however_they_are_kept(value: object) -> None:
    assert only(xlsx([value, 4000, None, None, None, 1, None])).entries[0].date == OCTOBER


@pytest.mark.parametrize(
    "value", [datetime.datetime.fromisoformat("1999-12-31"), 46, True, datetime.time(1, 2)]
)
def test_other_dates_of_a_workbook_are_refused(value: object) -> None:
    assert refused(xlsx([value, 4000, None, None, None, 1, None])) == [("date_unreadable", 2, "date")]


def test_binary_dust_is_not_an_amount_but_more_decimals_are_refused() -> None:
    dusty = xlsx([OCTOBER, 4000, None, None, None, 0.1 + 0.2, None])
    assert only(dusty).entries[0].lines[0].debit == Decimal("0.30")
    assert refused(xlsx([OCTOBER, 4000, None, None, None, 33.333, None])) == [
        ("amount_not_in_cents", 2, "debit")
    ]


def test_a_code_that_became_a_date_is_named() -> None:
    assert refused(xlsx([OCTOBER, 4000, datetime.date(2026, 2, 1), None, None, 1, None])) == [
        ("cell_became_date", 2, "cost_centre")
    ]


def test_titles_merged_cells_empty_rows_and_explanations_do_not_matter() -> None:
    def dressed(worksheet: Any) -> None:
        worksheet.insert_rows(1, 2)
        worksheet["A1"] = "Loonjournaal oktober 2026"
        worksheet.merge_cells("A1:G1")
        worksheet.append([None] * 7)
        worksheet.cell(400, 3).number_format = "0.00"
        worksheet.parent.create_sheet("Uitleg").append(["Kolom", "Grootboekrekening"])

    assert only(xlsx(*GOOD, change=dressed)) == JournalDraft((ENTRY,))


def test_headings_over_merged_cells_are_refused_with_the_cure() -> None:
    def merged(worksheet: Any) -> None:
        worksheet.insert_rows(1)
        worksheet["F1"] = "Bedrag"
        worksheet["B1"] = "Grootboekrekening"
        worksheet["B2"] = None
        worksheet.merge_cells("F1:G1")
        worksheet.merge_cells("B1:B2")

    assert refused(xlsx(*GOOD, change=merged)) == [("heading_not_found", None, "")]


def test_two_journals_in_one_workbook_are_not_guessed_between() -> None:
    def copied(worksheet: Any) -> None:
        worksheet.parent.copy_worksheet(worksheet).title = "Tweede"

    def hidden(worksheet: Any) -> None:
        copied(worksheet)
        worksheet.parent["Tweede"].sheet_state = "hidden"

    [found] = read_journal("file", xlsx(*GOOD, change=copied)).problems
    assert (found.code, found.params) == ("xlsx_several_journals", (("sheets", "Sheet, Tweede"),))
    assert only(xlsx(*GOOD, change=hidden)) == JournalDraft((ENTRY,))


def test_formulas_are_read_by_their_value_and_refused_without_one() -> None:
    data = xlsx(
        [OCTOBER, 4000, None, None, None, "=1+1", None], [OCTOBER, "=1/0", None, None, None, None, "=A1"]
    )
    assert refused(data) == [
        ("formula_without_value", 2, "debit"),
        ("formula_without_value", 3, "credit"),
        ("formula_without_value", 3, "account"),
    ]
    calculated = rewritten(data, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    assert ("formula_without_value", 2, "debit") not in refused(calculated)


def test_a_cell_that_shows_an_error_is_named() -> None:
    def broken(worksheet: Any) -> None:
        worksheet["F2"] = "#DIV/0!"

    assert refused(xlsx(*GOOD, change=broken)) == [("cell_holds_error", 2, "debit")]


def rewritten(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The workbook with something else in one of its parts."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.infolist():
            content = before.read(part)
            if part.filename == name:
                assert old in content
                content = content.replace(old, new)
            after.writestr(part.filename, content)
    return written.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    written = io.BytesIO(xlsx(*GOOD))
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return written.getvalue()


def test_hostile_workbooks_are_refused_unread() -> None:
    assert refused(with_part("xl/vbaProject.bin", b"x")) == [("xlsx_macros", None, "")]
    assert refused(with_part("xl/media/zeros", bytes(101 * 1024**2))) == [
        ("xlsx_unpacks_too_large", None, "")
    ]


def test_a_part_in_any_packing_that_is_damaged_is_refused() -> None:
    for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        written = io.BytesIO(xlsx(*GOOD))
        with zipfile.ZipFile(written, "a", packing) as archive:
            archive.writestr("xl/worksheets/sheet2.xml", bytes(range(256)) * 40)
            at = archive.infolist()[-1].header_offset + 100
        damaged = bytearray(written.getvalue())
        damaged[at : at + 20] = bytes(20)
        assert refused(bytes(damaged)) == [("xlsx_no_workbook", None, "")]


def test_a_text_that_a_workbook_writes_once_for_all_its_cells_has_an_end() -> None:
    def long(worksheet: Any) -> None:
        worksheet["E2"] = "x " * 501

    assert refused(xlsx(*GOOD, change=long)) == [("cell_too_long", 2, "description")]


def test_a_number_format_longer_than_any_code_is_no_width_of_it() -> None:
    def wide(worksheet: Any) -> None:
        worksheet["B2"] = 4000
        worksheet["B2"].number_format = "0" * 1001

    assert only(xlsx(*GOOD, change=wide)) == JournalDraft((ENTRY,))


@pytest.mark.parametrize(
    ("part", "root"),
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet "),
        ("xl/workbook.xml", b"<workbook "),
        ("xl/styles.xml", b"<styleSheet "),
    ],
)
def test_a_workbook_that_declares_entities_is_refused(part: str, root: bytes) -> None:
    bomb = b"<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'><!ENTITY c '&b;&b;&b;&b;&b;'>]>"
    assert refused(rewritten(xlsx(*GOOD), part, root, bomb + root)) == [("xlsx_broken", None, "")]


def test_a_row_that_claims_to_be_far_away_is_not_waited_for() -> None:
    far = rewritten(xlsx(*GOOD), "xl/worksheets/sheet1.xml", b'<row r="3"', b'<row r="999999999"')
    assert refused(far) == [("too_many_rows", None, "")]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_a_damaged_workbook_is_refused(part: str) -> None:
    assert refused(rewritten(xlsx(*GOOD), part, b"</", b"<"))[0][0] == "xlsx_broken"


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
def test_a_workbook_with_other_bytes_in_it_is_read_or_refused(at: int, damage: bytes) -> None:
    whole = WHOLE
    read = read_journal("file", whole[:at] + damage + whole[at + len(damage) :])
    assert bool(read.drafts) or bool(read.problems)


WHOLE = xlsx(*GOOD)


@given(st.binary(max_size=300))
def test_no_bytes_give_anything_but_drafts_or_problems(data: bytes) -> None:
    read = read_journal("file", data)
    assert bool(read.drafts) or bool(read.problems)


@given(st.text(alphabet="0159-.,;\"'\n\r\t €=ax", max_size=120))
def test_no_rows_give_anything_but_drafts_or_problems(text: str) -> None:
    read = read_journal("file", csv(text))
    assert bool(read.drafts) or bool(read.problems)


# Samples


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("korenaar-2026-10.xml", [("2026-10-31", 16, "71479.23")]),
        (
            "korenaar-2026-11-twee-boekingen.xml",
            [("2026-11-30", 16, "71390.79"), ("2026-10-31", 6, "537.20")],
        ),
        ("garage-2026-10.csv", [("2026-10-31", 8, "19230.60")]),
        ("zorghuis-2026-10.xlsx", [("2026-10-31", 16, "109777.46")]),
        ("zorghuis-2026-01.xml", [("2026-01-31", 12, "86379.81")]),
        ("transport-2026-p11.xml", [("2026-10-30", 11, "57098.58")]),
        ("negative-values.xml", [("2026-10-31", 6, "15150.00")]),
        ("missing-cost-centres.xml", [("2026-10-31", 5, "10348.80")]),
    ],
)
def test_the_samples_hold_balanced_journals(name: str, entries: list[tuple[str, int, str]]) -> None:
    draft = only((SAMPLES / name).read_bytes())
    assert [
        (entry.date.isoformat(), len(entry.lines), str(entry.totals()[0])) for entry in draft.entries
    ] == entries
    assert [found for entry in draft.entries for found in check_entry(entry)] == []


def test_the_same_journal_in_another_encoding_has_the_same_content() -> None:
    names = ("korenaar-2026-10.xml", "utf-16-prolog.xml", "utf-16.xml")
    assert len({content_hash(only((SAMPLES / name).read_bytes()).entries) for name in names}) == 1


def test_csv_xlsx_and_xml_of_the_same_journal_have_the_same_content() -> None:
    xml = (
        b"<j><transaction><header><date>20261031</date></header><lines><line><dim1>2100</dim1><value>1234.56"
        b"</value><debitcredit>credit</debitcredit><description>Nettoloon</description></line><line><dim1>4000"
        b"</dim1><dim2>0100</dim2><dim3>P01</dim3><value>1234.56</value><debitcredit>debit</debitcredit>"
        b"<description>Bruto lonen</description></line></lines></transaction></j>"
    )
    assert len({content_hash(only(data).entries) for data in (xml, csv(*ROWS), xlsx(*GOOD))}) == 1


def test_a_malformed_xml_journal_has_its_problems_with_rows_and_places() -> None:
    read = read_journal("x.xml", (SAMPLES / "malformed" / "unreadable-fields.xml").read_bytes())
    assert read.drafts == ()
    assert [
        (found.code, found.place.entry, found.place.line, found.place.field) for found in read.problems
    ] == [
        ("xml_amount_unreadable", 1, 1, "amount"),
        ("xml_side_unreadable", 1, 2, "side"),
        ("xml_amount_missing", 1, 3, "amount"),
        ("xml_side_missing", 1, 3, "side"),
        ("xml_date_unreadable", 1, None, "date"),
    ]
    assert dict(read.problems[1].params) == {"row": "7", "value": "links"}
