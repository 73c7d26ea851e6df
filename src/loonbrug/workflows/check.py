"""Everything that keeps a journal from being sent, found before anything is sent, all at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections import queries as connections
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.queries import ConnectionView
from loonbrug.directory import queries as directory
from loonbrug.directory.queries import CompanyView
from loonbrug.ledger.canonical import content_hash
from loonbrug.ledger.checks import check
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.entry import Posting
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import Problem, Severity, Who, problem, warning
from loonbrug.ledger.run_name import RunName
from loonbrug.ledger.translation import Rules
from loonbrug.mappings import queries as mappings
from loonbrug.mappings.queries import MappingView
from loonbrug.payroll import queries as payroll
from loonbrug.payroll.conflicts import conflicts_of
from loonbrug.payroll.generation_queries import ExportRun, runs_of
from loonbrug.payroll.models import JournalLife
from loonbrug.payroll.queries import JournalView, RunDraft, RunIdentity
from loonbrug.payroll.twins import Twin, same_content
from loonbrug.workflows.nmbrs_runs import FOUR_WEEKS


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What would be booked, and all that is to be said about it."""

    problems: tuple[Problem, ...]
    postings: tuple[Posting, ...]
    mapping: MappingView | None

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """The problems that forbid sending; a warning does not."""
        return tuple(found for found in self.problems if found.severity is not Severity.WARNING)

    @property
    def can_send(self) -> bool:
        return not self.blocking


def check_journal(*, scope: Scope, journal_id: int) -> CheckResult:
    """Check a journal against its company, its mapping, its connection and the rules of the ledger.

    Raises NotFoundError, NotAllowedError.
    """
    return check_journals(scope=scope, journal_ids=[journal_id])[journal_id]


def check_journals(*, scope: Scope, journal_ids: Sequence[int]) -> dict[int, CheckResult]:
    """Check many journals with as few questions as one takes. Holds all their lines: ask in portions.

    Raises NotFoundError, NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    journals = payroll.journals(scope=scope, journal_ids=journal_ids)
    around = _around(scope, [journal.run for journal in journals], {each.content_hash for each in journals})
    conflicts = conflicts_of(scope=scope, journals=journals)
    return {
        journal.id: _judged(
            journal, journal.content_hash, around, found=(*_life(journal), *conflicts[journal.id])
        )
        for journal in journals
    }


def check_drafts(*, scope: Scope, drafts: Sequence[RunDraft]) -> tuple[CheckResult, ...]:
    """What will be said of each draft once it is imported; which conflicts it has, the import finds.

    Raises NotFoundError, NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.READ)
    hashes = [content_hash(draft.entries) for draft in drafts]
    around = _around(scope, [draft.run for draft in drafts], hashes)
    return tuple(_judged(*each, around) for each in zip(drafts, hashes, strict=True))


@dataclass(frozen=True, slots=True)
class _Around:
    """What journals are checked against: by its own id, journals elsewhere by what they hold."""

    companies: Mapping[int, CompanyView]
    mappings: Mapping[int, MappingView]
    connections: Mapping[int, ConnectionView]
    twins: Mapping[str, Sequence[Twin]]
    runs: Mapping[RunIdentity, ExportRun]


def _around(scope: Scope, runs: Collection[RunIdentity], hashes: Collection[str]) -> _Around:
    company_ids = {run.company_id for run in runs}
    return _Around(
        companies=directory.companies_by_id(scope=scope, company_ids=company_ids),
        mappings=mappings.for_companies(scope=scope, company_ids=company_ids),
        connections={each.id: each for each in connections.connection_choices(scope=scope)},
        twins=same_content(scope=scope, hashes=hashes),
        runs=runs_of(scope=scope, runs=runs),
    )


def _judged(
    journal: JournalView | RunDraft, content: str, around: _Around, *, found: Sequence[Problem] = ()
) -> CheckResult:
    company = around.companies[journal.run.company_id]
    mapping = around.mappings.get(company.id)
    found = [*_company(company), *found, *_elsewhere(company, around.twins.get(content, ()))]
    if mapping is None:
        found.append(problem("no_mapping", who=Who.OFFICE_ADMIN, company=company.name))
    else:
        found += [*_start(journal, mapping), *_connection(around.connections[mapping.connection_id])]
    run = around.runs.get(journal.run)
    found += [*_year(journal), *_in_nmbrs(run), *_payroll_periods(run, mapping)]
    postings, noticed = _entries(journal, company, mapping)
    return CheckResult(problems=(*found, *noticed), postings=postings, mapping=mapping)


def _life(journal: JournalView) -> Iterator[Problem]:
    """A page that was opened before a journal was withdrawn or replaced still offers to send it."""
    if journal.life is not JournalLife.LIVE:
        yield problem("journal_not_live")


def _company(company: CompanyView) -> Iterator[Problem]:
    if company.is_test:
        yield problem("company_is_test", who=Who.OFFICE_ADMIN, company=company.name)
    if company.debtor_is_blocked:
        yield problem("debtor_is_blocked", who=Who.OFFICE_ADMIN, debtor=company.debtor_name)


def _elsewhere(company: CompanyView, twins: Sequence[Twin]) -> Iterator[Problem]:
    """The file of another company is easily chosen; two companies with equal wages are possible too."""
    for twin in twins:
        if twin.run.company_id != company.id:
            yield warning(
                "same_content_at_other_company",
                company=f"{twin.company_number} {twin.company_name}",
                year=twin.run.year,
                period=twin.run.period,
                run=twin.run.number,
            )


def _start(journal: JournalView | RunDraft, mapping: MappingView) -> Iterator[Problem]:
    if not mapping.covers(year=journal.run.year, period=journal.run.period):
        year, period = mapping.valid_from
        yield problem("before_start_period", who=Who.OFFICE_ADMIN, year=year, period=period)


def _year(journal: JournalView | RunDraft) -> Iterator[Problem]:
    """A run named a year wrong is easily overlooked; one around New Year may rightly differ."""
    year = journal.run.year
    dated = {entry.date.year for entry in journal.entries}
    if dated and year not in dated:
        yield warning("dates_of_another_year", year=year, dated=", ".join(map(str, sorted(dated))))


def _in_nmbrs(run: ExportRun | None) -> Iterator[Problem]:
    """A run that may still change, or that is not there any more."""
    if run is None:
        return
    if run.seen.gone_at is not None:
        yield warning("run_gone")
    elif not run.seen.is_locked:
        yield warning("run_not_locked")


def _payroll_periods(run: ExportRun | None, mapping: MappingView | None) -> Iterator[Problem]:
    """A booking date worked out from periods that the payroll does not have."""
    if run is None or mapping is None or mapping.values.booking_date is BookingDate.DOCUMENT:
        return
    is_by_four_weeks = mapping.values.payroll_periods is PeriodRule.FOUR_WEEKS
    if run.seen.period_type and (run.seen.period_type == FOUR_WEEKS) is not is_by_four_weeks:
        yield warning("payroll_periods_differ", who=Who.OFFICE_ADMIN)


def _connection(connection: ConnectionView) -> Iterator[Problem]:
    account = connection.afas_user
    if connection.state is ConnectionState.BROKEN:
        yield problem("account_broken", who=Who.OFFICE_ADMIN, account=account)
    elif connection.state is not ConnectionState.AUTHORISED:
        yield problem("account_not_authorised", who=Who.OFFICE_ADMIN, account=account)
    elif not connection.can_book:
        yield problem("booking_connector_missing", who=Who.AFAS_ADMIN, account=account)


def _entries(
    journal: JournalView | RunDraft, company: CompanyView, mapping: MappingView | None
) -> tuple[tuple[Posting, ...], list[Problem]]:
    rules = mapping.rules if mapping is not None else Rules()
    run = RunName(company.name, journal.run.year, journal.run.period, journal.run.number)
    postings, found = [], []
    for number, entry in enumerate(journal.entries, start=1):
        posting, problems = check(entry, rules, run=run, number=number)
        postings.append(posting)
        found += problems
    return tuple(postings), found
