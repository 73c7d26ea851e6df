"""Authorising an AFAS account: code by mail, token at rest, capabilities, and every way in which AFAS says no."""

import datetime
import logging
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web
from click.testing import CliRunner
from cryptography.fernet import Fernet
from django.db import connection as database
from django.db import connections as databases
from pytest_django import Settings
from tests.integration.afas_office import KEYS, NOW, WRONG_KEY, AfasOffice, make_office, values
from tests.integration.afas_on_loopback import (
    API_KEY,
    CODE,
    ENVIRONMENT_KEY,
    NOT_OFFERED,
    TOKEN,
    Afas,
    running_afas,
)

from afas_client.auth import EnvironmentType
from loonbrug.access.rights import Level, NotAllowedError, NotFoundError, Part, Scope
from loonbrug.audit.models import Record
from loonbrug.cli.keys import rotate_keys
from loonbrug.connections import operations
from loonbrug.connections.clients import NotAuthorisedError, sign_in
from loonbrug.connections.models import Connection, ConnectionState
from loonbrug.connections.queries import connection
from loonbrug.connections.secrets import SecretUnreadableError
from loonbrug.ledger.problems import ProblemsError
from loonbrug.workflows import authorise, map_company
from loonbrug.workflows.afas_calls import AfasAnswerError

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def office() -> AfasOffice:
    return make_office()


@pytest.fixture
def afas(settings: Settings) -> Iterator[Afas]:
    with running_afas() as running:
        settings.AFAS_URL = running.template
        yield running


def refused(raised: pytest.ExceptionInfo[ProblemsError]) -> list[tuple[str, str]]:
    return [(each.place.field, each.code) for each in raised.value.problems]


def state_of(office: AfasOffice) -> ConnectionState:
    return connection(scope=office.scope, connection_id=office.account.id).state


def test_an_account_goes_from_grey_through_half_to_blue_red(office: AfasOffice, afas: Afas) -> None:
    assert state_of(office) is ConnectionState.NEW
    authorise.request_code(scope=office.scope, connection_id=office.account.id, now=NOW, **KEYS)
    assert state_of(office) is ConnectionState.CODE_REQUESTED
    checked = authorise.authorise(
        scope=office.scope, connection_id=office.account.id, activation_code=CODE, now=NOW, **KEYS
    )
    assert state_of(office) is ConnectionState.AUTHORISED
    assert [each.name for each in checked.administrations] == ["Bakkerij Van Dam", "Van Dam Vastgoed"]
    assert checked.account.can_book
    assert checked.account.environment_code == "T12345AA"
    assert {each.need.feature for each in checked.account.missing} >= {"look_up"}
    assert [each["userId"] for each in afas.mailed] == ["12345.anna"]


def test_the_token_is_encrypted_and_keys_are_nowhere(
    office: AfasOffice, afas: Afas, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        office.authorised()
    with database.cursor() as cursor:
        tables = database.introspection.table_names(cursor)
        kept = ""
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = [bytes(each) if isinstance(each, memoryview) else each for row in cursor for each in row]
            kept += repr(rows)
    for secret in (API_KEY, ENVIRONMENT_KEY, CODE, TOKEN, "5EC2E7"):
        assert secret not in kept
        assert secret not in caplog.text
    way = sign_in(office_id=office.office.pk, connection_id=office.account.id)
    assert way.token is not None
    assert way.token.xml == TOKEN
    assert "5EC2E7" not in repr(way)


def test_each_step_is_written_in_the_record(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    later = NOW + 10 * SECOND
    authorise.reset(scope=office.scope, connection_id=office.account.id, now=later, **KEYS)
    verbs = Record.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == [
        "afas_account_added",
        "activation_code_requested",
        "afas_account_authorised",
        "authentication_reset",
    ]


def test_a_reset_drops_the_token_and_asks_a_new_code(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    later = NOW + 10 * SECOND
    account = authorise.reset(scope=office.scope, connection_id=office.account.id, now=later, **KEYS)
    assert account.state is ConnectionState.CODE_REQUESTED
    assert account.get_connectors == ()
    assert not account.can_book
    assert len(afas.mailed) == 2
    with pytest.raises(NotAuthorisedError):
        sign_in(office_id=office.office.pk, connection_id=office.account.id)


def test_a_reset_that_does_not_reach_afas_keeps_the_token(
    office: AfasOffice, afas: Afas, settings: Settings
) -> None:
    office.authorised()
    settings.AFAS_URL = "http://127.0.0.1:1/{participant_number}/{segment}"
    with pytest.raises(AfasAnswerError) as raised:
        authorise.reset(scope=office.scope, connection_id=office.account.id, now=NOW + 10 * SECOND, **KEYS)
    assert refused(raised) == [("", "afas_not_reached")]
    assert state_of(office) is ConnectionState.AUTHORISED


def test_wrong_keys_are_taken_as_afas_does_and_mail_nothing(office: AfasOffice, afas: Afas) -> None:
    account = authorise.request_code(
        scope=office.scope,
        connection_id=office.account.id,
        api_key=WRONG_KEY,
        environment_key=ENVIRONMENT_KEY,
        now=NOW,
    )
    assert account.state is ConnectionState.CODE_REQUESTED
    assert afas.mailed == []


def test_a_wrong_code_changes_nothing(office: AfasOffice, afas: Afas) -> None:
    authorise.request_code(scope=office.scope, connection_id=office.account.id, now=NOW, **KEYS)
    with pytest.raises(AfasAnswerError) as raised:
        authorise.authorise(
            scope=office.scope, connection_id=office.account.id, activation_code="11111111", now=NOW, **KEYS
        )
    assert refused(raised) == [("", "activation_code_refused")]
    assert state_of(office) is ConnectionState.CODE_REQUESTED


def test_a_double_click_mails_once(office: AfasOffice, afas: Afas) -> None:
    ask = {"scope": office.scope, "connection_id": office.account.id, **KEYS}
    authorise.request_code(now=NOW, **ask)
    with pytest.raises(ProblemsError) as raised:
        authorise.request_code(now=NOW + SECOND, **ask)
    assert raised.value.problems[0].params == (("seconds", "4"),)
    assert len(afas.mailed) == 1
    authorise.reset(now=NOW + 5 * SECOND, **ask)
    assert len(afas.mailed) == 2


def test_a_code_that_was_used_makes_nobody_wait_for_the_next(office: AfasOffice, afas: Afas) -> None:
    ask = {"scope": office.scope, "connection_id": office.account.id, **KEYS}
    authorise.request_code(now=NOW, **ask)
    authorise.authorise(activation_code=CODE, now=NOW + SECOND, **ask)
    authorise.reset(now=NOW + 2 * SECOND, **ask)
    assert len(afas.mailed) == 2


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_time_mail_once(afas: Afas, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is in the record cannot be removed, so this test, which is undone by removing rows, writes none.
    monkeypatch.setattr(authorise, "write", lambda **_: None)
    office = make_office()
    afas.delay = 0.3
    outcomes: list[str] = []

    def click() -> None:
        try:
            authorise.request_code(scope=office.scope, connection_id=office.account.id, now=NOW, **KEYS)
            outcomes.append("asked")
        except ProblemsError as found:
            outcomes.append(found.problems[0].code)
        finally:
            databases.close_all()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked", "code_just_requested"]
    assert len(afas.mailed) == 1


def test_a_request_that_died_with_its_process_does_not_block_for_ever(office: AfasOffice, afas: Afas) -> None:
    where = {"office_id": office.office.pk, "connection_id": office.account.id}
    operations.claim_code_request(now=NOW, **where)
    with pytest.raises(ProblemsError, match="code_just_requested"):
        operations.claim_code_request(now=NOW + operations.CODE_REQUEST_LIFE - SECOND, **where)
    operations.claim_code_request(now=NOW + operations.CODE_REQUEST_LIFE, **where)


def test_what_cannot_be_a_key_or_code_is_said_at_its_field(office: AfasOffice, afas: Afas) -> None:
    ask = {"scope": office.scope, "connection_id": office.account.id, "now": NOW}
    with pytest.raises(ProblemsError) as raised:
        authorise.request_code(api_key="12 34", environment_key="z" * 32, **ask)
    assert refused(raised) == [("api_key", "key_length"), ("environment_key", "key_characters")]
    with pytest.raises(ProblemsError) as raised:
        authorise.request_code(api_key=API_KEY, environment_key=API_KEY.lower(), **ask)
    assert refused(raised) == [("environment_key", "keys_equal")]
    with pytest.raises(ProblemsError) as raised:
        authorise.authorise(activation_code="abc", **ask, **KEYS)
    assert refused(raised) == [("activation_code", "code_digits")]
    assert afas.mailed == []


def test_spaces_in_keys_and_code_are_forgiven(office: AfasOffice, afas: Afas) -> None:
    keys = {"api_key": f" {API_KEY[:16]} {API_KEY[16:]}\t", "environment_key": f"{ENVIRONMENT_KEY}\n"}
    ask = {"scope": office.scope, "connection_id": office.account.id, "now": NOW}
    authorise.request_code(**ask, **keys)
    checked = authorise.authorise(activation_code="3426 4813 ", **ask, **keys)
    assert checked.account.state is ConnectionState.AUTHORISED


def test_an_authorised_account_is_not_authorised_twice(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    ask = {"scope": office.scope, "connection_id": office.account.id, "now": NOW + 60 * SECOND}
    with pytest.raises(ProblemsError, match="already_authorised"):
        authorise.request_code(**ask, **KEYS)
    with pytest.raises(ProblemsError, match="already_authorised"):
        authorise.authorise(activation_code=CODE, **ask, **KEYS)
    assert len(afas.mailed) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (web.Response(status=404), "afas_host_unknown"),
        (web.Response(status=401), "token_refused"),
        (web.Response(status=403), "address_refused"),
        (web.Response(status=302, headers={"Location": "https://example.nl/"}), "afas_unexpected"),
        (web.Response(status=500, text="<html>"), "afas_unexpected"),
        (
            web.json_response(
                {"error": {"code": "503", "message": "maintenance"}, "retry_after": 7200}, status=503
            ),
            "afas_maintenance",
        ),
        (web.json_response(NOT_OFFERED, status=500), "connector_refused"),
    ],
)
def test_every_answer_of_afas_has_a_meaning(
    office: AfasOffice, afas: Afas, answer: web.Response, code: str
) -> None:
    afas.answers["OtpRequest"] = answer
    with pytest.raises(AfasAnswerError) as raised:
        authorise.request_code(scope=office.scope, connection_id=office.account.id, now=NOW, **KEYS)
    assert refused(raised) == [("", code)]
    assert state_of(office) is ConnectionState.NEW
    afas.answers.clear()
    authorise.request_code(scope=office.scope, connection_id=office.account.id, now=NOW, **KEYS)
    assert len(afas.mailed) == 1


def test_an_unknown_host_points_at_number_and_environment(office: AfasOffice, settings: Settings) -> None:
    settings.AFAS_URL = "http://{participant_number}.{segment}.invalid./ProfitRestServices"
    with pytest.raises(AfasAnswerError) as raised:
        authorise.request_code(scope=office.scope, connection_id=office.account.id, now=NOW, **KEYS)
    assert refused(raised) == [("", "afas_host_unknown")]


def test_without_the_booking_connector_an_account_is_broken_until_it_is_added(
    office: AfasOffice, afas: Afas
) -> None:
    office.authorised()
    afas.update_connectors.clear()
    check = {"scope": office.scope, "connection_id": office.account.id, "now": NOW}
    account = authorise.check_connection(**check).account
    assert account.state is ConnectionState.BROKEN
    assert account.broken_reason == "booking_connector_missing"
    assert not account.can_book
    afas.update_connectors.append("FiEntries")
    account = authorise.check_connection(**check).account
    assert account.state is ConnectionState.AUTHORISED
    assert account.can_book


def test_a_refused_token_breaks_the_account_and_a_mended_one_mends_it(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    check = {"scope": office.scope, "connection_id": office.account.id, "now": NOW}
    afas.tokens_work = False
    checked = authorise.check_connection(**check)
    assert checked.account.state is ConnectionState.BROKEN
    assert checked.account.broken_reason == "token_refused"
    assert checked.trouble is not None
    afas.tokens_work = True
    assert authorise.check_connection(**check).account.state is ConnectionState.AUTHORISED


def test_maintenance_does_not_break_an_account(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    afas.answers["metainfo"] = web.json_response({"retry_after": 60}, status=503)
    checked = authorise.check_connection(scope=office.scope, connection_id=office.account.id, now=NOW)
    assert checked.account.state is ConnectionState.AUTHORISED
    assert checked.trouble is not None
    assert checked.trouble.problem.code == "afas_maintenance"


def test_only_the_first_to_find_an_account_broken_is_told_so(office: AfasOffice, afas: Afas) -> None:
    office.authorised()
    broken = {"office_id": office.office.pk, "connection_id": office.account.id, "reason": "401", "now": NOW}
    assert operations.mark_broken(**broken)
    assert not operations.mark_broken(**broken)


def test_the_answer_to_a_dropped_token_is_not_kept(office: AfasOffice, afas: Afas) -> None:
    operations.record_capabilities(
        office_id=office.office.pk,
        connection_id=office.account.id,
        get_connectors=[],
        update_connectors=["FiEntries"],
        environment_code="T12345AA",
        token_expiry="0",
        now=NOW,
    )
    assert state_of(office) is ConnectionState.NEW


def test_an_administrations_list_is_found_by_its_columns(office: AfasOffice, afas: Afas) -> None:
    afas.columns = [("Naam", "string"), ("Nummer", "decimal"), ("Plaats", "string")]
    afas.administrations = [{"Naam": "Van Dam", "Nummer": 7, "Plaats": "Ede"}]
    office.authorised()
    listed = map_company.administrations(scope=office.scope, connection_id=office.account.id)
    assert [(each.number, each.name) for each in listed] == [(7, "Van Dam")]


def test_a_list_without_a_number_is_refused_by_name(office: AfasOffice, afas: Afas) -> None:
    afas.columns = [("Naam", "string")]
    account = office.authorised()
    assert account.state is ConnectionState.AUTHORISED
    with pytest.raises(AfasAnswerError, match="administrations_columns_unknown"):
        map_company.administrations(scope=office.scope, connection_id=office.account.id)


def test_another_list_of_administrations_can_be_chosen(office: AfasOffice, afas: Afas) -> None:
    afas.get_connectors = ["Eigen_Lijst"]
    office.authorised()
    choice = {"scope": office.scope, "connection_id": office.account.id, "now": NOW}
    with pytest.raises(AfasAnswerError, match="administrations_connector_missing"):
        map_company.administrations(scope=office.scope, connection_id=office.account.id)
    with pytest.raises(ProblemsError, match="connector_not_offered"):
        authorise.choose_administrations_connector(name="Iets_Anders", **choice)
    authorise.choose_administrations_connector(name="Eigen_Lijst", **choice)
    assert len(map_company.administrations(scope=office.scope, connection_id=office.account.id)) == 2


def test_tokens_are_read_with_an_old_key_and_rotated_to_the_new(
    office: AfasOffice, afas: Afas, settings: Settings
) -> None:
    office.authorised()
    where = {"office_id": office.office.pk, "connection_id": office.account.id}
    old, new = settings.ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new]
    lost = CliRunner().invoke(rotate_keys, obj="nl")
    assert (lost.exit_code, "er is niets gewijzigd" in lost.output) == (1, True)
    settings.ENCRYPTION_KEYS = [new, *old]
    done = CliRunner().invoke(rotate_keys, obj="en")
    assert (done.exit_code, "newest key: 1." in done.output) == (0, True)
    settings.ENCRYPTION_KEYS = [new]
    way = sign_in(**where)
    assert way.token is not None
    assert way.token.xml == TOKEN
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(SecretUnreadableError):
        sign_in(**where)
    with pytest.raises(ProblemsError, match="token_unreadable"):
        authorise.check_connection(scope=office.scope, connection_id=office.account.id, now=NOW)


def test_an_account_is_added_once_and_removed_only_while_unused(office: AfasOffice, afas: Afas) -> None:
    add = {"scope": office.scope, "environment_type": EnvironmentType.TEST, "now": NOW}
    with pytest.raises(ProblemsError, match="afas_account_exists"):
        authorise.add_account(participant_number=" 12345 ", afas_user="12345.Anna", **add)
    with pytest.raises(ProblemsError) as raised:
        authorise.add_account(participant_number="0123", afas_user="", **add)
    assert refused(raised) == [
        ("participant_number", "participant_number_digits"),
        ("afas_user", "user_missing"),
    ]
    account = office.authorised()
    made = map_company.save_mapping(
        scope=office.scope, company_id=office.bakery_id, values=values(account.id), now=NOW
    )
    with pytest.raises(ProblemsError, match="afas_account_in_use"):
        authorise.remove_account(scope=office.scope, connection_id=account.id, now=NOW)
    map_company.remove_mapping(scope=office.scope, mapping_id=made.id, now=NOW)
    authorise.remove_account(scope=office.scope, connection_id=account.id, now=NOW)
    assert not Connection.objects.exists()


def test_without_write_nothing_can_be_done(office: AfasOffice, afas: Afas) -> None:
    reader = Scope(office.office.pk, None, "Bas", {Part.AFAS_SETTINGS: Level.READ})
    ask = {"scope": reader, "connection_id": office.account.id, "now": NOW}
    for act in (
        lambda: authorise.request_code(**ask, **KEYS),
        lambda: authorise.reset(**ask, **KEYS),
        lambda: authorise.authorise(activation_code=CODE, **ask, **KEYS),
        lambda: authorise.check_connection(**ask),
        lambda: authorise.remove_account(**ask),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert afas.mailed == []


def test_another_offices_account_does_not_exist_here(office: AfasOffice, afas: Afas) -> None:
    other = make_office("Kantoor Zuid")
    with pytest.raises(NotFoundError):
        authorise.request_code(scope=other.scope, connection_id=office.account.id, now=NOW, **KEYS)
    with pytest.raises(NotFoundError):
        authorise.remove_account(scope=other.scope, connection_id=office.account.id, now=NOW)
    assert other.account.environment_id == office.account.environment_id
