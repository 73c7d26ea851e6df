"""The preview of a mapping's booking dates and descriptions."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from loonbrug.directory.queries import companies_by_id
from loonbrug.mappings.checks import problems_of_booking
from loonbrug.mappings.preview import booking_preview
from loonbrug.mappings.queries import MappingView
from loonbrug.web.afas_settings.forms import BookingForm
from loonbrug.web.afas_settings.texts import PREVIEW_CASES, field_text
from loonbrug.web.requests import OfficeRequest

#: Digits that no id has.
_TOO_LONG = 19


def address(before: MappingView | None) -> str:
    """Where the preview is asked anew, for the company of this mapping or the one chosen on the form."""
    found = reverse("afas-mapping-preview")
    return f"{found}?company={before.company_id}" if before else found


def shown(request: OfficeRequest, form: BookingForm, before: MappingView | None = None) -> dict[str, object]:
    """What the preview shows of the form as it is now: rows, or what is wrong with the choice."""
    as_is = BookingForm({name: form[name].value() for name in BookingForm.base_fields})
    if not as_is.is_valid():
        return {"preview_rows": (), "preview_faults": [_("Fill in the fields above first.")]}
    choice = as_is.choice()
    if problems := problems_of_booking(choice):
        return {"preview_rows": (), "preview_faults": list(map(field_text, problems))}
    rows = booking_preview(
        choice=choice,
        company=before.company_name if before else _company(request),
        year=timezone.localdate().year,
    )
    return {
        "preview_rows": [(str(PREVIEW_CASES[row.case]) % {"period": row.period}, row) for row in rows],
        "preview_faults": (),
    }


def _company(request: OfficeRequest) -> str:
    """The name of the company that was chosen; before that, a word for one."""
    asked = request.POST.get("company") or request.GET.get("company", "")
    is_id = asked.isascii() and asked.isdecimal() and len(asked) < _TOO_LONG
    known = companies_by_id(scope=request.scope, company_ids=[int(asked)] if is_id else [])
    return next((each.name for each in known.values()), _("Company"))
