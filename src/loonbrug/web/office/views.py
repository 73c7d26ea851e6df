"""The first page of the office, and finding things."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.directory import queries as directory
from loonbrug.planning import queries as planning
from loonbrug.planning.queries import OfficePauseView
from loonbrug.screens.office_home import office_home
from loonbrug.screens.radar import ON_PAGE, radar, sees_radar
from loonbrug.web.office.notices import notices
from loonbrug.web.radar.words import section
from loonbrug.web.requests import OfficeRequest

_FOUND = 50
_FIRST_SETTINGS = (
    (Part.AFAS_SETTINGS, "afas-accounts"),
    (Part.MAPPINGS, "afas-mappings"),
    (Part.NMBRS_SETTINGS, "nmbrs-connections"),
    (Part.USERS, "users"),
)


@require_GET
def home(request: OfficeRequest) -> HttpResponse:
    """What there is to do."""
    month_start = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    screen = office_home(scope=request.scope, month_start=month_start)
    context = {
        "tab": "home",
        "screen": screen,
        "notices": notices(request.scope),
        "radar": [section(group) for group in radar(scope=request.scope, now=timezone.now())],
        "sees_radar": sees_radar(scope=request.scope),
        "pause": _pause(request.scope),
    }
    return render(request, "office/home.html", context)


def _pause(scope: Scope) -> OfficePauseView | None:
    """The pause of the office, for whoever may see workflows."""
    return planning.office_pause(scope=scope) if scope.allows(Part.WORKFLOW, Level.READ) else None


@require_GET
def missing(request: OfficeRequest) -> HttpResponse:
    """Wat niet is gebeurd, whole."""
    found = radar(scope=request.scope, now=timezone.now(), each_count=ON_PAGE)
    context = {"tab": "home", "radar": [section(group) for group in found], "is_whole": True}
    return render(request, "office/missing.html", context)


@require_GET
def find(request: OfficeRequest) -> HttpResponse:
    """Companies by a part of their number or name, or of their debtor's; a single one is opened at once."""
    text = request.GET.get("q", "").strip()[:80]
    companies = directory.found(scope=request.scope, text=text, count=_FOUND) if text else []
    if len(companies) == 1:
        return redirect("company", companies[0].id)
    context = {"text": text, "companies": companies, "is_cut_off": len(companies) == _FOUND}
    return render(request, "office/find.html", context)


@require_GET
def settings(request: OfficeRequest) -> HttpResponse:
    """To the first of the settings that this person may see."""
    for part, name in _FIRST_SETTINGS:
        if request.scope.allows(part, Level.READ):
            return redirect(name)
    return render(request, "office/no_settings.html", {"tab": "settings"})
