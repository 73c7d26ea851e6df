"""The evidence of a journal as a download."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from loonbrug.screens.evidence import evidence
from loonbrug.web.evidence.archive import to_zip
from loonbrug.web.requests import OfficeRequest


@require_GET
def download(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """One ZIP with everything that is known of this journal."""
    found = evidence(scope=request.scope, journal_id=journal_id)
    run = found.journal.run
    what = _("evidence")
    name = f"{what}-{found.company.number}-{run.year}-{run.period:02}-run{run.number}.zip"
    response = HttpResponse(to_zip(found), content_type="application/zip")
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    return response
