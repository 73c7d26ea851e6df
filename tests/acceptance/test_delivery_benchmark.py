"""The benchmark of delivery: that it runs and measures what it says. How fast it is, no test judges."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from benchmarks.delivery.entry import LINES, body_of
from benchmarks.delivery.history import SMALL_SIZES, claim_and_record
from benchmarks.delivery.processes import Stub
from benchmarks.delivery.table import table_of

from afas_client.client import AfasClient
from afas_client.transactions import transactions, with_entry_number, with_voucher_numbers
from afas_client.transport import AiohttpTransport
from loonbrug.delivery.payload import expected_of
from loonbrug.delivery.sighting import Sighting, seen

CONNECTOR = "Profit_Transactions_Allocated"
VOUCHER = "202610-10001-BENCHMARKED"


@pytest.fixture
def stub() -> Iterator[Stub]:
    started = Stub(latency_ms=1)
    yield started
    started.end()


async def test_the_stub_shows_what_was_posted_as_the_product_wants_to_see_it(stub: Stub) -> None:
    async with AiohttpTransport() as transport:
        client = AfasClient(transport, stub.url.format(participant_number=10_000, segment="resttest"))
        body = body_of(1)
        booked = await client.post_entry(body)
        by_voucher = transactions(await client.rows(CONNECTOR, with_voucher_numbers(1, [VOUCHER])))
        by_number = transactions(await client.rows(CONNECTOR, with_entry_number(1, "90", "1")))
        unknown = await client.rows(CONNECTOR, with_voucher_numbers(1, ["202610-10001-ANOTHER"]))
        can_do = await client.meta_info()
    found = seen(by_voucher, expected_of(body))
    assert (booked.entry_number, found.sighting, found.same_allocation) == ("1", Sighting.EQUAL, True)
    assert by_number == by_voucher
    assert len(by_voucher) == LINES
    assert unknown == ()
    assert CONNECTOR in {each.id for each in can_do.get_connectors}


async def test_the_stub_counts_per_environment_what_was_booked_twice(stub: Stub) -> None:
    async with AiohttpTransport() as transport:
        for number, times in ((10_000, 2), (10_001, 1)):
            client = AfasClient(transport, stub.url.format(participant_number=number, segment="rest"))
            for _ in range(times):
                await client.post_entry(body_of(1))
    figures = stub.figures()
    assert {name: (each["booked"], each["doubled"]) for name, each in figures.items()} == {
        "10000": (2, 1),
        "10001": (1, 0),
    }


@pytest.mark.django_db(transaction=True)
def test_claims_and_records_are_timed_at_every_size_of_the_history() -> None:
    figures = claim_and_record(small=True)
    assert list(figures["old_deliveries"]) == [str(size) for size in SMALL_SIZES]
    for measured in (*figures["old_deliveries"].values(), figures["growth"]):
        assert {"read_ahead_us", "claim_us", "record_us"} <= set(measured)
        assert all(value > 0 for value in measured.values())


def test_the_benchmark_delivers_everything_once_and_compares_it_with_bare_loops() -> None:
    command = [sys.executable, "-m", "benchmarks.delivery", "--only", "b", "--small", "--json"]
    done = subprocess.run(
        [*command, "--engine", "embedded"], capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report["b"]) == {"bare_aiohttp", "bare_httpx", "bare_requests", "embedded_1"}
    product = report["b"]["embedded_1"]
    assert product["states"] == {"verified": product["entries"]}
    assert product["doubled"] == 0
    assert product["most_at_once"] <= 5
    assert product["speed_over_bare"] == (
        product["booked_per_second"] / report["b"]["bare_aiohttp"]["booked_per_second"]
    )
    assert f"{product['booked_per_second']:,.2f}" in table_of(report)
