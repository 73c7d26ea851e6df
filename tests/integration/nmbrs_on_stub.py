"""An Nmbrs in memory that a test changes at will, an office connected with it, and the work of synchronising."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings

from loonbrug.access.operations import create_office
from loonbrug.access.rights import Scope, service_scope
from loonbrug.connections.models import NmbrsConnection
from loonbrug.connections.nmbrs_operations import record_consent
from loonbrug.workflows.nmbrs_ground import Ground
from loonbrug.workflows.synchronise import due, synchronise
from nmbrs_client import wire
from nmbrs_client.auth import Tokens
from nmbrs_client.transport import Transport

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = 100


def run(
    number: int, period: int, *, year: int = 2026, locked: bool = True, **other: object
) -> dict[str, Any]:
    """A run as Nmbrs shows it."""
    return {
        "payrollRunId": f"run-{year}-{number}",
        "number": number,
        "year": year,
        "periodStart": period,
        "periodEnd": period,
        "createdAt": f"{year}-{min(period, 12):02}-20T12:00:00",
        "description": f"Run {number}",
        "locked": locked,
        "type": "normal",
        **other,
    }


def problem(status: int, code: int, **headers: str) -> wire.Response:
    """An error as Nmbrs tells it."""
    body = json.dumps({"httpStatus": status, "code": code, "title": "No"}).encode()
    return wire.Response(status, {"Content-Type": "application/json", **headers}, body)


@dataclass
class Shown:
    """A company in Nmbrs."""

    number: str
    name: str
    debtor: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    cost_centres: dict[str, str] = field(default_factory=dict)
    cost_units: dict[str, str] = field(default_factory=dict)
    period_type: str = "month"


class NmbrsStub:
    """What Nmbrs shows to whoever has a token; `answers` overrules by the end of a path."""

    def __init__(self) -> None:
        self.debtors: dict[str, tuple[str, str]] = {}
        self.companies: dict[str, Shown] = {}
        self.answers: dict[str, Callable[[], wire.Response]] = {}
        self.asked: list[str] = []
        self.refreshed: Counter[str] = Counter()

    def calls(self) -> Counter[str]:
        """How often each kind of call was made; then the count starts anew."""
        kinds = Counter(path.rsplit("/", 1)[-1].partition("?")[0] for path in self.asked)
        self.asked.clear()
        return kinds

    async def send(self, request: wire.Request) -> wire.Response:
        parts = urlsplit(request.url)
        if parts.path == "/connect/token":
            return self._pair(parse_qs(request.body.decode())["refresh_token"][0])
        self.asked.append(request.url)
        for end, answer in self.answers.items():
            if parts.path.endswith(end):
                return answer()
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        return self._listed(parts.path.removeprefix("/api/").split("/"), query)

    def _pair(self, refresh_token: str) -> wire.Response:
        self.refreshed[refresh_token] += 1
        if "connect/token" in self.answers:
            return self.answers["connect/token"]()
        answer = {
            "access_token": f"{refresh_token}+",
            "refresh_token": f"{refresh_token}+",
            "expires_in": 3600,
            "token_type": "Bearer",
        }
        return wire.Response(200, {}, json.dumps(answer).encode())

    def _listed(self, path: list[str], query: dict[str, str]) -> wire.Response:
        if path == ["debtors"]:
            rows = [
                {"debtorId": key, "number": number, "name": name}
                for key, (number, name) in self.debtors.items()
            ]
        elif path == ["companies"]:
            rows = [
                {"companyId": key, "number": each.number, "name": each.name, "debtorId": each.debtor}
                for key, each in self.companies.items()
                if each.debtor in self.debtors
            ]
        else:
            rows = self._of_company(self.companies[path[1]], path[2], query)
        return wire.Response(200, {}, json.dumps({"data": rows, "pagination": _one_page()}).encode())

    def _of_company(self, company: Shown, what: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if what == "runs":
            return [each for each in company.runs if str(each["year"]) == query["year"]]
        if what == "period":
            return [{"period": {"year": 2026, "period": 11}, "periodType": company.period_type}]
        codes = company.cost_centres if what == "costCenters" else company.cost_units
        return [{"code": code, "description": name} for code, name in codes.items()]


def _one_page() -> dict[str, int]:
    return {"pageNumber": 1, "totalPages": 1}


class NmbrsOffice:
    """An office with one connection, and the clock that its work goes by."""

    def __init__(self, stub: NmbrsStub, name: str = "Kantoor Noord") -> None:
        self.stub = stub
        self.now = NOW
        email = f"anna@{name.rsplit(maxsplit=1)[-1].lower()}.nl"
        office = create_office(name=name, user_email=email, user_name="Anna", now=NOW)
        self.scope: Scope = service_scope(office.id)
        self.connection_id = self.consent()

    def consent(self, *, renews_id: int | None = None, token: str = "refresh") -> int:
        """Somebody gives consent now: the id of the connection that keeps it."""
        tokens = Tokens(f"{token} access", token, timedelta(hours=1), frozenset())
        return record_consent(
            office_id=self.scope.office_id, tokens=tokens, by="Anna", renews_id=renews_id, now=self.now
        ).id

    def row(self, connection_id: int | None = None) -> NmbrsConnection:
        return NmbrsConnection.objects.get(id=connection_id or self.connection_id)

    def synchronise(self, *, later: timedelta = timedelta(0), turns: int = 50) -> None:
        """So much later, do what is due until nothing is."""
        self.now += later
        for _ in range(turns):
            found = due(now=self.now)
            if not found:
                return
            for _kind, connection_id in found:
                asyncio.run(synchronise(connection_id=connection_id, ground=self.ground()))
        raise AssertionError("there is always something due")

    def ground(self) -> Ground:
        return Ground(
            now=lambda: self.now,
            new_id=uuid4,
            write=at_once,
            open_transport=self._line,
            is_stopping=lambda: False,
            others_wait=lambda: False,
            slice_seconds=5.0,
            redirect_url="http://127.0.0.1/",
        )

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Transport]:
        yield self.stub


async def at_once(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run it here, as if no loop ran: so that it meets the connection, and the transaction, of the test itself."""
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return operation(*args, **kwargs)
    finally:
        asyncio._set_running_loop(loop)


@pytest.fixture
def stub() -> NmbrsStub:
    nmbrs = NmbrsStub()
    nmbrs.debtors["d1"] = ("1001", "Van Dijk Groep")
    nmbrs.companies["c1"] = Shown("2001", "Bakkerij", "d1", [run(10, 10), run(11, 11, locked=False)])
    nmbrs.companies["c2"] = Shown("2002", "Garage", "d1", [run(10, 10)])
    return nmbrs


@pytest.fixture
def office(db: None, stub: NmbrsStub, monkeypatch: pytest.MonkeyPatch) -> NmbrsOffice:
    for name in ("NMBRS_CLIENT_ID", "NMBRS_SECRET", "NMBRS_SUBSCRIPTION_KEY"):
        monkeypatch.setattr(settings, name, "given")
    monkeypatch.setattr(settings, "NMBRS_URL", "http://nmbrs.test")
    return NmbrsOffice(stub)
