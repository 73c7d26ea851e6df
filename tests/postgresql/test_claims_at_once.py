"""The limits of an environment hold in total, however many processes claim at the same moment."""

from collections import Counter

import pytest
from django.db import transaction
from tests.integration.delivery_office import (
    BOOKED,
    NOW,
    UNKNOWN,
    DeliveryOffice,
    begin_drain,
    make_office,
)
from tests.integration.delivery_office import claim as claim_in
from tests.postgresql.at_once import AT_ONCE, all_at_once

from loonbrug.delivery import decisions
from loonbrug.delivery.claiming import Claim
from loonbrug.delivery.lanes import OvertakenError
from loonbrug.delivery.models import Attempt, Delivery
from loonbrug.delivery.states import State
from loonbrug.ledger.problems import ProblemsError

pytestmark = pytest.mark.django_db(transaction=True)


def claim(office: DeliveryOffice, epoch: int) -> tuple[Claim, ...] | None:
    try:
        return claim_in(environment_id=office.environment_id, epoch=epoch)
    except OvertakenError:
        return None


def under_way() -> list[tuple[int, str]]:
    rows = Delivery.objects.filter(state__in=[State.SENDING, State.IN_DOUBT])
    return list(rows.values_list("administration", "journal_code"))


def office_with_more_than_one_claim_reads() -> DeliveryOffice:
    """Twelve lanes, and so many deliveries that no claim holds all of them locked while it chooses."""
    office = make_office()
    with transaction.atomic():
        for number in range(AT_ONCE * 110):
            office.queue(administration=1 + number % 12)
    return office


def test_claims_at_once_never_exceed_the_limit_nor_share_a_lane() -> None:
    office = office_with_more_than_one_claim_reads()
    office.start()
    for _ in range(3):
        claimed = all_at_once(lambda _: claim(office, office.epoch))
        claims = [each for found in claimed for each in found or ()]  # type: ignore[attr-defined]
        assert len(under_way()) == 5
        assert max(Counter(under_way()).values()) == 1
        for each in claims:
            office.answer(each.claim_id, BOOKED)


def test_whoever_was_overtaken_claims_nothing_and_doubt_keeps_its_call() -> None:
    office = office_with_more_than_one_claim_reads()

    def drain_starts(_: int) -> object:
        begun = begin_drain(environment_id=office.environment_id)
        return claim(office, begun.epoch)

    all_at_once(drain_starts)
    assert len(under_way()) == 5
    assert max(Counter(under_way()).values()) == 1


def test_an_answer_and_a_take_over_at_once_leave_one_of_both_orders() -> None:
    office = make_office()
    for number in range(5):
        office.queue(administration=1 + number)
    office.start()
    claims = office.claim()

    def act(number: int) -> object:
        if number == len(claims):
            return begin_drain(environment_id=office.environment_id)
        return office.answer(claims[number].claim_id, BOOKED)

    all_at_once(act)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.BOOKED}


def test_a_person_who_cancels_while_it_is_claimed_gets_it_or_the_drain_does() -> None:
    office = make_office()
    ids = [office.queue(administration=1 + number) for number in range(5)]
    office.start()
    office_id = office.scope.office_id

    def act(number: int) -> object:
        if number == len(ids):
            return claim(office, office.epoch)
        try:
            decisions.cancel(
                office_id=office_id, delivery_id=ids[number], reason="mistake", by="Anna", now=NOW
            )
        except ProblemsError as too_late:
            return too_late
        return None

    all_at_once(act)
    for delivery in Delivery.objects.all():
        sent = Attempt.objects.filter(delivery=delivery).exists()
        assert delivery.state == (State.SENDING if sent else State.CANCELLED)


def test_an_attempt_that_answers_twice_at_once_is_recorded_once() -> None:
    office = make_office()
    office.queue()
    office.start()
    (only,) = office.claim()
    all_at_once(lambda number: office.answer(only.claim_id, UNKNOWN if number % 2 else BOOKED))
    attempt = Attempt.objects.select_related("delivery").get()
    assert attempt.delivery.state == (State.BOOKED if attempt.outcome == "booked" else State.IN_DOUBT)
