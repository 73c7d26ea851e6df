"""The entry that everything here posts: 20 lines, a body of about 3.6 KB."""

from datetime import date
from decimal import Decimal

from loonbrug.delivery.payload import payload_of
from loonbrug.ledger.entry import Posting, PostingLine

LINES = 20
DAY = date(2026, 10, 31)


def posting(number: int) -> Posting:
    """A balanced entry; the amount tells entries apart."""
    nothing = Decimal("0.00")
    costs = [
        PostingLine(
            f"{4000 + at}",
            Decimal(100_000 + number + 37 * at) / 100,
            nothing,
            ((1, f"{100 + at}"),) if at % 4 == 0 else (),
            "Bruto lonen",
        )
        for at in range(LINES - 1)
    ]
    net = sum((line.debit for line in costs), nothing)
    return Posting(DAY, DAY.year, DAY.month, (*costs, PostingLine("2100", nothing, net, (), "Nettoloon")))


def body_of(number: int) -> bytes:
    """The bytes of one entry, as the product sends it."""
    return payload_of(
        posting(number), administration=1, journal_code="90", voucher_number="202610-10001-BENCHMARKED"
    )
