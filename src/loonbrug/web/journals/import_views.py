"""Reading in a journal file: choose it, see what it holds and does, then import it."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from loonbrug.access.rights import Level, NotFoundError, Part
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import CompanyView
from loonbrug.ledger.problems import problem
from loonbrug.payroll import operations, queries
from loonbrug.payroll.formats.reading import LARGEST_FILE
from loonbrug.payroll.operations import Imported, ImportRefusedError
from loonbrug.payroll.queries import Fate, UploadView
from loonbrug.web.field_errors import say_why_not, text_of
from loonbrug.web.journals import sections, words
from loonbrug.web.journals.forms import RunForm, UploadForm
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows.check import check_drafts
from loonbrug.workflows.import_journal import ImportPreview, import_upload, period_problems, preview


@require_http_methods(["GET", "POST"])
def choose(request: OfficeRequest, company_id: int) -> HttpResponse:
    """Choose a file and, where it does not say so, name its run."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    company = directory.company(scope=request.scope, company_id=company_id)
    named = {name: request.GET[name] for name in RunForm.base_fields if name in request.GET}
    form = UploadForm(request.POST or None, request.FILES or None, initial=named)
    status = 200
    if request.method == "POST" and form.is_valid() and _has_period(request, company_id, form):
        file = cast("UploadedFile[bytes]", form.cleaned_data["file"])
        if (file.size or 0) <= LARGEST_FILE:
            return redirect("journal-preview", company_id, _kept(request, company, form, file))
        status = 413
        limit = LARGEST_FILE // 1024**2
        form.add_error("file", text_of(problem("file_too_large", name=_name(file), limit=limit)))
    context = {"company": company, "tab": "payroll", "form": form}
    return render(request, "journals/choose.html", context, status=status)


@require_http_methods(["GET", "POST"])
def look(request: OfficeRequest, company_id: int, upload_id: int) -> HttpResponse:
    """See what the file holds and what importing it would do; then do it, once."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    company = directory.company(scope=request.scope, company_id=company_id)
    upload = _upload(request, company_id, upload_id)
    if upload is None:
        return redirect("company-payroll", company_id)
    if request.method == "POST" and (answer := _imported(request, upload_id)):
        return answer
    found = preview(
        scope=request.scope,
        name=upload.name,
        data=upload.data,
        company_id=upload.company_id,
        year=upload.year,
        period=upload.period,
        run=upload.run,
    )
    checked = check_drafts(scope=request.scope, drafts=[plan.draft for plan in found.planned])
    named = {name: value for name in RunForm.base_fields if (value := getattr(upload, name)) is not None}
    context = {
        "company": company,
        "tab": "payroll",
        "upload": upload,
        "named": urlencode(named),
        "run_form": RunForm(initial=named) if _lacks_run(found) else None,
        "preview": found,
        "problems": [words.advice(each) for each in found.problems],
        "plans": [
            sections.planned(*each, scope=request.scope) for each in zip(found.planned, checked, strict=True)
        ],
    }
    return render(request, "journals/preview.html", context)


@require_POST
def name_run(request: OfficeRequest, company_id: int, upload_id: int) -> HttpResponse:
    """Say which run an uploaded file is of, and look at it again."""
    request.scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    if _upload(request, company_id, upload_id) is None:
        return redirect("company-payroll", company_id)
    form = RunForm(request.POST)
    if form.is_valid() and _has_period(request, company_id, form):
        operations.name_upload(scope=request.scope, upload_id=upload_id, **form.cleaned_data)
    else:
        for name, errors in form.errors.items():
            messages.error(request, f"{form[name].label}: {' '.join(map(str, errors))}")
    return redirect("journal-preview", company_id, upload_id)


@require_POST
def drop(request: OfficeRequest, company_id: int, upload_id: int) -> HttpResponse:
    """Leave the file for what it is."""
    operations.drop_upload(scope=request.scope, upload_id=upload_id)
    return redirect("company-payroll", company_id)


def _upload(request: OfficeRequest, company_id: int, upload_id: int) -> UploadView | None:
    """The file as it was uploaded for this company; None, which is said, when it is no longer there."""
    try:
        found = queries.upload(scope=request.scope, upload_id=upload_id)
    except NotFoundError:
        messages.info(request, _("This file was imported already, or it was left for more than a day."))
        return None
    if found.company_id != company_id:
        raise NotFoundError("upload", upload_id)
    return found


def _has_period(request: OfficeRequest, company_id: int, form: RunForm) -> bool:
    """Whether the company's payroll has the period that was typed in; otherwise the form says why not."""
    period = form.cleaned_data["period"] or 0
    for found in period_problems(scope=request.scope, company_id=company_id, period=period):
        form.add_error("period", text_of(found))
    return form.is_valid()


def _lacks_run(found: ImportPreview) -> bool:
    return any(each.code.startswith("run_part_") for each in found.problems)


def _kept(request: OfficeRequest, company: CompanyView, form: UploadForm, file: "UploadedFile[bytes]") -> int:
    return operations.keep_upload(
        scope=request.scope,
        company_id=company.id,
        name=_name(file),
        data=file.read(),
        year=form.cleaned_data["year"],
        period=form.cleaned_data["period"],
        run=form.cleaned_data["run"],
        now=timezone.now(),
    )


def _name(file: "UploadedFile[bytes]") -> str:
    """The file's name, fit to be shown and kept."""
    name = "".join(character for character in file.name or "" if character.isprintable())
    return name[-200:] or _("file without a name")


def _imported(request: OfficeRequest, upload_id: int) -> HttpResponse | None:
    """Where to go after importing; nothing when it was refused, which the page then says."""
    try:
        kept = import_upload(
            scope=request.scope,
            upload_id=upload_id,
            replace=request.POST.get("replace") == "yes",
            now=timezone.now(),
        )
    except ImportRefusedError as refused:
        say_why_not(request, refused)
        return None
    _say(request, kept)
    return redirect("journal", kept[0].journal_id)


def _say(request: OfficeRequest, kept: tuple[Imported, ...]) -> None:
    count = sum(each.fate is not Fate.SAME for each in kept)
    if count:
        said = ngettext("%(count)d journal was imported.", "%(count)d journals were imported.", count)
        messages.success(request, said % {"count": count})
    if count < len(kept):
        messages.info(request, _("What was imported before was not imported again."))
