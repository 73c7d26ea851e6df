"""AfasClient: one method for each thing we do with AFAS Profit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from afas_client import auth, errors, get_connector, wire
from afas_client.auth import ClassicToken
from afas_client.fi_entries import Booked
from afas_client.get_connector import Query, Row
from afas_client.transport import Transport, may_leave

Shape = TypeVar("Shape")


class Connector(msgspec.Struct, frozen=True):
    """A connector that this app connector may use."""

    id: str
    description: str | None = ""


class EnvironmentInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Where the token leads. `token_expiry` is passed on as given: AFAS publishes no format for it."""

    envid: str = ""
    app_name: str = ""
    group: str = ""
    token_expiry: str = ""


class MetaInfo(msgspec.Struct, frozen=True, rename="camel"):
    """What this token may use (AFAS "Metainfo"): the test of a connection, and its capabilities."""

    update_connectors: tuple[Connector, ...]
    get_connectors: tuple[Connector, ...]
    info: EnvironmentInfo


class ConnectorField(msgspec.Struct, frozen=True, rename="camel"):
    """One column of a GetConnector (AFAS "Metainfo get")."""

    id: str
    data_type: str
    label: str | None = ""
    length: int | str | None = None
    decimals: int | str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the moment of AFAS's own clock (`Date`), where it sends one."""

    rows: tuple[Row, ...]
    answered_at: datetime | None


class _Fields(msgspec.Struct, frozen=True):
    fields: tuple[ConnectorField, ...]


class AfasClient:
    """AFAS Profit over REST, for one environment and one token.

    `base_url` comes from `auth.base_url`; `token` may be missing only for the activation code. Every method
    raises the errors of `afas_client.errors`: reads those of `wire.read_answer`, writes those of
    `wire.posted_answer`, both NeverLeft and NoAnswer.
    """

    def __init__(
        self,
        transport: Transport,
        base_url: str,
        token: ClassicToken | None = None,
        *,
        language: str = "nl-nl",
        integration_id: str | None = None,
    ) -> None:
        self._transport = transport
        self._base_url = base_url
        self._authorization = token.authorization if token is not None else None
        self._language = language
        self._integration_id = integration_id

    async def request_activation_code(self, *, api_key: str, environment_key: str, user_id: str) -> None:
        """Ask AFAS to mail an activation code (AFAS "OtpRequest"). That it was mailed is not certain."""
        body = auth.activation_request_body(api_key=api_key, environment_key=environment_key, user_id=user_id)
        auth.activation_requested(await self._send("POST", "/OtpRequest", body))

    async def validate_activation_code(
        self, *, api_key: str, environment_key: str, user_id: str, activation_code: str
    ) -> ClassicToken:
        """Trade the code for a token (AFAS "OtpValidation"). Raises ActivationCodeRefused."""
        body = auth.activation_validation_body(
            api_key=api_key,
            environment_key=environment_key,
            user_id=user_id,
            activation_code=activation_code,
        )
        return auth.activation_validated(await self._send("POST", "/OtpValidation", body))

    async def meta_info(self) -> MetaInfo:
        """What this token may use."""
        return await self._read("/metainfo", MetaInfo)

    async def connector_fields(self, connector: str) -> tuple[ConnectorField, ...]:
        """The columns of a GetConnector."""
        return (await self._read(f"/metainfo/get/{quote(connector, safe='')}", _Fields)).fields

    async def rows(self, connector: str, query: Query) -> tuple[Row, ...]:
        """One page of a GetConnector. Raises QueryTooLong before anything is sent."""
        return (await self.page(connector, query)).rows

    async def page(self, connector: str, query: Query) -> Page:
        """One page of a GetConnector with the moment at which AFAS says it answered. Raises as `rows`."""
        path = f"/connectors/{quote(connector, safe='')}{get_connector.query_string(query)}"
        response = await self._send("GET", path)
        found = get_connector.rows(wire.read_answer(response))
        if found is None:
            raise errors.BadAnswer("the answer holds no rows", evidence=wire.evidence_of(response))
        return Page(found, wire.answered_at(response))

    async def pages(self, connector: str, query: Query) -> AsyncIterator[Page]:
        """Page after page until one is not full. Raises as `rows`, and BadAnswer when AFAS gives one page for ever."""
        earlier: Page | None = None
        while earlier is None or len(earlier.rows) == query.take:
            page = await self.page(connector, query)
            if earlier is not None and page.rows and page.rows == earlier.rows:
                raise errors.BadAnswer("the same page came twice: AFAS does not heed which one is asked for")
            yield page
            earlier, query = page, query.next_page()

    async def all_rows(self, connector: str, query: Query) -> AsyncIterator[Row]:
        """Every row, page by page of `query.take` rows. Raises SortingMissing for a query without sorting."""
        if not query.order_by:
            raise get_connector.SortingMissing("name a field to sort by: pages are not stable without it")
        async for page in self.pages(connector, query):
            for row in page.rows:
                yield row

    async def post_entry(self, body: bytes, before_leaving: Callable[[], None] = may_leave) -> Booked:
        """Book one entry: these bytes, as they are, at most once. `before_leaving`: see `Transport.send`."""
        return wire.posted_answer(await self._send("POST", "/connectors/FiEntries", body, before_leaving))

    async def delete_entry(
        self,
        *,
        administration: int,
        journal_code: str,
        entry_number: str,
        before_leaving: Callable[[], None] = may_leave,
    ) -> None:
        """Delete one whole entry by its number (AFAS "FiEntries delete"), at most once."""
        journal = f"UnId,JoCo/{administration},{quote(journal_code, safe='')}"
        entry = f"@EnNo/{quote(entry_number, safe='')}"
        path = f"/connectors/FiEntries/FiEntryPar/{journal}/FiEntries/{entry}"
        wire.deleted_answer(await self._send("DELETE", path, b"", before_leaving))

    async def _read(self, path: str, shape: type[Shape]) -> Shape:
        response = await self._send("GET", path)
        try:
            return msgspec.convert(wire.read_answer(response), shape)
        except msgspec.ValidationError as wrong:
            raise errors.BadAnswer(
                f"the answer has another form: {wrong}", evidence=wire.evidence_of(response)
            ) from None

    async def _send(
        self, method: str, path: str, body: bytes = b"", before_leaving: Callable[[], None] = may_leave
    ) -> wire.Response:
        headers = wire.request_headers(
            authorization=self._authorization,
            language=self._language,
            integration_id=self._integration_id,
            body=body,
        )
        return await self._transport.send(
            wire.Request(method, self._base_url + path, headers, body), before_leaving
        )
