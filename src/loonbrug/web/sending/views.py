"""What is ready and what is not, the choice, and the one confirmation."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from loonbrug.access.rights import Level, Part
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import DebtorView
from loonbrug.ledger.money import ZERO
from loonbrug.ledger.problems import ProblemsError
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.queries import JournalSummary
from loonbrug.screens.send_all import Period, open_periods
from loonbrug.web.field_errors import text_of
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.sending.groups import grouped
from loonbrug.workflows import send_all


@never_cache
@require_http_methods(["GET", "POST"])
def choose(request: OfficeRequest, debtor_id: int | None = None) -> HttpResponse:
    """Everything that is not sent yet: what is ready, to tick, and what is not, with the reasons.

    What is posted is what was ticked already, for whoever comes back to the list; it changes nothing.
    """
    request.scope.require(Part.JOURNAL_EXPORT, Level.READ)
    debtor = _debtor(request, debtor_id)
    periods = open_periods(scope=request.scope, debtor_id=debtor_id)
    period = _period(request.GET.get("period", ""))
    found = send_all.overview(scope=request.scope, debtor_id=debtor_id, period=period)
    proposed = {each.open.journal.id for each in found.ready if not each.open.was_ended}
    context = _place(debtor) | {
        "ticked": set(_chosen(request)) if request.method == "POST" else proposed,
        "periods": [(_name(known), count, known == period) for known, count in periods],
        "found": found,
        "groups": grouped(found.blocked),
        "totals": _totals(each.open.journal for each in found.ready),
        "key": uuid4(),
        "can_write": request.scope.allows(Part.JOURNAL_EXPORT, Level.WRITE),
    }
    return render(request, "sending/choose.html", context)


@require_POST
def confirm(request: OfficeRequest) -> HttpResponse:
    """The last look before money goes into books: how many, whose, and how much."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    debtor = _debtor(request, _number(request.POST.get("debtor", "")))
    chosen = payroll.summaries(scope=request.scope, journal_ids=_chosen(request))
    if not chosen:
        messages.error(request, _("Tick at least one journal."))
        return _back(debtor)
    context = _place(debtor) | {
        "totals": _totals(chosen),
        "company_count": len({journal.run.company_id for journal in chosen}),
        "journals": ",".join(str(journal.id) for journal in chosen),
        "key": request.POST.get("key", ""),
        "address": _list_address(debtor),
    }
    return render(request, "sending/confirm.html", context)


@require_POST
def start(request: OfficeRequest) -> HttpResponse:
    """Approve what was confirmed. Pressing the button again comes out at the same batch."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    debtor = _debtor(request, _number(request.POST.get("debtor", "")))
    key = _key(request.POST.get("key", ""))
    if key is None:
        messages.error(request, _("This page is too old. Look at the list again."))
        return _back(debtor)
    try:
        batch_id = send_all.start(
            scope=request.scope,
            key=key,
            journal_ids=_chosen(request),
            debtor_id=debtor.id if debtor else None,
            now=timezone.now(),
        )
    except ProblemsError as refused:
        messages.error(request, text_of(refused.problems[0]))
        return _back(debtor)
    return redirect("batch", batch_id)


def _debtor(request: OfficeRequest, debtor_id: int | None) -> DebtorView | None:
    return None if debtor_id is None else directory.debtor(scope=request.scope, debtor_id=debtor_id)


def _place(debtor: DebtorView | None) -> dict[str, object]:
    """Where in the frame the page stands."""
    level = "levels/office.html" if debtor is None else "levels/debtor.html"
    return {"level": level, "debtor": debtor, "tab": "send"}


def _back(debtor: DebtorView | None) -> HttpResponse:
    return redirect(_list_address(debtor))


def _list_address(debtor: DebtorView | None) -> str:
    return reverse("send-all") if debtor is None else reverse("debtor-send-all", args=[debtor.id])


def _totals(journals: Iterable[JournalSummary]) -> dict[str, object]:
    """How many journals and entries, and what they debit in euros."""
    kept = list(journals)
    return {
        "count": len(kept),
        "entry_count": sum(len(journal.entries) for journal in kept),
        "debit": sum((journal.total_debit for journal in kept), ZERO),
    }


def _chosen(request: OfficeRequest) -> list[int]:
    """What is ticked in the list, or stands in the form of the last look."""
    return _ids([*request.POST.getlist("journal"), *request.POST.get("journals", "").split(",")])


def _ids(texts: Iterable[str]) -> list[int]:
    return [number for text in texts if (number := _number(text)) is not None]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _period(text: str) -> Period | None:
    """A year and a period as the address writes them: 2026-11."""
    year, period = (_number(part) for part in (*text.split("-"), "")[:2])
    return None if year is None or period is None else (year, period)


def _name(period: Period) -> str:
    return f"{period[0]}-{period[1]}"


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
