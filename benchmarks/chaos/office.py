"""The harness's side of the product: prepare what is to be sent, sign in again, and read where it stands.

It decides no delivery.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, connections, transaction
from django.db.models import Count, Q
from tests.running import ask

from afas_client.auth import EnvironmentType
from benchmarks.chaos.processes import Surroundings
from benchmarks.chaos.world import OFFICES, Entry, keys_of, user_of
from loonbrug.access.models import Office
from loonbrug.access.rights import Scope, service_scope
from loonbrug.connections.models import Connection, ConnectionState, Environment
from loonbrug.delivery import operations
from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.operations import Approved, Target
from loonbrug.delivery.payload import RunKey
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.entry import Posting, PostingLine
from loonbrug.ledger.problems import ProblemsError
from loonbrug.workflows import authorise

Way = tuple[str, str]

DONE = {State.BOOKED, State.VERIFIED}
#: So many entries are queued in one transaction: the product must not wait long for its turn.
QUEUED_TOGETHER = 10
#: An attempt that was claimed this long ago, and has no answer, is under way in a process that lives.
FRESH = timedelta(seconds=1)


def now() -> datetime:
    return datetime.now(UTC)


class Harness:
    """The offices of a run, their ways into AFAS, and their deliveries."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._scopes: dict[str, Scope] = {}
        self._companies: dict[str, Company] = {}
        self._connections: dict[Way, int] = {}
        self._run_id = 0
        self.signed_in_again = 0

    def prepare(self) -> None:
        """Offices and authorised accounts."""
        for name, environments in OFFICES.items():
            office = Office.objects.create(name=name)
            debtor = Debtor.objects.create(office=office, number="1", name=name)
            self._companies[name] = Company.objects.create(
                office=office, debtor=debtor, number="1", name=name
            )
            self._scopes[name] = service_scope(office.pk)
            for environment in environments:
                self._add_account(name, environment)

    def _add_account(self, office: str, environment: str) -> None:
        account = authorise.add_account(
            scope=self._scopes[office],
            participant_number=environment,
            afas_user=user_of(office, environment),
            environment_type=EnvironmentType.TEST,
            now=now(),
        )
        self._connections[office, environment] = account.id
        api_key, environment_key = keys_of(office, environment)
        authorise.request_code(
            scope=self._scopes[office],
            connection_id=account.id,
            api_key=api_key,
            environment_key=environment_key,
            now=now(),
        )
        self._authorise((office, environment))

    def sign_in_again(self) -> None:
        """Authorise every account that AFAS no longer lets in."""
        out = [ConnectionState.BROKEN, ConnectionState.CODE_REQUESTED]
        broken = set(Connection.objects.filter(state__in=out).values_list("pk", flat=True))
        ways = [way for way, connection_id in self._connections.items() if connection_id in broken]
        for way in ways:
            # A code that was asked for a moment ago, or a stopped process that holds the database's lock: the
            # next round tries again.
            with suppress(ProblemsError, OperationalError):
                self._reset(way)
                self._authorise(way)
                self.signed_in_again += 1

    def _reset(self, way: Way) -> None:
        api_key, environment_key = keys_of(*way)
        authorise.reset(
            scope=self._scopes[way[0]],
            connection_id=self._connections[way],
            api_key=api_key,
            environment_key=environment_key,
            now=now(),
        )

    def _authorise(self, way: Way) -> None:
        api_key, environment_key = keys_of(*way)
        authorise.authorise(
            scope=self._scopes[way[0]],
            connection_id=self._connections[way],
            api_key=api_key,
            environment_key=environment_key,
            activation_code=self._mailed_code(user_of(*way)),
            now=now(),
        )

    def _mailed_code(self, user: str) -> str:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            mails = ask(f"{self._surroundings.mail}/api/mails")
            mine = [mail for mail in mails if any(to.startswith(f"{user}@") for to in mail["recipients"])]
            if mine and (found := re.search(r"\b[0-9]{8}\b", mine[0]["text"])):
                ask(f"{self._surroundings.mail}/api/mails", "DELETE")
                return found.group()
            time.sleep(0.1)
        raise RuntimeError(f"no code was mailed to {user}")

    def queue(self, entries: Sequence[Entry]) -> None:
        for at in range(0, len(entries), QUEUED_TOGETHER):
            with transaction.atomic():
                for entry in entries[at : at + QUEUED_TOGETHER]:
                    self._run_id += 1
                    self._queue(self._run_id, entry)

    def _queue(self, number: int, entry: Entry) -> None:
        company = self._companies[entry.office]
        connection = Connection.objects.get(pk=self._connections[entry.office, entry.environment])
        lines = tuple(PostingLine(account, debit, credit) for account, debit, credit in entry.lines)
        operations.queue(
            office_id=self._scopes[entry.office].office_id,
            target=Target(
                connection.environment_id, connection.pk, entry.administration, entry.journal_code, {}
            ),
            entries=[
                Approved(
                    journal_id=number,
                    run_id=number,
                    run=RunKey(company.pk, company.number, entry.day.year, entry.day.month, number),
                    ordinal=1,
                    posting=Posting(entry.day, entry.day.year, entry.day.month, lines),
                )
            ],
            by="chaos",
            now=now(),
        )

    def states(self) -> Counter[str]:
        """How many deliveries are in which state."""
        counted = Delivery.objects.values_list("state").annotate(count=Count("pk")).order_by()
        return Counter(dict(counted))

    def is_done(self, count: int) -> bool:
        """Whether so many deliveries are booked."""
        states = self.states()
        return sum(states[state] for state in DONE) == count

    def under_way(self) -> set[int]:
        """The attempts that were claimed a moment ago and have no answer yet."""
        fresh = Attempt.objects.filter(ended_at=None, claimed_at__gt=now() - FRESH)
        return set(fresh.values_list("pk", flat=True))

    def unanswered(self, attempts: Set[int], at: datetime) -> int:
        """How many of these attempts had no answer at that moment."""
        later = Q(ended_at=None) | Q(ended_at__gt=at)
        return Attempt.objects.filter(later, pk__in=attempts).count()

    def limits(self) -> dict[str, int]:
        """How many calls at once each environment allows."""
        rows = Environment.objects.values_list("participant_number", "parallel_call_count")
        return {f"{number}.resttest": count for number, count in rows}

    def without_database(self, happening: Callable[[], None]) -> None:
        """Let something happen that breaks our own connection too."""
        connections.close_all()
        happening()


def contents(books: dict[str, list[dict[str, Any]]]) -> Counter[tuple[Any, ...]]:
    """What AFAS's books hold, by content, and how often."""
    found: Counter[tuple[Any, ...]] = Counter()
    for environment, booked in books.items():
        for entry in booked:
            lines = tuple(
                sorted(
                    (line["account"], f"{_cents(line['debit'])}", f"{_cents(line['credit'])}")
                    for line in entry["lines"]
                )
            )
            day = entry["lines"][0]["voucher_date"]
            found[environment, entry["administration"], entry["journal"], day, lines] += 1
    return found


def _cents(amount: str) -> str:
    """Amounts as text with two decimals, without a float in between."""
    whole, _, cents = amount.partition(".")
    return f"{whole}.{cents:0<2}"
