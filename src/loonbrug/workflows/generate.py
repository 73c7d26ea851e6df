"""Genereren: from a run in Nmbrs to the journal of that run, and later whether Nmbrs still gives the same.

What is asked waits in the database, so that it survives leaving the page and a restart. A journal that is there is
never changed: what Nmbrs gives later is offered beside it, for a person to decide about.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from loonbrug.access import operations as access
from loonbrug.access.queries import scope_of
from loonbrug.access.rights import Level, NotAllowedError, NotFoundError, Part, Scope, service_scope
from loonbrug.connections.nmbrs_clients import NotRegisteredError
from loonbrug.connections.nmbrs_queries import ready_connections
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.directory import queries as directory
from loonbrug.directory.nmbrs_queries import company_link
from loonbrug.engine.work import Keyed
from loonbrug.ledger.problems import Problem, ProblemsError, Who, problem
from loonbrug.mappings import queries as mappings
from loonbrug.mappings.checks import JournalVariant
from loonbrug.payroll import generating, generation_queries, queries
from loonbrug.payroll.formats.nmbrs_xml import NmbrsDocument, read_document
from loonbrug.payroll.generating import Received, Task
from loonbrug.payroll.models import JournalSource
from loonbrug.payroll.queries import RunDraft
from loonbrug.payroll.snapshots import Origin
from loonbrug.screens.journal_export import sent_journals
from loonbrug.workflows.deliver import send_journal
from loonbrug.workflows.import_journal import range_problems
from loonbrug.workflows.nmbrs_calls import who_can_mend
from loonbrug.workflows.nmbrs_ground import Ground
from nmbrs_client import errors
from nmbrs_client.records import Variant

#: The kind of work that fetches the journal of one run in Nmbrs.
KIND = "generate"
#: So long Nmbrs is given to make a journal.
GIVE_UP_SECONDS = 240
#: While Nmbrs says "later", it is asked again until this long after a person asked.
PATIENCE = timedelta(hours=1)
#: So many journals are fetched at once by one process, and so many more are called up.
AT_ONCE, CALLED_UP = 8, 24
#: So many journals are compared again in one round.
COMPARED_TOGETHER = 50
#: A journal whose run was seen less than this ago is compared again with what Nmbrs gives, every so often.
CHECKED_FOR, CHECKED_EVERY = timedelta(days=100), timedelta(days=1)
#: A journal that was compared this lately need not be compared again before it is sent.
FRESH = timedelta(minutes=10)

_VARIANTS = {
    JournalVariant.COMPANY: Variant.COMPANY,
    JournalVariant.COST_CENTRE: Variant.COST_CENTRE,
    JournalVariant.COST_CENTRE_AND_UNIT: Variant.COST_CENTRE_AND_UNIT,
}
_LATER = (errors.TryLater, errors.LineFailed)
_OUR_OWN = {SecretUnreadableError: "nmbrs_token_unreadable", NotRegisteredError: "nmbrs_not_registered"}


@dataclass(frozen=True, slots=True)
class _Way:
    """How to ask Nmbrs for the journal of one company's run."""

    connection_id: int
    company_nmbrs_id: str
    variant: Variant


def ask(*, scope: Scope, run_ids: Collection[int], now: datetime, then_send: bool = False) -> int:
    """Genereren, for runs in Nmbrs; those that have a journal are compared. How many were asked.

    With `then_send` each journal is sent for this user once it is there and as it was. Raises NotAllowedError.
    """
    return generating.ask(scope=scope, run_ids=run_ids, now=now, then_send=then_send)


def send_once_compared(*, scope: Scope, journal_id: int, now: datetime) -> bool:
    """Verzenden: at once, or after Nmbrs was asked whether the journal is still the same; whether it was at once.

    Nmbrs is asked when the run is there and was not compared lately. Where asking has failed, a person who sends all
    the same knows. Raises as `send_journal`.
    """
    scope.require(Part.JOURNAL_EXPORT, Level.WRITE)
    run = queries.summary(scope=scope, journal_id=journal_id).run
    found = generation_queries.runs_of(scope=scope, runs=[run]).get(run)
    if found is None or found.has_failed or not found.wants_comparing(now=now, fresh=FRESH):
        send_journal(scope=scope, journal_id=journal_id, now=now)
        return True
    ask(scope=scope, run_ids=[found.id], now=now, then_send=True)
    return False


def compare_first(*, scope: Scope, journal_ids: Collection[int], now: datetime) -> None:
    """Have Nmbrs asked whether these journals are still the same, where that was not done lately."""
    runs = [journal.run for journal in queries.summaries(scope=scope, journal_ids=journal_ids)]
    found = generation_queries.runs_of(scope=scope, runs=runs).values()
    wanted = [run.id for run in found if run.wants_comparing(now=now, fresh=FRESH)]
    ask(scope=scope, run_ids=wanted, now=now)


def why_not_compared(*, scope: Scope, journal_id: int) -> tuple[Problem, ...]:
    """Why Nmbrs could not say whether a journal is still the same; nothing where it could, or has no such run."""
    run = queries.summary(scope=scope, journal_id=journal_id).run
    found = generation_queries.runs_of(scope=scope, runs=[run]).get(run)
    if found is None or not found.is_there or not found.has_failed or found.generation is None:
        return ()
    return (problem("not_compared"), *found.generation.problems)


@transaction.atomic
def take_over(*, scope: Scope, journal_id: int, now: datetime) -> None:
    """Put what Nmbrs gives now in the place of the journal that its run has, while nothing of that is sent.

    Raises JournalFixedError, NotFoundError, NotAllowedError.
    """
    access.hold_office(office_id=scope.office_id)
    journal = queries.summary(scope=scope, journal_id=journal_id)
    live = queries.live_of_runs(scope=scope, runs=[journal.run])
    sent = sent_journals(scope=scope, journals=live)
    generating.take_over(scope=scope, journal_id=journal_id, now=now, sent=sent)


def due(*, now: datetime) -> list[Keyed]:
    """The runs whose journal is to be fetched now."""
    return [(KIND, run_id) for run_id in generation_queries.due(now=now, count=CALLED_UP)]


def ask_again(*, now: datetime) -> None:
    """Have the journals of the last few periods compared with what Nmbrs gives, each of them once in a while.

    Not while as many others wait as are called up at once: people go first.
    """
    if len(due(now=now)) == CALLED_UP:
        return
    wanted = generation_queries.to_check(
        connection_ids=ready_connections(now=now),
        since=now - CHECKED_FOR,
        before=now - CHECKED_EVERY,
        count=COMPARED_TOGETHER,
    )
    for office_id, run_id in wanted:
        ask(scope=service_scope(office_id), run_ids=[run_id], now=now)


async def generate(*, run_id: int, ground: Ground, give_up_after_seconds: int = GIVE_UP_SECONDS) -> None:
    """Fetch the journal of one run and keep it, or why it did not come. Does nothing when nobody asks any more."""
    task = await ground.write(generating.take, run_id=run_id, now=ground.now())
    if task is None:
        return
    try:
        way = await ground.write(_way_to, task=task)
        data = await _fetched(task, way, ground, give_up_after_seconds)
        read = await asyncio.to_thread(read_document, data)
        await ground.write(_receive, task=task, data=data, read=read, now=ground.now())
    except ProblemsError as found:
        await ground.write(generating.fail, task=task, problems=found.problems, now=ground.now())
    except (errors.NmbrsError, SecretUnreadableError, NotRegisteredError) as failed:
        await _did_not_come(task, failed, ground)
    except asyncio.CancelledError:
        await ground.write(generating.wait, task=task, code="", until=ground.now())
        raise


def _way_to(*, task: Task) -> _Way:
    scope = service_scope(task.office_id)
    link = company_link(scope=scope, company_id=task.run.company_id)
    if link is None or link.gone_at is not None:
        raise ProblemsError(problem("nmbrs_company_gone", who=Who.OFFICE_ADMIN))
    if problems := range_problems(task.run):
        raise ProblemsError(*problems)
    mapping = mappings.for_company(scope=scope, company_id=task.run.company_id)
    chosen = mapping.values.journal_variant if mapping else JournalVariant.COST_CENTRE_AND_UNIT
    return _Way(link.connection_id, link.nmbrs_id, _VARIANTS[chosen])


async def _fetched(task: Task, way: _Way, ground: Ground, give_up_after_seconds: int) -> bytes:
    async with ground.open_transport() as transport:
        nmbrs = ground.client(connection_id=way.connection_id, transport=transport)
        return await nmbrs.journal(
            way.company_nmbrs_id, task.nmbrs_id, way.variant, task.run.year, give_up_after_seconds
        )


async def _did_not_come(task: Task, failed: Exception, ground: Ground) -> None:
    now = ground.now()
    code = failed.key if isinstance(failed, errors.NmbrsError) else _OUR_OWN[type(failed)]
    if isinstance(failed, _LATER) and now < task.asked_at + PATIENCE:
        seconds = failed.again_in if isinstance(failed, errors.TryLater) else errors.TryLater.otherwise_in
        until = min(now + timedelta(seconds=seconds), task.asked_at + PATIENCE)
        await ground.write(generating.wait, task=task, code=code, until=until)
        return
    found = problem(code, who=who_can_mend(code))
    await ground.write(generating.fail, task=task, problems=[found], now=now)


@transaction.atomic
def _receive(*, task: Task, data: bytes, read: NmbrsDocument, now: datetime) -> None:
    if problems := [*_unusable(read), *_of_another_company(task, read)]:
        raise ProblemsError(*problems)
    access.hold_office(office_id=task.office_id)
    run = task.run
    name = f"nmbrs-{run.year}-{run.period:02}-run{run.number}.xml"
    received = generating.receive(
        task=task,
        draft=RunDraft(run, task.description, read.entries),
        origin=Origin(JournalSource.NMBRS, name, data),
        now=now,
    )
    if received is not None and received.sender_id is not None:
        _send(task, received, received.sender_id, now)


def _unusable(read: NmbrsDocument) -> list[Problem]:
    """What is wrong with the document, told as what Nmbrs gave."""
    return [problem("nmbrs_document_unusable"), *read.problems] if read.problems else []


def _of_another_company(task: Task, read: NmbrsDocument) -> list[Problem]:
    """Nobody has described the field that says whose journal it is, so only a company that we know is another."""
    scope = service_scope(task.office_id)
    own = directory.company(scope=scope, company_id=task.run.company_id)
    others = []
    for number in sorted(read.offices - {own.number}):
        try:
            others.append(directory.company_by_number(scope=scope, number=number))
        except NotFoundError:
            continue
    return [problem("nmbrs_other_company", company=f"{each.number} {each.name}") for each in others]


def _send(task: Task, received: Received, sender_id: int, now: datetime) -> None:
    """Send for the user who asked, with the rights of this moment; otherwise keep why not."""
    try:
        send_journal(scope=scope_of(user_id=sender_id), journal_id=received.live_id, now=now)
    except ProblemsError as refused:
        is_changed = any(each.code == "journal_changed_in_nmbrs" for each in refused.problems)
        problems = (problem("changed_so_not_sent"),) if is_changed else refused.problems
        generating.refuse_to_send(run_id=task.run_id, problems=problems)
    except (NotAllowedError, NotFoundError):
        found = problem("approver_may_not_send", who=Who.OFFICE_ADMIN, name=task.asked_by)
        generating.refuse_to_send(run_id=task.run_id, problems=[found])
