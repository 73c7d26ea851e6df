"""A request from what we want; data or one error from an answer. Nothing here opens a connection.

Reads and writes are judged apart: after a write, whatever does not surely say "booked" or "not booked"
is Unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, NoReturn

from afas_client import catalogue, errors
from afas_client.catalogue import Outcome
from afas_client.fi_entries import Booked, booked

FUNCTIONAL_ERRORS = frozenset({-2147180996, -2147220469})
"""The `errorNumber`s with which AFAS says that the content was wrong (AFAS "Troubleshooting")."""

# Numbers of errors and of seconds are of 32 bits; no column or clock need hold what is larger.
_LARGEST = 2**31
# Where an answer may tell of an error, in lower case.
_TELLS_ERROR = frozenset({"externalmessage", "message", "error", "errornumber", "profitlogreference"})
# A log reference has 32 characters; more than twice as many is not kept.
_REFERENCE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to leave. Headers and body stay out of its repr: they hold a token and salaries."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, as it came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def request_headers(
    *, authorization: str | None, language: str, integration_id: str | None, body: bytes
) -> Mapping[str, str]:
    """The headers of every request.

    The language is fixed because errors are known by their text; the character set is named because AFAS
    otherwise stores question marks for accents; `IntegrationId` is asked of AFAS's partners only (AFAS
    "Parameters", "IntegrationId").
    """
    headers = {"Accept": "application/json", "Accept-Language": language, "Connection": "keep-alive"}
    if body:
        headers["Content-Type"] = "application/json;charset=utf-8"
    if authorization is not None:
        headers["Authorization"] = authorization
    if integration_id is not None:
        headers["IntegrationId"] = integration_id
    return MappingProxyType(headers)


def decoded(body: bytes) -> object:
    """The JSON of a body, with decimals as Decimal. Raises ValueError for anything else."""
    try:
        found = _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
        return _of_whole_characters(found) if b"\\u" in body else found
    except RecursionError as deep:
        raise ValueError("the JSON is nested too deeply") from deep


def _of_whole_characters(value: object) -> object:
    """The same with halves of characters and NUL replaced: only an escape makes them, and no database takes them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_of_whole_characters(each) for each in value]
    if isinstance(value, dict):
        return {_of_whole_characters(name): _of_whole_characters(each) for name, each in value.items()}
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


# Made once: a decoder with a choice of its own costs more than most answers.
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def _decoded_or_none(body: bytes) -> object:
    try:
        return decoded(body)
    except ValueError:
        return None


def evidence_of(response: Response) -> errors.Evidence:
    """What the answer says, for an error to carry; tokens are taken out."""
    answer = _fields(_decoded_or_none(response.body))
    body = response.body[: 4 * errors.BODY_LIMIT].decode("utf-8", errors="replace")
    return errors.Evidence(
        status=response.status,
        headers=errors.told_headers(response.headers),
        body=errors.without_tokens(body)[: errors.BODY_LIMIT],
        external_message=_message(answer),
        error_number=_whole(answer.get("errornumber")),
        log_reference=_reference(answer.get("profitlogreference")),
        retry_after=_seconds(answer.get("retry_after")),
    )


def _fields(answer: object) -> dict[str, Any]:
    """The fields of an object by their lower-case names.

    AFAS's pages print the 503 with its values inside {"example": ...}; both forms are read.
    """
    if not isinstance(answer, dict):
        return {}
    return {str(name).lower(): _unwrapped(value) for name, value in answer.items()}


def _unwrapped(value: object) -> object:
    return value["example"] if isinstance(value, dict) and set(value) == {"example"} else value


def _message(answer: Mapping[str, object]) -> str | None:
    nested = _fields(answer.get("error"))
    return (
        _told(answer.get("externalmessage")) or _told(answer.get("message")) or _told(nested.get("message"))
    )


def _told(value: object) -> str | None:
    """The text, fit to be kept and shown."""
    if not isinstance(value, str) or not value.strip():
        return None
    return errors.without_tokens(value)[: errors.BODY_LIMIT]


def _reference(value: object) -> str | None:
    told = _told(value)
    return told and told[:_REFERENCE_LENGTH]


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if abs(number) < _LARGEST else None


def _seconds(value: object) -> int | None:
    number = _whole(value)
    return number if number is not None and number >= 0 else None


def read_answer(response: Response) -> object:
    """The data of a read.

    Raises NotLetIn, Unavailable, Refused, LayoutLocked (a lock) or, for everything else, BadAnswer.
    """
    if response.status == 200:
        try:
            answer = decoded(response.body)
        except ValueError as broken:
            evidence = evidence_of(response)
            raise errors.BadAnswer(f"the answer is no JSON: {broken}", evidence=evidence) from None
        if not _tells_error(_fields(answer)):
            return answer
    raise _error(evidence_of(response), errors.BadAnswer)


def posted_answer(response: Response) -> Booked:
    """The booking that AFAS made for a new entry.

    Raises Refused, NotBooked or NotLetIn where AFAS surely booked nothing, Unknown for everything else: also
    for a success without a number, or with an error beside it.
    """
    if response.status in (200, 201):
        answer = _decoded_or_none(response.body)
        done = booked(answer)
        if done is not None and not _tells_error(_fields(answer)):
            return done
        raise errors.Unknown(
            "AFAS answered with success, but without a booking", evidence=evidence_of(response)
        )
    raise _error(evidence_of(response), errors.Unknown)


def deleted_answer(response: Response) -> None:
    """Nothing, where AFAS deleted the entry: 200 with an empty body (AFAS "FiEntries delete").

    Raises as `posted_answer` does; Unknown here means that it may be deleted.
    """
    evidence = evidence_of(response)
    if response.status == 200:
        if not response.body.strip():
            return
        raise errors.Unknown("AFAS answered with success, but not with an empty body", evidence=evidence)
    raise _error(evidence, errors.Unknown)


def answered_at(response: Response) -> datetime | None:
    """The server's own clock in its `Date` header, or None where it sends none that can be read."""
    given = next((value for name, value in response.headers.items() if name.lower() == "date"), "")
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _tells_error(answer: Mapping[str, object]) -> bool:
    if answer.keys().isdisjoint(_TELLS_ERROR):
        return False
    told = (_message(answer), _whole(answer.get("errornumber")), _told(answer.get("profitlogreference")))
    return any(told)


def _what(evidence: errors.Evidence) -> str:
    return f"AFAS answered {evidence.status}: {evidence.external_message or 'without a message'}"


def _error(evidence: errors.Evidence, otherwise: type[errors.AfasError]) -> errors.AfasError:
    """The error of an answer that surely says that nothing was done, else one of the kind `otherwise`."""
    finding = None
    if evidence.status in (400, 500) and evidence.external_message:
        finding = catalogue.find(evidence.external_message)
    kind = _sure_kind(evidence, finding) or otherwise
    return kind(_what(evidence), evidence=evidence, finding=finding)


_BY_STATUS: Mapping[int | None, type[errors.AfasError]] = {401: errors.TokenRefused, 403: errors.IpRefused}
_BY_OUTCOME: Mapping[Outcome, type[errors.AfasError]] = {
    Outcome.REFUSED: errors.Refused,
    Outcome.NOT_BOOKED: errors.LayoutLocked,
    Outcome.NOT_LET_IN: errors.ConnectorMissing,
}


def _sure_kind(evidence: errors.Evidence, finding: catalogue.Finding | None) -> type[errors.AfasError] | None:
    if finding is not None:
        return _BY_OUTCOME.get(finding.outcome)
    if evidence.status == 503 and evidence.retry_after is not None:
        return errors.Unavailable
    if evidence.status == 500 and evidence.error_number in FUNCTIONAL_ERRORS:
        return errors.Refused
    return _BY_STATUS.get(evidence.status)
