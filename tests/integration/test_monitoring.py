"""What machines ask: life, readiness and figures."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.integration.delivery_office import BOOKED, NOT_LET_IN, NOW, POLICY, REFUSED, UNKNOWN, make_office
from tests.integration.unguarded import sql

from loonbrug.watch import operations as watch
from loonbrug.web.monitoring import views
from loonbrug.web.monitoring.exposition import Exposition
from loonbrug.workflows.watch import look_around

pytestmark = pytest.mark.django_db


def figures(text: bytes) -> dict[str, str]:
    """Each figure with its labels, and its value."""
    lines = text.decode().splitlines()
    return dict(line.rsplit(" ", maxsplit=1) for line in lines if not line.startswith("#"))  # type: ignore[misc]


def test_the_process_lives_whatever_its_database_does(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.fixture
def _not_known_migrated() -> Iterator[None]:
    views._MIGRATED.clear()
    yield
    views._MIGRATED.clear()


@pytest.mark.usefixtures("_not_known_migrated")
def test_it_is_ready_only_while_an_engine_is_at_work() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "database": True, "migrations": True, "engine": False}
    watch.beat(now=timezone.now() - timedelta(seconds=61))
    assert Client().get("/readyz").status_code == 503
    watch.beat(now=timezone.now())
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True


@pytest.mark.usefixtures("_not_known_migrated")
def test_it_is_not_ready_before_the_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    watch.beat(now=timezone.now())
    sql("DELETE FROM django_migrations WHERE app = %s", "watch")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] is False


def test_it_is_not_ready_without_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(views, "last_pulse", gone)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "database": False, "migrations": False, "engine": False}


def test_readiness_is_cheap(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Client().get("/readyz")
    with django_assert_num_queries(1):
        Client().get("/readyz")


@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "10.0.0.7", 403),
        ({"X-Forwarded-For": "10.0.0.7"}, "127.0.0.1", 403),
        ({"Forwarded": "for=10.0.0.7"}, "127.0.0.1", 403),
        ({"Authorization": "Bearer s3cret"}, "10.0.0.7", 200),
        ({"Authorization": "Bearer s3cret", "X-Forwarded-For": "10.0.0.7"}, "127.0.0.1", 200),
        ({"Authorization": "Bearer other"}, "10.0.0.7", 403),
        ({"Authorization": "Bearer "}, "10.0.0.7", 403),
    ],
)
def test_figures_are_for_this_machine_or_for_who_shows_the_token(
    headers: dict[str, str], address: str, status: int
) -> None:
    with override_settings(METRICS_TOKEN="s3cret"):
        assert Client().get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_without_a_token_none_is_accepted() -> None:
    with override_settings(METRICS_TOKEN=""):
        answer = Client().get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="10.0.0.7")
    assert answer.status_code == 403


def test_figures_of_how_things_stand() -> None:
    make_office("Kantoor Noord", "11111").sent(BOOKED)
    make_office("Kantoor Zuid", "22222").sent(UNKNOWN)
    make_office("Kantoor West", "33333").sent(NOT_LET_IN)
    stuck = make_office("Kantoor Oost", "44444").queue()
    sql("UPDATE delivery_delivery SET due_at = %s WHERE id = %s", NOW - timedelta(hours=2), stuck)
    look_around(policy=POLICY, now=NOW)
    watch.beat(now=NOW - timedelta(seconds=4))
    text = Exposition().text(now=NOW)
    found = figures(text)
    assert found['loonbrug_deliveries{state="booked"}'] == "1.0"
    assert found['loonbrug_deliveries{state="in_doubt"}'] == "1.0"
    assert found['loonbrug_deliveries{state="queued"}'] == "2.0"
    assert found['loonbrug_deliveries{state="rejected"}'] == "0.0"
    assert found["loonbrug_deliveries_in_doubt"] == "1.0"
    assert found["loonbrug_oldest_due_age_seconds"] == "7200.0"
    assert found["loonbrug_paused_connections"] == "1.0"
    assert found['loonbrug_breaches{invariant="breach_stuck"}'] == "1.0"
    assert found["loonbrug_engine_pulse_age_seconds"] == "4.0"
    assert found['loonbrug_build_info{version="0.1.0"}'] == "1.0"
    assert not re.search(rb"Kantoor|Bakkerij|11111|Anna", text)


def test_attempts_are_counted_once_each_as_they_end() -> None:
    office = make_office()
    office.sent(BOOKED)
    exposition = Exposition()
    exposition.text(now=NOW)
    office.sent(REFUSED)
    delivery_id = office.queue(at=NOW - timedelta(seconds=40))
    office.start()
    (claim,) = office.claim()
    found = figures(exposition.text(now=NOW))
    assert found['loonbrug_attempts_total{outcome="refused"}'] == "1.0"
    assert found['loonbrug_attempts_total{outcome="booked"}'] == "0.0"
    assert delivery_id == claim.delivery_id
    office.answer(claim.claim_id, BOOKED)
    for _ in range(2):
        found = figures(exposition.text(now=NOW))
    assert found['loonbrug_attempts_total{outcome="refused"}'] == "1.0"
    assert found['loonbrug_attempts_total{outcome="booked"}'] == "1.0"
    assert found["loonbrug_queued_to_booked_seconds_sum"] == "40.0"
    assert found['loonbrug_queued_to_booked_seconds_bucket{le="30.0"}'] == "0.0"
    assert found['loonbrug_queued_to_booked_seconds_bucket{le="60.0"}'] == "1.0"


def test_figures_cost_the_same_however_many_deliveries_there_are(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    office = make_office()
    for administration in range(1, 8):
        office.queue(administration=administration)
    with django_assert_max_num_queries(9):
        Exposition().text(now=NOW)
