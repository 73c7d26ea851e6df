"""An entry becomes the same bytes every time, in AFAS's own names, without a float."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afas_client.fi_entries import (
    Booked,
    FiDimEntries,
    FiEntries,
    FiEntryPar,
    TooLong,
    booked,
    encode,
    too_long,
)

DAY = date(2026, 11, 30)


def line(**changed: object) -> FiEntries:
    given = {
        "AcNr": "4000",
        "EnDa": DAY,
        "BpDa": DAY,
        "BpNr": "2026-11-BAKKER-7QX",
        "AmDe": Decimal("1234.10"),
        "AmCr": Decimal(0),
    }
    return FiEntries(**(given | changed))


def entry(*lines: FiEntries, journal_code: str = "LON") -> FiEntryPar:
    return FiEntryPar(Year=2026, Peri=11, UnId=3, JoCo=journal_code, lines=lines)


def test_an_entry_is_written_byte_for_byte_as_afas_names_it() -> None:
    allocation = FiDimEntries(DiC1="410", DiC3="P-7")
    message = entry(
        line(Ds="Lonen café", allocation=allocation),
        line(AcNr="0100", AmDe=Decimal(0), AmCr=Decimal("1234.10")),
    )
    assert encode(message).decode() == (
        '{"FiEntryPar":{"Element":{"Fields":{"Year":2026,"Peri":11,"UnId":3,"JoCo":"LON",'
        '"AdDc":false,"AdDa":false},"Objects":[{"FiEntries":{"Element":['
        '{"Fields":{"VaAs":"1","AcNr":"4000","EnDa":"2026-11-30","BpDa":"2026-11-30",'
        '"BpNr":"2026-11-BAKKER-7QX","Ds":"Lonen café","AmDe":"1234.10","AmCr":"0"},'
        '"Objects":[{"FiDimEntries":{"Element":{"Fields":'
        '{"DiC1":"410","DiC3":"P-7","AmDe":"1234.10","AmCr":"0"}}}}]},'
        '{"Fields":{"VaAs":"1","AcNr":"0100","EnDa":"2026-11-30","BpDa":"2026-11-30",'
        '"BpNr":"2026-11-BAKKER-7QX","AmDe":"0","AmCr":"1234.10"}}]}}]}}}'
    )


def test_an_allocation_without_codes_is_left_out() -> None:
    assert b"FiDimEntries" not in encode(entry(line(allocation=FiDimEntries())))


@pytest.mark.parametrize("wrong", [1234.1, 1234, "1234.10"])
def test_an_amount_that_is_no_decimal_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="Decimal"):
        line(AmDe=wrong)


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_an_amount_that_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        line(AmCr=Decimal(wrong))


@given(amount=st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_every_amount_survives_as_a_plain_decimal(amount: Decimal) -> None:
    fields = json.loads(encode(entry(line(AmDe=amount))))["FiEntryPar"]["Element"]["Objects"][0]
    text = fields["FiEntries"]["Element"][0]["Fields"]["AmDe"]
    assert Decimal(text) == amount
    assert "e" not in text.lower()
    assert text != "-0"


def test_an_amount_in_scientific_form_is_written_out() -> None:
    assert b'"AmDe":"1200"' in encode(entry(line(AmDe=Decimal("1.2E+3"))))


def test_every_text_that_is_too_long_is_reported_at_once() -> None:
    message = entry(
        line(Ds="x" * 255),
        line(BpNr="x" * 33, allocation=FiDimEntries(DiC2="y" * 17)),
        line(AcNr="1" * 17, VaId="ABCD"),
        journal_code="LONEN26",
    )
    assert set(too_long(message)) == {
        TooLong("JoCo", None, 7, 6),
        TooLong("BpNr", 2, 33, 32),
        TooLong("DiC2", 2, 17, 16),
        TooLong("AcNr", 3, 17, 16),
        TooLong("VaId", 3, 4, 3),
    }


def test_texts_at_their_limit_are_not_too_long() -> None:
    full = line(BpNr="x" * 32, AcNr="1" * 16, Ds="x" * 255, allocation=FiDimEntries(DiC5="y" * 16))
    assert too_long(entry(full, journal_code="LONEN2")) == ()


ROW_KEYS = st.sampled_from(["EnNo", "enno", "ENNO"])


@given(
    key=ROW_KEYS, number=st.integers(1, 10**17), wrapped=st.booleans(), text=st.booleans(), many=st.booleans()
)
def test_a_booking_is_found_whatever_the_shape(
    key: str, number: int, wrapped: bool, text: bool, many: bool
) -> None:
    row: object = {key: str(number) if text else number, "UnId": "1"}
    answer: object = {"FiEntryPar": [row] if many else row}
    assert booked({"results": answer} if wrapped else answer) == Booked(str(number), "1", None)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "5789",
        {"EnNo": "5789"},
        {"results": None},
        {"results": {"FiEntryPar": {"EnNo": True}}},
        {"results": {"FiEntryPar": {"EnNo": "0"}}},
        {"results": {"FiEntryPar": {"EnNo": "-5"}}},
        {"results": {"FiEntryPar": {"EnNo": "5789x"}}},
        {"results": {"FiEntryPar": {"EnNo": "٥٧"}}},
        {"results": {"FiEntryPar": []}},
    ],
)
def test_an_answer_without_one_whole_entry_number_is_no_booking(answer: object) -> None:
    assert booked(answer) is None
