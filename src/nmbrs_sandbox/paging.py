"""Pages of a list, in the published envelope."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from nmbrs_sandbox.problems import Problem

USUAL_SIZE = 20
GREATEST_SIZE = 100


def whole_number(request: Request, name: str, *, least: int, most: int, default: int | None) -> int:
    """A number of the query. Raises Problem where it is none, out of bounds, or missing without a default."""
    text = request.query_params.get(name, "")
    if not text and default is not None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    if number is None or not least <= number <= most:
        raise Problem("parameter", {name: f"It has to be a whole number from {least} to {most}."})
    return number


def page(request: Request, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The page that the query asks for. A page after the last is empty. Raises Problem."""
    size = whole_number(request, "pageSize", least=1, most=GREATEST_SIZE, default=USUAL_SIZE)
    number = whole_number(request, "pageNumber", least=1, most=999_999_999, default=1)
    last = max(1, -(-len(rows) // size))

    def address(of: int) -> str:
        return str(request.url.include_query_params(pageNumber=of, pageSize=size))

    return {
        "pagination": {
            "pageNumber": number,
            "pageSize": size,
            "firstPage": address(1),
            "lastPage": address(last),
            "nextPage": address(number + 1) if number < last else None,
            "previousPage": address(min(number - 1, last)) if number > 1 else None,
            "totalPages": last,
            "totalRecords": len(rows),
        },
        "data": rows[(number - 1) * size : number * size],
    }
