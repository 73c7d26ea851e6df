"""Synchronising an office with Nmbrs: every company with the runs of a year, and once more when nothing changed.

The product's own work on an SQLite database of its own; what Nmbrs answers is made in this process, so that the figures
are ours alone. `python -m benchmarks.nmbrs_sync [--companies N] [--json]`.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from benchmarks.product import set_up
from nmbrs_client import wire
from nmbrs_client.auth import Tokens

COMPANIES = 5_000
PERIODS = 12
PAGE = 100
START = datetime(2026, 12, 29, 6, 0, tzinfo=UTC)


class Stub:
    """Nmbrs as far as it is asked: one debtor, many companies, a locked run in every period of this year."""

    def __init__(self, companies: int) -> None:
        self.companies = companies
        self.calls: Counter[str] = Counter()
        self._runs = [_run(period) for period in range(1, PERIODS + 1)]

    async def send(self, request: wire.Request) -> wire.Response:
        parts = urlsplit(request.url)
        path = parts.path.removeprefix("/api/").split("/")
        query = parse_qs(parts.query)
        self.calls[path[-1] if len(path) > 2 else path[0]] += 1
        answer = self._answer(path, query)
        return wire.Response(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _answer(self, path: list[str], query: dict[str, list[str]]) -> dict[str, Any]:
        if path == ["debtors"]:
            return _page([{"debtorId": "debtor", "number": "1", "name": "Groot Kantoor"}], 1, 1)
        if path == ["companies"]:
            number = int(query["pageNumber"][0])
            first = (number - 1) * PAGE
            rows = [_company(each) for each in range(first, min(first + PAGE, self.companies))]
            return _page(rows, number, -(-self.companies // PAGE))
        if path[-1] == "period":
            return {"data": [{"period": {"year": START.year, "period": 12}, "periodType": "month"}]}
        if path[-1] == "runs":
            rows = [run | {"payrollRunId": f"{path[1]}-{run['number']}"} for run in self._runs]
            return _page(rows if query["year"] == [str(START.year)] else [], 1, 1)
        codes = "costCenterId" if path[-1] == "costCenters" else "costUnitId"
        return _page(
            [{codes: f"{at}", "code": f"{100 * at}", "description": "Afdeling"} for at in (1, 2, 3)], 1, 1
        )


def _page(rows: list[dict[str, Any]], number: int, pages: int) -> dict[str, Any]:
    return {"pagination": {"pageNumber": number, "totalPages": pages}, "data": rows}


def _company(at: int) -> dict[str, Any]:
    return {
        "companyId": f"company-{at}",
        "number": f"{10_000 + at}",
        "name": f"Bedrijf {at}",
        "debtorId": "debtor",
    }


def _run(period: int) -> dict[str, Any]:
    return {
        "number": period,
        "year": START.year,
        "periodStart": period,
        "periodEnd": period,
        "createdAt": f"{START.year}-{period:02}-20T12:00:00",
        "description": f"Loonopdracht {period}",
        "locked": True,
        "type": "normal",
    }


class Bench:
    """An office with one connection, and the clock that its work goes by."""

    def __init__(self, stub: Stub) -> None:
        from loonbrug.access.operations import create_office  # noqa: PLC0415
        from loonbrug.connections.nmbrs_operations import record_consent  # noqa: PLC0415

        self.stub = stub
        self.now = START
        office = create_office(name="Bench", user_email="b@bench.example", user_name="Bench", now=START)
        tokens = Tokens("access", "refresh", timedelta(days=30), frozenset())
        self.connection = record_consent(
            office_id=office.id, tokens=tokens, by="Bench", renews_id=None, now=START
        )

    def until_done(self) -> dict[str, Any]:
        """Work until nothing is due: what that took."""
        before = sum(self.stub.calls.values())
        started, cpu = time.monotonic(), time.process_time()
        asyncio.run(self._work())
        return {
            "calls": sum(self.stub.calls.values()) - before,
            "cpu_seconds": round(time.process_time() - cpu, 1),
            "seconds": round(time.monotonic() - started, 1),
            "most_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }

    async def _work(self) -> None:
        from loonbrug.delivery.writer import Writer  # noqa: PLC0415
        from loonbrug.workflows.nmbrs_ground import Ground  # noqa: PLC0415
        from loonbrug.workflows.synchronise import due, synchronise  # noqa: PLC0415

        @asynccontextmanager
        async def line() -> Any:
            yield self.stub

        with Writer() as writer:

            async def write(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
                return await writer.run(partial(operation, *args, **kwargs))

            ground = Ground(
                now=lambda: self.now,
                new_id=uuid4,
                write=write,
                open_transport=line,
                is_stopping=lambda: False,
                others_wait=lambda: False,
                slice_seconds=5.0,
                redirect_url="http://127.0.0.1/",
            )
            while await write(due, now=self.now):
                await synchronise(connection_id=self.connection.id, ground=ground)


def measure(companies: int) -> dict[str, Any]:
    """The first time, and then a quarter of an hour, a day and a week later; nothing changes in Nmbrs."""
    from loonbrug.payroll.nmbrs_models import NmbrsRun  # noqa: PLC0415

    bench = Bench(Stub(companies))
    figures: dict[str, Any] = {"companies": companies, "first": bench.until_done()}
    figures["runs"] = NmbrsRun.objects.count()
    for name, later in (
        ("a_quarter_later", timedelta(minutes=15)),
        ("a_day_later", timedelta(days=1)),
        ("a_week_later", timedelta(days=7)),
    ):
        bench.now += later
        figures[name] = bench.until_done()
    if figures["runs"] != companies * PERIODS or NmbrsRun.objects.count() != figures["runs"]:
        raise RuntimeError("the benchmark brought over something else than what Nmbrs showed")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=COMPANIES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for name in ("CLIENT_ID", "SECRET", "SUBSCRIPTION_KEY"):
        os.environ[f"LOONBRUG_NMBRS_{name}"] = "bench"
    with tempfile.TemporaryDirectory() as folder:
        set_up(folder)
        figures = measure(options.companies)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
