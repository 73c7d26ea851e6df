"""What the sandbox answers has the shapes that AFAS publishes."""

from typing import Any

import pytest
from jsonschema import validate
from tests.conformance import published
from tests.conformance.profit import NOW, Profit

from afas_sandbox import seeding
from afas_sandbox.access import ActivationCode
from afas_sandbox.connectors import get_connectors
from afas_sandbox.faults import Fault, FaultKind
from afas_sandbox.fi_message import field_rules
from afas_sandbox.world import World

pytestmark = pytest.mark.conformance

HOST = "12345.resttest"
TYPES = {"integer": {"int"}, "number": {"decimal"}, "boolean": {"boolean"}, "string": {"string", "date"}}
ENTRY = {
    "FiEntryPar": {
        "Element": {
            "Fields": {"Year": 2026, "Peri": 10, "UnId": 1, "JoCo": "90"},
            "Objects": {
                "FiEntries": {
                    "Element": [
                        {
                            "Fields": {
                                "VaAs": "1",
                                "AcNr": "4000",
                                "EnDa": "2026-10-31",
                                "BpDa": "2026-10-31",
                                "AmDe": 10.5,
                            },
                            "Objects": {"FiDimEntries": {"Element": {"Fields": {"DiC1": "100"}}}},
                        },
                        {
                            "Fields": {
                                "VaAs": "1",
                                "AcNr": "2100",
                                "EnDa": "2026-10-31",
                                "BpDa": "2026-10-31",
                                "AmCr": 10.5,
                            }
                        },
                    ]
                }
            },
        }
    }
}


@pytest.fixture
def world() -> World:
    world = seeding.seed("demo")
    connector = world.environments[HOST].app_connectors[1]
    connector.get_connectors |= set(published.get_connectors())
    return world


@pytest.fixture
def profit(world: World) -> Profit:
    return Profit(world, HOST, world.environments[HOST].users["12345.admin"])


@pytest.mark.parametrize("connector", published.get_connectors())
async def test_rows_of_a_get_connector_have_the_published_fields(profit: Profit, connector: str) -> None:
    booked = await profit.call("POST", "connectors/FiEntries", ENTRY)
    assert booked.status == 201, booked.body

    answer = await profit.call("GET", f"connectors/{connector}")

    assert answer.status == 200
    assert answer.content["rows"]
    validate(answer.content, published.row_schema(connector))


@pytest.mark.parametrize("connector", published.get_connectors())
async def test_metainfo_tells_the_published_fields_and_types(profit: Profit, connector: str) -> None:
    schema = published.row_schema(connector)["properties"]["rows"]["items"]["properties"]

    answer = await profit.call("GET", f"metainfo/get/{connector}")

    told = {field["id"]: field["dataType"] for field in answer.content["fields"]}
    assert list(told) == list(schema)
    assert all(told[name] in TYPES[schema[name]["type"][0]] for name in told)


def test_no_published_get_connector_is_missing() -> None:
    assert set(published.get_connectors()) <= set(get_connectors())


def shape(value: Any) -> Any:
    """The names and types of a JSON value; lists by their first member."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def sample(path: str) -> Any:
    operation = published.afas()["paths"][path]["get"]
    examples = operation["responses"]["200"]["content"]["application/json"]["examples"]
    return next(iter(examples.values()))["value"]


@pytest.mark.parametrize(
    ("published_path", "path"),
    [
        ("/MetaInfo", "MetaInfo"),
        ("/Metainfo/{Type}/{Endpoint}", "Metainfo/get/Profit_Administrations"),
        ("/ProfitVersion", "ProfitVersion"),
    ],
)
async def test_an_answer_has_the_shape_of_the_published_sample(
    profit: Profit, published_path: str, path: str
) -> None:
    answer = await profit.call("GET", path)

    assert answer.status == 200
    assert shape(answer.content) == shape(sample(published_path))


async def test_the_published_activation_examples_are_understood(world: World, profit: Profit) -> None:
    asked = next(iter(published.examples("/OtpRequest").values()))
    given = next(iter(published.examples("/OtpValidation").values()))
    environment = world.environments[HOST]
    connector, user = environment.app_connectors[1], environment.users["12345.admin"]
    connector.api_key, connector.environment_key = asked["apiKey"], asked["apiToken"]
    user.email = asked["userid"]

    request = await profit.call("POST", "OtpRequest", asked)
    connector.activation_codes = [ActivationCode(given["otp"], user.code, NOW)]
    answer = await profit.call("POST", "OtpValidation", given)
    again = await profit.call("POST", "OtpValidation", given)

    assert (request.status, request.body, again.status) == (200, b"", 204)
    responses = published.afas()["paths"]["/OtpValidation"]["post"]["responses"]
    example = responses["200"]["content"]["application/json"]["examples"]["Example response"]["value"]
    assert answer.status == 200
    assert [len(answer.content["token"]), answer.content["token"][-2:]] == [len(example["token"]), "\r\n"]


async def test_a_refusal_has_the_published_shape(profit: Profit) -> None:
    answer = await profit.call("POST", "connectors/FiEntries", {"FiEntryPar": {}})

    assert answer.status == 500
    validate(answer.content, published.error_schema("500"))


async def test_unavailable_has_the_published_shape(profit: Profit) -> None:
    profit.sandbox.faults.add(Fault(FaultKind.UNAVAILABLE))

    answer = await profit.call("GET", "metainfo")

    assert (answer.status, answer.headers["retry-after"]) == (503, "7200")
    validate(answer.content, published.error_schema("503"))


def test_every_field_of_the_published_message_is_known_with_its_length() -> None:
    schema = published.afas()["components"]["schemas"]["FiEntries_POST"]

    def lengths(node: Any) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for name, part in node.get("properties", {}).items():
            element = part.get("properties", {}).get("Element")
            if element is not None:
                fields = element.get("items", element)["properties"]["Fields"]["properties"]
                found[name] = {key: field.get("maxLength", 0) for key, field in fields.items()}
            found |= lengths(part)
        return found | (lengths(node["items"]) if "items" in node else {})

    for name, fields in lengths(schema).items():
        known = {key: rule.length for key, rule in field_rules()[name].items()}
        assert fields.items() <= known.items()
