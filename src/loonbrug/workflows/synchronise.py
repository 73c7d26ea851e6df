"""Synchronising: what Nmbrs shows through one connection, brought over to ours, look by look.

The queue of looks is in the database, so that it goes on where it stopped, in whichever process. Two that work on
one connection at once share the looks between them; what they receive twice changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db import transaction
from django.utils import timezone

from loonbrug.access.rights import NotFoundError, service_scope
from loonbrug.connections import nmbrs_operations, nmbrs_queries
from loonbrug.connections.models import NmbrsState
from loonbrug.connections.nmbrs_clients import NotRegisteredError
from loonbrug.connections.nmbrs_queries import NmbrsConnectionView
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.directory import nmbrs_operations as directory
from loonbrug.directory import nmbrs_queries as nmbrs_companies
from loonbrug.directory.models import CodeKind
from loonbrug.directory.nmbrs_operations import CompanyCodes, Seen
from loonbrug.engine.work import Keyed
from loonbrug.payroll import look_plan, run_operations, run_queries
from loonbrug.payroll.nmbrs_models import LookSubject
from loonbrug.payroll.run_operations import LookEnded, RunList
from loonbrug.payroll.run_queries import Look
from loonbrug.workflows.nmbrs_consent import settle
from loonbrug.workflows.nmbrs_ground import Ground
from loonbrug.workflows.nmbrs_runs import facts_of, has_open_run, newest_of
from nmbrs_client import errors
from nmbrs_client.records import PayrollRun
from nmbrs_client.transport import Transport

log = structlog.get_logger()
Record = TypeVar("Record")

#: The kind of work that synchronises one connection.
KIND = "nmbrs"
LISTS_EVERY = timedelta(hours=1)
#: Looks that are taken, asked and recorded together.
TOGETHER = 40
#: Calls under way at once through one connection.
CALLS_AT_ONCE = 4
#: After an answer that nobody expects, or none, Nmbrs is asked again after this, doubled up to the longest.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
#: Nmbrs is asked once a day, however much later it says.
LONGEST_TOLD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Nmbrs gave to one look: runs, or codes and the kind of period; or why it gave nothing.

    `trouble` is a failure that may be of this look alone, or of Nmbrs itself.
    """

    look: Look
    runs: tuple[PayrollRun, ...] | None = None
    codes: dict[CodeKind, list[tuple[str, str]]] | None = None
    period_type: str = ""
    failure: str = ""
    trouble: errors.NmbrsError | None = None


class NoDebtorsError(Exception):
    """The login that consented sees no debtor: nothing can be read, and nothing is taken for gone."""


_OUR_OWN = {
    NoDebtorsError: "nmbrs_no_debtors",
    NotRegisteredError: "nmbrs_not_registered",
    SecretUnreadableError: "nmbrs_token_unreadable",
}


def due(*, now: datetime) -> list[Keyed]:
    """The connections that have something to synchronise. Stops those of which a refresh died, as it is found."""
    nmbrs_operations.stop_lost_refreshes(now=now)
    ready = nmbrs_queries.ready_connections(now=now)
    lists = nmbrs_queries.connections_with_lists_due(now=now)
    looks = run_queries.connections_with_looks_due(among=ready, now=now)
    return [(KIND, connection_id) for connection_id in dict.fromkeys([*lists, *looks])]


async def synchronise(*, connection_id: int, ground: Ground) -> None:
    """Do what is due of one connection, until nothing is, or it is time to stop or to make room for others."""
    view = await ground.write(nmbrs_queries.connection_in_hand, connection_id=connection_id)
    if view is None or view.state is NmbrsState.CONSENT_NEEDED:
        return
    try:
        async with ground.open_transport() as transport:
            await _Work(view, ground, transport).go()
    except errors.ConsentEnded:
        return  # the connection says so
    except (NotFoundError, nmbrs_operations.RefreshUnderWayError):
        return  # removed meanwhile; or the next round goes on
    except (errors.NmbrsError, NoDebtorsError, NotRegisteredError, SecretUnreadableError) as failed:
        await _fail(view, failed, ground)


async def _fail(view: NmbrsConnectionView, failed: Exception, ground: Ground) -> None:
    code = failed.key if isinstance(failed, errors.NmbrsError) else _OUR_OWN[type(failed)]
    wait = min(FIRST_WAIT * (1 << min(view.failure_count, 10)), LONGEST_WAIT)
    if isinstance(failed, errors.TryLater):
        wait = max(wait, min(timedelta(seconds=failed.again_in), LONGEST_TOLD))
    log.warning("nmbrs_failed", connection=view.id, code=code, why=str(failed))
    if isinstance(failed, errors.TooManyCalls | errors.QuotaExceeded):
        await ground.write(nmbrs_operations.record_plan_spent, code=code, wait=wait, now=ground.now())
    else:
        await ground.write(
            nmbrs_operations.record_failure, connection_id=view.id, code=code, wait=wait, now=ground.now()
        )


class _Work:
    """One turn at one connection."""

    def __init__(self, view: NmbrsConnectionView, ground: Ground, transport: Transport) -> None:
        self._view = view
        self._ground = ground
        self._ends = asyncio.get_running_loop().time() + ground.slice_seconds
        self._nmbrs = ground.client(connection_id=view.id, transport=transport)
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)

    async def go(self) -> None:
        if self._view.lists_due_at <= self._ground.now() and not await self._read_lists():
            return
        while not self._should_end():
            if not await self._look_at_some():
                break
        await self._ground.write(nmbrs_operations.record_success, connection_id=self._view.id)

    def _should_end(self) -> bool:
        had_its_turn = asyncio.get_running_loop().time() >= self._ends
        return self._ground.is_stopping() or (had_its_turn and self._ground.others_wait())

    async def _read_lists(self) -> bool:
        """Debtors and companies; False when the consent turned out to renew another connection."""
        debtors = [Seen(each.id, each.number, each.name) async for each in self._nmbrs.debtors()]
        if not debtors:
            raise NoDebtorsError
        if self._view.lists_read_at is None:
            kept = await self._ground.write(
                settle,
                office_id=self._view.office_id,
                connection_id=self._view.id,
                nmbrs_debtor_ids=[each.nmbrs_id for each in debtors],
                now=self._ground.now(),
            )
            if kept != self._view.id:
                return False
        companies = [
            Seen(each.id, each.number, each.name, each.debtor_id)
            async for each in self._nmbrs.all_companies()
        ]
        await self._ground.write(
            _receive_lists, view=self._view, debtors=debtors, companies=companies, now=self._ground.now()
        )
        return True

    async def _look_at_some(self) -> bool:
        """Take the looks that wait longest, and do them; whether there were any."""
        looks = await self._ground.write(
            run_operations.take_looks,
            connection_id=self._view.id,
            now=self._ground.now(),
            count=TOGETHER,
        )
        if not looks:
            return False
        asked = [asyncio.ensure_future(self._ask(look)) for look in looks]
        try:
            answers = await asyncio.gather(*asked)
            _raise_if_all_in_trouble(answers)
        except BaseException:
            for each in asked:
                each.cancel()
            await asyncio.wait(asked)
            ended = [each.result() for each in asked if not each.cancelled() and each.exception() is None]
            done = [each for each in ended if each.trouble is None]
            await self._record(done)
            rest = {look.id for look in looks} - {each.look.id for each in done}
            await self._ground.write(
                run_operations.give_back, looks=[look for look in looks if look.id in rest]
            )
            raise
        await self._record(answers)
        return True

    async def _record(self, answers: Iterable[Answer]) -> None:
        ground = self._ground
        await ground.write(_receive, answers=list(answers), scale=ground.scale, now=ground.now())

    async def _ask(self, look: Look) -> Answer:
        async with self._calls:
            try:
                if look.subject is LookSubject.RUNS:
                    found = await _whole(self._nmbrs.runs(look.nmbrs_company_id, look.year))
                    return Answer(look, runs=found)
                return await self._codes(look)
            except (errors.AccessRefused, errors.NotFound, errors.Invalid) as refused:
                return Answer(look, failure=refused.key)
            except (errors.BadAnswer, errors.ServerFailed, errors.NoAnswer) as trouble:
                return Answer(look, failure=trouble.key, trouble=trouble)

    async def _codes(self, look: Look) -> Answer:
        company_id = look.nmbrs_company_id
        codes = {
            CodeKind.COST_CENTRE: [
                (each.code, each.description) async for each in self._nmbrs.cost_centres(company_id)
            ],
            CodeKind.COST_UNIT: [
                (each.code, each.description) async for each in self._nmbrs.cost_units(company_id)
            ],
        }
        period = await self._nmbrs.current_period(company_id)
        return Answer(look, codes=codes, period_type=period.kind)


def _raise_if_all_in_trouble(answers: Sequence[Answer]) -> None:
    """What befalls one look is that company's, and keeps no other back; what befalls all of them is Nmbrs's own."""
    troubles = [each.trouble for each in answers if each.trouble is not None]
    if len(troubles) == len(answers) > 1:
        raise troubles[0]


async def _whole(pages: AsyncIterator[Record]) -> tuple[Record, ...]:
    return tuple([each async for each in pages])


@transaction.atomic
def _receive_lists(
    *, view: NmbrsConnectionView, debtors: list[Seen], companies: list[Seen], now: datetime
) -> None:
    nmbrs_operations.record_lists_read(connection_id=view.id, due_at=now + LISTS_EVERY, now=now)
    scope = service_scope(view.office_id)
    directory.receive_debtors(scope=scope, connection_id=view.id, seen=debtors, now=now)
    directory.receive_companies(scope=scope, connection_id=view.id, seen=companies, now=now)
    run_operations.plan_looks(
        connection_id=view.id, today=timezone.localdate(now), asked_at=view.asked_at, now=now
    )


@transaction.atomic
def _receive(*, answers: list[Answer], scale: int, now: datetime) -> None:
    """Keep what came of these looks, and when each is due again."""
    ended = [
        LookEnded(
            each.look,
            look_plan.TROUBLED_EVERY if each.trouble else look_plan.REFUSED_EVERY,
            each.look.changed_at,
            each.failure,
        )
        for each in answers
        if each.failure
    ]
    ended += _received_codes([each for each in answers if each.codes is not None], now)
    ended += _received_runs([each for each in answers if each.runs is not None], now)
    run_operations.end_looks(
        ended=[replace(each, again_after=each.again_after / scale) for each in ended], now=now
    )


def _received_codes(answers: list[Answer], now: datetime) -> list[LookEnded]:
    found = [
        CompanyCodes(
            company_id=each.look.company_id,
            codes={kind: dict(codes) for kind, codes in (each.codes or {}).items()},
            period_type=each.period_type,
        )
        for each in answers
    ]
    changed = directory.receive_codes(found=found, now=now)
    return [
        LookEnded(
            each.look,
            look_plan.CODES_EVERY,
            now if each.look.company_id in changed else each.look.changed_at,
        )
        for each in answers
    ]


def _received_runs(answers: list[Answer], now: datetime) -> list[LookEnded]:
    kinds = nmbrs_companies.period_types(company_ids={each.look.company_id for each in answers})
    read: list[tuple[Look, RunList, int]] = []
    for each in answers:
        look = each.look
        facts, unreadable_count = facts_of(
            each.runs or (), year=look.year, period_type=kinds.get(look.company_id, "")
        )
        read.append((look, RunList(look.office_id, look.company_id, look.year, facts), unreadable_count))
    changed = run_operations.receive_runs(lists=[runs for _, runs, _ in read], now=now)
    return [_look_ended(look, runs, count, runs.key in changed, now) for look, runs, count in read]


def _look_ended(
    look: Look, found: RunList, unreadable_count: int, has_changed: bool, now: datetime
) -> LookEnded:
    changed_at = look.changed_at
    if has_changed:
        changed_at = now if look.looked_at else newest_of(found.runs)
    wait = look_plan.runs_every(
        year=look.year,
        today=timezone.localdate(now),
        quiet_for=None if changed_at is None else now - changed_at,
        has_open_run=has_open_run(found.runs),
    )
    return LookEnded(look, wait, changed_at, "nmbrs_run_unreadable" if unreadable_count else "")
