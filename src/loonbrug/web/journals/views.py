"""The dashlet *Journaalposten Export* of a company, the page of one journal, and what can be done there."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.directory import queries as directory
from loonbrug.ledger.problems import ProblemsError
from loonbrug.mappings import queries as mappings
from loonbrug.mappings.queries import MappingView
from loonbrug.payroll import operations as payroll
from loonbrug.payroll import queries
from loonbrug.payroll.run_queries import run_years
from loonbrug.screens.journal_export import JournalRow, journal_row
from loonbrug.screens.run_export import export_line, export_lines
from loonbrug.web.field_errors import say_why_not
from loonbrug.web.journals import export, sections, words
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows.carry_out import to_be_checked
from loonbrug.workflows.check import check_journal
from loonbrug.workflows.generate import send_once_compared
from loonbrug.workflows.withdraw import withdraw_journal

_PERIODS = [(number, str(number)) for number in range(1, 14)]


@require_GET
def company_payroll(request: OfficeRequest, company_id: int) -> HttpResponse:
    """Tab Loonopdracht: the journals of a company, newest run first."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.READ)
    company = directory.company(scope=request.scope, company_id=company_id)
    known = {
        *queries.years(scope=request.scope, company_id=company_id),
        *run_years(scope=request.scope, company_id=company_id),
    }
    this_year = timezone.localdate().year
    year = _number(request, "year") or max(known, default=this_year)
    period = _number(request, "period")
    lines = export_lines(scope=request.scope, company_id=company_id, year=year, period=period)
    context = {
        "company": company,
        "tab": "payroll",
        "years": sorted({*known, this_year, year}, reverse=True),
        "periods": _PERIODS,
        "year": year,
        "period": period or "",
        "lines": export.all_shown(lines, scope=request.scope),
        "is_moving": any(line.is_moving for line in lines),
        "to_generate": [line.in_nmbrs.id for line in lines if line.is_to_generate and line.in_nmbrs],
        "can_write": sections.can_write(request.scope),
    }
    part = "_export.html" if request.headers.get("HX-Request") else "company_payroll.html"
    return render(request, f"journals/{part}", context)


@require_GET
def journal(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """One journal: its lines, what is wrong, and where each entry stands."""
    row = journal_row(scope=request.scope, journal_id=journal_id)
    view = queries.journal(scope=request.scope, journal_id=journal_id)
    checked = check_journal(scope=request.scope, journal_id=journal_id)
    as_sent = request.GET.get("lines") == "sent"
    context = {
        **_head(request, row),
        "company": directory.company(scope=request.scope, company_id=row.journal.run.company_id),
        "tab": "payroll",
        "problems": sections.problems(checked, company_id=row.journal.run.company_id, scope=request.scope)
        if row.is_open
        else (),
        "conflicts": sections.conflicts(checked.problems) if row.is_open else (),
        "is_to_be_checked": checked.can_send and to_be_checked(scope=request.scope, journal_id=journal_id),
        "entries": _sections(request.scope, row, checked.mapping),
        "as_sent": as_sent,
        "mapping": checked.mapping,
        "sources": () if as_sent else sections.source_tables(view.entries),
        "postings": sections.posting_tables(checked.postings) if as_sent else (),
        "history": [
            (each, words.life(each.life))
            for each in queries.history(scope=request.scope, run_id=row.journal.run_id)
            if each.id != row.journal.id
        ],
    }
    return render(request, "journals/journal.html", context)


@require_GET
def journal_state(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """The head of a journal, asked again every two seconds while something is under way.

    Once Nmbrs has answered, the whole page is asked again: the answer may change more than the head.
    """
    row = journal_row(scope=request.scope, journal_id=journal_id)
    context = _head(request, row)
    answer = render(request, "journals/_head.html", context)
    if "fetching" in request.GET and not context["beside"].line.is_fetching:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_GET
def entry_state(request: OfficeRequest, journal_id: int, ordinal: int) -> HttpResponse:
    """One entry of a journal, or its counter-entry, asked again every two seconds while it is under way."""
    row = journal_row(scope=request.scope, journal_id=journal_id)
    entry = next((each for each in row.entries if each.entry.ordinal == ordinal), None)
    if entry is None:
        raise NotFoundError("entry", ordinal)
    section: sections.EntrySection | None
    if "counter" in request.GET:
        section = sections.counter_entry_section(entry, scope=request.scope, now=timezone.now())
    else:
        mapping = mappings.for_company(scope=request.scope, company_id=row.journal.run.company_id)
        section = sections.entry_section(entry, mapping=mapping, now=timezone.now())
    if section is None:
        raise NotFoundError("counter-entry", ordinal)
    context = {
        "journal": row.journal,
        "section": section,
        "can_write": sections.can_write(request.scope),
    }
    return render(request, "journals/_entry_live.html", context)


@require_POST
def send(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Approve and send, once compared with Nmbrs. A second click finds nothing left to send, and says so."""

    def sending() -> None:
        at_once = send_once_compared(scope=request.scope, journal_id=journal_id, now=timezone.now())
        if at_once:  # otherwise the page itself says what is waited for
            messages.success(request, _("Sending has begun. What became of it is shown below."))

    return act(request, journal_id, sending)


@require_http_methods(["GET", "POST"])
def withdraw(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Take back a wrongly imported journal, after asking once."""
    if request.method == "GET":
        return _ask_withdraw(request, journal_id)
    return act(
        request,
        journal_id,
        lambda: withdraw_journal(scope=request.scope, journal_id=journal_id, now=timezone.now()),
        _("The journal is withdrawn. You can import another one for this run."),
    )


def _ask_withdraw(request: OfficeRequest, journal_id: int) -> HttpResponse:
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    journal = queries.summary(scope=request.scope, journal_id=journal_id)
    company = directory.company(scope=request.scope, company_id=journal.run.company_id)
    context = {"journal": journal, "company": company, "tab": "payroll"}
    return render(request, "journals/withdraw.html", context)


@require_POST
def confirm(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Say that this journal is right beside another one."""
    other = request.POST.get("other", "")
    return act(
        request,
        journal_id,
        lambda: payroll.confirm(
            scope=request.scope,
            journal_id=journal_id,
            code=request.POST.get("code", ""),
            other_journal_id=int(other) if other.isdecimal() and len(other) < 19 else 0,
            now=timezone.now(),
        ),
        _("Confirmed. This is kept with your name."),
    )


def act(request: OfficeRequest, journal_id: int, doing: Callable[[], object], done: str = "") -> HttpResponse:
    """Do something with a journal and go back to its page, which then says what came of it."""
    try:
        doing()
    except ProblemsError as refused:
        say_why_not(request, refused)
    else:
        if done:
            messages.success(request, done)
    return redirect("journal", journal_id)


def _sections(scope: Scope, row: JournalRow, mapping: MappingView | None) -> list[sections.EntrySection]:
    """Each entry, followed by its counter-entry where it has one."""
    now, found = timezone.now(), []
    for entry in row.entries:
        found.append(sections.entry_section(entry, mapping=mapping, now=now))
        found += sections.late_sections(entry, now=now)
        counter_entry = sections.counter_entry_section(entry, scope=scope, now=now)
        if counter_entry is not None:
            found.append(counter_entry)
    return found


def _head(request: OfficeRequest, row: JournalRow) -> dict[str, Any]:
    beside = export.shown(export_line(scope=request.scope, journal_id=row.journal.id), scope=request.scope)
    return {
        "journal": row.journal,
        "head": beside.head,
        "beside": beside,
        "can_write": sections.can_write(request.scope),
    }


def _number(request: OfficeRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else None
