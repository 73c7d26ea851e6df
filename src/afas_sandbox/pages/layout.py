"""What every page shares: templates, language, the calm page for what is not there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from afas_sandbox.pages.figures import filters
from afas_sandbox.pages.words import Language, as_language, translator

LANGUAGE_COOKIE = "sandbox_language"

DONE = {
    "saved": "Saved.",
    "added": "Added.",
    "deleted": "Deleted.",
    "blocked": "Blocked.",
    "unblocked": "Unblocked.",
    "locked": "Locked.",
    "released": "Released.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Crumb:
    """One step of the path above a page; `href` is None where the step is only a heading."""

    text: str
    href: str | None = None


@cache
def templates(language: Language) -> Environment:
    """The templates, speaking `language`; everything is escaped."""
    environment = Environment(
        loader=PackageLoader("afas_sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translate = translator(language)
    environment.globals.update({"_": translate, "language": language})
    environment.filters.update(filters(language))
    environment.filters["translated"] = lambda names: [(key, translate(text)) for key, text in names.items()]
    return environment


def language_of(request: Request) -> Language:
    """The language that the reader chose, otherwise Dutch."""
    return as_language(request.cookies.get(LANGUAGE_COOKIE))


def render(
    request: Request,
    template: str,
    *,
    title: str,
    crumbs: Sequence[Crumb] = (),
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
            crumbs=crumbs,
            errors=errors or {},
            done=DONE.get(request.query_params.get("done", "")),
            root=request.scope.get("root_path", ""),
            here=request.url.path,
            other_language=str(request.url.include_query_params(lang="en" if language == "nl" else "nl")),
            **context,
        )
    )
    return HTMLResponse(html, 422 if errors else status_code)


def redirect(path: str, *, done: str = "saved") -> RedirectResponse:
    """After a change: show the page at `path`, which says what was `done`."""
    mark = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{mark}done={done}", status_code=303)


OWN_TEXTS = {404: "There is no such page.", 405: "This page does not take this request."}


def explain(request: Request, problem: Exception) -> Response:
    """A calm page for an address that leads nowhere or a request that we do not take."""
    assert isinstance(problem, HTTPException)
    status = problem.status_code
    unworded = problem.detail == HTTPStatus(status).phrase
    title = OWN_TEXTS.get(status, problem.detail) if unworded else problem.detail
    return render(request, "problem.html", title=title, status_code=status)
