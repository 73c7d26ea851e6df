"""What a drain stands on, and what it knows and shares with its calls while it is at work."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog

from afas_client.client import AfasClient
from afas_client.transport import Transport
from loonbrug.connections.clients import sign_ins
from loonbrug.delivery.claiming import Claim
from loonbrug.delivery.lanes import Lane, check_epoch
from loonbrug.delivery.outcomes import Policy
from loonbrug.delivery.questions import Question
from loonbrug.delivery.reading_ahead import Ahead
from loonbrug.delivery.writer import AWAY, Together, Writer

P = ParamSpec("P")
Q = TypeVar("Q")
R = TypeVar("R")

log = structlog.get_logger()

#: How soon what the database could not take is offered to it again.
STORE_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the edge gives a drain to stand on: clock, ids, the writer, connections, the wish to stop.

    After `slice_seconds` a drain makes room when others wait for a place. `note_claim` is told the newest claim before
    it leaves.
    """

    now: Callable[[], datetime]
    boot: str
    boot_seconds: Callable[[], float]
    new_id: Callable[[], UUID]
    writer: Writer
    open_transport: Callable[[], AbstractAsyncContextManager[Transport]]
    policy: Policy
    is_stopping: Callable[[], bool]
    others_wait: Callable[[], bool]
    slice_seconds: float
    note_claim: Callable[[UUID], None]

    async def store_together(self, operation: Together[Q, R], request: Q) -> R:
        """Hand in a request that may be repeated with what others hand in, until the database has taken it."""
        while True:
            try:
                return await self.writer.join(operation, request)
            except AWAY as away:
                log.warning("not_stored_yet", operation=operation.__name__, why=str(away))
            await self.pause()

    async def store(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an operation that may be repeated on the writer's thread, until the database has taken it."""
        while True:
            try:
                return await self.writer.run(operation, *args, **kwargs)
            except AWAY as away:
                log.warning("not_stored_yet", operation=operation.__name__, why=str(away))
            await self.pause()

    async def pause(self) -> None:
        """Before what the database could not take is offered to it again."""
        await asyncio.sleep(STORE_AGAIN_SECONDS)


@dataclass(slots=True)
class Work:
    """One drain at work: what its calls share, and what it knows of the work ahead."""

    environment_id: int
    epoch: int
    parallel_call_count: int
    slice_ends: float
    ground: Ground
    transport: Transport
    ahead: Ahead = field(default_factory=Ahead)
    sends: set[asyncio.Task[None]] = field(default_factory=set)
    reads: set[asyncio.Task[None]] = field(default_factory=set)
    looks: set[asyncio.Task[None]] = field(default_factory=set)
    lanes_of_looks: dict[asyncio.Task[None], Lane] = field(default_factory=dict)
    has_news: asyncio.Event = field(default_factory=asyncio.Event)
    #: Ids for the next claims.
    claim_ids: list[UUID] = field(default_factory=list)
    clients: dict[tuple[int, str], asyncio.Future[AfasClient]] = field(default_factory=dict)
    #: Calls that the sends leave free, as the last claim found.
    free_call_count: int = 0
    was_overtaken: bool = False

    def should_end(self) -> bool:
        """Whether to claim and ask nothing more: we are to stop, or have had our turn and others wait."""
        ground = self.ground
        has_had_its_turn = asyncio.get_running_loop().time() >= self.slice_ends
        return self.was_overtaken or ground.is_stopping() or (has_had_its_turn and ground.others_wait())

    def looking(self) -> frozenset[Lane]:
        """The lanes whose call is in use by a look: until its answer is stored, also when the doubt is over."""
        return frozenset(self.lanes_of_looks.values())

    def calls(self) -> set[asyncio.Task[None]]:
        """All calls under way: sends, and questions with and without a call of their own."""
        return self.sends | self.reads | self.looks

    def start(
        self, group: set[asyncio.Task[None]], call: Coroutine[None, None, None]
    ) -> "asyncio.Task[None]":
        """Start a call; its end is news."""
        task = asyncio.create_task(call)
        group.add(task)
        task.add_done_callback(lambda _: self._hear_of_end(group))
        return task

    def _hear_of_end(self, group: set[asyncio.Task[None]]) -> None:
        """A send gives its news when its answer is handed in; that it ended matters when it was the last."""
        if group is not self.sends or all(call.done() for call in self.sends):
            self.has_news.set()

    async def check_epoch(self) -> None:
        """Before a further request of one call: whoever stood still for long may have been overtaken.

        Raises OvertakenError.
        """
        await self.ground.writer.run(check_epoch, environment_id=self.environment_id, epoch=self.epoch)

    async def client(self, asked: Claim | Question) -> AfasClient:
        """The client of one connection, with the token it has now; opened once for all calls that need it."""
        key = asked.connection_id, asked.token
        if key not in self.clients:
            self.clients[key] = asyncio.ensure_future(self._opened(asked.office_id, asked.connection_id))
        opened = self.clients[key]
        try:
            return opened.result() if opened.done() else await asyncio.shield(opened)
        except Exception:
            self.clients.pop(key, None)  # the next call tries again
            raise

    async def _opened(self, office_id: int, connection_id: int) -> AfasClient:
        way_in = await self.ground.writer.join(sign_ins, (office_id, connection_id))
        return way_in.client(self.transport)
