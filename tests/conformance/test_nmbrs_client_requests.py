"""What the Nmbrs client asks is what Nmbrs publishes, and it knows every published error by its number."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.conformance import published
from tests.unit.nmbrs_client.scripted import Office, answered, document, office, page

from nmbrs_client import errors, wire
from nmbrs_client.auth import NMBRS, SCOPES
from nmbrs_client.client import PAGE_SIZE
from nmbrs_client.records import Variant
from nmbrs_client.wire import Request, Response

pytestmark = pytest.mark.conformance


async def _whole(items: AsyncIterator[object]) -> None:
    assert [item async for item in items] == []


async def _ask_everything(at: Office) -> None:
    client = at.client
    for items in (
        client.debtors(),
        client.companies_of("id"),
        client.companies(),
        client.runs("id", 2026),
        client.cost_centres("id"),
        client.cost_units("id"),
    ):
        await _whole(items)
    await client.current_period("id")
    for variant in Variant:
        await client.start_journal("id", "id", variant, 2026)
    await client.document("id")


def _answer(request: Request) -> Response:
    path = urlsplit(request.url).path
    if "/documents/" in path:
        return document()
    if path.endswith("/period"):
        return page({"period": {"year": 2026, "period": 1}})
    return answered(200, {"taskId": "id"}) if "/journals" in path else page()


@pytest.fixture
async def asked() -> list[Request]:
    at = office(by=_answer)
    await _ask_everything(at)
    return at.line.asked


def _operation(request: Request) -> dict[str, Any]:
    """The published operation that a request is for. Nmbrs names the parts of its paths in braces."""
    path = urlsplit(request.url).path
    (name,) = [
        each for each in published.nmbrs()["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "id", each), path)
    ]
    return published.operation(name)


def test_every_request_is_published_with_all_that_it_demands(asked: list[Request]) -> None:
    assert len(asked) == 13
    for request in asked:
        parameters = {each["name"]: each for each in _operation(request)["parameters"]}
        query = dict(parse_qsl(urlsplit(request.url).query))
        assert set(query) <= set(parameters)
        demanded = {
            name for name, each in parameters.items() if each.get("required") and each["in"] != "path"
        }
        assert demanded <= {*query, *request.headers}


def test_the_accepted_form_is_one_that_is_published(asked: list[Request]) -> None:
    for request in asked:
        assert request.headers["Accept"] in _operation(request)["responses"]["200"]["content"]


def test_the_scopes_asked_for_are_exactly_those_that_the_requests_need(asked: list[Request]) -> None:
    needed = {
        scope for request in asked for each in _operation(request)["security"] for scope in each["Bearer"]
    }
    read_only = {scope for scope in needed if scope.endswith(".read")}
    assert set(SCOPES) == {*read_only, "offline_access"}


def test_a_page_is_as_large_as_it_may_be(asked: list[Request]) -> None:
    sizes = {
        each["schema"]["maximum"]
        for request in asked
        for each in _operation(request)["parameters"]
        if each["name"] == "pageSize"
    }
    assert sizes == {PAGE_SIZE}


def test_every_published_error_has_an_error_of_its_own_number() -> None:
    said = [
        example["value"]
        for response in published.nmbrs()["components"]["responses"].values()
        for example in response["content"]["application/json"]["examples"].values()
    ]
    assert len(said) > 10
    for problem in said:
        with pytest.raises(errors.NmbrsError) as told:
            wire.checked(answered(problem["httpStatus"], problem))
        assert not isinstance(told.value, errors.BadAnswer)
        assert told.value.evidence.code == problem["code"]
        assert type(told.value) is wire.BY_CODE[problem["code"]]


def test_the_addresses_are_published() -> None:
    flow = published.nmbrs()["components"]["securitySchemes"]["Bearer"]["flows"]["authorizationCode"]
    assert (flow["authorizationUrl"], flow["tokenUrl"]) == (NMBRS.authorize, NMBRS.token)
    assert NMBRS.api in [each["url"] for each in published.nmbrs()["servers"]]
