"""What the pages of both tabs share."""

from django.http import HttpResponse
from django.shortcuts import render

from loonbrug.access.queries import user_managers
from loonbrug.web.requests import OfficeRequest

#: The status of a page that shows a form again with what is wrong in it.
WRONG = 422


def page(request: OfficeRequest, name: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """A page of this section; whoever may only read is told whom to ask for the right to write."""
    shared = {"tab": "settings", "section": "afas", "askable": user_managers(scope=request.scope)}
    return render(request, f"afas_settings/{name}.html", shared | context, status=status)
