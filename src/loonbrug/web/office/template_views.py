"""Pages of the office's templates."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from loonbrug.access import operations, queries
from loonbrug.access.rights import Level, Part
from loonbrug.web.field_errors import attempt
from loonbrug.web.office.forms import TemplateForm
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.words import level_name, part_name

_PLACE = {"tab": "settings", "section": "templates"}


@require_GET
def templates(request: OfficeRequest) -> HttpResponse:
    """All templates, with what they allow."""
    found = queries.templates(scope=request.scope)
    rows = [
        (template, [level_name(template.rights.get(part, Level.NONE)) for part in Part]) for template in found
    ]
    context = _PLACE | {"rows": rows, "parts": [part_name(part) for part in Part]}
    return render(request, "office/templates.html", context)


@require_http_methods(["GET", "POST"])
def template_add(request: OfficeRequest) -> HttpResponse:
    """A new template."""
    request.scope.require(Part.USERS, Level.WRITE)
    form = TemplateForm(request.POST or None)
    if template := attempt(
        form,
        lambda: operations.add_template(
            scope=request.scope, name=form.cleaned_data["name"], rights=form.rights(), now=timezone.now()
        ),
    ):
        messages.success(request, _("%(name)s has been added.") % {"name": template.name})
        return redirect("templates")
    return render(request, "office/template_form.html", _PLACE | {"form": form})


@require_http_methods(["GET", "POST"])
def template_change(request: OfficeRequest, template_id: int) -> HttpResponse:
    """Name and rights."""
    request.scope.require(Part.USERS, Level.WRITE)
    template = queries.template(scope=request.scope, template_id=template_id)
    form = TemplateForm(request.POST or None, template)
    if attempt(
        form,
        lambda: operations.change_template(
            scope=request.scope,
            template_id=template_id,
            name=form.cleaned_data["name"],
            rights=form.rights(),
            now=timezone.now(),
        ),
    ):
        messages.success(request, _("The changes have been saved."))
        return redirect("templates")
    return render(request, "office/template_form.html", _PLACE | {"form": form, "template": template})
