"""An office with an authorised AFAS account, and entries approved for sending; built straight on the tables."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction

from afas_client.auth import ClassicToken, EnvironmentType
from loonbrug.access.models import Office
from loonbrug.access.rights import Scope, service_scope
from loonbrug.connections import operations as connections
from loonbrug.delivery import claiming, operations
from loonbrug.delivery.asking import Ask, take_questions
from loonbrug.delivery.claiming import Claim, Wish
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.operations import Approved, Begun, Target
from loonbrug.delivery.outcomes import Answer, Outcome, Policy
from loonbrug.delivery.payload import RunKey
from loonbrug.delivery.questions import Question
from loonbrug.delivery.reading_ahead import Candidate, Outlook, ready_all
from loonbrug.delivery.recording import Report, record_all
from loonbrug.delivery.states import State
from loonbrug.directory.models import Company, Debtor
from loonbrug.ledger.entry import Posting, PostingLine

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
POLICY = Policy()
TOKEN = ClassicToken(f"<token><version>1</version><data>{'AB' * 32}</data></token>")
BOOKED = Answer(Outcome.BOOKED, entry_number="5789", status=201)
REFUSED = Answer(Outcome.REFUSED, status=500, message="(AfasFiEntry)Vat is mandatory for account 4070")
UNKNOWN = Answer(Outcome.UNKNOWN, message="the connection was cut")
NOT_BOOKED = Answer(Outcome.NOT_BOOKED, message="refused")
NOT_LET_IN = Answer(Outcome.NOT_LET_IN, status=401, message="token expired")


def posting(amount: str = "100.00") -> Posting:
    value, nothing = Decimal(amount), Decimal(0)
    lines = (PostingLine("4000", value, nothing), PostingLine("2100", nothing, value))
    return Posting(date(2026, 10, 31), 2026, 10, lines)


@dataclass
class DeliveryOffice:
    """One company, one AFAS account; queue, claim and answer with a word each."""

    scope: Scope
    company: Company
    environment_id: int
    connection_id: int
    epoch: int = 0
    runs: int = field(default=0)

    def queue(
        self, *, run_id: int | None = None, ordinal: int = 1, administration: int = 1, at: datetime = NOW
    ) -> int:
        """Queue one entry, of a new run unless one is named."""
        self.runs += 1
        run_id = run_id or self.runs
        target = Target(self.environment_id, self.connection_id, administration, "90", {})
        run = RunKey(self.company.pk, self.company.number, 2026, 10, run_id)
        entry = Approved(run_id, run_id, run, ordinal, posting())
        office_id = self.scope.office_id
        return operations.queue(office_id=office_id, target=target, entries=[entry], by="Anna", now=at)[0]

    def start(self, *, at: datetime = NOW) -> None:
        begun = begin_drain(environment_id=self.environment_id, now=at)
        self.epoch = begun.epoch

    def claim(self, *, at: datetime = NOW) -> tuple[Claim, ...]:
        return claim(environment_id=self.environment_id, epoch=self.epoch, at=at)

    def answer(self, claim_id: UUID, answer: Answer, *, at: datetime = NOW) -> State:
        with transaction.atomic():
            (state,) = record_all([Report(claim_id, answer, POLICY, at)])
        assert isinstance(state, State)
        return state

    def sent(self, answer: Answer, *, at: datetime = NOW) -> int:
        """Queue one entry, send it and record this answer; its delivery."""
        delivery_id = self.queue(at=at)
        self.start(at=at)
        (claim,) = self.claim(at=at)
        self.answer(claim.claim_id, answer, at=at)
        return delivery_id

    def in_doubt_past_its_limit(self) -> tuple[int, datetime]:
        """A delivery in doubt, and a moment at which AFAS can no longer be busy with it."""
        delivery_id = self.sent(UNKNOWN)
        return delivery_id, NOW + POLICY.send_window + POLICY.read_time_out + timedelta(seconds=1)


def begin_drain(*, environment_id: int, policy: Policy = POLICY, now: datetime = NOW) -> Begun:
    """Begin as a drain does: the epoch is committed before what was left is doubted."""
    with transaction.atomic():
        (begun,) = operations.raise_epochs([environment_id])
    assert not isinstance(begun, Exception)
    operations.doubt_what_was_left(environment_id=environment_id, epoch=begun.epoch, policy=policy, now=now)
    return begun


def look_ahead(environment_id: int, at: datetime = NOW) -> tuple[Candidate, ...]:
    """What a drain reads ahead."""
    with transaction.atomic():
        (ahead,) = ready_all([Outlook(environment_id, POLICY, at)])
    assert not isinstance(ahead, Exception)
    return ahead


def ask(office: "DeliveryOffice", at: datetime = NOW, *, free_call_count: int = 9) -> tuple[Question, ...]:
    """What a drain of this office asks AFAS, with so many calls that it does not need for sending."""
    with transaction.atomic():
        (taken,) = take_questions([Ask(office.environment_id, office.epoch, 0, free_call_count, POLICY, at)])
    if isinstance(taken, Exception):
        raise taken
    return taken


def claim(*, environment_id: int, epoch: int, at: datetime = NOW, claim_count: int = 9) -> tuple[Claim, ...]:
    """Claim as a drain does: read ahead, then claim what may leave."""
    ahead = look_ahead(environment_id, at)
    claim_ids = [uuid4() for _ in range(claim_count)]
    with transaction.atomic():
        (claimed,) = claiming.claim_all([Wish(environment_id, epoch, ahead, claim_ids, 0, POLICY, at)])
    if isinstance(claimed, Exception):
        raise claimed
    return claimed.claims


def make_office(name: str = "Kantoor Noord", participant_number: str = "12345") -> DeliveryOffice:
    office = Office.objects.create(name=name)
    debtor = Debtor.objects.create(office=office, number="100", name="Van Dam Holding")
    company = Company.objects.create(office=office, debtor=debtor, number="2001", name="Bakkerij Van Dam")
    account = connections.add_account(
        office_id=office.pk,
        participant_number=participant_number,
        afas_user="12345.admin",
        environment_type=EnvironmentType.TEST,
        now=NOW,
    )
    connections.record_authorised(office_id=office.pk, connection_id=account.id, token=TOKEN, now=NOW)
    connections.record_capabilities(
        office_id=office.pk,
        connection_id=account.id,
        get_connectors=["Precal_Administraties"],
        update_connectors=["FiEntries"],
        environment_code="T12345AA",
        token_expiry="0",
        now=NOW,
    )
    return DeliveryOffice(service_scope(office.pk), company, account.environment_id, account.id)


def state_of(delivery_id: int) -> State:
    return State(Delivery.objects.get(pk=delivery_id).state)
