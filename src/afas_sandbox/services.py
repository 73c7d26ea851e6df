"""The services behind the REST addresses: activation, meta information, GetConnectors, FiEntries."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NoReturn, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from afas_sandbox import activation, connector_query, connectors, entrance, fi_entries, fi_message, metainfo
from afas_sandbox.answers import empty_answer, json_answer
from afas_sandbox.entrance import Caller, NotLetInError
from afas_sandbox.faults import BOOKING, Call, FaultKind
from afas_sandbox.fi_entries import Booked
from afas_sandbox.messages import Refusal, language_of
from afas_sandbox.sandbox import Sandbox
from afas_sandbox.world import Environment, ResponseShape


class InvalidJsonError(Exception):
    """The body cannot be read as JSON in UTF-8."""


@dataclass(frozen=True)
class Asked:
    """A call, read so far as is needed to send it on."""

    sandbox: Sandbox
    environment: Environment
    request: Request
    path: tuple[str, ...]
    """What comes after `ProfitRestServices`, as it was written."""
    raw_body: bytes

    @property
    def name(self) -> str:
        """The connector or service that is called."""
        is_connector = len(self.path) > 1 and self.path[0].lower() == "connectors"
        return self.path[1] if is_connector else self.path[0] if self.path else ""

    @property
    def language(self) -> str:
        return language_of(self.request.headers.get("accept-language"), self.environment.language)

    def caller(self) -> Caller:
        return entrance.caller(
            self.environment, self.request.headers.get("authorization"), self.sandbox.now()
        )

    @cached_property
    def body(self) -> Any:
        """The body as JSON, amounts as Decimal. Raises InvalidJsonError."""
        try:
            text = self.raw_body.decode("utf-8")
            if "utf-8" not in self.request.headers.get("content-type", "").lower():
                text = text.encode("ascii", "replace").decode("ascii")
            return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, ArithmeticError, RecursionError):
            raise InvalidJsonError from None


Service: TypeAlias = Callable[[Asked], Awaitable[Response]]


def find(asked: Asked) -> Service | None:
    """The service that a call is for; None where AFAS has no such address."""
    address = f"{asked.request.method} {'/'.join(asked.path).lower()}"
    return next((service for pattern, service in _SERVICES if re.fullmatch(pattern, address)), None)


def call_of(asked: Asked) -> Call:
    """The call as faults look at it; a booking shows its administration and journal."""
    operation = f"{asked.request.method} {asked.name}"
    administration, journal = None, ""
    if operation.casefold() == BOOKING.casefold():
        try:
            fields = asked.body["FiEntryPar"]["Element"]["Fields"]
            header = fields[0] if isinstance(fields, list) else fields
            administration, journal = int(header["UnId"]), str(header["JoCo"])
        except (InvalidJsonError, KeyError, IndexError, TypeError, ValueError):
            administration, journal = None, ""
    return Call(asked.environment.host, operation, administration, journal)


async def _request_code(asked: Asked) -> Response:
    return await activation.request_code(asked.sandbox, asked.environment, asked.body)


async def _validate_code(asked: Asked) -> Response:
    return activation.validate_code(asked.sandbox, asked.environment, asked.body)


def _admitted(asked: Asked) -> Caller:
    caller = asked.caller()
    if not caller.is_admitted:
        raise NotLetInError
    return caller


async def _metainfo(asked: Asked) -> Response:
    caller = _admitted(asked)
    return json_answer(200, metainfo.overview(asked.environment, caller.connector, caller.token, caller.user))


async def _metainfo_of(asked: Asked) -> Response:
    caller, kind, name = _admitted(asked), asked.path[1].lower(), asked.path[2]
    if kind == "update" and _among(name, caller.connector.update_connectors) == "FiEntries":
        return json_answer(200, metainfo.of_fi_entries(asked.language))
    known = connectors.get_connectors().get(_among(name, caller.connector.get_connectors))
    if kind == "get" and known is not None:
        return json_answer(200, metainfo.of_get_connector(known))
    raise Refusal("metainfo_refused")


async def _version(asked: Asked) -> Response:
    caller = _admitted(asked)
    if not _among("AppConnectorVersion", caller.connector.other_connectors):
        raise Refusal("metainfo_refused")
    return json_answer(200, {"version": asked.environment.profit_version})


def _among(name: str, names: set[str]) -> str:
    """The name as it is kept, found without regard to case; empty when it is not there."""
    return next((kept for kept in names if kept.lower() == name.lower()), "")


async def _read_rows(asked: Asked) -> Response:
    caller = asked.caller()
    connector = connectors.get_connectors().get(_among(asked.name, caller.connector.get_connectors))
    if connector is None or not caller.is_admitted:
        raise Refusal("get_connector_refused")
    if connector.name in asked.environment.blocked_get_connectors:
        raise Refusal("get_connector_blocked")
    query = connector_query.parse(connector, asked.request.query_params)
    found = connectors.rows(connector.name, asked.environment, caller.user)
    page = connector_query.select(connector, query, found)
    return json_answer(200, {"skip": query.skip, "take": query.take, "rows": page})


def _writer(asked: Asked) -> Caller:
    """The caller, when he may use FiEntries: refused by 500, not by 401, as AFAS does."""
    caller = asked.caller()
    may_use = _among(asked.name, caller.connector.update_connectors) == "FiEntries"
    if not (caller.is_admitted and may_use):
        raise Refusal("update_connector_refused")
    return caller


async def book(asked: Asked) -> Response:
    caller, body, call = _writer(asked), asked.body, call_of(asked)
    if asked.sandbox.faults.take(FaultKind.LAYOUT_LOCK, call):
        raise Refusal("layout_locked")
    if asked.sandbox.faults.take(FaultKind.BLOCKED_PERIOD, call):
        raise Refusal("date_blocked", day=fi_message.read(body).lines[0].fields.day("BpDa"))
    booked = fi_entries.book(asked.environment, caller.user, body, asked.sandbox.now())
    return json_answer(201, _keys(asked.environment.response_shape, booked))


def _keys(shape: ResponseShape, booked: Booked) -> dict[str, Any]:
    """The keys of a booked entry in the shape that the environment is set to; all values are text."""
    unit, entry = str(booked.administration), str(booked.entry_number)
    if shape is ResponseShape.OPENAPI:
        return {"results": {"FiEntries": {"EnNo": entry, "UnId": unit, "InID": booked.invoice}}}
    keys = {"FiEntryPar": {"UnId": unit, "EnNo": entry, "InId": booked.invoice}}
    return keys if shape is ResponseShape.BARE else {"results": keys}


async def _delete(asked: Asked) -> Response:
    """The two documented forms: by `@EnNo` and by `InId`, with the keys `UnId,JoCo` before them."""
    caller = _writer(asked)
    match tuple(part.lower() for part in asked.path[2:]):
        case ("fientrypar", "unid,joco", _, "fientries", "@enno" | "inid" as by, _):
            unit, _, journal = asked.path[4].partition(",")
            key = asked.path[7]
        case _:
            raise Refusal("unexpected")
    if not unit.isdecimal() or (by == "@enno" and not key.isdecimal()):
        raise Refusal("type_mismatch")
    where = fi_entries.place(asked.environment, caller.user, int(unit), journal)
    number, invoice = (int(key), "") if by == "@enno" else (None, key)
    fi_entries.delete(asked.environment, where, asked.sandbox.now(), number=number, invoice=invoice)
    return empty_answer(200)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_SERVICES: tuple[tuple[str, Service], ...] = (
    ("POST otprequest", _request_code),
    ("POST otpvalidation", _validate_code),
    ("GET metainfo", _metainfo),
    ("GET metainfo/(get|update)/[^/]+", _metainfo_of),
    ("GET profitversion", _version),
    ("GET connectors/[^/]+", _read_rows),
    ("POST connectors/[^/]+", book),
    ("DELETE connectors/fientries/.+", _delete),
)
