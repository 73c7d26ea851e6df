"""A mapping that changes between approving an entry and sending it again."""

import pytest
from django.test import Client
from tests.integration.journal_pages import client_of, page
from tests.integration.payroll_office import PayrollOffice, draft, entry, keep
from tests.integration.sending_office import make_office

from loonbrug.access.rights import Level
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import State
from loonbrug.mappings.models import Mapping

pytestmark = pytest.mark.django_db
CHANGED = "De mapping is gewijzigd nadat deze boeking is goedgekeurd"
ANEW = "Annuleren en opnieuw verzenden</button>"


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


@pytest.fixture
def writer(office: PayrollOffice) -> Client:
    return client_of(office, Level.WRITE)


@pytest.fixture
def journal_id(office: PayrollOffice, writer: Client) -> int:
    """A journal of two entries, approved by the mapping as it was."""
    kept = keep(office, draft(office.bakery_id, entry(), entry(day=26))).journal_id
    writer.post(f"/journals/{kept}/send/")
    return kept


@pytest.mark.parametrize("state", [State.QUEUED, State.HELD])
def test_an_entry_of_a_mapping_that_has_changed_is_offered_to_go_anew(
    writer: Client, journal_id: int, state: State
) -> None:
    Delivery.objects.update(state=state)
    before = page(writer, f"/journals/{journal_id}/")
    Mapping.objects.update(default_cost_centre="999")
    after = page(writer, f"/journals/{journal_id}/")

    assert CHANGED not in before
    assert ANEW not in before
    assert CHANGED in after
    assert ANEW in after


def test_what_does_not_change_the_entry_is_no_change(writer: Client, journal_id: int) -> None:
    Mapping.objects.update(valid_from_period=2, administration_name="Zorghuis")
    assert CHANGED not in page(writer, f"/journals/{journal_id}/")


def test_sending_anew_cancels_this_entry_alone_and_sends_it_by_the_changed_mapping(
    writer: Client, journal_id: int
) -> None:
    Delivery.objects.filter(ordinal=2).update(state=State.CANCELLED, is_ended=True)
    Delivery.objects.filter(ordinal=1).update(state=State.HELD)
    Mapping.objects.update(journal_code="LON")
    refused = Delivery.objects.get(ordinal=1)

    writer.post(f"/deliveries/{refused.pk}/anew/", {"reason": "Dagboek hersteld"})

    assert [(each.ordinal, each.journal_code, each.state) for each in Delivery.objects.order_by("pk")] == [
        (1, "90", State.CANCELLED),
        (2, "90", State.CANCELLED),
        (1, "LON", State.QUEUED),
    ]
    assert "Dagboek hersteld" in page(writer, f"/journals/{journal_id}/")


def test_an_entry_that_cannot_go_anew_is_not_cancelled(writer: Client, journal_id: int) -> None:
    Mapping.objects.update(journal_code="LON", valid_from_year=2027)
    first = Delivery.objects.get(ordinal=1)

    told = writer.post(f"/deliveries/{first.pk}/anew/", {"reason": "Dagboek"}, follow=True).content.decode()

    first.refresh_from_db()
    assert first.state == State.QUEUED
    assert "startperiode" in told
