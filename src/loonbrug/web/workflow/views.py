"""Pages of the workflow: the calendar of the office, one company, and one choice for many companies."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loonbrug.access.rights import Level, Part
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import CompanyView
from loonbrug.ledger.problems import ProblemsError
from loonbrug.planning import operations, queries
from loonbrug.planning.choices import Choice
from loonbrug.planning.plan import Step, Turns
from loonbrug.planning.queries import WorkflowView
from loonbrug.screens.calendar import calendar
from loonbrug.screens.planned import runs_under_way, standings
from loonbrug.web.field_errors import attempt, say_why_not
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.workflow.forms import WorkflowForm
from loonbrug.web.workflow.rows import day_rows, run_row, waiting_groups
from loonbrug.web.workflow.words import step_name, turn_name
from loonbrug.workflows import carry_out

_WEEK = timedelta(days=7)
#: The calendar shows this many weeks at once.
_WEEKS = 2
#: Weeks back and ahead that can be asked for.
_FARTHEST_WEEK = 60


@require_GET
def office(request: OfficeRequest) -> HttpResponse:
    """Agenda: what was and will be done by itself, day by day; what waits for a person."""
    scope = request.scope
    week = _week(request)
    today = timezone.localdate()
    first = today - timedelta(days=today.weekday()) + week * _WEEK
    found = calendar(scope=scope, first=first, day_count=7 * _WEEKS, company_id=None, now=timezone.now())
    companies = directory.companies_by_id(scope=scope, company_ids=queries.workflows(scope=scope))
    context = {
        "tab": "workflow",
        "pause": queries.office_pause(scope=scope),
        "days": day_rows(found.days, today),
        "waiting": waiting_groups(found.waiting),
        "week": week,
        "first": first,
        "last": first + timedelta(days=7 * _WEEKS - 1),
        "earlier": week - _WEEKS if week - _WEEKS >= -_FARTHEST_WEEK else None,
        "later": week + _WEEKS if week + _WEEKS <= _FARTHEST_WEEK else None,
        "company_count": len(companies),
    }
    return render(request, "workflow/calendar.html", context)


@require_http_methods(["GET", "POST"])
def company(request: OfficeRequest, company_id: int) -> HttpResponse:
    """The workflow of one company, and where its runs stand."""
    scope, now = request.scope, timezone.now()
    scope.require(Part.WORKFLOW, Level.WRITE if request.method == "POST" else Level.READ)
    found = directory.company(scope=scope, company_id=company_id)
    workflow = queries.workflows(scope=scope, company_ids=[company_id]).get(company_id)
    form = WorkflowForm(request.POST or None, workflow.choice if workflow else Choice(Turns()))
    if attempt(
        form,
        lambda: operations.set_workflow(scope=scope, company_ids=[company_id], choice=form.choice(), now=now),
    ):
        messages.success(request, _("The workflow was saved."))
        return redirect("workflow", company_id)
    under_way = runs_under_way(scope=scope, company_ids=[company_id])
    context = {
        "company": found,
        "tab": "workflow",
        "form": form,
        "workflow": workflow,
        "steps": _steps(workflow),
        "pause": queries.office_pause(scope=scope),
        "runs": [run_row(each, now) for each in standings(scope=scope, run_ids=under_way)],
        "may_send": scope.allows(Part.JOURNAL_EXPORT, Level.WRITE),
    }
    return render(request, "workflow/company.html", context)


@require_http_methods(["GET", "POST"])
def many(request: OfficeRequest) -> HttpResponse:
    """One workflow for the companies that are ticked; those of one debtor, or of the whole office."""
    scope = request.scope
    scope.require(Part.WORKFLOW, Level.WRITE if request.method == "POST" else Level.READ)
    debtor_id = _number(request.GET.get("debtor", ""))
    form = WorkflowForm(request.POST or None, Choice(Turns()))
    chosen = [number for text in request.POST.getlist("company") if (number := _number(text))]
    if count := attempt(
        form,
        lambda: operations.set_workflow(
            scope=scope, company_ids=chosen, choice=form.choice(), now=timezone.now()
        ),
    ):
        text = ngettext(
            "The workflow was saved for %(count)s company.",
            "The workflow was saved for %(count)s companies.",
            count,
        )
        messages.success(request, text % {"count": count})
        return redirect(request.get_full_path())
    companies = directory.companies(scope=scope, debtor_id=debtor_id)
    context = {
        "tab": "workflow",
        "form": form,
        "rows": _rows(companies, queries.workflows(scope=scope)),
        "step_names": [step_name(step) for step in Step],
        "chosen": set(chosen),
        "debtors": directory.debtors(scope=scope),
        "debtor_id": debtor_id,
    }
    return render(request, "workflow/many.html", context)


@require_POST
def pause_company(request: OfficeRequest, company_id: int) -> HttpResponse:
    """The pause button of one company, and the one that ends it."""
    act = operations.resume if request.POST.get("resume") else operations.pause
    act(scope=request.scope, company_ids=[company_id], now=timezone.now())
    return redirect("workflow", company_id)


@require_POST
def pause_office(request: OfficeRequest) -> HttpResponse:
    """The pause button of the whole office, and the one that ends it."""
    act = operations.resume_office if request.POST.get("resume") else operations.pause_office
    act(scope=request.scope, now=timezone.now())
    return redirect("calendar")


@require_POST
def look_again(request: OfficeRequest, company_id: int) -> HttpResponse:
    """Nu proberen."""
    carry_out.look_again(scope=request.scope, company_id=company_id, now=timezone.now())
    messages.success(request, _("What is due is tried now."))
    return redirect("workflow", company_id)


@require_POST
def checked(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """Gecontroleerd."""
    try:
        carry_out.mark_checked(scope=request.scope, journal_id=journal_id, now=timezone.now())
    except ProblemsError as refused:
        say_why_not(request, refused)
    else:
        messages.success(request, _("The journal was marked as checked."))
    return redirect("journal", journal_id)


def _steps(workflow: WorkflowView | None) -> list[tuple[str, str]]:
    turns = workflow.choice.turns if workflow else Turns()
    return [(step_name(step), turn_name(turns.of(step))) for step in Step]


def _rows(
    companies: Iterable[CompanyView], workflows: dict[int, WorkflowView]
) -> list[tuple[CompanyView, WorkflowView | None, list[str]]]:
    return [
        (each, workflows.get(each.id), [text for _name, text in _steps(workflows.get(each.id))])
        for each in companies
    ]


def _week(request: OfficeRequest) -> int:
    """How many weeks from this one; 0 for what cannot be read."""
    text = request.GET.get("week", "0")
    found = (
        int(text)
        if text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal() and len(text) < 5
        else 0
    )
    return max(-_FARTHEST_WEEK, min(found, _FARTHEST_WEEK))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
