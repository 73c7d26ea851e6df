"""The database itself keeps the table of states, whatever code is above it."""

from itertools import pairwise, product

import pytest
from django.db import DatabaseError, connection, transaction
from tests.integration.delivery_office import make_office

from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, IN_AFAS, TRANSITIONS, State
from loonbrug.delivery.triggers import FROZEN, install

pytestmark = pytest.mark.django_db

PAIRS = [(before, after) for before, after in product(State, State) if before != after]


def put(delivery_id: int, state: State) -> None:
    """Bring the row into a state, past the trigger."""
    table = " ON delivery_delivery" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER delivery_transition{table}")
        cursor.execute(
            "UPDATE delivery_delivery SET state = %s, is_ended = %s, entry_number = '1' WHERE id = %s",
            [state, state in ENDED, delivery_id],
        )
    install()


def move(delivery_id: int, state: State) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_delivery SET state = %s, is_ended = %s WHERE id = %s",
            [state, state in ENDED, delivery_id],
        )


def test_raw_sql_can_make_every_allowed_step_and_no_other() -> None:
    delivery_id = make_office().queue()
    for before, after in PAIRS:
        put(delivery_id, before)
        if (before, after) in TRANSITIONS:
            move(delivery_id, after)
        else:
            with pytest.raises(DatabaseError, match="cannot make this step"):
                move(delivery_id, after)


def test_a_state_that_spells_two_allowed_steps_is_refused() -> None:
    """SQLite's trigger searches in a text of all steps, in this order."""
    delivery_id = make_office().queue()
    for (_, after), (before, last) in pairwise(sorted(TRANSITIONS)):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE delivery_delivery SET state = %s WHERE id = %s",
                [f"{after}||{before}>{last}", delivery_id],
            )


@pytest.mark.parametrize("column", FROZEN)
def test_raw_sql_cannot_change_what_was_approved(column: str) -> None:
    delivery_id = make_office().queue()
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE delivery_delivery SET {column} = '7' WHERE id = %s", [delivery_id])


def test_raw_sql_cannot_change_what_is_sent() -> None:
    delivery_id = make_office().queue()
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_payload SET content = %s WHERE delivery_id = %s", [b"{}", delivery_id]
        )


def test_debit_equals_credit_in_the_database_too() -> None:
    delivery = Delivery.objects.get(pk=make_office().queue())
    delivery.pk, delivery.voucher_number, delivery.run_id = None, "OTHER", 99
    delivery.total_credit += 1
    with pytest.raises(DatabaseError, match="debit_equals_credit"):
        delivery.save(force_insert=True)


def test_booked_without_a_number_cannot_be_stored() -> None:
    delivery_id = make_office().queue()
    assert State.BOOKED in IN_AFAS
    with pytest.raises(DatabaseError, match="booked_has_a_number"):
        move(delivery_id, State.BOOKED)
