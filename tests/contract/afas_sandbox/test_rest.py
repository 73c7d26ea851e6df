"""The REST services over a real line: doors, headers, languages, shapes, limits."""

import base64
import json
from typing import Any

import pytest
from tests.contract.afas_sandbox.conftest import HOST, NOW, Profit, wage_entry

from afas_sandbox import rest

FI_ENTRIES = "connectors/FiEntries"


async def test_an_entry_is_booked_once_with_its_allocation_and_answered_by_its_keys(
    profit: Profit, entry: dict[str, Any]
) -> None:
    status, headers, body = await profit.call("POST", FI_ENTRIES, entry)

    assert (status, body) == (201, {"results": {"FiEntryPar": {"UnId": "1", "EnNo": "1", "InId": ""}}})
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Cache-Control"] == "no-store, no-cache"
    _, books = await profit.control("GET", f"/books/{HOST}?administration=1&journal=90")
    assert [(line["account"], line["debit"], line["codes"][0]) for line in books["entries"][0]["lines"]] == [
        ("4000", "1250.55", "100"),
        ("2100", "0", ""),
    ]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("bare", {"FiEntryPar": {"UnId": "1", "EnNo": "1", "InId": ""}}),
        ("openapi", {"results": {"FiEntries": {"EnNo": "1", "UnId": "1", "InID": ""}}}),
    ],
)
async def test_the_other_shapes_of_the_answer_can_be_chosen(
    profit: Profit, entry: dict[str, Any], shape: str, expected: dict[str, Any]
) -> None:
    row = {"participant": "12345", "type": "T", "response_shape": shape}
    await profit.control("POST", "/world", {"environments": [row]})
    assert (await profit.call("POST", FI_ENTRIES, entry))[2] == expected


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "AfasToken ***", "AfasToken " + base64.b64encode(b"<token/>").decode()],
)
async def test_a_wrong_token_is_not_let_in(profit: Profit, authorization: str) -> None:
    profit.headers = {"Authorization": authorization}
    status, headers, body = await profit.call("GET", "metainfo")
    assert (status, body, headers["Content-Length"]) == (401, b"", "0")
    assert headers["Content-Type"] == "application/xml; charset=utf-8"


@pytest.mark.parametrize("ended", [{"expired": True}, {"expires_at": NOW}])
async def test_a_token_that_has_run_out_is_not_let_in(profit: Profit, ended: dict[str, Any]) -> None:
    token = profit.sandbox.world.environments[HOST].app_connectors[1].tokens[-1]
    assert (await profit.call("GET", "metainfo"))[0] == 200
    for name, value in ended.items():
        setattr(token, name, value)
    assert (await profit.call("GET", "metainfo"))[0] == 401


async def test_metainfo_of_a_blocked_app_connector_is_not_let_in(profit: Profit) -> None:
    profit.sandbox.world.environments[HOST].app_connectors[1].blocked = True
    assert (await profit.call("GET", "metainfo"))[0] == 401


async def test_a_body_beyond_the_limit_is_too_large(profit: Profit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "GREATEST_BODY", 100)
    assert (await profit.call("POST", FI_ENTRIES, wage_entry()))[0] == 413


async def test_a_token_of_another_environment_is_not_let_in(profit: Profit) -> None:
    async with profit.session.get(
        f"{profit.url}/12345.rest/ProfitRestServices/metainfo", headers=profit.headers
    ) as answer:
        assert answer.status == 401


async def test_a_token_in_plain_text_is_an_unexpected_error(profit: Profit) -> None:
    encoded = profit.headers["Authorization"].removeprefix("AfasToken ")
    profit.headers["Authorization"] = f"AfasToken {base64.b64decode(encoded).decode()}"
    status, _, body = await profit.call("GET", "metainfo")
    assert (status, body["errorNumber"]) == (500, -2147180999)


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"users": [{"code": "12345.admin", "blocked": True}]}, 401),
        ({"users": [{"code": "12345.admin", "groups": ["LEES"]}]}, 500),
        ({"app_connectors": [{"id": 1, "blocked": True}]}, 500),
        ({"app_connectors": [{"id": 1, "update_connectors": []}]}, 500),
    ],
)
async def test_who_may_not_book_hears_so_by_500_and_a_blocked_user_by_401(
    profit: Profit, entry: dict[str, Any], row: dict[str, Any], status: int
) -> None:
    await profit.control("POST", "/world", {"environments": [{"participant": "12345", "type": "T"} | row]})
    answer = await profit.call("POST", FI_ENTRIES, entry)
    assert answer[0] == status
    if status == 500:
        assert answer[2]["externalMessage"].startswith("General message: Deze UpdateConnector")
        assert answer[2]["errorNumber"] == -2147180996


async def test_a_refusal_comes_in_the_language_asked_or_in_the_base_language(profit: Profit) -> None:
    wrong = wage_entry(unit=3, day="2026-01-31")
    texts = {}
    for language in ("nl-nl", "en-us", "fr-fr"):
        _, _, body = await profit.call("POST", FI_ENTRIES, wrong, **{"Accept-Language": language})
        texts[language] = body["externalMessage"]
    dutch = "Voor deze administratie is periode 1 van jaar 2026 geblokkeerd."
    assert texts == {
        "nl-nl": dutch,
        "en-us": "For this administration, period 1 of the year 2026 is blocked.",
        "fr-fr": dutch,
    }


async def test_every_refusal_is_in_the_logbook_under_its_reference_without_the_message(
    profit: Profit,
) -> None:
    _, _, body = await profit.call("POST", FI_ENTRIES, wage_entry(unit=9))
    _, log = await profit.control("GET", f"/log/{HOST}")
    row = log["rows"][-1]
    assert (row["reference"], len(row["reference"])) == (body["profitLogReference"], 32)
    assert (row["user_code"], row["connector"]) == ("12345.admin", "FiEntries")
    assert "1250.55" not in str(log)


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_a_malformed_request(profit: Profit, body: bytes) -> None:
    async with profit.session.post(
        f"{profit.url}/{HOST}/profitrestservices/{FI_ENTRIES}",
        data=body,
        headers=profit.headers | {"Content-Type": "application/json;charset=utf-8"},
    ) as answer:
        assert (answer.status, await answer.json()) == (400, {"message": "Invalid json"})


async def test_without_utf_8_in_the_content_type_accents_are_lost(
    profit: Profit, entry: dict[str, Any]
) -> None:
    lines = entry["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"]
    lines[0]["Fields"]["Ds"] = "Privé"
    lines[1]["Fields"]["Ds"] = "Privé"
    async with profit.session.post(
        f"{profit.url}/{HOST}/ProfitRestServices/{FI_ENTRIES}",
        data=json.dumps(entry, ensure_ascii=False).encode(),
        headers=profit.headers | {"Content-Type": "application/json"},
    ) as answer:
        assert answer.status == 201
    _, books = await profit.control("GET", f"/books/{HOST}")
    assert books["entries"][0]["lines"][0]["description"] == "Priv?"


async def test_a_query_longer_than_2049_characters_is_not_found(profit: Profit) -> None:
    path = "connectors/Profit_Accounts?filterjson="
    fitting = "a" * (2049 - len("?filterjson="))
    assert (await profit.call("GET", path + fitting))[0] == 500
    assert (await profit.call("GET", path + fitting + "a"))[0] == 404


async def test_addresses_are_read_without_regard_to_case(profit: Profit) -> None:
    status, _, body = await profit.call("GET", "CONNECTORS/profit_administrations")
    assert (status, len(body["rows"])) == (200, 5)


@pytest.mark.parametrize("path", ["", "nothing", "connectors", "metainfo/other/FiEntries"])
async def test_an_unknown_address_is_not_found(profit: Profit, path: str) -> None:
    assert (await profit.call("GET", path))[0] == 404


async def test_a_get_connector_that_is_missing_or_blocked_is_refused_by_500(profit: Profit) -> None:
    environment = profit.sandbox.world.environments[HOST]
    environment.blocked_get_connectors.add("Profit_Accounts")
    environment.app_connectors[1].get_connectors.discard("Profit_Journals")
    texts = [
        (await profit.call("GET", f"connectors/{name}"))[2]["externalMessage"]
        for name in ("Profit_Accounts", "Profit_Journals")
    ]
    assert texts == [
        "Deze GetConnector (definitie) is geblokkeerd",
        "GetConnector niet ondersteund voor deze app of de gebruiker is niet geautoriseerd",
    ]


async def test_the_filter_authorisation_hides_administrations_without_a_word(profit: Profit) -> None:
    profit.sign_in("12345.beperkt")
    _, _, body = await profit.call("GET", "connectors/Precal_Administraties")
    assert [row["AdminId"] for row in body["rows"]] == [1]
    _, _, refused = await profit.call("POST", FI_ENTRIES, wage_entry(unit=2))
    assert refused["externalMessage"] == "No unit available"


async def test_metainfo_of_fi_entries_tells_fields_and_objects(profit: Profit) -> None:
    status, _, body = await profit.call("GET", "metainfo/update/FiEntries")
    fields = {field["fieldId"]: field for field in body["fields"]}
    assert (status, body["name"], fields["JoCo"]["mandatory"], fields["JoCo"]["length"]) == (
        200,
        "FiEntryPar",
        True,
        6,
    )
    below = [part["name"] for part in body["objects"][0]["objects"]]
    assert below == ["FiDimEntries", "FiPrjEntries", "FiTransEntries"]


async def test_the_version_needs_its_own_connector(profit: Profit) -> None:
    assert (await profit.call("GET", "ProfitVersion"))[0] == 200
    profit.sandbox.world.environments[HOST].app_connectors[1].other_connectors.clear()
    assert (await profit.call("GET", "ProfitVersion"))[0] == 500


async def test_a_whole_entry_is_deleted_by_its_number_and_is_gone(
    profit: Profit, entry: dict[str, Any]
) -> None:
    await profit.call("POST", FI_ENTRIES, entry)
    path = f"{FI_ENTRIES}/FiEntryPar/UnId,JoCo/1,90/FiEntries/@EnNo/1"
    first = await profit.call("DELETE", path)
    second = await profit.call("DELETE", path)
    assert (first[0], first[2], second[0]) == (200, b"", 500)
    assert (await profit.control("GET", f"/books/{HOST}"))[1]["entries"] == []


async def test_a_whole_entry_is_deleted_by_its_invoice_number(profit: Profit) -> None:
    body = wage_entry()
    for line in body["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"]:
        line["Fields"]["InId"] = "LOON-10"
    await profit.call("POST", FI_ENTRIES, body)
    path = f"{FI_ENTRIES}/FiEntryPar/UnId,JoCo/1,90/FiEntries/InId/LOON-10"
    assert (await profit.call("DELETE", path))[0] == 200
    assert (await profit.control("GET", f"/books/{HOST}"))[1]["entries"] == []


async def test_the_undocumented_way_to_delete_is_refused(profit: Profit) -> None:
    assert (await profit.call("DELETE", f"{FI_ENTRIES}/FiEntryPar/@Year/2026"))[0] == 500
