"""What Nmbrs, or the line to it, can tell us.

    NmbrsError
    ├── NotLetIn                nothing works until the way in is mended
    │   ├── TokenRefused          40101, 40102: the access token
    │   ├── SubscriptionKeyRefused  any other 401
    │   ├── EnvironmentDisabled   40304: the environment has no valid subscription
    │   ├── ConsentEnded          the code or refresh token is used, too old or withdrawn: consent again
    │   └── ApplicationRefused    client id, secret, redirect address or scopes are not as registered
    ├── AccessRefused           403: let in, but not to this
    │   ├── DataRefused           40303, 40305: tags or filters of the login that consented
    │   └── SeveralDebtors        40306: go by way of the debtors
    ├── NotFound                40401
    │   └── CompanyNotFound       40404
    ├── Invalid                 40033: a parameter, named in `evidence.invalid_params`
    ├── TryLater                `again_in` says after how many seconds
    │   ├── TooManyCalls          42908
    │   ├── QuotaExceeded         42909
    │   ├── Unavailable           50301, 503: maintenance
    │   └── ServerFailed          50001, 50201 and every other 5xx
    ├── LineFailed
    │   ├── NeverLeft             no byte of the request left this machine
    │   └── NoAnswer              the request may have arrived; no whole answer came back
    ├── TaskEnded               no document will come: start the journal anew
    │   ├── TaskFailed            it was answered with an error
    │   ├── TaskVanished          Nmbrs no longer knows it
    │   └── TaskNeverEnded        it was still being made when we gave up
    └── BadAnswer               something else than data; `form` says what

Numbers are Nmbrs's own (its REST reference, "errors"); those without one are judged by the status.
"""

# ruff: noqa: N818 - an error is named after what happened, as the tree above reads

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import ClassVar
from urllib.parse import quote, quote_plus

TEXT_LIMIT = 4_000
"""Characters of an answer that an error keeps."""


def without(secrets: Iterable[str], text: str) -> str:
    """The text with these secrets taken out, also as a URL or a page would write them."""
    for secret in filter(None, secrets):
        for form in (secret, quote(secret, safe=""), quote_plus(secret), escape(secret)):
            text = text.replace(form, "[secret]")
    return text


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came back: an error's own words, never a token, never the content of a success.

    `code` is Nmbrs's number of the error; `invalid_params` are (name, reason); `retry_after` is in seconds;
    `body` is kept only of what is no JSON.
    """

    status: int | None = None
    code: int | None = None
    title: str = ""
    detail: str = ""
    invalid_params: tuple[tuple[str, str], ...] = ()
    retry_after: int | None = None
    body: str = ""


NO_EVIDENCE = Evidence()
"""Nothing came back."""


class NmbrsError(Exception):
    """Anything that keeps us from the data. `key` is a stable name, for choosing a text; see `evidence`."""

    key: ClassVar[str] = "nmbrs_error"

    def __init__(self, what: str, *, evidence: Evidence = NO_EVIDENCE) -> None:
        super().__init__(what)
        self.evidence = evidence


class NotLetIn(NmbrsError):
    """Nothing works until somebody mends the way in."""

    key = "nmbrs_not_let_in"


class TokenRefused(NotLetIn):
    """The access token is missing or no longer valid. A new one may be had with the refresh token."""

    key = "nmbrs_token_refused"


class SubscriptionKeyRefused(NotLetIn):
    """A 401 that does not speak of the token: the subscription key is missing, wrong or of another plan."""

    key = "nmbrs_subscription_key_refused"


class EnvironmentDisabled(NotLetIn):
    """The Nmbrs environment is disabled, or has no valid subscription."""

    key = "nmbrs_environment_disabled"


class ConsentEnded(NotLetIn):
    """The code or refresh token is used, too old or withdrawn. Only a person can mend it: consent again."""

    key = "nmbrs_consent_ended"


class ApplicationRefused(NotLetIn):
    """Nmbrs does not know this application as it presents itself: id, secret, redirect address or scopes."""

    key = "nmbrs_application_refused"


class AccessRefused(NmbrsError):
    """Let in, but not to this. Without a number of its own it is most likely a scope not consented to."""

    key = "nmbrs_access_refused"


class DataRefused(AccessRefused):
    """The tags or filters of the login that consented keep this debtor or company from us."""

    key = "nmbrs_data_refused"


class SeveralDebtors(AccessRefused):
    """The consent spans several debtors, so that companies are only given per debtor."""

    key = "nmbrs_several_debtors"


class NotFound(NmbrsError):
    """Nmbrs does not know it, or no longer."""

    key = "nmbrs_not_found"


class CompanyNotFound(NotFound):
    """Nmbrs does not know this company, or no longer."""

    key = "nmbrs_company_not_found"


class Invalid(NmbrsError):
    """A parameter is wrong; `evidence.invalid_params` says which, and why."""

    key = "nmbrs_invalid"


class TryLater(NmbrsError):
    """The same request may succeed later."""

    key = "nmbrs_try_later"
    otherwise_in: ClassVar[int] = 60

    @property
    def again_in(self) -> int:
        """After how many seconds to try again: what Nmbrs said, or else our own guess."""
        told = self.evidence.retry_after
        return self.otherwise_in if told is None else told


class TooManyCalls(TryLater):
    """More calls at once than the subscription plan allows."""

    key = "nmbrs_too_many_calls"


class QuotaExceeded(TryLater):
    """The calls that the subscription plan holds are used up."""

    key = "nmbrs_quota_exceeded"
    otherwise_in = 3600


class Unavailable(TryLater):
    """Maintenance, or an update under way; see the vendor's status page."""

    key = "nmbrs_unavailable"
    otherwise_in = 300


class ServerFailed(TryLater):
    """Something went wrong inside Nmbrs."""

    key = "nmbrs_server_failed"


class LineFailed(NmbrsError):
    """The line between us and Nmbrs failed."""

    key = "nmbrs_line_failed"


class NeverLeft(LineFailed):
    """No byte left: connection refused, DNS, TLS. A refresh token that was to be used is still good."""

    key = "nmbrs_never_left"


class NoAnswer(LineFailed):
    """The request may have arrived. A refresh token in it may be used up; a read can simply be repeated."""

    key = "nmbrs_no_answer"


class TaskEnded(NmbrsError):
    """This task brings no document any more. Starting the journal anew is harmless: it books nothing."""

    key = "nmbrs_task_ended"


class TaskFailed(TaskEnded):
    """Nmbrs answered the question for the document with an error."""

    key = "nmbrs_task_failed"


class TaskVanished(TaskEnded):
    """Nmbrs no longer knows the task."""

    key = "nmbrs_task_vanished"


class TaskNeverEnded(TaskEnded):
    """The document was still being made when we gave up."""

    key = "nmbrs_task_never_ended"


class Form(StrEnum):
    """What came instead of data."""

    EMPTY = "empty"
    HTML = "html"
    NOT_JSON = "not_json"
    NOT_A_DOCUMENT = "not_a_document"
    OTHER_FIELDS = "other_fields"
    PAGES_REPEAT = "pages_repeat"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


class BadAnswer(NmbrsError):
    """Something else than the data asked for came; `form` says what."""

    key = "nmbrs_bad_answer"

    def __init__(self, what: str, form: Form, *, evidence: Evidence = NO_EVIDENCE) -> None:
        super().__init__(what, evidence=evidence)
        self.form = form
