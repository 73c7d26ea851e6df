"""Each rule that must always hold, broken by a hand in the database, and the alarm that follows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.integration.delivery_office import (
    BOOKED,
    NOT_LET_IN,
    NOW,
    POLICY,
    REFUSED,
    UNKNOWN,
    DeliveryOffice,
    make_office,
)
from tests.integration.test_monitoring import figures
from tests.integration.two_offices import OfficeWithAll
from tests.integration.unguarded import sql, unguard

from loonbrug.access.models import Right
from loonbrug.audit import operations as audit
from loonbrug.connections.models import Connection
from loonbrug.delivery.invariants import INVARIANTS, View
from loonbrug.screens.alarms import alarm_notices
from loonbrug.screens.invariants import ENTRY_LOST, breaches
from loonbrug.screens.problem_texts import describe
from loonbrug.watch import queries
from loonbrug.watch.models import Alarm
from loonbrug.web.monitoring.exposition import Exposition
from loonbrug.workflows.watch import look_around

pytestmark = pytest.mark.django_db


def sides_differ(office: DeliveryOffice) -> int:
    delivery_id = office.sent(BOOKED)
    unguard()
    sql("UPDATE delivery_delivery SET total_debit = 99 WHERE id = %s", delivery_id)
    return delivery_id


def number_lost(office: DeliveryOffice) -> int:
    delivery_id = office.sent(BOOKED)
    unguard()
    sql("UPDATE delivery_delivery SET entry_number = '' WHERE id = %s", delivery_id)
    return delivery_id


def left_sending(office: DeliveryOffice) -> int:
    long_ago = NOW - POLICY.send_window - POLICY.read_time_out - timedelta(minutes=2)
    delivery_id = office.queue(at=long_ago)
    office.start(at=long_ago)
    office.claim(at=long_ago)
    return delivery_id


def two_live(office: DeliveryOffice) -> int:
    delivery_id, other = office.sent(REFUSED), office.sent(REFUSED)
    unguard()
    sql(
        "UPDATE delivery_delivery SET run_id = (SELECT run_id FROM delivery_delivery WHERE id = %s) "
        "WHERE id = %s",
        delivery_id,
        other,
    )
    return delivery_id


def number_twice(office: DeliveryOffice) -> int:
    delivery_id, other = office.sent(REFUSED), office.sent(REFUSED)
    unguard()
    sql(
        "UPDATE delivery_delivery SET voucher_number = "
        "(SELECT voucher_number FROM delivery_delivery WHERE id = %s) WHERE id = %s",
        delivery_id,
        other,
    )
    return delivery_id


def nobody_comes(office: DeliveryOffice) -> int:
    delivery_id = office.queue()
    long_ago = NOW - timedelta(minutes=61)
    sql("UPDATE delivery_delivery SET due_at = %s WHERE id = %s", long_ago, delivery_id)
    return delivery_id


def payload_changed(office: DeliveryOffice) -> int:
    delivery_id = office.queue()
    unguard()
    sql("UPDATE delivery_payload SET content = %s WHERE delivery_id = %s", b"{}", delivery_id)
    return delivery_id


def something_else_sent(office: DeliveryOffice) -> int:
    delivery_id = office.sent(BOOKED)
    sql("UPDATE delivery_attempt SET payload_hash = %s WHERE delivery_id = %s", "0" * 64, delivery_id)
    return delivery_id


BREAKING: dict[str, Callable[[DeliveryOffice], int]] = {
    "breach_debit_credit": sides_differ,
    "breach_booked_without_number": number_lost,
    "breach_sending_too_long": left_sending,
    "breach_two_live_deliveries": two_live,
    "breach_voucher_number_twice": number_twice,
    "breach_stuck": nobody_comes,
    "breach_payload_changed": payload_changed,
    "breach_sent_something_else": something_else_sent,
}


def test_every_rule_is_broken_here() -> None:
    assert set(BREAKING) == set(INVARIANTS)


@pytest.mark.parametrize("newest_count", [None, 1_000])
@pytest.mark.parametrize("code", BREAKING)
def test_a_broken_rule_is_found_with_its_delivery(code: str, newest_count: int | None) -> None:
    office = make_office()
    make_office("Kantoor Zuid", "54321").sent(BOOKED)
    delivery_id = BREAKING[code](office)
    (found,) = breaches(View(now=NOW, policy=POLICY, newest_count=newest_count))
    assert (found.code, found.office_id) == (code, office.scope.office_id)
    assert found.subject_ids[0] == delivery_id


@pytest.mark.parametrize("code", BREAKING)
def test_a_breach_is_an_alarm_of_its_office_a_line_in_the_log_and_a_figure(code: str) -> None:
    office, other = make_office(), make_office("Kantoor Zuid", "54321")
    delivery_id = BREAKING[code](office)
    with capture_logs() as lines:
        look_around(policy=POLICY, now=NOW)
    (alarm,) = queries.alarms(scope=office.scope)
    assert (alarm.code, alarm.since) == (code, NOW)
    assert delivery_id in alarm.subject_ids
    assert queries.alarms(scope=other.scope) == ()
    (line,) = lines
    assert (line["event"], line["invariant"], line["office"]) == ("breach", code, office.scope.office_id)
    assert delivery_id in line["subjects"]
    (notice,) = alarm_notices(scope=office.scope)
    assert str(alarm.count) in describe(notice.problem, "nl").message
    assert (
        figures(Exposition().text(now=NOW))[f'loonbrug_breaches{{invariant="{code}"}}'] == f"{alarm.count}.0"
    )


def test_an_alarm_stands_until_it_is_over() -> None:
    office = make_office()
    delivery_id = nobody_comes(office)
    look_around(policy=POLICY, now=NOW)
    look_around(policy=POLICY, now=NOW + timedelta(minutes=5))
    assert Alarm.objects.get().since == NOW
    sql("UPDATE delivery_delivery SET due_at = %s WHERE id = %s", NOW, delivery_id)
    look_around(policy=POLICY, now=NOW + timedelta(minutes=10))
    assert not Alarm.objects.exists()


def test_an_alarm_is_on_the_first_page_of_its_office_only(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    sql("UPDATE delivery_delivery SET due_at = %s WHERE id = %s", NOW, noord.ids["delivery_id"])
    Connection.objects.filter(id=noord.ids["connection_id"]).update(state="authorised", token_ciphertext=b"x")
    look_around(policy=POLICY, now=NOW + timedelta(hours=2))
    page = noord.reader.browser().get("/").content.decode()
    number = noord.ids["delivery_id"]
    assert f"die al meer dan een uur wachten terwijl er niets gebeurt: 1 (nummer {number})" in page
    assert f'<a href="/journals/{noord.ids["journal_id"]}/">1001 Bedrijf 12345, 2026-11</a>' in page
    assert "Verzendingen die al" not in zuid.manager.browser().get("/").content.decode()
    Right.objects.filter(part="journal_export").update(level="none")
    assert "Verzendingen die al" not in noord.reader.browser().get("/").content.decode()


def test_an_entry_without_its_delivery_is_found_by_its_journal(noord: OfficeWithAll) -> None:
    view = View(now=NOW, policy=POLICY)
    journal_id = noord.ids["journal_id"]
    assert breaches(view) == ()
    audit.write(by=noord.manager.scope, at=NOW, verb="send", subject_kind="journal", subject_id=journal_id)
    assert breaches(view) == ()
    sql("DELETE FROM delivery_payload WHERE delivery_id = %s", noord.ids["delivery_id"])
    sql("DELETE FROM delivery_delivery WHERE id = %s", noord.ids["delivery_id"])
    (found,) = breaches(view)
    assert (found.code, found.office_id) == (ENTRY_LOST, noord.manager.scope.office_id)
    assert found.subject_ids == (journal_id,)
    look_around(policy=POLICY, now=NOW)
    told = f"waarvan de verzending van een boeking ontbreekt: 1 (nummer {journal_id})."
    assert told in noord.reader.browser().get("/").content.decode()
    assert figures(Exposition().text(now=NOW))[f'loonbrug_breaches{{invariant="{ENTRY_LOST}"}}'] == "1.0"


@pytest.mark.parametrize("answer", [BOOKED, REFUSED, UNKNOWN, NOT_LET_IN])
def test_what_goes_its_way_breaks_nothing(answer: object) -> None:
    office = make_office()
    office.sent(answer)  # type: ignore[arg-type]
    office.queue()
    assert breaches(View(now=NOW + timedelta(minutes=20), policy=POLICY)) == ()


def test_what_waits_for_a_paused_account_is_not_stuck() -> None:
    office = make_office()
    office.sent(NOT_LET_IN)
    assert breaches(View(now=NOW + timedelta(days=3), policy=POLICY)) == ()


def test_what_waits_its_turn_behind_others_is_not_stuck() -> None:
    office = make_office()
    nobody_comes(office)
    office.start(at=NOW - timedelta(minutes=1))
    office.claim(at=NOW - timedelta(minutes=1))
    office.queue()
    sql("UPDATE delivery_delivery SET due_at = %s WHERE state = 'queued'", NOW - timedelta(hours=2))
    assert breaches(View(now=NOW, policy=POLICY)) == ()


def test_a_call_within_the_limit_of_afas_is_no_breach() -> None:
    office = make_office()
    office.queue()
    office.start()
    office.claim()
    limit = POLICY.send_window + POLICY.read_time_out
    assert breaches(View(now=NOW + limit, policy=POLICY)) == ()
