"""Answers with the headers that AFAS sends (OASContent, response headers)."""

from typing import Any

import msgspec
from starlette.responses import Response

_HEADERS = {
    "Cache-Control": "no-store, no-cache",
    "X-AFAS-Proxy-Version": "sandbox",
}
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def json_answer(status: int, content: Any) -> Response:
    """An answer with a JSON body; amounts are written as numbers, without rounding."""
    return Response(
        _ENCODER.encode(content),
        status,
        headers=_HEADERS,
        media_type="application/json; charset=utf-8",
    )


def empty_answer(status: int) -> Response:
    """An answer without a body: AFAS calls it XML and 0 long."""
    headers = _HEADERS | {"Content-Type": "application/xml; charset=utf-8"}
    return Response(None, status, headers=headers if status == 204 else headers | {"Content-Length": "0"})


def unavailable(retry_after: int) -> Response:
    """503 during maintenance; `retry_after` in seconds, in the body and as a header."""
    error = {
        "code": "503",
        "message": "Service temporarily unavailable due to scheduled maintenance. "
        "Please check afasstatus.nl for details.",
    }
    answer = json_answer(503, {"error": error, "retry_after": retry_after})
    answer.headers["Retry-After"] = str(retry_after)
    return answer
