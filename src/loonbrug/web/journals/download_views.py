"""Journals and templates as files."""

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from loonbrug.access.rights import Level, Part
from loonbrug.directory import queries as directory
from loonbrug.payroll import queries
from loonbrug.payroll.formats.export import JournalSheet, Language, to_csv, to_xlsx
from loonbrug.payroll.formats.pdf import to_pdf
from loonbrug.payroll.formats.templates import csv_template, xlsx_template
from loonbrug.screens.journal_export import journal_row
from loonbrug.web.journals import sections
from loonbrug.web.requests import OfficeRequest
from loonbrug.web.words import language

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_WRITERS: dict[str, Callable[[JournalSheet, Language], bytes]] = {
    "csv": to_csv,
    "xlsx": to_xlsx,
    "pdf": to_pdf,
}
_TEMPLATES: dict[str, Callable[[Language], bytes]] = {"csv": csv_template, "xlsx": xlsx_template}


@require_GET
def journal(request: OfficeRequest, journal_id: int, kind: str) -> HttpResponse:
    """The lines of a journal as CSV, XLSX or PDF."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.READ)
    writer = _WRITERS.get(kind)
    if writer is None:
        raise Http404
    sheet = _sheet(request, journal_id)
    name = f"{sheet.company_number}-{sheet.year}-{sheet.period:02}-run{sheet.run_number}.{kind}"
    return _file(writer(sheet, language()), name, _TYPES[kind])


@require_GET
def source(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """The file as it came in, byte for byte."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.READ)
    found = queries.summary(scope=request.scope, journal_id=journal_id)
    data = queries.source_bytes(scope=request.scope, journal_id=journal_id)
    return _file(data, found.file_name, "application/octet-stream")


@require_GET
def template(request: OfficeRequest, kind: str) -> HttpResponse:
    """Our layout with one example journal."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.READ)
    writer = _TEMPLATES.get(kind)
    if writer is None:
        raise Http404
    name = _("template")
    return _file(writer(language()), f"loonbrug-{name}.{kind}", _TYPES[kind])


def _sheet(request: OfficeRequest, journal_id: int) -> JournalSheet:
    view = queries.journal(scope=request.scope, journal_id=journal_id)
    company = directory.company(scope=request.scope, company_id=view.run.company_id)
    head = sections.summary(journal_row(scope=request.scope, journal_id=journal_id), scope=request.scope)
    return JournalSheet(
        title=_("Payroll journal"),
        company_number=company.number,
        company_name=company.name,
        year=view.run.year,
        period=view.run.period,
        run_number=view.run.number,
        run_description=view.description,
        state=head.state.word,
        entries=view.entries,
        made_at=timezone.localtime(),
    )


def _file(data: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    return response
