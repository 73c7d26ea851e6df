"""What connectors make possible, and how long a token lasts. Pure."""

import datetime

import pytest

from afas_client.auth import EnvironmentType
from loonbrug.connections.capabilities import Feature, capabilities
from loonbrug.connections.inputs import AppKeys
from loonbrug.connections.models import ConnectionState
from loonbrug.connections.queries import ConnectionView

CHECKED = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)


def account(**changes: object) -> ConnectionView:
    usual: dict[str, object] = {
        "id": 1,
        "office_id": 1,
        "participant_number": "12345",
        "environment_type": EnvironmentType.TEST,
        "environment_id": 1,
        "afas_user": "12345.anna",
        "state": ConnectionState.AUTHORISED,
        "code_requested_at": None,
        "authorised_at": CHECKED,
        "broken_at": None,
        "broken_reason": "",
        "get_connectors": (),
        "update_connectors": ("FiEntries",),
        "environment_code": "T12345AA",
        "token_expiry": "0",
        "capabilities_checked_at": CHECKED,
        "administrations_connector": "",
    }
    return ConnectionView(**usual | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("offered", "configured", "taken"),
    [
        (["Profit_Administrations", "Precal_Administraties"], "", "Precal_Administraties"),
        (["Profit_Administrations"], "", "Profit_Administrations"),
        (["Profit_Administrations", "Eigen"], "Eigen", "Eigen"),
        (["Profit_Administrations"], "Weg", "Profit_Administrations"),
        (["precal_administraties"], "", "precal_administraties"),
        (["Profit_Accounts"], "", ""),
    ],
)
def test_the_first_list_of_administrations_that_is_there_is_taken(
    offered: list[str], configured: str, taken: str
) -> None:
    found = capabilities(get_connectors=offered, update_connectors=[], administrations_connector=configured)
    (administrations,) = [each for each in found if each.need.feature is Feature.ADMINISTRATIONS]
    assert administrations.connector == taken


def test_an_update_connector_among_the_get_connectors_does_not_count() -> None:
    assert not account(get_connectors=("FiEntries",), update_connectors=()).can_book


def test_only_an_authorised_account_can_book() -> None:
    assert account().can_book
    assert not account(state=ConnectionState.BROKEN).can_book
    assert not account(state=ConnectionState.CODE_REQUESTED).can_book


def test_nothing_is_missing_before_afas_was_asked() -> None:
    assert account(capabilities_checked_at=None, update_connectors=()).missing == ()
    assert Feature.ADMINISTRATIONS in {each.need.feature for each in account().missing}


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("0", datetime.date(2027, 5, 1)),
        ("", datetime.date(2027, 5, 1)),
        ("2027-02-10T00:00:00Z", datetime.date(2027, 2, 10)),
        ("2030-01-01", datetime.date(2027, 8, 31)),
        ("10-02-2027", datetime.date(2027, 5, 1)),
    ],
)
def test_a_token_ends_when_afas_says_and_never_after_the_last_day(told: str, day: datetime.date) -> None:
    view = account(token_expiry=told)
    assert view.token_ends_on == day
    assert view.days_left(day - datetime.timedelta(days=3)) == 3


def test_keys_stay_out_of_a_repr() -> None:
    assert "secret" not in repr(AppKeys("secret-one", "secret-two"))
