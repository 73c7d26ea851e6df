"""Taking a booked journal out of AFAS again: what will happen to each entry, why, and yes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loonbrug.access.rights import Level, Part
from loonbrug.delivery import queries as deliveries
from loonbrug.delivery.outcomes import Reason
from loonbrug.delivery.queries import ReversalView
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import State
from loonbrug.directory import queries as directory
from loonbrug.ledger.money import ZERO
from loonbrug.ledger.problems import problem
from loonbrug.payroll import queries as payroll
from loonbrug.web.field_errors import text_of, was_done
from loonbrug.web.journals import sections, words
from loonbrug.web.journals.forms import ReversalForm
from loonbrug.web.requests import OfficeRequest
from loonbrug.workflows.reverse import reverse_journal


@require_http_methods(["GET", "POST"])
def reverse(request: OfficeRequest, journal_id: int) -> HttpResponse:
    """What reversing would do, and the question whether it is to be done."""
    scope = request.scope
    journal = payroll.summary(scope=scope, journal_id=journal_id)
    found = deliveries.reversal(scope=scope, journal_id=journal_id)
    seen = ",".join(str(view.id) for view in found.reversible)  # not what was sent in their place since
    was_refused = any(view.reason == Reason.DELETE_REFUSED for view in found.reversible)
    form = ReversalForm(request.POST or None, found.ways, was_refused=was_refused)
    if request.method == "POST":
        scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
        scope.require(Part.REVERSAL, Level.WRITE)
        if request.POST.get("seen") != seen:
            messages.error(request, text_of(problem("delivery_has_moved_on")))
            return redirect("journal-reverse", journal_id)
        if form.is_valid() and _asked(request, journal_id, form):
            messages.success(request, _("The journal is being reversed. You see here how it goes on."))
            return redirect("journal", journal_id)
    context = {
        "journal": journal,
        "company": directory.company(scope=scope, company_id=journal.run.company_id),
        "tab": "payroll",
        "entries": [(view, words.delivery_state(view)) for view in found.reversible],
        "others": [(view, words.delivery_state(view)) for view in found.others],
        "total": sum((view.total for view in found.reversible), ZERO),
        "is_settled": found.is_settled,
        "may_reverse": sections.may_reverse(scope),
        "form": form,
        "seen": seen,
    }
    return render(request, "journals/reverse.html", context | _ways(found))


def _ways(found: ReversalView) -> dict[str, object]:
    """Which ways there are; and of one that is missing, why."""
    return {
        "can_delete": How.DELETE in found.ways,
        "can_counter": How.COUNTER_ENTRY in found.ways,
        "can_reverse": found.is_settled and found.reversible and found.ways,
        "is_conflict": any(view.state is State.CONFLICT for view in found.reversible),
        "is_by_hand": any(view.state is State.BOOKED_BY_HAND for view in found.others),
    }


def _asked(request: OfficeRequest, journal_id: int, form: ReversalForm) -> bool:
    """Whether the reversal could be asked for; otherwise the form says why not."""
    return was_done(
        form,
        lambda: reverse_journal(
            scope=request.scope,
            journal_id=journal_id,
            how=How(form.cleaned_data["how"]),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
    )
