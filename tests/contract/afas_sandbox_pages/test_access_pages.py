"""What an AFAS administrator does at Algemeen / Beheer changes the sandbox."""

import re

from tests.contract.afas_sandbox_pages.visitor import Visitor

from afas_sandbox.world import Environment, ResponseShape

T = "/profit/T12345/"
C = f"{T}app-connectors/1/"
USER = {"name": "Nina Nieuw", "email": "nina@kantoor.example", "groups": ["ADM"], "all_administrations": "1"}


async def test_a_new_app_connector_is_blocked_and_has_two_keys(
    visitor: Visitor, environment: Environment
) -> None:
    page = await visitor.post(f"{T}app-connectors/new", {"description": "Salaris", "group": "ADM"})
    connector = environment.app_connectors[2]
    assert page.path == f"{T}app-connectors/2/general?done=added"
    assert connector.blocked
    assert re.fullmatch(r"[0-9A-F]{32}", connector.api_key)
    assert connector.api_key in page.html
    assert connector.environment_key in page.html


async def test_an_app_connector_is_changed_and_unblocked(visitor: Visitor, environment: Environment) -> None:
    environment.app_connectors[1].blocked = True
    page = await visitor.post(f"{C}general", {"description": "Loon", "group": "LEES"})
    connector = environment.app_connectors[1]
    assert (connector.description, connector.group, connector.blocked) == ("Loon", "LEES", False)
    assert "Opgeslagen." in page.html
    await visitor.post(f"{C}general", {"description": "Loon", "group": "LEES", "blocked": "1"})
    assert connector.blocked


async def test_what_is_wrong_is_told_at_the_field_and_nothing_is_changed(
    visitor: Visitor, environment: Environment
) -> None:
    page = await visitor.post(f"{C}general", {"description": " ", "group": "NONE"})
    assert page.status == 422
    assert "Vul dit veld in." in page.html
    assert re.search(r'id="description"[^>]*aria-invalid="true"', page.html)
    assert environment.app_connectors[1].description == "Loonbrug"
    assert environment.app_connectors[1].group == "ADM"


async def test_an_app_connector_is_deleted(visitor: Visitor, environment: Environment) -> None:
    page = await visitor.post(f"{C}delete")
    assert environment.app_connectors == {}
    assert "Er is nog geen app connector." in page.html


async def test_connectors_are_added_and_removed(visitor: Visitor, environment: Environment) -> None:
    connector = environment.app_connectors[1]
    await visitor.post(f"{C}get-connectors/remove", {"name": "Precal_Administraties"})
    assert "Precal_Administraties" not in connector.get_connectors
    await visitor.post(f"{C}get-connectors/add", {"name": "Precal_Administraties"})
    assert "Precal_Administraties" in connector.get_connectors
    await visitor.post(f"{C}update-connectors/remove", {"name": "FiEntries"})
    assert connector.update_connectors == set()
    await visitor.post(f"{C}update-connectors/add", {"name": "FiEntries"})
    assert connector.update_connectors == {"FiEntries"}
    await visitor.post(f"{C}connectors/remove", {"name": "AppConnectorVersion"})
    assert connector.other_connectors == set()


async def test_a_connector_that_does_not_exist_is_refused(visitor: Visitor, environment: Environment) -> None:
    page = await visitor.post(f"{C}get-connectors/add", {"name": "Made_Up"})
    assert page.status == 422
    assert "Made_Up" not in environment.app_connectors[1].get_connectors


async def test_a_user_is_put_on_the_tab_of_tokens_and_taken_off(
    visitor: Visitor, environment: Environment
) -> None:
    connector = environment.app_connectors[1]
    await visitor.post(f"{C}user-tokens/add", {"user": "12345.zondertoken"})
    assert "12345.zondertoken" in connector.users
    await visitor.post(f"{C}user-tokens/remove", {"user": "12345.admin"})
    assert "12345.admin" not in connector.users
    assert connector.tokens == []


async def test_a_token_is_deleted_and_never_shown(visitor: Visitor, environment: Environment) -> None:
    connector = environment.app_connectors[1]
    page = await visitor.get(f"{C}user-tokens")
    assert connector.tokens[0].data not in page.html
    name = re.findall(r'name="token" value="([^"]*)"', page.html)[0]
    await visitor.post(f"{C}user-tokens/delete-token", {"token": name})
    assert connector.tokens == []
    assert (await visitor.post(f"{C}user-tokens/delete-token", {"token": name})).status == 422


async def test_a_user_is_added(visitor: Visitor, environment: Environment) -> None:
    page = await visitor.post(f"{T}users/new", {"code": "12345.nina", **USER, "email_in_subscription": "1"})
    user = environment.users["12345.nina"]
    assert page.path == f"{T}users/12345.nina?done=added"
    assert (user.name, user.email, user.groups) == ("Nina Nieuw", "nina@kantoor.example", {"ADM"})
    assert (user.email_in_subscription, user.collaboration, user.blocked) == (True, False, False)
    assert user.administrations is None


async def test_a_user_is_changed(visitor: Visitor, environment: Environment) -> None:
    ticked = {"collaboration": "1", "blocked": "1", "groups": ["ADM", "LEES"], "administrations": ["1", "3"]}
    await visitor.post(f"{T}users/12345.admin", {"name": "Anja", "email": "", **ticked})
    user = environment.users["12345.admin"]
    assert (user.name, user.email, user.groups) == ("Anja", "", {"ADM", "LEES"})
    assert (user.email_in_subscription, user.collaboration, user.blocked) == (False, True, True)
    assert user.administrations == {1, 3}


async def test_a_user_code_is_taken_once_and_has_the_shape_of_afas(
    visitor: Visitor, environment: Environment
) -> None:
    for code in ("12345.admin", "admin", "12345.", "12345.a/b", "1234५.admin"):
        page = await visitor.post(f"{T}users/new", {"code": code, **USER})
        assert page.status == 422, code
        assert 'value="Nina Nieuw"' in page.html
    assert environment.users["12345.admin"].name == "Anja Dekker"


async def test_an_address_that_is_none_is_refused(visitor: Visitor, environment: Environment) -> None:
    page = await visitor.post(f"{T}users/12345.admin", {**USER, "email": "nina"})
    assert "Dit is geen e-mailadres." in page.html
    assert environment.users["12345.admin"].email == "anja.dekker@kantoor.example"


async def test_a_user_is_deleted_everywhere(visitor: Visitor, environment: Environment) -> None:
    await visitor.post(f"{T}users/12345.admin/delete")
    assert "12345.admin" not in environment.users
    assert "12345.admin" not in environment.app_connectors[1].users


async def test_a_group_is_added_once_and_deleted_when_it_is_free(
    visitor: Visitor, environment: Environment
) -> None:
    await visitor.post(f"{T}groups/", {"code": "SAL", "name": "Salaris"})
    assert environment.groups["SAL"].name == "Salaris"
    assert (await visitor.post(f"{T}groups/", {"code": "SAL", "name": "Anders"})).status == 422
    await visitor.post(f"{T}groups/delete", {"group": "SAL"})
    assert "SAL" not in environment.groups
    kept = await visitor.post(f"{T}groups/delete", {"group": "ADM"})
    assert "Er hoort nog een app connector bij deze groep." in kept.html
    assert "ADM" in environment.groups


async def test_the_switches_of_the_environment_are_set(visitor: Visitor, environment: Environment) -> None:
    await visitor.post(f"{T}information", {"language": "en", "response_shape": "bare", "strict_period": "1"})
    assert (environment.mail_server, environment.strict_period) == (False, True)
    assert environment.response_shape is ResponseShape.BARE
    assert environment.language == "en"
    assert (await visitor.post(f"{T}information", {"language": "xx", "response_shape": "bare"})).status == 422
