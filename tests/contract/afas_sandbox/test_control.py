"""The control port: scenes are set, changed, looked into and thrown away."""

import asyncio
from typing import Any

import aiohttp
import pytest
from tests.contract.afas_sandbox.conftest import HOST, Profit, wage_entry


async def test_a_reset_forgets_what_was_booked(profit: Profit) -> None:
    await profit.call("POST", "connectors/FiEntries", wage_entry())
    await profit.control("POST", "/reset", {"seed": "demo"})
    assert (await profit.control("GET", f"/books/{HOST}"))[1] == {"entries": []}


async def test_the_empty_seed_has_one_environment_without_app_connectors(profit: Profit) -> None:
    await profit.control("POST", "/reset", {"seed": "empty"})
    _, world = await profit.control("GET", "/world")
    assert [(e["participant"], e["app_connectors"]) for e in world["environments"]] == [("12345", [])]


async def test_one_row_changes_without_touching_the_others(profit: Profit) -> None:
    change = {"participant": "12345", "type": "T", "accounts": [{"number": "4070", "vat_allowed_in": []}]}
    await profit.control("POST", "/world", {"environments": [change]})
    accounts = profit.sandbox.world.environments[HOST].accounts
    assert (accounts["4070"].vat_allowed_in, accounts["4070"].description) == (set(), "Reiskosten")
    assert accounts["8000"].vat_allowed_in


async def test_rows_are_taken_out_by_their_key(profit: Profit) -> None:
    environment = profit.sandbox.world.environments[HOST]
    for path in ("accounts/4090", "axis_codes/1,300", "administrations/1/journals/90"):
        assert (await profit.control("DELETE", f"/world/{HOST}/{path}"))[0] == 200
    assert "4090" not in environment.accounts
    assert (1, "300") not in environment.axis_codes
    assert "90" not in environment.administrations[1].journals


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/reset", {"seed": "other"}, 400, "demo, empty"),
        ("POST", "/world", {"environments": [{"type": "T"}]}, 400, "participant"),
        ("POST", "/world", {"environments": [{"participant": "1", "type": "X"}]}, 400, "X"),
        (
            "POST",
            "/world",
            {"environments": [{"participant": "12345", "type": "T", "colour": 1}]},
            400,
            "no colour",
        ),
        ("POST", "/faults", {"kind": "rain"}, 400, "rain"),
        ("PATCH", "/settings", {"time_limit_ms": 0}, 400, "above 0"),
        ("GET", "/books/99999.rest", None, 404, "99999.rest"),
        ("DELETE", f"/world/{HOST}/accounts/0000", None, 404, "0000"),
    ],
)
async def test_a_wrong_request_is_told_what_is_wrong(
    profit: Profit, method: str, path: str, body: object, status: int, words: str
) -> None:
    answer = await profit.control(method, path, body)
    assert answer[0] == status
    assert words in answer[1]["problem"]


async def test_every_call_is_kept_with_when_it_was_worked_on_also_after_its_caller_had_gone(
    profit: Profit,
) -> None:
    await profit.control("POST", "/faults", {"kind": "book_late", "delay_ms": 50, "count": 1})
    with pytest.raises(aiohttp.ClientConnectionError):
        await profit.call("POST", "connectors/FiEntries", wage_entry())
    assert [call["ended_at"] is None for call in await calls(profit)] == [False, True]
    await asyncio.gather(*profit.sandbox.late_work)
    assert [(call["operation"], call["is_late"]) for call in await calls(profit)] == [
        ("POST FiEntries", False),
        ("POST FiEntries", True),
    ]
    assert all(call["began_at"] <= call["ended_at"] for call in await calls(profit))


async def calls(profit: Profit) -> list[dict[str, Any]]:
    _, told = await profit.control("GET", f"/calls/{HOST}")
    found: list[dict[str, Any]] = told["calls"]
    return found
