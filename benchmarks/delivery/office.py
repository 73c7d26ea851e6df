"""What is to be delivered: one office with a way into many environments, and entries of 20 lines queued for them.

Queued by the product itself, due only once they are released, so that the product is up by then.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from afas_client.auth import ClassicToken, EnvironmentType
from benchmarks.delivery.entry import DAY, posting
from loonbrug.access.models import Office
from loonbrug.connections import operations as connections
from loonbrug.delivery import operations
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.operations import Approved, Target
from loonbrug.delivery.payload import RunKey
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor

TOKEN = ClassicToken(f"<token><version>1</version><data>{'AB' * 32}</data></token>")
NOT_YET = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many environments, each with so many administrations and entries spread over them."""

    environments: int
    administrations: int
    entries: int
    calls: int = 5


def now() -> datetime:
    return datetime.now(UTC)


class BenchOffice:
    """One office, and the entries that are queued for it."""

    def __init__(self) -> None:
        self._office = Office.objects.create(name="Bench")
        self._debtor = Debtor.objects.create(office=self._office, number="1", name="Bench")
        self._targets: dict[int, list[tuple[Target, Company]]] = {}
        self._runs = 0

    @transaction.atomic
    def queue(self, shape: Shape) -> tuple[int, ...]:
        """Make the environments and queue their entries; the ids of the environments."""
        made = tuple(self._environment(shape.administrations) for _ in range(shape.environments))
        for environment_id in made:
            self.queue_more(environment_id, shape.entries)
        return made

    @transaction.atomic
    def queue_more(self, environment_id: int, entries: int) -> None:
        """Queue so many entries, spread over the environment's administrations."""
        targets = self._targets[environment_id]
        for at in range(entries):
            self._queue_entry(*targets[at % len(targets)])

    def _environment(self, administrations: int) -> int:
        account = connections.add_account(
            office_id=self._office.pk,
            participant_number=str(10_000 + len(self._targets)),
            afas_user=f"{10_000 + len(self._targets)}.bench",
            environment_type=EnvironmentType.TEST,
            now=now(),
        )
        connections.record_authorised(
            office_id=self._office.pk, connection_id=account.id, token=TOKEN, now=now()
        )
        connections.record_capabilities(
            office_id=self._office.pk,
            connection_id=account.id,
            get_connectors=["Profit_Administrations", "Profit_Transactions_Allocated"],
            update_connectors=["FiEntries"],
            environment_code="T12345AA",
            token_expiry="0",
            now=now(),
        )
        self._targets[account.environment_id] = [
            (Target(account.environment_id, account.id, 1 + at, "90", {}), self._company(account.id, at))
            for at in range(administrations)
        ]
        return account.environment_id

    def _company(self, connection_id: int, administration: int) -> Company:
        number = f"{connection_id}{administration:04}"
        return Company.objects.create(
            office=self._office, debtor=self._debtor, number=number, name=f"Bench {number}"
        )

    def _queue_entry(self, target: Target, company: Company) -> None:
        self._runs += 1
        run = RunKey(company.pk, company.number, DAY.year, DAY.month, self._runs)
        entry = Approved(self._runs, self._runs, run, 1, posting(self._runs))
        office_id = self._office.pk
        operations.queue(office_id=office_id, target=target, entries=[entry], by="bench", now=now() + NOT_YET)

    def is_left(self, *states: str, environment_ids: Collection[int] = ()) -> bool:
        """Whether a delivery is in one of these states: in one of these environments, or anywhere."""
        rows = Delivery.objects.filter(office=self._office, state__in=states)
        return (rows.filter(environment_id__in=environment_ids) if environment_ids else rows).exists()


def release() -> datetime:
    """From now on what was queued is due; the moment. PostgreSQL knows its tables, as where they have lived a while."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
    moment = now()
    Delivery.objects.filter(state=State.QUEUED).update(due_at=moment, queued_at=moment)
    return moment


def states() -> Counter[str]:
    """How many deliveries are in which state."""
    return Counter(Delivery.objects.values_list("state", flat=True))
