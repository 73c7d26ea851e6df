"""One thread writes for all: what waits together is committed together, and nobody acts before his commit is known."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from loonbrug.access.models import Office
from loonbrug.delivery.writer import MOST_SLOW_ONES, Writer

pytestmark = pytest.mark.django_db(transaction=True)

groups: list[list[str]] = []


def found(names: Sequence[str]) -> list[int | Exception]:
    """Found offices; one without a name is refused in its place, "boom" breaks the whole group."""
    groups.append(list(names))
    if "boom" in names:
        raise IntegrityError("boom")
    if "away" in names:
        raise OperationalError("away")
    return [Office.objects.create(name=name).pk if name else ValueError("no name") for name in names]


def renamed(names: Sequence[str]) -> list[int | Exception]:
    groups.append(["renamed", *names])
    return [0 for _ in names]


@pytest.fixture
def writer() -> Iterator[Writer]:
    groups.clear()
    with Writer(renamed, found) as made:
        yield made


def judged(names: Sequence[str]) -> list[int | Exception]:
    groups.append(["judged", *names])
    return [0 for _ in names]


def ask(writer: Writer, *names: str) -> list[object]:
    """Hand in all of these in one turn of the loop, so that they wait together."""

    async def together() -> list[object]:
        waiting = [writer.join(found, name) for name in names]
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(together())


def names() -> set[str]:
    return set(Office.objects.values_list("name", flat=True))


def test_what_waits_together_is_one_group(writer: Writer) -> None:
    answers = ask(writer, "Noord", "Zuid", "West")
    assert groups == [["Noord", "Zuid", "West"]]
    assert sorted(answers) == sorted(Office.objects.values_list("pk", flat=True))  # type: ignore[type-var]


def test_what_gathers_while_the_writer_is_at_work_is_one_group(writer: Writer) -> None:
    async def one_after_the_other() -> None:
        is_held, free = threading.Event(), threading.Event()

        def hold() -> None:
            is_held.set()
            free.wait()

        held = writer.run(hold)
        await asyncio.to_thread(is_held.wait)
        waiting = []
        for name in ("Noord", "Zuid"):
            waiting.append(writer.join(found, name))
            await asyncio.sleep(0)
        free.set()
        await asyncio.gather(held, *waiting)

    asyncio.run(one_after_the_other())
    assert groups == [["Noord", "Zuid"]]


def test_what_an_answer_set_going_is_committed_with_it(writer: Writer) -> None:
    async def answer_and_claim() -> None:
        has_news = asyncio.Event()

        async def claim() -> None:
            await has_news.wait()
            await writer.join(found, "the claim behind it")

        claiming = asyncio.create_task(claim())
        await asyncio.sleep(0)
        has_news.set()
        await writer.join(found, "an answer")
        await claiming

    asyncio.run(answer_and_claim())
    assert groups == [["an answer", "the claim behind it"]]


def test_one_that_is_refused_does_not_stop_the_others(writer: Writer) -> None:
    answers = ask(writer, "Noord", "", "Zuid")
    assert isinstance(answers[1], ValueError)
    assert names() == {"Noord", "Zuid"}


def test_a_group_that_fails_is_done_again_one_by_one(writer: Writer) -> None:
    answers = ask(writer, "Noord", "boom", "Zuid")
    assert isinstance(answers[1], IntegrityError)
    assert names() == {"Noord", "Zuid"}
    assert groups == [["Noord", "boom", "Zuid"], ["Noord"], ["boom"], ["Zuid"]]


def test_when_the_database_fails_everybody_hears_it_and_nothing_is_done_twice(writer: Writer) -> None:
    answers = ask(writer, "Noord", "away", "Zuid")
    assert {type(answer) for answer in answers} == {OperationalError}
    assert names() == set()
    assert len(groups) == 1


def test_grouped_operations_run_in_the_order_of_the_writer_in_one_transaction(writer: Writer) -> None:
    async def both() -> None:
        await asyncio.gather(writer.join(found, "Noord"), writer.join(renamed, "Zuid"))

    asyncio.run(both())
    assert groups == [["renamed", "Zuid"], ["Noord"]]


def test_nobody_hears_of_a_result_before_it_is_committed(writer: Writer) -> None:
    async def act() -> int:
        pk = await writer.join(found, "Noord")
        return await asyncio.to_thread(_seen_elsewhere, pk)

    assert asyncio.run(act()) == 1


def _seen_elsewhere(pk: int) -> int:
    try:
        return Office.objects.filter(pk=pk).count()
    finally:
        connection.close()


def test_what_would_never_have_its_turn_is_refused_at_once(writer: Writer) -> None:
    async def ask_for_it() -> None:
        await writer.join(judged, "of another writer")

    with pytest.raises(ValueError, match="not in the order"):
        asyncio.run(ask_for_it())


def test_who_no_longer_waits_disturbs_nobody(writer: Writer) -> None:
    async def act() -> None:
        gone, stays = writer.join(found, "Noord"), writer.join(found, "Zuid")
        gone.cancel()
        await stays

    asyncio.run(act())
    assert names() == {"Noord", "Zuid"}


def test_an_operation_by_itself_has_its_own_transaction_and_its_own_error(writer: Writer) -> None:
    def refused() -> None:
        with transaction.atomic():
            Office.objects.create(name="Noord")
            raise ValueError("no")

    async def act() -> None:
        with pytest.raises(ValueError, match="no"):
            await writer.run(refused)
        await writer.join(found, "Zuid")

    asyncio.run(act())
    assert names() == {"Zuid"}


def test_few_of_what_takes_long_go_with_others_and_none_is_forgotten() -> None:
    many = [str(number) for number in range(3 * MOST_SLOW_ONES)]
    groups.clear()

    async def together(writer: Writer) -> None:
        await asyncio.gather(*(writer.join(judged, name) for name in many), writer.join(found, "Noord"))

    with Writer(judged, found, slow={judged}) as writer:
        asyncio.run(together(writer))
    assert groups[:2] == [["judged", *many[:MOST_SLOW_ONES]], ["Noord"]]
    assert [name for group in groups for name in group if name in many] == many


def test_a_writer_that_ends_has_done_what_takes_long() -> None:
    with Writer(judged, slow={judged}) as writer:

        async def hand_in() -> None:
            for number in range(MOST_SLOW_ONES + 1):
                writer.join(judged, str(number))

        groups.clear()
        asyncio.run(hand_in())
    assert sum(len(group) - 1 for group in groups) == MOST_SLOW_ONES + 1
