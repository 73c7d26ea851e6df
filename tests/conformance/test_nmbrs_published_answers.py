"""What the Nmbrs sandbox answers has the shapes that Nmbrs publishes; where these disagree, it is said."""

from typing import Any

import pytest
from jsonschema import FormatChecker, ValidationError, validate
from tests.conformance import published
from tests.contract.nmbrs_sandbox import caller
from tests.contract.nmbrs_sandbox.caller import TWO_DEBTORS, Answer, Partner

from nmbrs_sandbox import identity
from nmbrs_sandbox.journal import Variant
from nmbrs_sandbox.periods import PeriodType
from nmbrs_sandbox.problems import KINDS
from nmbrs_sandbox.world import RunType

pytestmark = pytest.mark.conformance

COMPANY = "/api/companies/{companyId}"
JOURNALS = [f"{COMPANY}/runs/{{payrollRunId}}/{variant}" for variant in Variant]
LISTS = [
    "/api/debtors",
    "/api/debtors/{debtorId}/companies",
    "/api/companies",
    f"{COMPANY}/runs",
    f"{COMPANY}/costCenters",
    f"{COMPANY}/costUnits",
    f"{COMPANY}/period",
]
DOCUMENT = "/api/documents/{taskId}"
ALL = [*LISTS, *JOURNALS, DOCUMENT]
#: Nmbrs tells of these in no document of its own: our guesses, and what third parties tell.
UNPUBLISHED_CODES = {40100, 40300, 40306}


@pytest.fixture
async def partner() -> Partner:
    partner = caller.partner()
    await partner.connect()
    return partner


def address(partner: Partner, path: str, task: str = "") -> str:
    """A path of the document with ids that are there."""
    run = partner.run().rpartition("/")[2]
    return path.format(
        debtorId=partner.sandbox.world.debtor("1001").id,
        companyId=partner.sandbox.world.company("2001").id,
        payrollRunId=run,
        taskId=task,
    )


async def call(partner: Partner, path: str, query: str = "year=2026", **headers: str) -> Answer:
    """A call of a path of the document that would succeed, but for what the caller spoils."""
    task = ""
    if path == DOCUMENT:
        task = str(partner.sandbox.randomness.uuid()) if not partner.sandbox.tasks else ""
        task = task or str(next(iter(partner.sandbox.tasks)))
    return await partner.get(f"{address(partner, path, task)}?{query}", **headers)


async def begin(partner: Partner) -> None:
    """A journal that is made, so that there is a document."""
    await partner.get(f"{partner.run()}/journals?year=2026")
    await partner.control("POST", "/clock", {"seconds": 1})


def schema(path: str, status: str) -> dict[str, Any]:
    content = published.operation(path)["responses"][status]["content"]
    found: dict[str, Any] = content["application/json"]["schema"]
    return found


def check(answer: Answer, path: str) -> None:
    """The answer has every published field and no other."""
    rules = published.strict(schema(path, str(answer.status)), whole=answer.status == 200)
    validate(answer.content, rules, format_checker=FormatChecker())


@pytest.mark.parametrize("path", [*LISTS, *JOURNALS])
async def test_an_answer_has_every_published_field_and_no_other(partner: Partner, path: str) -> None:
    answer = await call(partner, path)
    assert answer.status == 200, answer.text
    check(answer, path)
    if path in LISTS:
        assert answer.content["data"]


async def test_the_middle_one_of_three_pages_has_the_published_envelope(partner: Partner) -> None:
    answer = await call(partner, f"{COMPANY}/runs", "year=2026&pageSize=5&pageNumber=2")
    assert answer.content["pagination"]["nextPage"]
    assert answer.content["pagination"]["previousPage"]
    check(answer, f"{COMPANY}/runs")


async def test_a_document_comes_as_published(partner: Partner) -> None:
    responses = published.operation(DOCUMENT)["responses"]
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]

    early = await partner.get(address(partner, DOCUMENT, task))
    await partner.control("POST", "/clock", {"seconds": 1})
    made = await partner.get(address(partner, DOCUMENT, task))

    assert (early.status, early.content) == (202, schema(DOCUMENT, "202")["example"])
    assert (made.status, [made.headers["content-type"]]) == (200, list(responses["200"]["content"]))


@pytest.mark.parametrize("path", ALL)
def test_what_we_take_from_a_call_is_published(path: str) -> None:
    parameters = {one["name"]: one for one in published.operation(path)["parameters"]}
    ours = {part[1:-1] for part in path.split("/") if part.startswith("{")} | {"X-Subscription-Key"}
    if path in LISTS and path != f"{COMPANY}/period":
        ours |= {"pageNumber", "pageSize"}
    if path in JOURNALS or path == f"{COMPANY}/runs":
        ours |= {"year"}
    assert set(parameters) == ours
    # The document does not call the key required; in words it says that every call needs one.
    assert {name for name, one in parameters.items() if one.get("required")} == ours - {
        "X-Subscription-Key",
        "pageNumber",
        "pageSize",
        *(["year"] if path == f"{COMPANY}/runs" else []),
    }


@pytest.mark.parametrize("path", [path for path in LISTS if path != f"{COMPANY}/period"])
async def test_the_bounds_of_a_page_are_the_published_ones(partner: Partner, path: str) -> None:
    parameters = {one["name"]: one["schema"] for one in published.operation(path)["parameters"]}
    size, number = parameters["pageSize"], parameters["pageNumber"]
    assert (await call(partner, path, f"pageSize={size['maximum']}")).status == 200
    for query in (
        f"pageSize={size['maximum'] + 1}",
        f"pageSize={size['minimum'] - 1}",
        f"pageNumber={number['minimum'] - 1}",
    ):
        answer = await call(partner, path, query)
        assert answer.status == 400
        check(answer, path)
    usual = (await call(partner, path, "")).content["pagination"]
    assert (usual["pageSize"], usual["pageNumber"]) == (size["default"], number["default"])


@pytest.mark.parametrize("path", ALL)
async def test_each_of_the_published_scopes_opens_a_call_and_no_other_does(path: str) -> None:
    (security,) = published.operation(path)["security"]
    enough = set(security["Bearer"])
    assert enough <= set(identity.SCOPES)
    partner = caller.partner()
    await partner.connect()
    await begin(partner)
    consent = partner.sandbox.identity.consents[0]
    for scope in enough:
        consent.scopes = [scope]
        assert (await call(partner, path)).status == 200
    consent.scopes = sorted(set(identity.SCOPES) - enough)
    assert (await call(partner, path)).status == 403


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid_token", 401),
        ("too_many_calls", 429),
        ("quota_exceeded", 429),
        ("unexpected", 500),
        ("gateway", 502),
        ("unavailable", 503),
    ],
)
async def test_a_problem_has_the_published_shape(partner: Partner, path: str, kind: str, status: int) -> None:
    await partner.control("POST", "/faults", {"kind": kind, "count": 1})
    answer = await call(partner, path)
    assert answer.status == status
    responses = published.operation(path)["responses"]
    if str(status) not in responses or "content" not in responses[str(status)]:
        # The document forgets 429 for the companies of a debtor, and what 503 looks like for cost units.
        assert (path, status) in {("/api/debtors/{debtorId}/companies", 429), (f"{COMPANY}/costUnits", 503)}
        path = "/api/debtors"
    check(answer, path)


@pytest.mark.parametrize("path", ALL)
async def test_a_refusal_has_the_published_shape(partner: Partner, path: str) -> None:
    await begin(partner)
    nobody = "00000000-0000-0000-0000-000000000001"
    refused = [
        await call(partner, path, authorization=""),
        await call(partner, path, **{"x-subscription-key": ""}),
    ]
    if "{" in path:
        wrong = path.format(debtorId=nobody, companyId=nobody, payrollRunId=nobody, taskId=nobody)
        refused += [await partner.get(f"{wrong}?year=2026"), await partner.get(wrong.replace(nobody, "x"))]
    if path in JOURNALS:
        refused.append(await call(partner, path, ""))
    partner.sandbox.identity.consents[0].scopes = []
    refused.append(await call(partner, path))
    for answer in refused:
        assert answer.status in (400, 401, 403, 404)
        check(answer, path)


async def test_companies_of_several_debtors_are_refused_in_the_published_shape() -> None:
    partner = caller.partner()
    await partner.connect(login=TWO_DEBTORS)
    answer = await partner.get("/api/companies")
    assert answer.code == 40306
    check(answer, "/api/companies")


def test_the_published_problems_are_known_by_number_title_and_kind() -> None:
    responses = published.operation("/api/debtors")["responses"]
    told = {
        (value["httpStatus"], value["code"], value["title"], value["type"])
        for response in responses.values()
        for example in response["content"]["application/json"]["examples"].values()
        if "code" in (value := example["value"])
    }
    ours = {(kind.status, kind.code, kind.title, kind.type) for kind in KINDS.values()}
    assert told <= ours
    assert {code for _, code, *_ in ours - told} == UNPUBLISHED_CODES


def test_words_of_runs_and_periods_are_published() -> None:
    schemas = published.nmbrs()["components"]["schemas"]
    assert set(schemas["RunType"]["enum"]) == {*RunType, "none"}
    # In words the document also writes `4-week`; the enum and the help pages have `4-weeks`. No weeks in the sandbox.
    assert set(schemas["CompanyPeriodType"]["enum"]) == {*PeriodType, "1-week"}


async def test_the_period_of_a_run_is_a_number_or_a_moment_as_the_document_has_both(partner: Partner) -> None:
    path = f"{COMPANY}/runs"
    period = schema(path, "200")["properties"]["data"]["items"]["properties"]["periodStart"]
    assert (period["type"], period["format"]) == ("integer", "date-time")
    check(await call(partner, path), path)
    await partner.control("PATCH", "/world", {"period_shape": "moment"})
    with pytest.raises(ValidationError, match="is not of type 'integer'"):
        check(await call(partner, path), path)


def test_the_identity_service_has_the_published_addresses_and_scopes() -> None:
    flow = published.nmbrs()["components"]["securitySchemes"]["Bearer"]["flows"]["authorizationCode"]
    addresses = {
        name: flow[name].partition(".com")[2] for name in ("authorizationUrl", "tokenUrl", "refreshUrl")
    }
    assert addresses == {
        "authorizationUrl": "/connect/authorize",
        "tokenUrl": "/connect/token",
        "refreshUrl": "/connect/token",
    }
    assert set(identity.SCOPES) <= set(flow["scopes"])
