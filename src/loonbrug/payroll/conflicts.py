"""What stands between journals: a second one in a period, the same content twice, what Nmbrs gives by now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from loonbrug.access.rights import Scope
from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.problems import Problem, Severity, problem
from loonbrug.payroll import queries
from loonbrug.payroll.models import Confirmation, Journal, JournalLife
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.payroll.queries import (
    Fate,
    JournalSummary,
    JournalView,
    PlannedImport,
    RunDraft,
    RunIdentity,
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a conflict is found by."""

    id: int
    run: RunIdentity
    content_hash: str


def conflicts(*, scope: Scope, journal_id: int) -> tuple[Problem, ...]:
    """What a person still has to confirm about earlier live journals. Raises NotFoundError."""
    return conflicts_of(scope=scope, journals=[queries.summary(scope=scope, journal_id=journal_id)])[
        journal_id
    ]


def conflicts_of(
    *, scope: Scope, journals: Sequence[JournalView | JournalSummary]
) -> dict[int, tuple[Problem, ...]]:
    """For each of these journals what a person still has to confirm: about earlier live ones, and Nmbrs."""
    live = _live_of_companies(scope, {journal.run.company_id for journal in journals})
    there = _in_nmbrs(scope, {journal.run.company_id for journal in journals})
    offered = queries.offered_of_runs(scope=scope, run_ids={journal.run_id for journal in journals})
    confirmed = set(
        Confirmation.objects.filter(journal_id__in=[journal.id for journal in journals]).values_list(
            "journal_id", "code", "other_journal_id"
        )
    )
    return {
        journal.id: tuple(
            found
            for found, other in (
                *_changed(journal, offered.get(journal.run_id)),
                *_with_earlier(journal, live.get(journal.run.company_id, ()), there),
            )
            if (journal.id, found.code, other) not in confirmed
        )
        for journal in journals
    }


def planned_imports(
    *, scope: Scope, drafts: Sequence[RunDraft], sent: Collection[int]
) -> tuple[PlannedImport, ...]:
    """What importing the drafts comes down to; `sent` holds the journals of which something was sent."""
    company_ids = {draft.run.company_id for draft in drafts}
    live = queries.live_of_companies(scope=scope, company_ids=company_ids)
    there = _in_nmbrs(scope, company_ids)
    return tuple(_plan(draft, live, sent, there) for draft in drafts)


def _in_nmbrs(scope: Scope, company_ids: Collection[int]) -> frozenset[RunIdentity]:
    """The runs of these companies that Nmbrs shows: two of them in a period are two."""
    rows = NmbrsRun.objects.filter(office_id=scope.office_id, company_id__in=company_ids, gone_at=None)
    return frozenset(RunIdentity(*row) for row in rows.values_list("company_id", "year", "period", "number"))


def _live_of_companies(scope: Scope, company_ids: Collection[int]) -> dict[int, list[_Known]]:
    rows = Journal.objects.filter(
        office_id=scope.office_id, life=JournalLife.LIVE, run__company_id__in=company_ids
    )
    columns = ("run__company_id", "run__year", "run__period", "run__number", "pk", "content_hash")
    found: defaultdict[int, list[_Known]] = defaultdict(list)
    for *run, journal_id, content in rows.order_by("pk").values_list(*columns):
        found[run[0]].append(_Known(journal_id, RunIdentity(*run), content))
    return found


def _changed(
    journal: JournalView | JournalSummary, offered: JournalSummary | None
) -> list[tuple[Problem, int]]:
    """Nmbrs gives another content for the run by now: sending the old one is for a person to say."""
    if offered is None or journal.life is not JournalLife.LIVE:
        return []
    return [(problem("journal_changed_in_nmbrs", severity=Severity.CONFIRM, other=offered.id), offered.id)]


def _with_earlier(
    journal: JournalView | JournalSummary, live: Iterable[_Known], there: frozenset[RunIdentity]
) -> list[tuple[Problem, int]]:
    """Against those that were there before this one: the second one is the one to confirm."""
    if journal.life is not JournalLife.LIVE:
        return []
    earlier = (other for other in live if other.id < journal.id)
    return _conflicts(journal.run, journal.content_hash, earlier, there)


def _conflicts(
    run: RunIdentity,
    content: str,
    others: Iterable[_Known | JournalSummary],
    there: frozenset[RunIdentity],
) -> list[tuple[Problem, int]]:
    """Each conflict with the id of the other journal."""
    found: list[tuple[Problem, int]] = []
    for other in others:
        if other.run == run:
            continue
        is_same_period = (other.run.year, other.run.period) == (run.year, run.period)
        if is_same_period and not {run, other.run} <= there:
            found.append((_second_run(other), other.id))
        if other.content_hash == content:
            found.append((_same_content(other), other.id))
    return found


def _second_run(other: _Known | JournalSummary) -> Problem:
    return problem(
        "second_run_in_period",
        severity=Severity.CONFIRM,
        other=other.id,
        year=other.run.year,
        period=other.run.period,
        run=other.run.number,
    )


def _same_content(other: _Known | JournalSummary) -> Problem:
    return problem(
        "same_content_as_other_run",
        severity=Severity.CONFIRM,
        other=other.id,
        year=other.run.year,
        period=other.run.period,
        run=other.run.number,
    )


def _plan(
    draft: RunDraft,
    live: Sequence[JournalSummary],
    sent: Collection[int],
    there: frozenset[RunIdentity],
) -> PlannedImport:
    content = content_hash(draft.entries)
    present = next((each for each in live if each.run == draft.run), None)
    others = [each for each in live if each.run.company_id == draft.run.company_id]
    conflicts = tuple(each for each, _ in _conflicts(draft.run, content, others, there))
    return PlannedImport(draft, _fate(content, present, sent), present, conflicts)


def _fate(content: str, present: JournalSummary | None, sent: Collection[int]) -> Fate:
    if present is None:
        return Fate.NEW
    if present.content_hash == content:
        return Fate.SAME
    return Fate.SENT if present.id in sent else Fate.DIFFERS
