"""Runs of a company in Nmbrs, and a Nmbrs that gives what a test says; the work is done as the engine does it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from queue import Queue
from typing import Any, cast
from uuid import uuid4

from tests.integration.payroll_office import NOW

from loonbrug.connections.nmbrs_clients import Writing
from loonbrug.directory.models import Company, NmbrsCompany, NmbrsDebtor
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.workflows.generate import generate
from loonbrug.workflows.nmbrs_ground import Ground
from nmbrs_client.client import NmbrsClient
from nmbrs_client.records import Variant
from nmbrs_client.transport import Transport

Asked = tuple[str, str, Variant, int]


def document(*amounts: str, date: str = "20261125", office: str = "", side: str = "debit") -> bytes:
    """A journal document with one transaction for each amount, in balance unless the side says otherwise."""
    said = f"<office>{office}</office>" if office else ""
    transactions = "".join(
        f"<transaction><header><date>{date}</date>{said}</header><lines>"
        f"<line><dim1>4000</dim1><dim2>100</dim2><value>{amount}</value><debitcredit>{side}</debitcredit>"
        "<description>Bruto lonen</description></line>"
        f"<line><dim1>2100</dim1><value>{amount}</value><debitcredit>credit</debitcredit>"
        "<description>Nettoloon</description></line></lines></transaction>"
        for amount in amounts
    )
    return f"<transactions>{transactions}</transactions>".encode()


@dataclass
class Nmbrs:
    """What Nmbrs answers, and what it was asked; when an answer is an error, that is raised."""

    answer: bytes | Exception = b""
    asked: list[Asked] = field(default_factory=list)

    async def journal(self, company: str, run: str, variant: Variant, year: int, _seconds: int) -> bytes:
        self.asked.append((company, run, variant, year))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(frozen=True)
class Here(Ground):
    """The ground of the engine, with this Nmbrs at the end of the line."""

    nmbrs: Nmbrs | NmbrsClient = field(default_factory=Nmbrs)

    def client(self, **_line: object) -> NmbrsClient:
        return cast("NmbrsClient", self.nmbrs)


def link(office_id: int, company_id: int, nmbrs_id: str = "company-1") -> None:
    """Our company is one in Nmbrs."""
    debtor = NmbrsDebtor.objects.create(
        office_id=office_id, connection_id=1, nmbrs_id=f"debtor-{nmbrs_id}", number="1", name="Van Dam"
    )
    company = Company.objects.get(pk=company_id)
    NmbrsCompany.objects.create(
        office_id=office_id,
        debtor=debtor,
        nmbrs_id=nmbrs_id,
        number=company.number,
        name=company.name,
        company=company,
    )


def run_in_nmbrs(company_id: int, *, number: int = 1, period: int = 11, **facts: object) -> int:
    """A locked run of 2026; its id."""
    values: dict[str, object] = {
        "office_id": Company.objects.get(pk=company_id).office_id,
        "company_id": company_id,
        "nmbrs_id": f"run-{period}-{number}",
        "number": number,
        "year": 2026,
        "period": period,
        "is_locked": True,
        "description": "November",
        "seen_at": NOW,
    }
    return NmbrsRun.objects.create(**values | facts).pk


def fetch(nmbrs: Nmbrs, run_id: int, *, at: datetime = NOW) -> None:
    """Do the work on one run as the engine does, with this Nmbrs at the end of the line."""

    async def work(write: Writing) -> None:
        await generate(run_id=run_id, ground=ground(write, nmbrs, at=at))

    in_a_loop(work)


def ground(write: Writing, nmbrs: Nmbrs | NmbrsClient, *, at: datetime = NOW) -> Here:
    """The ground of the engine at this moment."""
    return Here(
        now=lambda: at,
        new_id=uuid4,
        write=write,
        open_transport=_no_line,
        is_stopping=lambda: False,
        others_wait=lambda: False,
        slice_seconds=60.0,
        redirect_url="https://loonbrug.example/",
        nmbrs=nmbrs,
    )


def in_a_loop(work: Callable[[Writing], Coroutine[Any, Any, None]]) -> None:
    """Run it with a loop on a thread of its own, and the database on this one, where the test's transaction is."""
    asks: Queue[tuple[Future[object], Callable[[], object]] | None] = Queue()

    async def write(operation: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        answer: Future[object] = Future()
        asks.put((answer, partial(operation, *args, **kwargs)))
        return await asyncio.wrap_future(answer)

    def run() -> None:
        try:
            asyncio.run(work(write))
        finally:
            asks.put(None)

    with ThreadPoolExecutor(max_workers=1) as loop:
        done = loop.submit(run)
        while ask := asks.get():
            _answer(*ask)
        done.result()


def later(**ago: float) -> datetime:
    """So long after the beginning."""
    return NOW + timedelta(**ago)


def _answer(answer: Future[object], operation: Callable[[], object]) -> None:
    try:
        answer.set_result(operation())
    except BaseException as raised:  # noqa: BLE001 -- it is raised where the answer is awaited
        answer.set_exception(raised)


@asynccontextmanager
async def _no_line() -> AsyncIterator[Transport]:
    yield cast("Transport", None)
