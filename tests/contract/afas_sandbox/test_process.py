import asyncio
import signal
import sys

import aiohttp
from tests.running import free_port


async def test_the_process_tells_its_addresses_serves_and_stops_when_told() -> None:
    port, control_port = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "afas_sandbox", "--port", str(port), "--control-port", str(control_port), "--seed", "empty"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
    assert [line.rsplit(" ", 1)[1] for line in told] == [
        f"http://127.0.0.1:{port}/",
        f"http://127.0.0.1:{control_port}/",
    ]
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/12345.resttest/ProfitRestServices/metainfo"
        assert await status_when_up(session, url) == 401

    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def status_when_up(session: aiohttp.ClientSession, url: str) -> int:
    for _ in range(200):
        try:
            async with session.get(url) as answer:
                return answer.status
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)
    raise AssertionError("The sandbox did not come up.")
