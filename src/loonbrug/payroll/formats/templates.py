"""Templates of our layout to download: headings, one balanced example, and what each column is for."""

import datetime
from decimal import Decimal

from loonbrug.ledger.entry import Entry, line_of
from loonbrug.payroll.formats.columns import HEADINGS, REQUIRED
from loonbrug.payroll.formats.export import (
    JournalSheet,
    Language,
    headings,
    journal_workbook,
    saved,
    to_csv,
    write_cell,
)

_EXAMPLE = {
    "nl": ("Bruto lonen", "Loonheffingen", "Nettoloon", "Salarissen oktober"),
    "en": ("Gross wages", "Wage tax", "Net wages", "Salaries October"),
}
_EXPLANATION_SHEET = {"nl": "Uitleg", "en": "Explanation"}
_EXPLANATION_HEADINGS = {
    "nl": ("Kolom", "Verplicht", "Wat erin staat", "ja", "nee"),
    "en": ("Column", "Required", "What it holds", "yes", "no"),
}
_EXPLANATIONS = {
    "company": (
        "Nummer van het bedrijf in Loonbrug. Laat de kolom leeg om het bedrijf bij het inlezen te kiezen.",
        "Number of the company in Loonbrug. Leave the column empty to choose the company when importing.",
    ),
    "year": ("Jaar van de loonopdracht, zoals 2026.", "Year of the payroll run, like 2026."),
    "period": ("Periode van de loonopdracht, zoals 10.", "Period of the payroll run, like 10."),
    "run": ("Nummer van de loonopdracht.", "Number of the payroll run."),
    "run_description": ("Omschrijving van de loonopdracht.", "Description of the payroll run."),
    "date": (
        "Boekingsdatum, zoals 31-10-2026. Elke datum van een loonopdracht wordt een eigen boeking.",
        "Booking date, like 31-10-2026. Each date of a payroll run becomes an entry of its own.",
    ),
    "account": (
        "Grootboekrekening in AFAS, met voorloopnullen.",
        "Ledger account in AFAS, with its leading zeros.",
    ),
    "cost_centre": (
        "Kostenplaats: gelijk aan de verbijzonderingscode in AFAS.",
        "Cost centre: equal to the allocation code in AFAS.",
    ),
    "cost_unit": (
        "Kostendrager: gelijk aan de verbijzonderingscode in AFAS.",
        "Cost unit: equal to the allocation code in AFAS.",
    ),
    "description": (
        "Omschrijving van de regel, ten hoogste 255 tekens.",
        "Description of the line, 255 characters at most.",
    ),
    "debit": (
        "Bedrag in euro's, zoals 1.234,56. Vul debet of credit in, niet allebei. Negatief wisselt van kant.",
        "Amount in euros, like 1,234.56. Fill in debit or credit, not both. Negative changes sides.",
    ),
    "credit": ("Zie debet.", "See debit."),
}


def csv_template(language: Language) -> bytes:
    """The layout as CSV with one example journal that balances."""
    return to_csv(_example(language), language)


def xlsx_template(language: Language) -> bytes:
    """The layout as XLSX with one example journal, and a sheet that explains the columns."""
    workbook = journal_workbook(_example(language), language)
    explanation = workbook.create_sheet(_EXPLANATION_SHEET[language])
    *heads, yes, no = _EXPLANATION_HEADINGS[language]
    for column, head in enumerate(heads, start=1):
        write_cell(explanation, 1, column, head, bold=True)
    for row, (name, heading) in enumerate(zip(HEADINGS, headings(language), strict=True), start=2):
        write_cell(explanation, row, 1, heading)
        write_cell(explanation, row, 2, yes if name in REQUIRED else no)
        write_cell(explanation, row, 3, _EXPLANATIONS[name][0 if language == "nl" else 1])
    for letter, width in zip("ABC", (20, 12, 100), strict=True):
        explanation.column_dimensions[letter].width = width
    return saved(workbook)


def _example(language: Language) -> JournalSheet:
    gross, tax, net, run = _EXAMPLE[language]
    lines = (
        line_of("4000", Decimal("1234.56"), cost_centre="100", description=gross),
        line_of("1700", Decimal("-234.56"), description=tax),
        line_of("2100", Decimal("-1000.00"), description=net),
    )
    return JournalSheet(
        title="Loonbrug",
        company_number="",
        company_name="",
        year=2026,
        period=10,
        run_number=1,
        run_description=run,
        state="",
        entries=(Entry(datetime.date(2026, 10, 31), lines),),
        made_at=datetime.datetime(2026, 10, 31, tzinfo=datetime.UTC),
    )
