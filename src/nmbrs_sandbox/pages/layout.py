"""What every page shares: templates, language, figures, the calm page for what is not there."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from nmbrs_sandbox.pages.words import Language, as_language, translator
from nmbrs_sandbox.sandbox import AMSTERDAM

LANGUAGE_COOKIE = "nmbrs_sandbox_language"
_DUTCH = str.maketrans(",.", ".,")

DONE = {
    "saved": "Saved.",
    "added": "Added.",
    "deleted": "Deleted.",
    "locked": "Locked.",
    "released": "Released.",
    "recalculated": "Recalculated: its journals are other ones now.",
    "withdrawn": "Withdrawn.",
}
OWN_TEXTS = {404: "There is no such page.", 405: "This page does not take this request."}


@cache
def templates(language: Language) -> Environment:
    """The templates, speaking `language`; everything is escaped."""
    environment = Environment(
        loader=PackageLoader("nmbrs_sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update({"_": translator(language), "language": language})
    environment.filters.update(_figures(language))
    return environment


def _figures(language: Language) -> dict[str, Any]:
    """The filters `amount`, `day` and `moment`."""
    day_format = "%d-%m-%Y" if language == "nl" else "%Y-%m-%d"

    def amount(value: Decimal) -> str:
        text = f"{value:,.2f}"
        return text.translate(_DUTCH) if language == "nl" else text

    def day(value: date) -> str:
        return value.strftime(day_format)

    def moment(value: datetime) -> str:
        return value.astimezone(AMSTERDAM).strftime(f"{day_format} %H:%M")

    return {"amount": amount, "day": day, "moment": moment}


def language_of(request: Request) -> Language:
    """The language that the reader chose, otherwise Dutch."""
    return as_language(request.cookies.get(LANGUAGE_COOKIE))


def render(
    request: Request,
    template: str,
    *,
    title: str,
    errors: Mapping[str, str] | None = None,
    status_code: int = 200,
    **context: Any,
) -> HTMLResponse:
    """Answer with a page; `errors` (field name to English text) turn the status into 422."""
    language = language_of(request)
    html = (
        templates(language)
        .get_template(template)
        .render(
            title=title,
            errors=errors or {},
            done=DONE.get(request.query_params.get("done", "")),
            other_language=str(request.url.include_query_params(lang="en" if language == "nl" else "nl")),
            **context,
        )
    )
    return HTMLResponse(html, 422 if errors else status_code)


def redirect(path: str, *, done: str) -> RedirectResponse:
    """After a change: show the page at `path`, which says what was `done`."""
    return RedirectResponse(f"{path}?done={done}", status_code=303)


def explain(request: Request, problem: Exception) -> Response:
    """A calm page for an address that leads nowhere or a request that we do not take."""
    assert isinstance(problem, HTTPException)
    status = problem.status_code
    unworded = problem.detail == HTTPStatus(status).phrase
    title = OWN_TEXTS.get(status, problem.detail) if unworded else problem.detail
    return render(request, "problem.html", title=title, status_code=status)
