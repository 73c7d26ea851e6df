"""A service that could lose a commit does not start."""

import pytest
from django.db import connection

from loonbrug.project.durability import NotDurableError, assert_durable

LESS_DURABLE = {
    "sqlite": "PRAGMA synchronous=NORMAL",
    "postgresql": "SET synchronous_commit TO off",
}

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_database_writes_every_commit_through() -> None:
    assert_durable()


def test_a_database_that_does_not_is_refused() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(LESS_DURABLE[connection.vendor])
        with pytest.raises(NotDurableError, match=r"synchronous 1|synchronous_commit is off"):
            assert_durable()
    finally:
        connection.close()
