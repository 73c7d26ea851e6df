"""Batches: the list of them, what became of each of their journals, and that as a file."""

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from loonbrug.screens import send_all as screens
from loonbrug.screens.send_all import BatchView, Fate, Outcome
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.sending import results
from loonbrug.web.sending.results import OUTCOMES

_PER_PAGE = 100
_BATCHES_PER_PAGE = 25
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@never_cache
@require_GET
def batches(request: OfficeRequest) -> HttpResponse:
    """Who sent what and when, the latest first."""
    page = max(1, _number(request.GET.get("page", "")))
    first = (page - 1) * _BATCHES_PER_PAGE
    found = screens.batches(scope=request.scope, first=first, count=_BATCHES_PER_PAGE + 1)
    context = {
        "tab": "send",
        "rows": [(each, _counts(each)) for each in found[:_BATCHES_PER_PAGE]],
        "page": page,
        "newer": page - 1,
        "older": page + 1 if len(found) > _BATCHES_PER_PAGE else 0,
    }
    return render(request, "sending/batches.html", context)


@never_cache
@require_GET
def batch(request: OfficeRequest, batch_id: int) -> HttpResponse:
    """One batch: how far it is, and its journals by what became of them."""
    return render(request, "sending/batch.html", _context(request, batch_id))


@never_cache
@require_GET
def batch_state(request: OfficeRequest, batch_id: int) -> HttpResponse:
    """The part of the page of a batch that changes, asked again until nothing changes any more."""
    return render(request, "sending/_batch_live.html", _context(request, batch_id))


@require_GET
def download(request: OfficeRequest, batch_id: int, kind: str) -> HttpResponse:
    """The journals of a batch as a table, narrowed as the page is."""
    if kind not in _TYPES:
        raise Http404
    view, fates = screens.batch(scope=request.scope, batch_id=batch_id)
    shown = _narrowed(fates, _outcome(request))
    written = results.table(
        kind, results.lines(scope=request.scope, fates=shown), made_at=timezone.localtime()
    )
    response = HttpResponse(written, content_type=_TYPES[kind])
    word = _("batch")
    name = f"{word}-{view.id}.{kind}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _context(request: OfficeRequest, batch_id: int) -> dict[str, object]:
    view, fates = screens.batch(scope=request.scope, batch_id=batch_id)
    outcome = _outcome(request)
    shown = Paginator(_narrowed(fates, outcome), _PER_PAGE).get_page(request.GET.get("page"))
    return {
        "tab": "send",
        "batch": view,
        "counts": _counts(view),
        "outcome": outcome,
        "page": shown,
        "lines": results.lines(scope=request.scope, fates=list(shown)),
        "every": _every(view),
        "query": urlencode({"show": outcome or "", "page": shown.number}),
    }


def _every(view: BatchView) -> str:
    """How soon to look again: what is under way moves by seconds, what is in doubt by minutes."""
    if view.counts[Outcome.UNDER_WAY]:
        return "2s"
    return "30s" if view.counts[Outcome.IN_DOUBT] else ""


def _counts(view: BatchView) -> list[tuple[Outcome, str, str, int]]:
    """Outcome, tone, word and count of what there is."""
    return [
        (outcome, *results.word(outcome), view.counts[outcome])
        for outcome in OUTCOMES
        if view.counts[outcome]
    ]


def _narrowed(fates: Sequence[Fate], outcome: Outcome | None) -> list[Fate]:
    return [fate for fate in fates if outcome in {None, fate.outcome}]


def _outcome(request: OfficeRequest) -> Outcome | None:
    text = request.GET.get("show", "")
    return Outcome(text) if text in set(Outcome) else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
