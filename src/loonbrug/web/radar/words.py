"""What did not happen, in words, with where to go."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loonbrug.screens.problem_texts import who_label
from loonbrug.screens.radar import Finding, Group, Kind, Stage
from loonbrug.web.journals.words import advice
from loonbrug.web.words import language

_KINDS: dict[Kind, Promise] = {
    Kind.FAILED: gettext_lazy("Could not be done by itself"),
    Kind.CONTRADICTED: gettext_lazy("Nmbrs says something else by now"),
    Kind.MISSING: gettext_lazy("No run yet, later than usual"),
    Kind.NOT_BOOKED: gettext_lazy("Locked, and not booked"),
    Kind.NMBRS_STOPS: gettext_lazy("Connections with Nmbrs that stop"),
    Kind.AFAS_STOPS: gettext_lazy("AFAS accounts that stop"),
    Kind.AFAS_WAITS: gettext_lazy("AFAS keeps waiting"),
}
_STAGES: dict[Stage, Promise] = {
    Stage.NO_RUN: gettext_lazy("no run"),
    Stage.NO_MAPPING: gettext_lazy("no mapping"),
    Stage.NOT_GENERATED: gettext_lazy("not generated"),
    Stage.NOT_SENT: gettext_lazy("not sent"),
    Stage.STOPPED: gettext_lazy("stopped"),
    Stage.UNDER_WAY: gettext_lazy("under way"),
    Stage.CHANGED_AFTER_GENERATING: gettext_lazy("changed after generating"),
    Stage.CHANGED_AFTER_BOOKING: gettext_lazy("changed after booking"),
    Stage.RUN_GONE: gettext_lazy("run deleted"),
    Stage.RUN_GONE_AFTER_BOOKING: gettext_lazy("run deleted after booking"),
    Stage.FILE_WITHOUT_RUN: gettext_lazy("no run in Nmbrs"),
    Stage.CONSENT_NEEDED: gettext_lazy("give consent again"),
    Stage.BROKEN: gettext_lazy("interrupted"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: what, how it stands, who must act, and where."""

    name: str
    period: str
    stage: str
    who: str
    address: str


@dataclass(frozen=True, slots=True)
class Section:
    """All of a kind; `more` are not among the lines."""

    kind: Kind
    title: str
    count: int
    lines: tuple[Line, ...]

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def section(group: Group) -> Section:
    """A kind of finding in words, the first few of them."""
    return Section(group.kind, str(_KINDS[group.kind]), group.count, tuple(map(_line, group.findings)))


def _line(found: Finding) -> Line:
    page = "company-payroll" if found.page == "company" else found.page
    return Line(
        name=found.name or _("Consent of a debtor, not read yet"),
        period=_period(found),
        stage=_stage(found),
        who=who_label(found.who, language()),
        address=reverse(page, args=[found.subject_id]),
    )


def _period(found: Finding) -> str:
    if found.period is None:
        return ""
    year, period = found.period
    number = f" ({found.run_number})" if found.run_number not in (None, 1) else ""
    return f"{year}-{period}{number}"


def _stage(found: Finding) -> str:
    if found.problem is not None:
        return advice(found.problem).message
    if found.stage is Stage.ENDS and found.days is not None:
        return ngettext("ends in %(days)s day", "ends in %(days)s days", found.days) % {"days": found.days}
    if found.stage is Stage.WAITS:
        text = ngettext("%(count)s entry waits", "%(count)s entries wait", found.count)
        return text % {"count": found.count}
    said = str(_STAGES[found.stage])
    if not found.days:
        return said
    for_days = ngettext("for %(days)s day", "for %(days)s days", found.days) % {"days": found.days}
    return f"{said}, {for_days}"
