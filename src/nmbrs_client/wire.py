"""A request from what we want; data or one error from an answer. Nothing here opens a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

import msgspec

from nmbrs_client import errors
from nmbrs_client.errors import Evidence, Form

LARGEST_ANSWER = 20 * 1024 * 1024
"""Bytes; no journal of any company comes near."""

_JSON = "application/json"
_LONGEST_RETRY_AFTER = timedelta(days=366)
_LARGEST_CODE = 2**31
_PATIENT = frozenset({429, 502, 503, 504})  # what a gateway may say in HTML, and mean


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to leave. Headers and body stay out of its repr: they hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, as it came. The body stays out of its repr: it may hold secrets or salaries."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The value of a header, whatever the case of its name; empty where there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    @property
    def is_html(self) -> bool:
        """Whether this is a page, by its header or its first bytes."""
        start = self.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        says = self.header("Content-Type").lower()
        return "text/html" in says or start.startswith((b"<!doctype html", b"<html"))


def get(url: str, *, token: str, subscription_key: str, accept: str = _JSON) -> Request:
    """A read of the API, with the two things that every request must carry."""
    headers = {
        "Accept": accept,
        "Authorization": f"Bearer {token}",
        "X-Subscription-Key": subscription_key,
    }
    return Request("GET", url, MappingProxyType(headers))


def decoded(body: bytes) -> object:
    """The JSON of a body. Raises ValueError for anything else; the error repeats nothing of it."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None


def fields_of(value: object) -> Mapping[str, Any]:
    """The fields of an object; none where it is something else."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A text or whole number as text, fit to be kept: no database takes NUL. Anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}").strip()


def whole_of(value: object) -> int | None:
    """A whole number, also where it comes as text; None for anything else."""
    text = text_of(value)
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= 11):
        return None
    number = int(text)
    return number if abs(number) <= _LARGEST_CODE else None


def said_in(response: Response) -> Mapping[str, Any]:
    """The fields of the object that an answer holds; none where it holds something else."""
    try:
        return fields_of(decoded(response.body))
    except ValueError:
        return {}


def evidence_of(response: Response, secrets: Iterable[str] = ()) -> Evidence:
    """What an answer says about an error, without these secrets. A success is never quoted."""
    hidden = tuple(secrets)
    failed = response.status >= 300
    said = said_in(response) if failed else _problem(response)
    body = response.body.decode("utf-8", errors="replace") if failed and not _may_be_json(response) else ""

    def told(value: object) -> str:
        return errors.without(hidden, text_of(value))[: errors.TEXT_LIMIT]

    wrong = said.get("invalid-params")
    params = [fields_of(each) for each in wrong] if isinstance(wrong, list) else []
    return Evidence(
        status=response.status,
        code=whole_of(said.get("code")),
        title=told(said.get("error")) or told(said.get("title")),
        detail=told(said.get("detail")) or told(said.get("error_description")) or told(said.get("message")),
        invalid_params=tuple((told(each.get("name")), told(each.get("reason"))) for each in params),
        retry_after=retry_after(response),
        body=told(body),
    )


def _may_be_json(response: Response) -> bool:
    """Whether a secret may stand in it as JSON writes it, where it would not be found."""
    return response.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[", b'"'))


def _problem(response: Response) -> Mapping[str, Any]:
    """The problem document that a success turns out to be; usually nothing.

    Only a small answer is looked into: a document may have megabytes.
    """
    if len(response.body) > errors.TEXT_LIMIT or not response.body.lstrip().startswith(b"{"):
        return {}
    said = said_in(response)
    return said if whole_of(said.get("code")) in BY_CODE and "title" in said else {}


def retry_after(response: Response) -> int | None:
    """The seconds of a Retry-After, given as such or as a moment after the answer's own Date."""
    given = response.header("Retry-After").strip()
    if given.isdecimal() and given.isascii():
        seconds = int(given[:12])
    else:
        try:
            until = parsedate_to_datetime(given) - parsedate_to_datetime(response.header("Date"))
        except (TypeError, ValueError, OverflowError):
            return None
        seconds = max(0, int(until / timedelta(seconds=1)))
    return min(seconds, int(_LONGEST_RETRY_AFTER / timedelta(seconds=1)))


BY_CODE: Mapping[int, type[errors.NmbrsError]] = {
    40033: errors.Invalid,
    40101: errors.TokenRefused,
    40102: errors.TokenRefused,
    40303: errors.DataRefused,
    40304: errors.EnvironmentDisabled,
    40305: errors.DataRefused,
    40306: errors.SeveralDebtors,
    40401: errors.NotFound,
    40404: errors.CompanyNotFound,
    42908: errors.TooManyCalls,
    42909: errors.QuotaExceeded,
    50001: errors.ServerFailed,
    50201: errors.ServerFailed,
    50301: errors.Unavailable,
}
"""The error of each of Nmbrs's own numbers (its REST reference, "errors"; 40305 and 40306 as others met them)."""

_BY_STATUS: Mapping[int, type[errors.NmbrsError]] = {
    400: errors.Invalid,
    401: errors.SubscriptionKeyRefused,
    403: errors.AccessRefused,
    404: errors.NotFound,
    422: errors.Invalid,
    429: errors.TooManyCalls,
    503: errors.Unavailable,
}


def checked(response: Response, secrets: Iterable[str] = ()) -> Response:
    """The answer itself, where it is a success; raises the error that it is otherwise."""
    evidence = evidence_of(response, secrets)
    if response.status in (200, 202) and evidence.code is None:
        return response
    raise error_of(response, evidence)


def error_of(response: Response, evidence: Evidence) -> errors.NmbrsError:
    """The one error that an answer without data is.

    Nmbrs's own number comes first, then the status. A page of HTML comes from something in between, whose
    "not found" proves nothing; only "later" is believed of it.
    """
    number = f" ({evidence.code})" if evidence.code else ""
    what = f"Nmbrs answered {evidence.status}{number}: {evidence.title or 'without a title'}"
    kind = BY_CODE.get(evidence.code or 0)
    if kind is None and (response.status in _PATIENT or not response.is_html):
        kind = _BY_STATUS.get(response.status)
        if kind is None and 500 <= response.status < 600:
            kind = errors.ServerFailed
    if kind is not None:
        return kind(what, evidence=evidence)
    return errors.BadAnswer(what, form_of(response), evidence=evidence)


def form_of(response: Response) -> Form:
    """What this is, given that it is not what was asked for."""
    if 300 <= response.status < 400:
        return Form.REDIRECT
    if response.is_html:
        return Form.HTML
    if not response.body.strip():
        return Form.EMPTY
    return Form.UNKNOWN


def read(response: Response) -> object:
    """The JSON of a success. Raises BadAnswer."""
    try:
        return decoded(response.body)
    except ValueError:
        form = form_of(response)
        form = Form.NOT_JSON if form is Form.UNKNOWN else form
        raise bad_answer(response, form) from None


def bad_answer(response: Response, form: Form) -> errors.BadAnswer:
    """The error of a success that is not what was asked for; it quotes nothing of it."""
    what = f"Nmbrs answered {response.status} with {len(response.body)} bytes: {form}"
    return errors.BadAnswer(what, form, evidence=Evidence(status=response.status))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `more` says whether there is a next one; None where the answer does not tell."""

    items: tuple[Mapping[str, Any], ...]
    more: bool | None


def page_of(response: Response) -> Page:
    """The page in an answer. Raises BadAnswer."""
    answer = fields_of(read(response))
    items = answer.get("data")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad_answer(response, Form.OTHER_FIELDS)
    return Page(tuple(items), _more(fields_of(answer.get("pagination"))))


def _more(pagination: Mapping[str, Any]) -> bool | None:
    """Whether either of the two fields that tell it says that there is more."""
    number, total = whole_of(pagination.get("pageNumber")), whole_of(pagination.get("totalPages"))
    if number is None or total is None:
        return bool(pagination["nextPage"]) if "nextPage" in pagination else None
    return number < total or bool(pagination.get("nextPage"))


def task_of(response: Response) -> str:
    """The id of the task that was started. Raises BadAnswer."""
    task = text_of(fields_of(read(response)).get("taskId"))
    if not task:
        raise bad_answer(response, Form.OTHER_FIELDS)
    return task


def document_of(response: Response) -> bytes | None:
    """The document, or None while it is being made. Raises BadAnswer for a page, JSON or nothing."""
    if response.status == 202:
        return None
    if response.is_html:
        raise bad_answer(response, Form.HTML)
    if not response.body.strip():
        raise bad_answer(response, Form.EMPTY)
    if _JSON in response.header("Content-Type").lower():
        raise bad_answer(response, Form.NOT_A_DOCUMENT)
    if len(response.body) > LARGEST_ANSWER:
        raise bad_answer(response, Form.TOO_LARGE)
    return response.body
