"""PostgreSQL drops every line in the middle of the work, as it does when it restarts."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection
from procrastinate.contrib.django.utils import connector_params
from tests.integration.delivery_office import NOW, make_office, state_of
from tests.integration.test_drain import Line, booked, ground, run

from afas_client.wire import Request, Response
from loonbrug.delivery import ground as grounds
from loonbrug.delivery.drain import grouping_writer
from loonbrug.delivery.models import Attempt
from loonbrug.delivery.queries import environments_with_due_work
from loonbrug.delivery.states import State
from loonbrug.delivery.writer import Writer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writer() -> Iterator[Writer]:
    with grouping_writer() as made:
        yield made


def drop_all_lines() -> None:
    with psycopg.connect(**connector_params()) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_an_answer_waits_for_the_database_and_the_drain_goes_on(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounds, "STORE_AGAIN_SECONDS", 0.05)
    office, line = make_office(), Line()
    ids = [office.queue() for _ in range(3)]

    def answer(_: Request) -> Response:
        drop_all_lines()
        return booked(len(line.sent))

    line.answer = answer
    run(office, ground(line, writer))
    connection.close()  # ours was dropped as well
    assert {state_of(delivery_id) for delivery_id in ids} == {State.BOOKED}
    assert Attempt.objects.count() == len(line.sent) == 3


def test_after_one_failed_question_the_next_is_answered(writer: Writer) -> None:
    make_office().queue()
    on = ground(Line(), writer)

    async def ask() -> tuple[int, ...]:
        return await on.writer.run(environments_with_due_work, now=NOW)

    assert asyncio.run(ask())
    drop_all_lines()
    with pytest.raises(OperationalError):
        asyncio.run(ask())
    assert asyncio.run(ask())
    connection.close()
