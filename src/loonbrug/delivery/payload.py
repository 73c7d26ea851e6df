"""An entry and its mapping as one FiEntries message, and the voucher number that makes it findable.

Beside the client this is the one place that speaks AFAS's field names.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from afas_client.fi_entries import LENGTHS, FiDimEntries, FiEntries, FiEntryPar, encode
from loonbrug.delivery.sighting import Expected, summed
from loonbrug.ledger.entry import Posting, PostingLine

#: Letters of the hash in a voucher number: 11 of 5 bits, at least the 50 that we promise.
HASH_LENGTH = 11
COMPANY_LENGTH = 10
#: What the lines of a counter-entry begin with in AFAS's books, which are kept in Dutch.
COUNTER_ENTRY = "Tegenboeking"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class RunKey:
    """What a voucher number is made from besides the office: the run's identity, as stored anywhere."""

    company_id: int
    company_number: str
    year: int
    period: int
    number: int


def voucher_number(*, office_id: int, run: RunKey, ordinal: int, generation: int) -> str:
    """The boekstuknummer: period and company to read, a hash to be unique; at most 32 of A-Z, 0-9 and -.

    The same run always gives the same number, so that a restored backup finds its own bookings.
    """
    identity = f"{office_id}/{run.company_id}/{run.year}/{run.period}/{run.number}/{ordinal}/{generation}"
    company = re.sub(r"[^A-Z0-9]", "", run.company_number.upper())[:COMPANY_LENGTH] or "X"
    return f"{run.year}{run.period:02}-{company}-{_hash(identity)}"


def _hash(identity: str) -> str:
    return base64.b32encode(hashlib.sha256(identity.encode()).digest()).decode()[:HASH_LENGTH]


def counter_voucher_number(*, voucher_number: str, generation: int) -> str:
    """The boekstuknummer of the counter-entry of what was booked under `voucher_number`: the same front, a hash of
    its own. `generation` counts the counter-entries of that delivery that came to nothing before this one.
    """
    front, _ = voucher_number.rsplit("-", 1)
    return f"{front}-{_hash(f'{voucher_number}/counter/{generation}')}"


def payload_of(posting: Posting, *, administration: int, journal_code: str, voucher_number: str) -> bytes:
    """The bytes that go to AFAS. Entry date and voucher date are one, so that AFAS's period is ours."""
    message = FiEntryPar(
        Year=posting.year,
        Peri=posting.period,
        UnId=administration,
        JoCo=journal_code,
        lines=tuple(_line(line, posting, voucher_number) for line in posting.lines),
    )
    return encode(message)


def _line(line: PostingLine, posting: Posting, voucher_number: str) -> FiEntries:
    codes = {f"DiC{axis}": code for axis, code in line.allocations}
    return FiEntries(
        AcNr=line.account,
        EnDa=posting.date,
        BpDa=posting.date,
        BpNr=voucher_number,
        Ds=line.description or None,
        AmDe=line.debit,
        AmCr=line.credit,
        allocation=FiDimEntries(**codes) if codes else None,
    )


def counter_payload(payload: bytes, *, voucher_number: str) -> bytes:
    """The same lines with debit and credit exchanged, under a voucher number of their own; the texts say so."""
    message = json.loads(payload)
    for line in _lines_of(message):
        fields = line["Fields"]
        _exchange(fields)
        fields["BpNr"] = voucher_number
        fields["Ds"] = f"{COUNTER_ENTRY} {fields.get('Ds', '')}".strip()[: LENGTHS["Ds"]]
        for allocation in line.get("Objects", []):
            _exchange(allocation["FiDimEntries"]["Element"]["Fields"])
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _exchange(fields: dict[str, Any]) -> None:
    fields["AmDe"], fields["AmCr"] = fields["AmCr"], fields["AmDe"]


def _lines_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = message["FiEntryPar"]["Element"]["Objects"][0]["FiEntries"]["Element"]
    return lines


def expected_of(payload: bytes) -> Expected:
    """What AFAS's books should hold once this payload is booked."""
    lines = [(line["Fields"], _codes_of(line)) for line in _lines_of(_DECODER.decode(payload))]
    axes = sorted({axis for _, codes in lines for axis in codes})
    amounts = [
        (
            fields["AcNr"],
            tuple([codes.get(axis, "") for axis in axes]),
            Decimal(fields["AmDe"]),
            Decimal(fields["AmCr"]),
        )
        for fields, codes in lines
    ]
    return Expected(
        accounts=summed((account, debit, credit) for account, _, debit, credit in amounts),
        allocated=summed(((account, codes), debit, credit) for account, codes, debit, credit in amounts),
        axes=frozenset(axes),
    )


def _codes_of(line: dict[str, Any]) -> dict[int, str]:
    if "Objects" not in line:
        return {}
    fields = line["Objects"][0]["FiDimEntries"]["Element"]["Fields"]
    return {axis: fields[f"DiC{axis}"] for axis in range(1, 6) if f"DiC{axis}" in fields}
