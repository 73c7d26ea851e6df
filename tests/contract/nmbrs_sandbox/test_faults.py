"""Faults: for which calls, how many times, and what the caller gets."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from xml.etree import ElementTree

import aiohttp
import pytest
from tests.contract.afas_sandbox.conftest import serving
from tests.contract.nmbrs_sandbox.caller import KEY, Partner

from nmbrs_sandbox.app import nmbrs_app


async def fault(partner: Partner, kind: str, **scope: object) -> int:
    answer = await partner.control("POST", "/faults", {"kind": kind} | scope)
    assert answer.status == 201, answer.text
    return int(answer.content["id"])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("too_many_calls", 42908),
        ("quota_exceeded", 42909),
        ("unavailable", 50301),
        ("gateway", 50201),
        ("unexpected", 50001),
        ("invalid_token", 40102),
    ],
)
async def test_a_fault_hits_as_often_as_told(partner: Partner, kind: str, code: int) -> None:
    await fault(partner, kind, count=2)
    assert [(await partner.get("/api/debtors")).code for _ in range(2)] == [code, code]
    assert (await partner.get("/api/debtors")).status == 200


async def test_a_fault_stays_until_it_is_cleared(partner: Partner) -> None:
    first, _ = await fault(partner, "unavailable"), await fault(partner, "gateway")
    assert (await partner.get("/api/debtors")).status == 503
    await partner.control("DELETE", f"/faults/{first}")
    assert (await partner.get("/api/debtors")).status == 502
    await partner.control("DELETE", "/faults")
    assert (await partner.get("/api/debtors")).status == 200


async def test_a_fault_has_its_own_operation_and_company(partner: Partner) -> None:
    await fault(partner, "unavailable", operation="GET runs", company="2001")
    assert (await partner.get(f"{partner.company('2002')}/runs")).status == 200
    assert (await partner.get(f"{partner.company()}/costUnits")).status == 200
    assert (await partner.get(f"{partner.company()}/runs")).status == 503


async def test_how_long_to_wait_is_told_on_request_only(partner: Partner) -> None:
    await fault(partner, "too_many_calls", count=1)
    await fault(partner, "too_many_calls", count=1, retry_after=7)
    assert "retry-after" not in (await partner.get("/api/debtors")).headers
    assert (await partner.get("/api/debtors")).headers["retry-after"] == "7"


@pytest.mark.parametrize(("kind", "start"), [("html", "<!doctype html>"), ("empty", "")])
async def test_something_else_than_an_answer_comes_with_200(partner: Partner, kind: str, start: str) -> None:
    await fault(partner, kind, operation="POST token", count=1)
    answer = await partner.renew(partner.refresh_token)
    assert (answer.status, answer.text[:15]) == (200, start)
    assert (await partner.renew(partner.refresh_token)).status == 200


async def test_a_task_may_take_its_time(partner: Partner) -> None:
    await fault(partner, "task_slow", delay_ms=60_000, count=1)
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]
    await partner.control("POST", "/clock", {"seconds": 59})
    assert (await partner.get(f"/api/documents/{task}")).status == 202
    await partner.control("POST", "/clock", {"seconds": 1})
    assert (await partner.get(f"/api/documents/{task}")).status == 200


@pytest.mark.parametrize(("kind", "code"), [("task_fails", 50001), ("task_vanishes", 40401)])
async def test_a_task_may_fail_or_vanish_after_it_began(partner: Partner, kind: str, code: int) -> None:
    await fault(partner, kind, count=1)
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]
    assert (await partner.get(f"/api/documents/{task}")).status == 202
    await partner.control("POST", "/clock", {"seconds": 1})
    assert (await partner.get(f"/api/documents/{task}")).code == code
    assert (await partner.journal(partner.run())).status == 200


async def test_a_task_may_never_end(partner: Partner) -> None:
    await fault(partner, "task_never_ends", count=1)
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]
    await partner.control("POST", "/clock", {"seconds": 3000})
    assert (await partner.get(f"/api/documents/{task}")).status == 202


async def test_the_journal_of_another_company_says_so_in_its_header(partner: Partner) -> None:
    await fault(partner, "other_company", company="2001", count=1)
    other = await partner.journal(partner.run())
    assert "<office>2002</office>" in other.text
    assert "<office>2001</office>" in (await partner.journal(partner.run())).text


async def test_a_document_may_be_cut_off(partner: Partner) -> None:
    await fault(partner, "truncated", count=1)
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring((await partner.journal(partner.run())).text)


def differences(text: str) -> list[Decimal]:
    """Debit less credit of each transaction."""
    sign = {"debit": 1, "credit": -1}
    return [
        sum(
            (
                Decimal(line.findtext("value", "")) * sign[line.findtext("debitcredit", "")]
                for line in transaction.iter("line")
            ),
            Decimal(0),
        )
        for transaction in ElementTree.fromstring(text)
    ]


async def test_a_document_may_be_out_of_balance(partner: Partner) -> None:
    await fault(partner, "unbalanced", count=1)
    assert differences((await partner.journal(partner.run())).text) == [Decimal("0.01")]


async def test_a_document_may_have_unknown_elements(partner: Partner) -> None:
    await fault(partner, "unknown_elements", count=1)
    strange = ElementTree.fromstring((await partner.journal(partner.run())).text)
    assert strange.findall("transaction/lines/line/matching")
    assert strange.findall("transaction/attachments")


async def test_a_document_may_be_huge_and_balance(partner: Partner) -> None:
    await fault(partner, "huge", count=1)
    text = (await partner.journal(partner.run())).text
    assert text.count("<line ") > 100_000
    assert differences(text) == [Decimal(0)]


async def test_a_prolog_may_say_utf_16_of_utf_8(partner: Partner) -> None:
    await fault(partner, "utf_16_prolog", count=1)
    assert (await partner.journal(partner.run())).text.startswith('<?xml version="1.0" encoding="utf-16"?>')


async def test_credits_may_come_as_negative_debits(partner: Partner) -> None:
    await fault(partner, "negative_values", count=1)
    text = (await partner.journal(partner.run())).text
    assert "<debitcredit>credit</debitcredit>" not in text
    assert differences(text) == [Decimal(0)]


@pytest.fixture
async def url(partner: Partner) -> AsyncIterator[str]:
    """The sandbox on a real line, which can be cut."""
    async with serving(nmbrs_app(partner.sandbox), partner.sandbox) as url:  # type: ignore[arg-type]
        yield url


async def test_a_line_may_be_cut_before_anything_is_done(partner: Partner, url: str) -> None:
    await fault(partner, "cut_before", count=2)  # aiohttp itself asks once more
    headers = {"Authorization": f"Bearer {partner.token}", "X-Subscription-Key": KEY}
    async with aiohttp.ClientSession(headers=headers) as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{url}{partner.run()}/journals?year=2026")
        assert partner.sandbox.tasks == {}
        async with session.get(f"{url}{partner.run()}/journals?year=2026") as answer:
            assert answer.status == 200
    assert [call.status for call in partner.sandbox.calls][-3:] == [0, 0, 200]


async def test_a_line_may_be_cut_after_the_task_began(partner: Partner, url: str) -> None:
    await fault(partner, "cut_after", count=2)  # aiohttp itself asks once more
    headers = {"Authorization": f"Bearer {partner.token}", "X-Subscription-Key": KEY}
    async with aiohttp.ClientSession(headers=headers) as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{url}{partner.run()}/journals?year=2026")
    assert len(partner.sandbox.tasks) == 2


async def test_an_answer_may_come_late(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await fault(partner, "latency", delay_ms=2500, count=1)
    assert (await partner.get("/api/debtors")).status == 200
    assert waited == [2.5]
