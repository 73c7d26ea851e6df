"""CPU time of a journal of 1,000 lines on its way to AFAS: read, hash, translate, check and freeze.

`pure` is the work on values alone; `product` is the same through the workflows and an SQLite database of its own:
import, check, and send (which checks again, freezes the payload and queues it).

`python -m benchmarks.journal [--json] [--runs N]`. Milliseconds of CPU of this process, best and median.
"""

import argparse
import datetime
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import Any

from benchmarks.product import Product
from loonbrug.delivery.payload import payload_of
from loonbrug.ledger.account_pattern import AccountPattern
from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.checks import check
from loonbrug.ledger.entry import Entry, line_of
from loonbrug.ledger.run_name import RunName
from loonbrug.ledger.translation import Rules
from loonbrug.payroll.formats.export import JournalSheet, to_xlsx
from loonbrug.payroll.formats.reading import read_journal

LINES = 1000
DATE = datetime.date(2026, 10, 31)
RUN = RunName("Bench", 2026, 10, 1)
RULES = Rules(
    cost_centre_axis=1,
    cost_unit_axis=2,
    balance_pattern=AccountPattern("[0-3][0-9][0-9][0-9]"),
    profit_loss_pattern=AccountPattern("[4-9][0-9][0-9][0-9]"),
)
_ACCOUNTS = (
    ("4000", "Bruto lonen"),
    ("4010", "Vakantiegeld"),
    ("4050", "Sociale lasten"),
    ("4090", "Overig"),
)


def entry(lines: int) -> Entry:
    """A balanced entry of that many lines; only the last one is not an allocated cost."""
    costs = []
    for at in range(lines - 1):
        account, description = _ACCOUNTS[at % len(_ACCOUNTS)]
        costs.append(
            line_of(
                account,
                Decimal(100_000 + 37 * at) / 100,
                cost_centre=str(100 + at // len(_ACCOUNTS)),
                cost_unit=f"P{at % 2 + 1:02}",
                description=description,
            )
        )
    net = sum((line.debit for line in costs), Decimal(0))
    return Entry(DATE, (*costs, line_of("2100", -net, description="Nettoloon")))


def xml_of(journal: Entry) -> bytes:
    """The entry as Nmbrs writes it."""
    lines = "".join(
        f'<line id="{at}"><dim1>{line.account}</dim1><dim2>{line.cost_centre}</dim2><dim3>{line.cost_unit}</dim3>'
        f"<value>{line.debit or line.credit}</value><debitcredit>{'debit' if line.debit else 'credit'}"
        f"</debitcredit><description>{line.description}</description></line>\n"
        for at, line in enumerate(journal.lines, start=1)
    )
    return (
        '<?xml version="1.0" encoding="utf-16"?>\n<transactions><transaction><header>'
        f"<date>{journal.date:%Y%m%d}</date></header><lines>\n{lines}</lines></transaction></transactions>"
    ).encode()


def xlsx_of(journal: Entry) -> bytes:
    """The entry as a workbook in our layout."""
    made_at = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
    return to_xlsx(JournalSheet("Bench", "1", "Bench", 2026, 10, 1, "", (journal,), made_at), "nl")


def once(data: bytes) -> dict[str, int]:
    """Nanoseconds of CPU of every step for one file."""
    marks = [time.process_time_ns()]
    read = read_journal("bench", data)
    marks.append(time.process_time_ns())
    [journal] = read.drafts[0].entries
    content_hash((journal,))
    marks.append(time.process_time_ns())
    posting, problems = check(journal, RULES, run=RUN, number=1)
    marks.append(time.process_time_ns())
    payload = payload_of(posting, administration=1, journal_code="90", voucher_number="202610-1-BENCH")
    sha256(payload).hexdigest()
    marks.append(time.process_time_ns())
    if problems or len(posting.lines) != LINES:
        raise RuntimeError("the journal of the benchmark does not pass its own checks")
    steps = dict(zip(("read", "hash", "translate_and_check", "freeze"), _differences(marks), strict=True))
    return {**steps, "total": marks[-1] - marks[0]}


def measure(one: Callable[[], dict[str, int]], runs: int) -> dict[str, dict[str, Any]]:
    """Best and median milliseconds of every step."""
    one()  # the first run also imports and caches
    times = [one() for _ in range(runs)]
    return {
        step: {
            "best_ms": round(min(run[step] for run in times) / 1e6, 2),
            "median_ms": round(statistics.median(run[step] for run in times) / 1e6, 2),
        }
        for step in times[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    journal = entry(LINES)
    makers: dict[str, Callable[[Entry], bytes]] = {"xml": xml_of, "xlsx": xlsx_of}
    figures = {}
    with tempfile.TemporaryDirectory(prefix="loonbrug-bench-") as folder:
        product = Product(folder)
        for name, make in makers.items():
            data = make(journal)
            figures[f"{name}_pure"] = measure(partial(once, data), options.runs)
            figures[f"{name}_product"] = measure(partial(product.once, name, data), options.runs)
    if options.json:
        print(
            json.dumps({"lines": LINES, "runs": options.runs, "python": platform.python_version(), **figures})
        )
        return
    for name, steps in figures.items():
        for step, times in steps.items():
            print(
                f"{name:13} {step:20} best {times['best_ms']:8.2f} ms   median {times['median_ms']:8.2f} ms"
            )


def _differences(marks: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(marks)]


if __name__ == "__main__":
    main()
