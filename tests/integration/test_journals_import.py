"""A file becomes journals: whose run it is, what importing does, everything that is wrong at once."""

import pytest
from django.db import connection
from tests.integration.payroll_office import NOW, PayrollOffice, csv_file, draft, entry, keep, make_office

from loonbrug.access.rights import Level, NotAllowedError, NotFoundError
from loonbrug.payroll import operations, queries
from loonbrug.payroll.formats.drafts import ReadJournals
from loonbrug.payroll.formats.reading import read_journal
from loonbrug.payroll.models import Journal
from loonbrug.payroll.operations import ImportRefusedError
from loonbrug.payroll.queries import Fate, RunIdentity
from loonbrug.workflows.import_journal import ImportPreview, import_file, import_upload, preview

pytestmark = pytest.mark.django_db

XML = b"""<?xml version="1.0" encoding="utf-16"?>
<journal><transaction><header><date>20261125</date></header><lines>
<line id="1"><dim1>4000</dim1><dim2>100</dim2><value>1000.00</value><debitcredit>debit</debitcredit></line>
<line id="2"><dim1>2100</dim1><value>1000.00</value><debitcredit>credit</debitcredit></line>
</lines></transaction></journal>"""
FULL = csv_file(
    "1001;2026;11;3;25-11-2026;4000;100;Bruto lonen;1.000,00;",
    "1001;2026;11;3;25-11-2026;2100;;Nettoloon;;1.000,00",
)


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


def look(office: PayrollOffice, data: bytes, **named: int) -> ImportPreview:
    return preview(scope=office.scope, name="journaal", data=data, **named)


def refusals(office: PayrollOffice, data: bytes, **named: int) -> list[tuple[str, str]]:
    """Code and field of every problem; importing is refused with the same ones."""
    found = look(office, data, **named)
    assert not found.can_import
    with pytest.raises(ImportRefusedError) as refused:
        import_file(scope=office.scope, name="journaal", data=data, **named, now=NOW)
    assert set(refused.value.problems) <= set(found.problems)
    assert Journal.objects.count() == 0
    return [(each.code, each.place.field) for each in found.problems]


def test_nmbrs_xml_gets_its_run_from_the_form(office: PayrollOffice) -> None:
    (kept,) = import_file(
        scope=office.scope,
        name="j.xml",
        data=XML,
        company_id=office.bakery_id,
        year=2026,
        period=11,
        run=1,
        now=NOW,
    )

    journal = queries.journal(scope=office.scope, journal_id=kept.journal_id)
    assert journal.run == RunIdentity(office.bakery_id, 2026, 11, 1)
    assert [line.account for line in journal.entries[0].lines] == ["4000", "2100"]
    assert queries.source_bytes(scope=office.scope, journal_id=kept.journal_id) == XML


def test_what_nobody_names_is_asked_for_all_at_once(office: PayrollOffice) -> None:
    assert refusals(office, XML) == [
        ("company_missing", "company"),
        ("run_part_missing", "year"),
        ("run_part_missing", "period"),
        ("run_part_missing", "run"),
    ]


def test_a_file_that_names_its_run_needs_no_form(office: PayrollOffice) -> None:
    (plan,) = look(office, FULL).planned
    assert plan.draft.run == RunIdentity(office.bakery_id, 2026, 11, 3)
    assert plan.fate is Fate.NEW


def test_file_and_form_may_not_contradict_each_other(office: PayrollOffice) -> None:
    named = {"company_id": office.garage_id, "year": 2025, "period": 10, "run": 4}
    assert refusals(office, FULL, **named) == [
        ("company_differs", "company"),
        ("run_part_differs", "year"),
        ("run_part_differs", "period"),
        ("run_part_differs", "run"),
    ]


def test_a_period_beyond_thirteen_is_refused(office: PayrollOffice) -> None:
    weekly = FULL.replace(b";11;", b";48;")
    assert refusals(office, weekly) == [("run_part_out_of_range", "period")]


def test_a_company_of_another_office_is_unknown(office: PayrollOffice) -> None:
    other = make_office("Ander kantoor")
    missing = FULL.replace(b"1001;", b"9999;")

    assert refusals(office, missing) == [("company_unknown", "company")]
    with pytest.raises(NotFoundError):
        look(office, XML, company_id=other.bakery_id, year=2026, period=1, run=1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02",
        b"<a><b></a>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "<root/>".encode("utf-16-be"),
        b"PK\x03\x04not a workbook",
        b"%PDF-1.7",
    ],
    ids=["empty", "binary", "broken", "bomb", "utf-16", "zip", "pdf"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(office: PayrollOffice, data: bytes) -> None:
    assert refusals(office, data, company_id=office.bakery_id, year=2026, period=1, run=1)


def test_several_companies_in_one_file_come_in_together_or_not_at_all(office: PayrollOffice) -> None:
    both = FULL + b"\n1002;2026;11;1;25-11-2026;4000;;Bruto;5;\n1002;2026;11;1;25-11-2026;2100;;Netto;;5"
    broken = both.replace(
        b"1002;2026;11;1;25-11-2026;2100;;Netto;;5", b"1002;2026;11;1;gisteren;2100;;Netto;;5"
    )

    assert refusals(office, broken) == [("date_unreadable", "date")]
    assert len(import_file(scope=office.scope, name="j.csv", data=both, now=NOW)) == 2


def test_the_preview_says_what_importing_comes_down_to(office: PayrollOffice) -> None:
    import_file(scope=office.scope, name="j.csv", data=FULL, now=NOW)
    changed = FULL.replace(b"1.000,00", b"1.000,01")

    assert look(office, FULL).is_known
    assert look(office, changed).needs_replace
    with pytest.raises(ImportRefusedError):
        import_file(scope=office.scope, name="j.csv", data=changed, now=NOW)
    import_file(scope=office.scope, name="j.csv", data=changed, replace=True, now=NOW)
    assert not look(office, changed).needs_replace


def test_the_preview_warns_of_a_second_run_in_the_period(office: PayrollOffice) -> None:
    keep(office, draft(office.bakery_id, entry("5.00")))

    (plan,) = look(office, FULL).planned

    assert [found.code for found in plan.conflicts] == ["second_run_in_period"]


def test_an_upload_is_imported_once(office: PayrollOffice) -> None:
    upload_id = operations.keep_upload(
        scope=office.scope,
        company_id=office.bakery_id,
        name="j.xml",
        data=XML,
        year=2026,
        period=11,
        run=1,
        now=NOW,
    )

    import_upload(scope=office.scope, upload_id=upload_id, now=NOW)

    with pytest.raises(NotFoundError):
        import_upload(scope=office.scope, upload_id=upload_id, now=NOW)
    assert Journal.objects.count() == 1


def test_reading_is_not_enough_to_import() -> None:
    reader = make_office(level=Level.READ)
    with pytest.raises(NotAllowedError):
        look(reader, FULL)
    with pytest.raises(NotAllowedError):
        import_file(scope=reader.scope, name="j.csv", data=FULL, now=NOW)


def test_a_file_is_read_while_no_transaction_keeps_deliveries_waiting(
    office: PayrollOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_transaction, opened = list(connection.savepoint_ids), []

    def read_and_look(name: str, data: bytes) -> ReadJournals:
        opened.extend(connection.savepoint_ids[len(own_transaction) :])
        return read_journal(name, data)

    monkeypatch.setattr("loonbrug.workflows.import_journal.read_journal", read_and_look)
    named = {"company_id": office.bakery_id, "year": None, "period": None, "run": None}
    upload_id = operations.keep_upload(scope=office.scope, name="j.csv", data=FULL, now=NOW, **named)
    import_upload(scope=office.scope, upload_id=upload_id, now=NOW)

    assert Journal.objects.count() == 1
    assert opened == []
