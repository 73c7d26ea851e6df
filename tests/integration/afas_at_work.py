"""An office and an AFAS that keeps books, with a drain between them that runs whenever a test says."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

from tests.integration.afas_books import AfasBooks
from tests.integration.delivery_office import NOW, POLICY, DeliveryOffice, make_office
from tests.integration.test_inspection import may_look

from loonbrug.delivery import reversing
from loonbrug.delivery.drain import drain
from loonbrug.delivery.ground import Ground
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.reversing import How
from loonbrug.delivery.states import State
from loonbrug.delivery.writer import Writer


class Afas:
    """An office, AFAS's books, and a drain that runs whenever the test says, at the moment that it says."""

    def __init__(self, writer: Writer, *, looks: bool = True) -> None:
        self.office: DeliveryOffice = may_look(make_office()) if looks else make_office()
        self.books = AfasBooks()
        self.writer = writer

    def run(self, at: datetime = NOW, *, boot_at: datetime | None = None) -> None:
        """Let a drain run at this moment; `boot_at` is the moment by the clock since boot, if that differs."""
        ground = self.ground(at, boot_at=boot_at)
        asyncio.run(drain(environment_id=self.office.environment_id, ground=ground))

    def ground(self, at: datetime, *, boot_at: datetime | None = None) -> Ground:
        """What a drain stands on at this moment."""

        @asynccontextmanager
        async def open_transport():
            yield self.books

        return Ground(
            now=lambda: at,
            boot="this boot",
            boot_seconds=lambda: float((boot_at or at).timestamp()),
            new_id=uuid4,
            writer=self.writer,
            open_transport=open_transport,
            policy=POLICY,
            is_stopping=lambda: False,
            others_wait=lambda: False,
            slice_seconds=60.0,
            note_claim=lambda _: None,
        )

    def booked(self, **given: int) -> Delivery:
        """An entry that AFAS has booked."""
        delivery_id = self.office.queue(**given)
        self.run()
        found = Delivery.objects.get(pk=delivery_id)
        assert found.state in {State.BOOKED, State.VERIFIED}
        return found

    def reverse(self, delivery: Delivery, how: How = How.DELETE, reason: str = "wrong run") -> None:
        reversing.reverse(
            office_id=self.office.scope.office_id,
            journal_id=delivery.journal_id,
            how=how,
            reason=reason,
            by="Anna",
            now=NOW,
        )
