"""Consents and their chains of tokens: kept encrypted, spent once, and told about in time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection
from tests.integration.nmbrs_on_stub import NOW, NmbrsOffice, at_once, office, problem, stub

from loonbrug.connections import nmbrs_operations as operations
from loonbrug.connections.models import NmbrsConnection, NmbrsState
from loonbrug.connections.nmbrs_queries import chains_are_renewed, connection_of, pair, view_of
from loonbrug.connections.operations import rotate_tokens
from loonbrug.connections.queries import keys_open_tokens
from loonbrug.watch.models import Mail
from loonbrug.web.letters import words_of
from loonbrug.workflows.synchronise import due
from nmbrs_client import errors, wire
from nmbrs_client.auth import Tokens
from nmbrs_client.transport import AiohttpTransport as NmbrsTransport

__all__ = ["office", "stub"]  # fixtures
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FRESH = Tokens("new access", "new refresh", HOUR, frozenset())


def token(office: NmbrsOffice) -> str:
    return asyncio.run(
        office.ground().tokens(connection_id=office.connection_id, transport=office.stub).current()
    )


def claim(office: NmbrsOffice) -> str | None:
    return operations.claim_refresh(
        connection_id=office.connection_id,
        pair_serial=office.row().pair_serial,
        spending_id=uuid4(),
        now=office.now,
    )


def test_a_token_that_lives_is_used_and_nothing_is_spent(office: NmbrsOffice) -> None:
    assert token(office) == "refresh access"
    assert not office.stub.refreshed


def test_a_token_that_ends_soon_is_renewed_and_the_new_pair_is_kept(office: NmbrsOffice) -> None:
    office.now += timedelta(minutes=56)
    assert token(office) == "refresh+"
    kept = pair(connection_id=office.connection_id)
    assert kept is not None
    assert (kept.access_token, kept.serial) == ("refresh+", 2)
    assert token(office) == "refresh+"
    assert office.stub.refreshed == {"refresh": 1}


def test_a_refused_token_is_renewed_unless_somebody_did_already(office: NmbrsOffice) -> None:
    tokens = office.ground().tokens(connection_id=office.connection_id, transport=office.stub)
    assert asyncio.run(tokens.after_refusal("refresh access")) == "refresh+"
    assert asyncio.run(tokens.after_refusal("refresh access")) == "refresh+"
    assert office.stub.refreshed == {"refresh": 1}


def test_a_refresh_token_is_claimed_once(office: NmbrsOffice) -> None:
    assert claim(office) == "refresh"
    assert claim(office) is None


def test_a_token_of_an_older_pair_is_never_given_out(office: NmbrsOffice) -> None:
    claimed = {"connection_id": office.connection_id, "pair_serial": 0, "spending_id": uuid4()}
    assert operations.claim_refresh(**claimed, now=NOW) is None


def test_a_refresh_that_never_ended_stops_the_connection_and_tells_once(office: NmbrsOffice) -> None:
    claim(office)
    assert operations.stop_lost_refreshes(now=NOW + operations.SPENDING_LIFE - timedelta(seconds=1)) == 0
    later = NOW + operations.SPENDING_LIFE
    assert operations.stop_lost_refreshes(now=later) == 1
    assert operations.stop_lost_refreshes(now=later) == 0
    row = office.row()
    assert (row.state, row.reason) == (NmbrsState.CONSENT_NEEDED, operations.REFRESH_LOST)
    assert claim(office) is None
    assert Mail.objects.count() == 1


def test_a_refresh_that_died_is_found_without_anybody_asking_for_a_token(office: NmbrsOffice) -> None:
    office.synchronise()
    claim(office)
    due(now=office.now + operations.SPENDING_LIFE)
    assert office.row().state == NmbrsState.CONSENT_NEEDED


def test_a_pair_that_comes_after_all_mends_the_connection(office: NmbrsOffice) -> None:
    spending_id = uuid4()
    claimed = {"connection_id": office.connection_id, "spending_id": spending_id}
    operations.claim_refresh(**claimed, pair_serial=1, now=NOW)
    operations.stop_lost_refreshes(now=NOW + DAY)
    assert operations.record_pair(**claimed, tokens=FRESH, now=NOW + DAY) is not None
    assert office.row().state == NmbrsState.CONNECTED
    assert operations.record_pair(**claimed, tokens=FRESH, now=NOW + DAY) is None
    assert office.row().pair_serial == 2


def test_a_pair_that_comes_after_a_new_consent_is_not_kept(office: NmbrsOffice) -> None:
    spending_id = uuid4()
    claimed = {"connection_id": office.connection_id, "spending_id": spending_id}
    operations.claim_refresh(**claimed, pair_serial=1, now=NOW)
    second = office.consent(token="second")
    operations.replace_chain(
        office_id=office.scope.office_id, connection_id=office.connection_id, by_id=second
    )
    assert operations.record_pair(**claimed, tokens=FRESH, now=NOW) is None
    kept = pair(connection_id=office.connection_id)
    assert kept is not None
    assert kept.access_token == "second access"


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (lambda: problem(503, 50301), "nmbrs_unavailable"),
        (lambda: problem(500, 50001), "nmbrs_server_failed"),
        (lambda: wire.Response(401, {}, b'{"error": "invalid_client"}'), "nmbrs_application_refused"),
    ],
)
def test_a_refusal_that_is_not_about_the_consent_leaves_the_chain(
    office: NmbrsOffice, answer: Callable[[], wire.Response], key: str
) -> None:
    office.now += HOUR
    office.stub.answers["connect/token"] = answer
    with pytest.raises(errors.NmbrsError) as told:
        token(office)
    assert told.value.key == key
    assert (office.row().state, office.row().spending_id) == (NmbrsState.CONNECTED, None)
    office.stub.answers.clear()
    assert token(office) == "refresh+"


def test_a_line_that_drops_after_the_token_left_is_found_out_by_the_next_try(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.now += HOUR
    send = office.stub.send

    async def lost(request: wire.Request) -> wire.Response:
        await send(request)
        raise errors.NoAnswer("the line dropped")

    monkeypatch.setattr(office.stub, "send", lost)
    with pytest.raises(errors.NoAnswer):
        token(office)
    monkeypatch.setattr(office.stub, "send", send)
    office.stub.answers["connect/token"] = lambda: wire.Response(400, {}, b'{"error": "invalid_grant"}')
    with pytest.raises(errors.ConsentEnded):
        token(office)
    assert (office.row().state, office.row().reason) == (NmbrsState.CONSENT_NEEDED, "nmbrs_consent_ended")


def test_a_stop_that_breaks_a_refresh_off_leaves_the_chain_to_the_next_start(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.now += HOUR

    async def never(request: wire.Request) -> wire.Response:
        await asyncio.sleep(3600)
        raise AssertionError("it waits longer than anybody")

    async def broken_off() -> None:
        tokens = office.ground().tokens(connection_id=office.connection_id, transport=office.stub)
        waiting = asyncio.ensure_future(tokens.current())
        while not await at_once(lambda: office.row().spending_id):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    with monkeypatch.context() as hung:
        hung.setattr(office.stub, "send", never)
        asyncio.run(broken_off())
    assert office.row().spending_id is None
    assert token(office) == "refresh+"


def test_the_pair_is_on_disk_before_its_token_is_used_also_when_the_database_is_away_for_a_moment(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    office.now += HOUR
    fails = [OperationalError("away"), OperationalError("away")]
    keep = operations.record_pair

    def now_and_then(**given: object) -> object:
        if fails:
            raise fails.pop()
        return keep(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(operations, "record_pair", now_and_then)
    assert token(office) == "refresh+"
    assert not fails
    assert office.row().pair_serial == 2


@pytest.mark.parametrize("failing", ["claim_refresh", "release_refresh"])
def test_a_line_and_a_database_that_are_away_together_cost_no_consent(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    from django.db import OperationalError

    office.now += HOUR
    done = getattr(operations, failing)
    fails = [OperationalError("away")]

    def nobody_knows_whether_it_was_stored(**given: object) -> object:
        found = done(**given) if failing == "claim_refresh" else None
        if fails:
            raise fails.pop()
        return found or done(**given)

    def never_left() -> wire.Response:
        raise errors.NeverLeft("no line")

    monkeypatch.setattr(operations, failing, nobody_knows_whether_it_was_stored)
    office.stub.answers["connect/token"] = never_left
    with pytest.raises((errors.NeverLeft, OperationalError)):
        token(office)
    assert not fails
    assert office.row().spending_id is None
    office.stub.answers.clear()
    assert token(office) == "refresh+"


def test_a_refresh_counts_as_dead_only_when_no_line_can_still_carry_it() -> None:
    line = NmbrsTransport()
    assert operations.SPENDING_LIFE.total_seconds() > 2 * line.longest_call.total_seconds()


def test_tokens_are_encrypted_at_rest_and_the_keys_rotate(office: NmbrsOffice) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_ciphertext, refresh_ciphertext FROM connections_nmbrsconnection")
        stored = b"".join(bytes(each) for each in cursor.fetchone())
    assert b"refresh" not in stored
    assert rotate_tokens() == 1
    assert keys_open_tokens()
    assert token(office) == "refresh access"


def test_a_connection_whose_key_is_lost_says_so_and_can_be_removed(
    office: NmbrsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ENCRYPTION_KEYS", [Fernet.generate_key().decode()])
    office.synchronise(turns=2)
    assert office.row().failure == "nmbrs_token_unreadable"
    assert operations.remove(office_id=office.scope.office_id, connection_id=office.connection_id) == ""


def test_thirty_days_are_counted_by_the_calendar_of_amsterdam(office: NmbrsOffice) -> None:
    given = datetime(2026, 10, 10, 22, 30, tzinfo=UTC)  # 11 October there, summer time
    NmbrsConnection.objects.update(consented_at=given, pair_at=given)
    view = connection_of(office_id=office.scope.office_id, connection_id=office.connection_id)
    assert view.days_left(datetime(2026, 10, 11, 12, 0, tzinfo=UTC)) == 29
    assert view.days_left(datetime(2026, 11, 9, 20, 0, tzinfo=UTC)) == 0
    assert view.days_left(datetime(2026, 11, 9, 23, 30, tzinfo=UTC)) == -1


def test_the_end_is_told_seven_days_and_one_day_before_once_each(office: NmbrsOffice) -> None:
    told = []
    for day in range(31):
        operations.warn_of_endings(now=NOW + day * DAY)
        operations.warn_of_endings(now=NOW + day * DAY + HOUR)
        told.append(Mail.objects.count())
    assert (told[22], told[23], told[28], told[29], told[30]) == (0, 1, 1, 2, 2)
    mails = Mail.objects.order_by("id").values_list("params", flat=True)
    assert [params["days_left"] for params in mails] == ["7", "1"]


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (
            "nl",
            "Nmbrs: de toestemming voor Van Dijk Groep loopt over 7 dagen af",
            "niet met een master-inlog",
        ),
        ("en", "Nmbrs: the consent for Van Dijk Groep ends in 7 days", "not with a master login"),
    ],
)
def test_the_mail_says_for_which_debtor_until_when_and_who_can_consent_where(
    office: NmbrsOffice, language: str, subject: str, words: str
) -> None:
    office.synchronise()
    operations.warn_of_endings(now=NOW + 23 * DAY)
    (mail,) = Mail.objects.all()
    told = words_of(code=mail.code, name="Anna", language=language, params=mail.params)
    assert told.subject == subject
    assert words in told.body
    assert f"/settings/nmbrs/{office.connection_id}/" in told.body


def test_the_mail_of_a_stop_says_why(office: NmbrsOffice) -> None:
    office.synchronise()
    claim(office)
    operations.stop_lost_refreshes(now=NOW + DAY)
    (mail,) = Mail.objects.all()
    told = words_of(code=mail.code, name="Anna", language="nl", params=mail.params)
    assert told.subject == "Nmbrs: geef opnieuw toestemming voor Van Dijk Groep"
    assert "afgebroken terwijl het een nieuw toegangsbewijs ophaalde" in told.body


def test_a_new_consent_is_told_about_anew(office: NmbrsOffice) -> None:
    operations.warn_of_endings(now=NOW + 25 * DAY)
    office.now += 25 * DAY
    second = office.consent()
    operations.replace_chain(
        office_id=office.scope.office_id, connection_id=office.connection_id, by_id=second
    )
    operations.warn_of_endings(now=NOW + 26 * DAY)
    assert Mail.objects.count() == 1
    operations.warn_of_endings(now=NOW + (25 + 23) * DAY)
    assert Mail.objects.count() == 2


def test_once_a_chain_has_outlived_its_first_token_every_refresh_counts_as_a_new_life(
    office: NmbrsOffice,
) -> None:
    office.now += 20 * DAY
    token(office)
    assert not chains_are_renewed()
    assert view_of(office.row()).ends_at == NOW + 30 * DAY
    office.now += 11 * DAY
    token(office)
    assert chains_are_renewed()
    assert view_of(office.row()).ends_at == office.now + 30 * DAY
