"""The lists that a mapping is chosen from, as AFAS gives them now."""

from collections.abc import Sequence
from dataclasses import dataclass

from afas_client.client import AfasClient, ConnectorField
from afas_client.get_connector import Condition, Operator, Query, Row, all_of
from loonbrug.connections.capabilities import Feature
from loonbrug.connections.clients import sign_in
from loonbrug.connections.queries import ConnectionView
from loonbrug.ledger.problems import Who, problem
from loonbrug.workflows.afas_calls import AfasAnswerError, ask

_PAGE = 1_000
_WHOLE = frozenset({"int", "long", "decimal"})  # AFAS "Metainfo": dataType


@dataclass(frozen=True, slots=True)
class Administration:
    """A set of books inside an environment: AFAS's number (UnId) and name."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class JournalCode:
    """A journal (dagboek) of one administration: AFAS's code (JoCo) and description."""

    code: str
    description: str
    is_blocked: bool


def administrations_of(account: ConnectionView) -> tuple[Administration, ...]:
    """The administrations this account may see, by number. Too few rights give fewer rows, not an error.

    Raises AfasAnswerError, NotAuthorisedError.
    """
    connector = account.connector_for(Feature.ADMINISTRATIONS)
    if not connector:
        raise AfasAnswerError(problem("administrations_connector_missing", who=Who.AFAS_ADMIN))

    async def read(client: AfasClient) -> tuple[Administration, ...]:
        number, name = _columns(await client.connector_fields(connector))
        rows = client.all_rows(connector, Query(order_by=(number,), take=_PAGE))
        return tuple([Administration(_whole(row[number]), _text(row, name)) async for row in rows])

    return ask(sign_in(office_id=account.office_id, connection_id=account.id), read)


def journal_codes_of(account: ConnectionView, *, administration: int) -> tuple[JournalCode, ...] | None:
    """The journals of an administration by code; None where the connector for them is not there.

    Raises AfasAnswerError, NotAuthorisedError.
    """
    connector = account.connector_for(Feature.JOURNAL_CODES)
    if not connector:
        return None
    query = Query(
        where=all_of(Condition("UnitId", Operator.EQUAL, str(administration))),
        order_by=("JournalId",),
        take=_PAGE,
    )

    async def read(client: AfasClient) -> tuple[JournalCode, ...]:
        return tuple(
            [
                JournalCode(_text(row, "JournalId"), _text(row, "Description"), row.get("Blocked") is True)
                async for row in client.all_rows(connector, query)
            ]
        )

    return ask(sign_in(office_id=account.office_id, connection_id=account.id), read)


def _columns(fields: Sequence[ConnectorField]) -> tuple[str, str]:
    """The columns with number and name: AFAS's own names, otherwise the first of the right type."""
    names = {field.id.casefold(): field.id for field in fields}
    number = names.get("adminid") or _first(fields, _WHOLE)
    name = names.get("adminnm") or _first(fields, {"string"})
    if not number or not name:
        raise AfasAnswerError(problem("administrations_columns_unknown", who=Who.AFAS_ADMIN))
    return number, name


def _first(fields: Sequence[ConnectorField], types: frozenset[str] | set[str]) -> str:
    return next((field.id for field in fields if field.data_type.casefold() in types), "")


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError as wrong:
        raise AfasAnswerError(problem("administrations_columns_unknown", who=Who.AFAS_ADMIN)) from wrong


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()
