"""From a journal file to journals in payroll: look first (`preview`), then keep (`import_file`)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from loonbrug.access import operations as access
from loonbrug.access.rights import Level, NotFoundError, Part, Scope
from loonbrug.directory import nmbrs_queries as nmbrs_companies
from loonbrug.directory import queries as directory
from loonbrug.ledger.periods import THIRTEENTH, PeriodRule
from loonbrug.ledger.problems import Place, Problem, Severity, problem
from loonbrug.mappings import queries as mappings
from loonbrug.payroll import operations as payroll
from loonbrug.payroll import queries
from loonbrug.payroll.conflicts import planned_imports
from loonbrug.payroll.formats.drafts import JournalDraft, ReadJournals
from loonbrug.payroll.formats.reading import read_journal
from loonbrug.payroll.operations import Imported, ImportRefusedError
from loonbrug.payroll.queries import Fate, PlannedImport, RunDraft, RunIdentity
from loonbrug.screens.journal_export import sent_journals

#: Months and 4-week periods; weeks are no payroll period that AFAS books by.
_PERIODS = range(1, 14)
_YEARS = range(2000, 2100)
_RUNS = range(1, 1_000_000)


@dataclass(frozen=True, slots=True)
class Naming:
    """What a person says about a run where the file does not; None where the file is to say it."""

    company_id: int | None = None
    year: int | None = None
    period: int | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What importing a file would do. With an error among the problems it does nothing."""

    problems: tuple[Problem, ...]
    planned: tuple[PlannedImport, ...]

    @property
    def can_import(self) -> bool:
        return bool(self.planned) and not _errors(self.problems)

    @property
    def needs_replace(self) -> bool:
        """Whether journals are to give up their place, which a person has to agree to."""
        return any(plan.fate is Fate.DIFFERS for plan in self.planned)

    @property
    def is_known(self) -> bool:
        """Whether every journal of the file is there already."""
        return bool(self.planned) and all(plan.fate is Fate.SAME for plan in self.planned)


def preview(
    *,
    scope: Scope,
    name: str,
    data: bytes,
    company_id: int | None = None,
    year: int | None = None,
    period: int | None = None,
    run: int | None = None,
) -> ImportPreview:
    """What the file holds, whose it is, and what importing it would do. Changes nothing.

    Raises NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    naming = Naming(company_id, year, period, run)
    return _preview(scope, read_journal(name, data), naming)


def import_file(
    *,
    scope: Scope,
    name: str,
    data: bytes,
    company_id: int | None = None,
    year: int | None = None,
    period: int | None = None,
    run: int | None = None,
    replace: bool = False,
    now: datetime.datetime,
) -> tuple[Imported, ...]:
    """Keep all journals of the file, or none; `replace` lets them take the place of others, not yet sent.

    Raises ImportRefusedError with everything that stands in the way, and NotAllowedError.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    read = read_journal(name, data)
    return _keep(scope, read, Naming(company_id, year, period, run), name, data, replace=replace, now=now)


def _keep(
    scope: Scope,
    read: ReadJournals,
    naming: Naming,
    name: str,
    data: bytes,
    *,
    replace: bool,
    now: datetime.datetime,
) -> tuple[Imported, ...]:
    with transaction.atomic():
        access.hold_office(office_id=scope.office_id)
        drafts, problems = _addressed(scope, read, naming)
        if errors := _errors(problems):
            raise ImportRefusedError(*errors)
        return payroll.import_drafts(
            scope=scope,
            drafts=drafts,
            file_name=name,
            data=data,
            now=now,
            replace=replace,
            sent=_sent(scope, drafts),
        )


def import_upload(
    *, scope: Scope, upload_id: int, replace: bool = False, now: datetime.datetime
) -> tuple[Imported, ...]:
    """Keep the journals of a file that its user has looked at, once. Raises as `import_file`, NotFoundError."""
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    upload = queries.upload(scope=scope, upload_id=upload_id)
    read = read_journal(upload.name, upload.data)  # before the transaction: deliveries must not wait for it
    naming = Naming(upload.company_id, upload.year, upload.period, upload.run)
    with transaction.atomic():
        queries.upload(scope=scope, upload_id=upload_id)  # imported by somebody's other click meanwhile?
        kept = _keep(scope, read, naming, upload.name, upload.data, replace=replace, now=now)
        payroll.drop_upload(scope=scope, upload_id=upload_id)
    return kept


def _preview(scope: Scope, read: ReadJournals, naming: Naming) -> ImportPreview:
    drafts, problems = _addressed(scope, read, naming)
    if _errors(problems):
        return ImportPreview(tuple(problems), ())
    planned = planned_imports(scope=scope, drafts=drafts, sent=_sent(scope, drafts))
    return ImportPreview((*problems, *payroll.refusals(planned, replace=True)), planned)


def _errors(problems: Sequence[Problem]) -> list[Problem]:
    return [found for found in problems if found.severity is Severity.ERROR]


def _sent(scope: Scope, drafts: Sequence[RunDraft]) -> frozenset[int]:
    """The journals that the drafts' runs have now and of which something was sent."""
    live = queries.live_of_runs(scope=scope, runs=[draft.run for draft in drafts])
    return sent_journals(scope=scope, journals=live)


def _addressed(
    scope: Scope, read: ReadJournals, naming: Naming
) -> tuple[list[RunDraft], tuple[Problem, ...]]:
    """Each draft with its run, from file and form together, and everything that is wrong or contradicts."""
    problems = list(read.problems)
    drafts = []
    for draft in read.drafts:
        run, found = _run(scope, draft, naming)
        problems.extend(found)
        if run is not None:
            drafts.append(RunDraft(run, draft.description, draft.entries))
    return drafts, tuple(dict.fromkeys(problems))


def _run(scope: Scope, draft: JournalDraft, naming: Naming) -> tuple[RunIdentity | None, list[Problem]]:
    problems: list[Problem] = []
    company_id = _company(scope, draft.company_number, naming.company_id, problems)
    year = _named("year", draft.year, naming.year, _YEARS, problems)
    period = _named("period", draft.period, naming.period, _PERIODS, problems)
    number = _named("run", draft.run_number, naming.run, _RUNS, problems)
    if company_id is not None and period is not None:
        problems += period_problems(scope=scope, company_id=company_id, period=period)
    if company_id is None or year is None or period is None or number is None:
        return None, problems
    return RunIdentity(company_id, year, period, number), problems


def period_problems(*, scope: Scope, company_id: int, period: int) -> list[Problem]:
    """A 13th period of a company whose payroll goes by months and whose mapping names none.

    Of a company of which neither Nmbrs nor a mapping tells the payroll periods nothing is said.
    """
    if period != THIRTEENTH:
        return []
    mapping = mappings.for_company(scope=scope, company_id=company_id)
    told = nmbrs_companies.period_types(company_ids=[company_id]).get(company_id)
    kind = told or (mapping.values.payroll_periods if mapping else "")
    if kind != PeriodRule.MONTH or (mapping and mapping.values.thirteenth_at_year_end):
        return []
    return [problem("run_part_thirteenth", place=Place(field="period"))]


def range_problems(run: RunIdentity) -> list[Problem]:
    """What of a run's identity can be no payroll that AFAS books by."""
    parts = (("year", run.year, _YEARS), ("period", run.period, _PERIODS), ("run", run.number, _RUNS))
    return [_out_of_range(field, value, sane) for field, value, sane in parts if value not in sane]


def _out_of_range(field: str, value: int, sane: range) -> Problem:
    low, high = sane.start, sane.stop - 1
    return problem("run_part_out_of_range", place=Place(field=field), value=value, low=low, high=high)


def _named(
    field: str, in_file: int | None, in_form: int | None, sane: range, problems: list[Problem]
) -> int | None:
    """One part of the run's identity; None, with a problem, when it is missing, contradicted or not sane."""
    place = Place(field=field)
    value = in_form if in_file is None else in_file
    if value is None:
        problems.append(problem("run_part_missing", place=place))
    elif in_form not in (None, value):
        problems.append(problem("run_part_differs", place=place, file=value, form=in_form))
    elif value not in sane:
        problems.append(_out_of_range(field, value, sane))
    else:
        return value
    return None


def _company(scope: Scope, number: str | None, chosen_id: int | None, problems: list[Problem]) -> int | None:
    """The company, which must be of this office; None, with a problem, when it is not to be found."""
    place = Place(field="company")
    if number is None:
        if chosen_id is None:
            problems.append(problem("company_missing", place=place))
            return None
        return directory.company(scope=scope, company_id=chosen_id).id
    try:
        found = directory.company_by_number(scope=scope, number=number)
    except NotFoundError:
        problems.append(problem("company_unknown", place=place, number=number))
        return None
    if chosen_id not in (None, found.id):
        chosen = directory.company(scope=scope, company_id=chosen_id)
        problems.append(problem("company_differs", place=place, file=number, form=chosen.number))
        return None
    return found.id
