"""The shapes and values in which AFAS takes a message."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.afas_sandbox.books_to_book_in import allocated, line, message

from afas_sandbox.fi_message import read
from afas_sandbox.messages import Refusal


def refused(body: object) -> str:
    with pytest.raises(Refusal) as refusal:
        read(body)
    return refusal.value.text("nl")


def with_field(name: str, value: object) -> dict[str, Any]:
    return message(line("1700", **{name: value}))


def test_objects_and_fields_may_be_lists_and_an_element_may_stand_alone() -> None:
    body = {
        "FiEntryPar": {
            "Element": [
                {
                    "Fields": [{"Year": 2026, "Peri": 1, "JoCo": "90"}],
                    "Objects": [{"FiEntries": {"Element": line("0100", debit="1", below=allocated("100"))}}],
                }
            ]
        }
    }
    read_message = read(body)
    assert read_message.header.whole("Year") == 2026
    assert read_message.lines[0].fields.text("AcNr") == "0100"
    assert read_message.lines[0].allocations[0].text("DiC1") == "100"


@pytest.mark.parametrize(
    ("given", "amount"),
    [("12.50", "12.50"), (12, "12"), (Decimal("1E+2"), "100"), ("-0.5", "-0.5"), (None, "0"), ("", "0")],
)
def test_amounts_may_be_text_or_numbers(given: object, amount: str) -> None:
    read_line = read(message(line("1700") | {"Fields": line("1700")["Fields"] | {"AmDe": given}})).lines[0]
    assert read_line.fields.amount("AmDe") == Decimal(amount)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AmDe", "12,50"),
        ("AmDe", "1e5"),
        ("AmDe", True),
        ("AmDe", Decimal("1E+999999")),
        ("AmDe", "1.12345678901"),
        ("BpDa", "31-10-2026"),
        ("BpDa", "2026-02-30"),
        ("AcNr", ["1700"]),
        ("BlPa", "yes"),
        ("RsNo", "1.5"),
    ],
)
def test_a_value_of_another_type_is_a_type_mismatch(name: str, value: object) -> None:
    assert refused(with_field(name, value)) == "Type mismatch"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "Er is een onverwachte fout opgetreden."),
        ({"FiEntries": {}}, "Connector FiEntries bestaat niet"),
        ({"FiEntryPar": {"Element": [{}, {}]}}, "Geef per bericht één FiEntryPar op"),
        (with_field("Acnr", "1"), "Connector-veld 'Acnr' niet gevonden"),
        (with_field("AcNr", ""), "Vul een waarde in bij 'Rekeningnummer'."),
        (with_field("BpDa", None), "Vul een waarde in bij 'Boekstukdatum'."),
        (with_field("BpNr", "x" * 33), "De waarde bij 'Boekstuknummer' is te lang: ten hoogste 32 tekens"),
        (with_field("VaAs", "4"), "De ingevulde waarde bij 'Kenmerk rekening' bestaat niet"),
        (message(line("1700"), JoCo=""), "Vul een waarde in bij 'Dagboek'."),
    ],
)
def test_a_wrong_message_is_refused_by_what_is_wrong(body: object, text: str) -> None:
    assert refused(body) == text


def test_free_fields_are_taken_on_lines_and_refused_in_the_header() -> None:
    free = "U" + "0A" * 16
    assert read(with_field(free, "anything")).lines
    assert refused(message(line("1700"), **{free: "x"})) == f"Connector-veld '{free}' niet gevonden"
