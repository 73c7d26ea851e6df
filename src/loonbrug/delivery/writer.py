"""The one thread that writes for all drains of a process: what is waiting together is committed together.

There is no window to wait for: while one commit is on its way to the disk, the next group gathers by itself.
Nobody hears of his result before the commit that holds it is known. A group that fails for one of its requests is
done again one by one; when the database itself fails, everybody hears that, and nobody knows what was stored.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, ParamSpec, Self, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connections, transaction

P = ParamSpec("P")
Q = TypeVar("Q")
R = TypeVar("R")

#: An operation on several requests in one transaction; each gets its result, or the error that is its answer.
Together = Callable[[Sequence[Q]], Sequence[R | Exception]]

#: The database is not there, or takes nothing now: what is offered again later may be stored.
AWAY = (OperationalError, InterfaceError)

#: A larger group would only let the first of it wait longer.
MOST_AT_ONCE = 500
#: So many of the operations that take long go in one group: the others need not wait for more.
MOST_SLOW_ONES = 8
#: So many operations by themselves go between two groups: one would keep a start of many drains waiting, all a group.
MOST_ALONE = 10


class _Item(NamedTuple):
    """What one coroutine waits for: a request for a grouped operation, or an operation to run by itself."""

    operation: Callable[..., Any]
    request: Any
    is_grouped: bool
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop


class Writer:
    """Runs operations on the database on a thread of its own, for event loops that must never wait for it.

    `order` names the grouped operations; within one transaction they run in this order. `slow` are those of them that
    take long.
    """

    def __init__(
        self, *order: Together[Any, Any], slow: Collection[Together[Any, Any]] = frozenset()
    ) -> None:
        self._order = order
        self._slow = slow
        self._waiting: SimpleQueue[_Item | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._live, name="writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do what is waiting, and end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def join(self, operation: Together[Q, R], request: Q) -> "asyncio.Future[R]":
        """Hand in a request; it is committed with all others that are waiting by then.

        Raises ValueError for an operation that is not in the order.
        """
        if operation not in self._order:
            raise ValueError(f"{operation} is not in the order of this writer, so its turn would never come")
        return self._hand_in(operation, request, is_grouped=True)

    def run(self, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[R]":
        """Run one operation by itself."""
        return self._hand_in(partial(operation, *args, **kwargs), None, is_grouped=False)

    def _hand_in(
        self, operation: Callable[..., Any], request: object, *, is_grouped: bool
    ) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.put(_Item(operation, request, is_grouped, future, loop))
        return future

    def _live(self) -> None:
        """What is grouped goes first: no call waits for its answer to be stored while others look around."""
        alone: deque[_Item] = deque()
        slow: deque[_Item] = deque()
        ends = False
        while alone or slow or not ends:
            together: list[_Item] = []
            for item in self._all_waiting(may_wait=not (alone or slow)):
                if item is None:
                    ends = True
                elif item.is_grouped:
                    (slow if item.operation in self._slow else together).append(item)
                else:
                    alone.append(item)
            together += [slow.popleft() for _ in range(min(len(slow), MOST_SLOW_ONES))]
            self._commit(together)
            for _ in range(min(len(alone), MOST_ALONE)):
                item = alone.popleft()
                _tell([(item, _outcome_of(item.operation))])
        connections.close_all()

    def _all_waiting(self, *, may_wait: bool) -> list[_Item | None]:
        waiting = [self._waiting.get()] if may_wait else []
        while len(waiting) < MOST_AT_ONCE:
            try:
                waiting.append(self._waiting.get_nowait())
            except Empty:
                break
        return waiting

    def _commit(self, items: Sequence[_Item]) -> None:
        """One transaction for all; when it fails for any, one for each."""
        if not items:
            return
        try:
            with transaction.atomic():
                results = self._results(items)
        except AWAY as away:
            close_old_connections()  # so that the next group does not meet the same broken line
            results = [(item, away) for item in items]
        except Exception as error:  # noqa: BLE001 (whoever asked gets it)
            if len(items) > 1:
                for item in items:
                    self._commit([item])
                return
            results = [(items[0], error)]
        _tell(results)

    def _results(self, items: Sequence[_Item]) -> list[tuple[_Item, Any]]:
        results: list[tuple[_Item, Any]] = []
        for operation in self._order:
            mine = [item for item in items if item.operation == operation]
            if mine:
                results += zip(mine, operation([item.request for item in mine]), strict=True)
        return results


def _outcome_of(operation: Callable[[], Any]) -> Any:
    try:
        return operation()
    except AWAY as away:
        close_old_connections()
        return away
    except Exception as error:  # noqa: BLE001 (whoever asked gets it)
        return error


def _tell(results: Sequence[tuple[_Item, Any]]) -> None:
    """Wake each event loop once for all that it waits for."""
    for loop in {item.loop for item, _ in results}:
        mine = [(item.future, result) for item, result in results if item.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine)


def _settle(results: Iterable[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, result in results:
        if future.done():  # whoever waited was cancelled
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
