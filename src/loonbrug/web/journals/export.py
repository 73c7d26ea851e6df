"""One line of the journal export, and what a journal's page says about its run in Nmbrs."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loonbrug.access.rights import Scope
from loonbrug.ledger.problems import Who, problem
from loonbrug.payroll.models import JournalSource
from loonbrug.screens.run_export import Change, ExportLine
from loonbrug.web.journals import sections, words
from loonbrug.web.journals.sections import Summary
from loonbrug.web.journals.words import Advice, StateWord
from loonbrug.workflows.check import check_journals

_SOURCES: dict[JournalSource, Promise] = {
    JournalSource.FILE: gettext_lazy("File"),
    JournalSource.NMBRS: gettext_lazy("Nmbrs"),
}
_CHANGES: dict[Change, tuple[str, Promise]] = {
    Change.AFTER_GENERATING: ("attention", gettext_lazy("Changed after generating")),
    Change.AFTER_BOOKING: ("bad", gettext_lazy("Changed after booking")),
    Change.GONE: ("attention", gettext_lazy("Run deleted")),
    Change.GONE_AFTER_BOOKING: ("bad", gettext_lazy("Run deleted after booking")),
    Change.WITHOUT_RUN: ("bad", gettext_lazy("No run in Nmbrs")),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line in words. `why` says why a journal did not come, or was not sent once it was compared."""

    line: ExportLine
    head: Summary | None
    description: str
    source: str
    in_nmbrs: StateWord | None
    generation: StateWord | None
    waits_for: str
    why: tuple[Advice, ...]
    change: StateWord | None
    stop: Advice | None


def all_shown(lines: Sequence[ExportLine], *, scope: Scope) -> list[Shown]:
    """The lines of the export, for this reader; all that can be sent is checked together."""
    open_ids = [line.row.journal.id for line in lines if line.row and line.row.is_open]
    checked = check_journals(scope=scope, journal_ids=open_ids)
    return [
        _shown(
            line,
            sections.summary_of(line.row, checked.get(line.row.journal.id), scope=scope)
            if line.row
            else None,
        )
        for line in lines
    ]


def shown(line: ExportLine, *, scope: Scope) -> Shown:
    """One line of the export, for this reader."""
    return all_shown([line], scope=scope)[0]


def _shown(line: ExportLine, head: Summary | None) -> Shown:
    asked = line.in_nmbrs.generation if line.in_nmbrs else None
    is_sent = line.row is not None and line.row.is_sent
    return Shown(
        line=line,
        head=head,
        description=_description(line),
        source=str(_SOURCES[line.row.journal.source]) if line.row else "",
        in_nmbrs=_in_nmbrs(line),
        generation=_generation(line),
        waits_for=words.advice(problem(asked.waits_for)).message if asked and asked.waits_for else "",
        why=tuple(map(words.advice, asked.problems)) if asked and not is_sent else (),
        change=_change(line.change),
        stop=words.advice(problem(line.change, who=Who.PAYROLL)) if line.stops and line.change else None,
    )


def _description(line: ExportLine) -> str:
    """What payroll calls the run."""
    in_journal = line.row.journal.description if line.row else ""
    return in_journal or (line.in_nmbrs.seen.description if line.in_nmbrs else "")


def _change(change: Change | None) -> StateWord | None:
    if change is None:
        return None
    tone, word = _CHANGES[change]
    return StateWord(tone, str(word))


def _in_nmbrs(line: ExportLine) -> StateWord | None:
    """How the run stands in Nmbrs; nothing for one that is known from a file only."""
    if line.in_nmbrs is None:
        return None
    seen = line.in_nmbrs.seen
    if seen.gone_at is not None:
        return StateWord("bad", _("Deleted"))
    if seen.is_locked:
        return StateWord("good", _("Locked"))
    return StateWord("neutral", _("Open"))


def _generation(line: ExportLine) -> StateWord | None:
    """How asking Nmbrs goes; nothing where a journal is there and all is well."""
    is_there = line.row is not None
    if line.is_fetching:
        return StateWord(
            "waiting", _("Being compared with Nmbrs") if is_there else _("Being fetched from Nmbrs")
        )
    if line.in_nmbrs is not None and line.in_nmbrs.has_failed:
        return StateWord("bad", _("Not compared with Nmbrs") if is_there else _("Not fetched from Nmbrs"))
    return None if is_there else StateWord("neutral", _("Not generated yet"))
