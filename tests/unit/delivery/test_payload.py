"""What goes to AFAS: deterministic bytes, under a number that can be found again."""

import json
import re
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from loonbrug.delivery.payload import HASH_LENGTH, RunKey, payload_of, voucher_number
from loonbrug.ledger.entry import Posting, PostingLine

RUN = RunKey(company_id=7, company_number="2001", year=2026, period=10, number=1)
POSTING = Posting(
    date=date(2026, 10, 31),
    year=2026,
    period=10,
    lines=(
        PostingLine("4000", Decimal("1250.50"), Decimal(0), ((1, "100"), (2, "P01")), "Bruto lonen"),
        PostingLine("0170", Decimal(0), Decimal("1250.50")),
    ),
)


def number(run: RunKey = RUN, *, office_id: int = 1, ordinal: int = 1, generation: int = 0) -> str:
    return voucher_number(office_id=office_id, run=run, ordinal=ordinal, generation=generation)


def test_a_voucher_number_can_be_read_and_is_the_same_every_time() -> None:
    assert number().startswith("202610-2001-")
    assert number() == number()


def test_a_voucher_number_differs_by_office_entry_and_generation() -> None:
    numbers = {number(), number(office_id=2), number(ordinal=2), number(generation=1)}
    assert len(numbers) == 4


def test_the_hash_of_a_voucher_number_has_at_least_50_bits() -> None:
    assert HASH_LENGTH * 5 >= 50
    assert len(number().rsplit("-", 1)[1]) == HASH_LENGTH


@given(
    company_number=st.text(max_size=40),
    year=st.integers(2000, 2099),
    period=st.integers(1, 13),
    run_number=st.integers(0, 10**9),
)
def test_a_voucher_number_always_fits_afas(
    company_number: str, year: int, period: int, run_number: int
) -> None:
    run = RunKey(1, company_number, year, period, run_number)
    assert re.fullmatch(r"[A-Z0-9-]{1,32}", number(run))


def test_the_payload_says_the_same_in_afas_words_every_time() -> None:
    made = payload_of(POSTING, administration=1, journal_code="90", voucher_number="202610-2001-X")
    assert made == payload_of(POSTING, administration=1, journal_code="90", voucher_number="202610-2001-X")
    element = json.loads(made)["FiEntryPar"]["Element"]
    assert element["Fields"] == {
        "Year": 2026, "Peri": 10, "UnId": 1, "JoCo": "90", "AdDc": False, "AdDa": False,
    }  # fmt: skip
    first, second = element["Objects"][0]["FiEntries"]["Element"]
    assert first["Fields"]["AcNr"] == "4000"
    assert first["Fields"]["AmDe"] == "1250.50"
    assert first["Fields"]["EnDa"] == first["Fields"]["BpDa"] == "2026-10-31"
    assert first["Objects"][0]["FiDimEntries"]["Element"]["Fields"]["DiC2"] == "P01"
    assert second["Fields"]["AcNr"] == "0170"
    assert "Objects" not in second


def test_every_line_carries_the_voucher_number() -> None:
    made = payload_of(POSTING, administration=1, journal_code="90", voucher_number="202610-2001-X")
    lines = json.loads(made)["FiEntryPar"]["Element"]["Objects"][0]["FiEntries"]["Element"]
    assert {line["Fields"]["BpNr"] for line in lines} == {"202610-2001-X"}
