"""What posting alone costs: the same bodies and the same parallelism, without database, checks or log.

`python -m benchmarks.delivery.bare aiohttp|httpx|requests --url TEMPLATE ...` prints what it took, per entry.
`aiohttp` has the settings of the product's own client; `requests` goes one by one, as people write it.
"""

import argparse
import asyncio
import importlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

Post = Callable[[bytes], Awaitable[object]]
HEADERS = {
    "Accept": "application/json",
    "Accept-Language": "nl-nl",
    "Content-Type": "application/json;charset=utf-8",
    "Authorization": "AfasToken " + "A" * 120,
}


async def with_aiohttp(urls: list[str], body: bytes, entries: int, calls: int) -> None:
    """One session per environment, settled as `afas_client.transport` does it."""
    import aiohttp  # noqa: PLC0415 (each loop costs its own library only)

    async def environment(url: str) -> None:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=5),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=980, connect=20, sock_read=960),
        ) as session:

            async def post(body: bytes) -> None:
                async with session.post(url, data=body, headers=HEADERS, allow_redirects=False) as answer:
                    json.loads(await answer.read())

            await _in_parallel(post, body, entries // len(urls), calls)

    await asyncio.gather(*map(environment, urls))


async def with_httpx(urls: list[str], body: bytes, entries: int, calls: int) -> None:
    """One client per environment."""
    import httpx  # noqa: PLC0415

    async def environment(url: str) -> None:
        async with httpx.AsyncClient(headers=HEADERS, timeout=960) as client:

            async def post(body: bytes) -> None:
                (await client.post(url, content=body)).json()

            await _in_parallel(post, body, entries // len(urls), calls)

    await asyncio.gather(*map(environment, urls))


async def with_requests(urls: list[str], body: bytes, entries: int, calls: int) -> None:  # noqa: ARG001
    """One by one, in one session."""
    import requests  # noqa: PLC0415

    with requests.Session() as session:
        for at in range(entries):
            session.post(urls[at % len(urls)], data=body, headers=HEADERS, timeout=960).json()


async def _in_parallel(post: Post, body: bytes, entries: int, calls: int) -> None:
    left = iter(range(entries))
    await asyncio.gather(*(_one_after_another(post, body, left) for _ in range(calls)))


async def _one_after_another(post: Post, body: bytes, left: Iterator[int]) -> None:
    for _ in left:
        await post(body)


LOOPS = {"aiohttp": with_aiohttp, "httpx": with_httpx, "requests": with_requests}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loop", choices=LOOPS)
    parser.add_argument(
        "--url", required=True, help="with a place for the participant number and the segment"
    )
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--environments", type=int, required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--entries", type=int, required=True)
    asked = parser.parse_args()
    urls = [
        asked.url.format(participant_number=10_000 + at, segment="resttest") + "/connectors/FiEntries"
        for at in range(asked.environments)
    ]
    loop = LOOPS[asked.loop](urls, asked.body.read_bytes(), asked.entries, asked.calls)
    importlib.import_module(asked.loop)  # what it costs to start is not counted
    started, worked = time.monotonic(), time.process_time()
    asyncio.run(loop)
    seconds, cpu = time.monotonic() - started, time.process_time() - worked
    figures = {
        "entries": asked.entries,
        "booked_seconds": seconds,
        "booked_per_second": asked.entries / seconds,
        "booked_cpu_us": cpu / asked.entries * 1e6,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
