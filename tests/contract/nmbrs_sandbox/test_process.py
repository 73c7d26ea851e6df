import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from tests.running import free_port


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """The process, its address and that of its control port, which it tells itself."""
    ports = ["--port", str(free_port()), "--control-port", str(free_port())]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, *ports, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        told = [(await process.stdout.readline()).decode().strip().rsplit(" ", 1)[1] for _ in range(2)]
        yield process, *told
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def answer_when_up(url: str) -> dict[str, object]:
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            try:
                async with session.get(url) as answer:
                    content: dict[str, object] = await answer.json()
                    return content
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    raise AssertionError("The sandbox did not come up.")


@pytest.mark.parametrize(
    "command", [["nmbrs_sandbox"], ["loonbrug.project.main", "nmbrs-sandbox"]], ids=["module", "command"]
)
async def test_the_process_tells_its_addresses_serves_and_stops_when_told(command: list[str]) -> None:
    async with running(*command, "--today", "2026-10-30") as (process, url, control_url):
        assert (await answer_when_up(f"{url}api/debtors"))["code"] == 40100
        clock = await answer_when_up(f"{control_url}clock")
        assert str(clock["now"]).startswith("2026-10-30T")
        world = await answer_when_up(f"{control_url}world")
        newest = world["companies"][0]["runs"][-1]  # type: ignore[index]
        assert (newest["year"], newest["period"]) == (2026, 10)

        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)


async def test_a_partner_registers_five_addresses_at_most() -> None:
    addresses = [part for number in range(6) for part in ("--redirect-uri", f"http://127.0.0.1:{number}/")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nmbrs_sandbox", *addresses, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    said = await process.stderr.read()
    assert (await process.wait(), b"at most 5" in said) == (2, True)
