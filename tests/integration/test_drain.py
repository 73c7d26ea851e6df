"""One drain per environment, with a line to AFAS that does what the test says."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from tests.integration.delivery_office import NOW, DeliveryOffice, begin_drain, make_office, state_of

from afas_client.errors import NeverLeft, NoAnswer
from afas_client.transport import may_leave
from afas_client.wire import Request, Response
from loonbrug.delivery import ground as grounds
from loonbrug.delivery import recording
from loonbrug.delivery.drain import drain
from loonbrug.delivery.ground import Ground
from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.outcomes import Policy
from loonbrug.delivery.states import State
from loonbrug.delivery.steps import apply_steps
from loonbrug.delivery.writer import Writer

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Line:
    """Answers each POST with the next number, unless told otherwise; counts what is under way."""

    answer: Callable[[Request], Response | Exception] | None = None
    seconds: float = 0.0
    sent: list[Request] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    in_transaction: bool = False

    async def send(self, request: Request, before_leaving: Callable[[], None] = may_leave) -> Response:
        before_leaving()
        self.in_transaction |= connection.in_atomic_block
        self.sent.append(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        found = self.answer(request) if self.answer else booked(len(self.sent))
        if isinstance(found, Exception):
            raise found
        return found


def booked(number: int) -> Response:
    body = f'{{"results":{{"FiEntryPar":{{"UnId":"1","EnNo":"{5000 + number}"}}}}}}'
    return Response(201, {"Content-Type": "application/json"}, body.encode())


def ground(line: Line, writer: Writer, **given: object) -> Ground:
    @asynccontextmanager
    async def open_transport():
        yield line

    values: dict[str, object] = {
        "now": lambda: NOW,
        "boot": "this boot",
        "boot_seconds": lambda: 0.0,
        "new_id": uuid4,
        "writer": writer,
        "open_transport": open_transport,
        "policy": Policy(),
        "is_stopping": lambda: False,
        "others_wait": lambda: False,
        "slice_seconds": 60.0,
        "note_claim": lambda _: None,
    }
    return Ground(**(values | given))  # type: ignore[arg-type]


def run(office: DeliveryOffice, on: Ground) -> None:
    asyncio.run(drain(environment_id=office.environment_id, ground=on))


def test_a_drain_books_all_that_is_due_and_ends(writer: Writer) -> None:
    office, line = make_office(), Line()
    ids = [office.queue(administration=1 + number % 3) for number in range(9)]
    run(office, ground(line, writer))
    assert {state_of(delivery_id) for delivery_id in ids} == {State.BOOKED}
    assert len(line.sent) == 9


def test_the_frozen_payload_is_what_is_sent_byte_for_byte(writer: Writer) -> None:
    office, line = make_office(), Line()
    delivery_id = office.queue()
    run(office, ground(line, writer))
    assert line.sent[0].body == Delivery.objects.get(pk=delivery_id).payload


def test_calls_run_side_by_side_but_never_more_than_five(writer: Writer) -> None:
    office, line = make_office(), Line(seconds=0.2)
    for administration in range(1, 13):
        office.queue(administration=administration)
    run(office, ground(line, writer))
    assert line.most_under_way == 5
    assert len(line.sent) == 12


def test_one_lane_sends_one_by_one(writer: Writer) -> None:
    office, line = make_office(), Line(seconds=0.01)
    for _ in range(4):
        office.queue()
    run(office, ground(line, writer))
    assert line.most_under_way == 1


def test_no_transaction_is_open_while_we_talk_to_afas(writer: Writer) -> None:
    office, line = make_office(), Line()
    office.queue()
    run(office, ground(line, writer))
    assert not line.in_transaction


def test_a_lost_answer_is_in_doubt_and_is_not_sent_again(writer: Writer) -> None:
    office, line = make_office(), Line(answer=lambda _: NoAnswer("cut"))
    delivery_id = office.queue()
    run(office, ground(line, writer))
    run(office, ground(line, writer))
    assert state_of(delivery_id) is State.IN_DOUBT
    assert len(line.sent) == 1


def test_an_attempt_that_is_too_late_does_not_leave(writer: Writer) -> None:
    office, line = make_office(), Line()
    delivery_id = office.queue()
    moments = iter([NOW] * 4)
    run(office, ground(line, writer, now=lambda: next(moments, NOW + timedelta(seconds=31))))
    assert line.sent == []
    assert state_of(delivery_id) is State.QUEUED
    assert Attempt.objects.get().outcome == "not_booked"


def test_the_clock_since_boot_counts_where_the_wall_clock_stands_still(writer: Writer) -> None:
    office, line = make_office(), Line()
    office.queue()
    seconds = iter([0.0])
    run(office, ground(line, writer, boot_seconds=lambda: next(seconds, 31.0)))
    assert line.sent == []


def test_an_unforeseen_failure_leaves_the_delivery_in_doubt_and_is_not_swallowed(
    writer: Writer,
) -> None:
    office, line = make_office(), Line(answer=lambda _: RuntimeError("a mistake of ours"))
    delivery_id = office.queue()
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        run(office, ground(line, writer))
    assert state_of(delivery_id) is State.IN_DOUBT


def test_a_stop_lets_calls_under_way_finish_and_claims_no_more(writer: Writer) -> None:
    office, line = make_office(), Line(seconds=0.05)
    first, second = office.queue(), office.queue()
    run(office, ground(line, writer, is_stopping=lambda: bool(line.sent)))
    assert state_of(first) is State.BOOKED
    assert state_of(second) is State.QUEUED


def test_breaking_off_puts_calls_under_way_in_doubt(writer: Writer) -> None:
    office, line = make_office(), Line(seconds=30)
    delivery_id = office.queue()

    async def broken_off() -> None:
        task = asyncio.create_task(drain(environment_id=office.environment_id, ground=ground(line, writer)))
        while not line.sent:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    assert state_of(delivery_id) is State.IN_DOUBT


def test_a_refused_connection_is_tried_again_later(writer: Writer) -> None:
    office, line = make_office(), Line(answer=lambda _: NeverLeft("connection refused"))
    delivery_id = office.queue()
    run(office, ground(line, writer))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert delivery.state == State.QUEUED
    assert delivery.due_at == NOW + Policy().first_wait


def test_a_drain_that_was_overtaken_claims_nothing_more(writer: Writer) -> None:
    office, line = make_office(), Line()
    first, second = office.queue(), office.queue()

    def newer_drain_starts(_: Request) -> Response:
        with ThreadPoolExecutor(max_workers=1) as other_process:
            begin = partial(begin_drain, environment_id=office.environment_id)
            other_process.submit(begin).result()
            other_process.submit(connections.close_all).result()
        return booked(1)

    line.answer = newer_drain_starts
    run(office, ground(line, writer))
    assert (state_of(first), state_of(second)) == (State.BOOKED, State.QUEUED)


def test_after_its_time_slice_a_drain_makes_room_when_others_wait(writer: Writer) -> None:
    office, line = make_office(), Line()
    ids = [office.queue() for _ in range(3)]
    run(office, ground(line, writer, others_wait=lambda: bool(line.sent), slice_seconds=0.0))
    assert [state_of(delivery_id) for delivery_id in ids] == [State.BOOKED, State.QUEUED, State.QUEUED]


def test_within_its_time_slice_a_drain_goes_on_though_others_wait(writer: Writer) -> None:
    office, line = make_office(), Line()
    ids = [office.queue() for _ in range(3)]
    run(office, ground(line, writer, others_wait=lambda: True, slice_seconds=60.0))
    assert {state_of(delivery_id) for delivery_id in ids} == {State.BOOKED}


def test_what_was_claimed_but_not_sent_when_the_service_stops_goes_back_at_once(
    writer: Writer,
) -> None:
    office, line = make_office(), Line()
    delivery_id = office.queue()
    stops = iter([False])
    run(office, ground(line, writer, is_stopping=lambda: next(stops, True)))
    delivery = Delivery.objects.get(pk=delivery_id)
    assert line.sent == []
    assert (delivery.state, delivery.due_at, delivery.not_booked_count) == (State.QUEUED, NOW, 0)


def test_breaking_off_a_call_that_never_left_does_not_make_a_doubt(writer: Writer) -> None:
    office, connecting = make_office(), asyncio.Event()
    delivery_id = office.queue()

    class NoLineYet(Line):
        async def send(self, *_: object) -> Response:
            connecting.set()
            await asyncio.sleep(30)
            raise AssertionError("it was not broken off")

    async def broken_off() -> None:
        on = ground(NoLineYet(), writer)
        task = asyncio.create_task(drain(environment_id=office.environment_id, ground=on))
        await connecting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(broken_off())
    assert state_of(delivery_id) is State.QUEUED


def test_an_answer_is_offered_to_the_database_until_it_is_stored(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, line = make_office(), Line()
    delivery_id = office.queue()
    refusals = [OperationalError("away"), InterfaceError("away")]

    def away_twice(steps: Any) -> None:
        if refusals:
            raise refusals.pop()
        apply_steps(steps)

    monkeypatch.setattr(recording, "apply_steps", away_twice)
    monkeypatch.setattr(grounds, "STORE_AGAIN_SECONDS", 0.01)
    run(office, ground(line, writer))
    assert state_of(delivery_id) is State.BOOKED
    assert len(line.sent) == 1
