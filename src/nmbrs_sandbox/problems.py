"""Problem documents: what the API answers when it does not do what was asked.

Statuses, codes, titles and types are published, but for 40100 and 40300, which are guesses: what is answered to a wrong
subscription key and to a missing scope is not. Third parties tell of 40306. The details are in our own words.
"""

from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

_DOCUMENTATION = "https://developer.nmbrs.com/docs/errors"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem."""

    code: int
    title: str
    type: str
    detail: str

    @property
    def status(self) -> int:
        """The code begins with it."""
        return self.code // 100


KINDS = {
    "parameter": Kind(40033, "Parameter_Invalid", "validationError", "A parameter is not valid."),
    "token_missing": Kind(40101, "Missing_Token", "authenticationError", "There is no bearer token."),
    "token": Kind(40102, "Invalid_Token", "authenticationError", "The bearer token is not valid, or has ended."),
    "key": Kind(40100, "Unauthorized", "authenticationError", "X-Subscription-Key is missing or not known."),
    "scope": Kind(40300, "Forbidden", "authenticationError", "The consent lacks the scope."),
    "data": Kind(
        40303, "Unauthorized_AccessData", "authenticationError", "The consent does not reach this debtor."
    ),
    "subscription": Kind(
        40304, "Invalid_Subscription", "authenticationError", "The environment is disabled."
    ),
    "several_debtors": Kind(
        40306, "Unauthorized_AccessData", "authenticationError", "The consent has several debtors: go by debtor."
    ),
    "not_found": Kind(40401, "Not_Found", "invalidRequestError", "There is nothing here."),
    "company": Kind(40404, "Invalid_Company", "invalidRequestError", "There is no such company."),
    "too_many_calls": Kind(42908, "Too_Many_Calls", "throttlingError", "More calls than the plan allows."),
    "quota_exceeded": Kind(42909, "Quota_Exceeded", "throttlingError", "The quota of calls is used up."),
    "unexpected": Kind(50001, "Unkown", "apiError", "Something went wrong."),
    "gateway": Kind(50201, "Bad_Gateway", "apiError", "A gateway did not answer."),
    "unavailable": Kind(50301, "Service_Unavailable", "apiError", "The API is being maintained."),
}  # fmt: skip


class Problem(Exception):  # noqa: N818 - the API's own word
    """The API does not do it. `parameters` tells what is wrong with which."""

    def __init__(self, kind: str, parameters: dict[str, str] | None = None) -> None:
        super().__init__(kind)
        self.kind = KINDS[kind]
        self.parameters = parameters or {}


def problem_answer(problem: Problem, retry_after: int | None = None) -> Response:
    """The problem as an answer; `retry_after` in seconds."""
    kind = problem.kind
    content: dict[str, Any] = {
        "httpStatus": kind.status,
        "code": kind.code,
        "title": kind.title,
        "detail": kind.detail,
        "type": kind.type,
        "docUrl": _DOCUMENTATION,
    }
    if problem.parameters:
        content["invalid-params"] = [
            {"name": name, "reason": reason} for name, reason in problem.parameters.items()
        ]
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse(content, kind.status, headers=headers)
