"""Genereren, comparing with Nmbrs, and what a person decides about what has changed since."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from loonbrug.access.rights import NotFoundError
from loonbrug.directory import queries as directory
from loonbrug.ledger.difference import difference
from loonbrug.payroll import generating, queries
from loonbrug.payroll.models import JournalLife
from loonbrug.screens.run_export import STOPPING, export_line
from loonbrug.web.journals import export, sections
from loonbrug.web.journals.views import act
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows import generate as workflow


@require_POST
def generate(request: OfficeRequest, company_id: int) -> HttpResponse:
    """Have the journals of runs in Nmbrs fetched; a run that has one is compared."""
    company = directory.company(scope=request.scope, company_id=company_id)
    chosen = [int(each) for each in request.POST.getlist("run") if each.isdecimal() and len(each) < 19]
    count = workflow.ask(scope=request.scope, run_ids=chosen, now=timezone.now())
    asked = ngettext(
        "%(count)d journal is being fetched from Nmbrs. You may leave this page.",
        "%(count)d journals are being fetched from Nmbrs. You may leave this page.",
        count,
    )
    messages.info(request, asked % {"count": count})
    return redirect("company-payroll", company.id)


@require_POST
def compare(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Ask Nmbrs whether it still gives this journal."""
    line = export_line(scope=request.scope, journal_id=journal_id)
    if line.in_nmbrs is None:
        raise NotFoundError("run", journal_id)
    workflow.ask(scope=request.scope, run_ids=[line.in_nmbrs.id], now=timezone.now())
    return redirect("journal", journal_id)


@require_GET
def show_difference(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """The journal of a run beside what Nmbrs gives by now, line by line."""
    line = export_line(scope=request.scope, journal_id=journal_id)
    if line.row is None or line.offered is None or line.row.journal.life is not JournalLife.LIVE:
        messages.info(request, _("Nmbrs offers nothing else beside this journal."))
        return redirect("journal", journal_id)
    before, after = queries.journals(scope=request.scope, journal_ids=[journal_id, line.offered.id])
    context = {
        "journal": line.row.journal,
        "offered": line.offered,
        "beside": export.shown(line, scope=request.scope),
        "company": directory.company(scope=request.scope, company_id=line.run.company_id),
        "tab": "payroll",
        "difference": difference(before.entries, after.entries),
        "can_write": sections.can_write(request.scope),
        "may_reverse": sections.may_reverse(request.scope),
    }
    return render(request, "journals/difference.html", context)


@require_POST
def take_over(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Put what Nmbrs gives by now in the place of a journal of which nothing is sent."""
    return act(
        request,
        journal_id,
        lambda: workflow.take_over(scope=request.scope, journal_id=journal_id, now=timezone.now()),
        _("This journal has taken the place of the other one, which stays in the history of the run."),
    )


@require_POST
def release(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Say why a journal without a run may stay, so that sending by itself goes on."""
    line = export_line(scope=request.scope, journal_id=journal_id)
    change = line.change
    if change not in STOPPING:
        raise NotFoundError("stop", journal_id)
    return act(
        request,
        journal_id,
        lambda: generating.release(
            scope=request.scope,
            journal_id=journal_id,
            code=change,
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        ),
        _("Your reason and your name are kept. Nothing stops sending by itself because of this journal."),
    )
