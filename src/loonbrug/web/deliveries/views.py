"""*Verzendingen*: what is due, under way, waiting or in doubt, and for how long."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from afas_client.auth import EnvironmentType
from loonbrug.screens.deliveries import DeliveriesScreen, DeliveryRow, Narrowing, Queue, deliveries_screen
from loonbrug.web.afas_settings.texts import ENVIRONMENT_TYPES
from loonbrug.web.deliveries import words
from loonbrug.web.journals.words import StateWord, state_word
from loonbrug.web.requests import OfficeRequest


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list."""

    row: DeliveryRow
    state: StateWord
    waits_for: str
    since: str
    environment: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One queue to choose, with how many are in it."""

    word: str
    count: int
    query: str
    is_chosen: bool


@require_GET
def deliveries(request: OfficeRequest) -> HttpResponse:
    """The list; htmx asks for its part of the page alone, and asks again while anything moves."""
    now = timezone.now()
    narrowing = Narrowing(
        queue=_queue(request.GET.get("queue", "")),
        environment_id=_number(request.GET, "environment"),
        company_id=_number(request.GET, "company"),
    )
    page = _number(request.GET, "page") or 1
    screen = deliveries_screen(scope=request.scope, narrowing=narrowing, page=page, now=now)
    context = {
        "tab": "deliveries",
        "screen": screen,
        "narrowing": narrowing,
        "lines": [_line(row, now) for row in screen.rows],
        "tabs": _tabs(request.GET, screen, narrowing),
        "environments": [(id_, _environment(number, kind)) for id_, number, kind in screen.environments],
        "previous": _query(request.GET, page=screen.page - 1) if screen.page > 1 else "",
        "next": _query(request.GET, page=screen.page + 1) if screen.page < screen.page_count else "",
    }
    part = "deliveries/_list.html" if request.headers.get("HX-Request") else "deliveries/deliveries.html"
    return render(request, part, context)


def _line(row: DeliveryRow, now: datetime) -> Line:
    seconds = max(0, int((now - row.changed_at).total_seconds()))
    return Line(
        row=row,
        state=state_word(row.state),
        waits_for=words.waits_for(row, now=now),
        since=words.duration(seconds),
        environment=_environment(row.participant_number, row.environment_type),
    )


def _environment(participant_number: str, kind: str) -> str:
    return f"{participant_number} · {ENVIRONMENT_TYPES[EnvironmentType(kind)]}"


def _tabs(given: QueryDict, screen: DeliveriesScreen, narrowing: Narrowing) -> list[Tab]:
    every = Tab(_("All"), sum(screen.counts.values()), _query(given, queue=""), narrowing.queue is None)
    return [every] + [
        Tab(
            word=str(words.QUEUES[queue]),
            count=screen.counts[queue],
            query=_query(given, queue=queue.value),
            is_chosen=queue is narrowing.queue,
        )
        for queue in Queue
    ]


def _query(given: QueryDict, **changes: str | int) -> str:
    """The address of this page with something changed; another choice begins at the first page."""
    query = given.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query[name] = str(value)
    return query.urlencode()


def _queue(text: str) -> Queue | None:
    return Queue(text) if text in set(Queue) else None


def _number(given: QueryDict, name: str) -> int | None:
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
