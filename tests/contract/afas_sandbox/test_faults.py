"""The sandbox's moods, as a caller lives through them."""

import asyncio
from typing import Any

import aiohttp
import pytest
from tests.contract.afas_sandbox.conftest import HOST, Profit, wage_entry

FI_ENTRIES = "connectors/FiEntries"


async def booked(profit: Profit) -> int:
    return len((await profit.control("GET", f"/books/{HOST}"))[1]["entries"])


async def put(profit: Profit, kind: str, **scope: Any) -> None:
    status, _ = await profit.control("POST", "/faults", {"kind": kind, "count": 1} | scope)
    assert status == 201


@pytest.mark.parametrize(("kind", "count"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_connection_that_breaks_before_or_after_booking_gives_no_answer(
    profit: Profit, entry: dict[str, Any], kind: str, count: int
) -> None:
    await put(profit, kind)
    with pytest.raises(aiohttp.ClientConnectionError):
        await profit.call("POST", FI_ENTRIES, entry)
    assert await booked(profit) == count
    assert (await profit.call("POST", FI_ENTRIES, entry))[0] == 201


async def test_an_entry_is_booked_long_after_its_caller_has_gone(
    profit: Profit, entry: dict[str, Any]
) -> None:
    await put(profit, "book_late", delay_ms=1_000)
    with pytest.raises(aiohttp.ClientConnectionError):
        await profit.call("POST", FI_ENTRIES, entry)
    assert await booked(profit) == 0
    await asyncio.gather(*profit.sandbox.late_work)
    assert await booked(profit) == 1


async def test_a_caller_that_gives_up_does_not_stop_the_booking(
    profit: Profit, entry: dict[str, Any]
) -> None:
    await put(profit, "latency", delay_ms=1_000)
    calling = asyncio.create_task(profit.call("POST", FI_ENTRIES, entry))
    while (await profit.control("GET", "/faults"))[1]["faults"]:
        await asyncio.sleep(0.01)
    calling.cancel()
    assert await booked(profit) == 0
    while not await booked(profit):
        await asyncio.sleep(0.01)
    assert await booked(profit) == 1


async def test_work_beyond_the_time_limit_ends_in_the_time_out_of_afas(
    profit: Profit, entry: dict[str, Any]
) -> None:
    await profit.control("PATCH", "/settings", {"time_limit_ms": 50})
    await put(profit, "latency", delay_ms=60_000)
    status, _, body = await profit.call("POST", FI_ENTRIES, entry)
    assert (status, body["externalMessage"]) == (
        500,
        "De maximale tijdsduur voor het uitvoeren van de opdracht is verstreken.",
    )
    assert await booked(profit) == 0


async def test_maintenance_says_when_to_come_back(profit: Profit) -> None:
    await put(profit, "unavailable", retry_after=30)
    status, headers, body = await profit.call("GET", "metainfo")
    assert (status, headers["Retry-After"], body["retry_after"], body["error"]["code"]) == (
        503,
        "30",
        30,
        "503",
    )


async def test_a_token_can_expire_under_way(profit: Profit) -> None:
    await put(profit, "expired_token")
    assert [(await profit.call("GET", "metainfo"))[0] for _ in range(2)] == [401, 200]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("layout_lock", "De boekingslay-out is geblokkeerd door een andere gebruiker"),
        ("blocked_period", "Datum '31-10-2026' valt in een geblokkeerde periode"),
    ],
)
async def test_a_lock_and_a_blocked_period_refuse_within_their_scope_only(
    profit: Profit, entry: dict[str, Any], kind: str, text: str
) -> None:
    await put(profit, kind, environment=HOST, administration=1, journal="90", count=None)
    status, _, body = await profit.call("POST", FI_ENTRIES, entry)
    assert (status, body["externalMessage"]) == (500, text)
    assert (await profit.call("POST", FI_ENTRIES, wage_entry(unit=2)))[0] == 201


async def test_a_fault_of_another_journal_does_not_hit(profit: Profit, entry: dict[str, Any]) -> None:
    await put(profit, "layout_lock", administration=1, journal="10")
    assert (await profit.call("POST", FI_ENTRIES, entry))[0] == 201


async def test_faults_are_listed_and_cleared(profit: Profit) -> None:
    for kind in ("latency", "cut_after"):
        await put(profit, kind)
    _, listed = await profit.control("GET", "/faults")
    assert [fault["kind"] for fault in listed["faults"]] == ["latency", "cut_after"]
    await profit.control("DELETE", f"/faults/{listed['faults'][0]['id']}")
    assert [f["kind"] for f in (await profit.control("GET", "/faults"))[1]["faults"]] == ["cut_after"]
    await profit.control("DELETE", "/faults")
    assert (await profit.control("GET", "/faults"))[1] == {"faults": []}
