"""`/api`: who is let in, what is listed, how journals are made and fetched."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID
from xml.etree import ElementTree

import pytest
from tests.contract.nmbrs_sandbox.caller import KEY, TWO_DEBTORS, Answer, Partner

from nmbrs_sandbox.journal import Variant

NOBODY = UUID(int=1)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"authorization": ""}, 40101),
        ({"authorization": "Basic eDp5"}, 40101),
        ({"authorization": "Bearer f00d"}, 40102),
        ({"x-subscription-key": ""}, 40100),
        ({"x-subscription-key": KEY[::-1]}, 40100),
    ],
    ids=str,
)
async def test_key_and_token_both_have_to_be_right(
    partner: Partner, headers: dict[str, str], code: int
) -> None:
    assert (await partner.get("/api/debtors", **headers)).code == code


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        (lambda _: "/api/debtors", "company.info.read"),
        (lambda _: "/api/companies", "company.info.read"),
        (lambda p: f"{p.company()}/period", "company.info.read"),
        (lambda p: f"{p.company()}/runs", "company.payrollsettings.read"),
        (lambda p: f"{p.company()}/costCenters", "company.payrollsettings.read"),
        (lambda p: f"{p.company()}/costUnits", "company.payrollsettings.read"),
        (lambda p: f"{p.run()}/journals?year=2026", "company.document.read"),
    ],
)
async def test_each_call_asks_for_its_scope(
    stranger: Partner, address: Callable[[Partner], str], scope: str
) -> None:
    await stranger.connect(scope="user.info.read")
    assert (await stranger.get(address(stranger))).code == 40300
    await stranger.connect(scope=scope)
    assert (await stranger.get(address(stranger))).status == 200


async def test_fetching_a_document_asks_for_a_scope_of_its_own(stranger: Partner) -> None:
    await stranger.connect(scope="company.document.read")
    assert (await stranger.journal(stranger.run())).code == 40300


async def test_a_disabled_environment_lets_nobody_in(partner: Partner) -> None:
    await partner.control("PATCH", "/world", {"enabled": False})
    assert (await partner.get("/api/debtors")).code == 40304


async def test_companies_of_one_debtor_are_listed_and_of_several_refused(partner: Partner) -> None:
    rows = (await partner.get("/api/companies")).content["data"]
    assert [row["number"] for row in rows] == ["2001", "2002", "2003", "2004", "2005"]
    assert {row["debtorId"] for row in rows} == {str(partner.sandbox.world.debtor("1001").id)}

    await partner.connect(login=TWO_DEBTORS)

    assert (await partner.get("/api/companies")).code == 40306
    debtor = partner.sandbox.world.debtor("1003").id
    rows = (await partner.get(f"/api/debtors/{debtor}/companies")).content["data"]
    assert [row["name"] for row in rows] == ["Hotel De Zwaan B.V.", "Eetcafé 't Anker & Zn. V.O.F."]


async def test_consent_reaches_no_further_than_its_debtor(partner: Partner) -> None:
    other = partner.sandbox.world.debtor("1002").id
    assert (await partner.get(f"/api/debtors/{other}/companies")).code == 40303
    for below in ("runs", "costCenters", "costUnits", "period"):
        assert (await partner.get(f"{partner.company('2006')}/{below}")).code == 40303


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/api/companies/{NOBODY}/runs", 40404),
        (f"/api/debtors/{NOBODY}/companies", 40401),
        (f"/api/documents/{NOBODY}", 40401),
        ("/api/companies/2001/runs", 40033),
        ("/api/debtors/1001/companies", 40033),
        ("/api/documents/1", 40033),
        ("/api/nothing/here", 40401),
    ],
)
async def test_what_is_not_there_is_told_by_number(partner: Partner, path: str, code: int) -> None:
    assert (await partner.get(path)).code == code


async def test_other_methods_get_a_problem_too(partner: Partner) -> None:
    assert (await partner.other("DELETE", "/api/companies")).code == 40401


async def test_pages_tell_where_the_others_are(partner: Partner) -> None:
    def numbers(answer: Answer) -> list[str]:
        return [row["number"] for row in answer.content["data"]]

    first = await partner.get("/api/companies?pageSize=2")
    assert numbers(first) == ["2001", "2002"]
    assert first.content["pagination"]["previousPage"] is None
    middle = await partner.get(first.content["pagination"]["nextPage"].partition(":8101")[2])
    assert numbers(middle) == ["2003", "2004"]
    last = await partner.get(middle.content["pagination"]["nextPage"].partition(":8101")[2])
    assert numbers(last) == ["2005"]
    assert last.content["pagination"]["nextPage"] is None
    assert last.content["pagination"]["lastPage"] == middle.content["pagination"]["nextPage"]
    assert (last.content["pagination"]["totalPages"], last.content["pagination"]["totalRecords"]) == (3, 5)
    beyond = await partner.get("/api/companies?pageSize=2&pageNumber=9")
    assert (beyond.status, numbers(beyond)) == (200, [])
    assert beyond.content["pagination"]["previousPage"] == last.content["pagination"]["lastPage"]


async def test_a_page_is_twenty_rows_unless_asked(partner: Partner) -> None:
    for number in range(3000, 3030):
        new = {"number": str(number), "name": "Bedrijf", "debtor": "1001"}
        assert (await partner.control("POST", "/companies", new)).status == 201
    assert len((await partner.get("/api/companies")).content["data"]) == 20
    assert len((await partner.get("/api/companies?pageSize=100")).content["data"]) == 35


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("pageSize=101", "pageSize"),
        ("pageSize=0", "pageSize"),
        ("pageNumber=0", "pageNumber"),
        ("pageNumber=-1", "pageNumber"),
        ("pageNumber=een", "pageNumber"),
        ("pageNumber=%C2%B2", "pageNumber"),
        (f"pageNumber={'9' * 5000}", "pageNumber"),
    ],
)
async def test_a_page_that_cannot_be_is_a_wrong_parameter(partner: Partner, query: str, name: str) -> None:
    answer = await partner.get(f"/api/companies?{query}")
    assert answer.code == 40033
    assert [row["name"] for row in answer.content["invalid-params"]] == [name]


async def test_runs_are_those_of_a_year_or_of_this_one(partner: Partner) -> None:
    async def periods(query: str) -> list[int]:
        rows = (await partner.get(f"{partner.company()}/runs?pageSize=100&{query}")).content["data"]
        assert [row["periodStart"] for row in rows] == [row["periodEnd"] for row in rows]
        return [row["periodStart"] for row in rows]

    assert await periods("year=2026") == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]
    assert await periods("") == await periods("year=2026")
    assert await periods("year=2025") == [*range(1, 13), 13]
    assert await periods("year=2024") == []
    assert (await partner.get(f"{partner.company()}/runs?year=dit")).code == 40033


async def test_a_run_tells_what_it_is(partner: Partner) -> None:
    rows = (await partner.get(f"{partner.company()}/runs?year=2026")).content["data"]
    october = next(row for row in rows if row["periodStart"] == 10)
    assert october == {
        "payrollRunId": partner.run().rpartition("/")[2],
        "number": 1,
        "year": 2026,
        "periodStart": 10,
        "periodEnd": 10,
        "description": "Periode 10",
        "createdAt": "2026-10-23T09:30:00Z",
        "locked": False,
        "type": "normal",
    }
    assert {row["type"] for row in rows} == {"normal", "normal_twk", "partial"}


async def test_periods_of_a_run_can_come_as_moments(partner: Partner) -> None:
    await partner.control("PATCH", "/world", {"period_shape": "moment"})
    rows = (await partner.get(f"{partner.company()}/runs?year=2026")).content["data"]
    assert rows[0]["periodEnd"] == "2026-01-31T00:00:00Z"


async def test_codes_of_a_company_are_listed_with_their_names(partner: Partner) -> None:
    centres = (await partner.get(f"{partner.company()}/costCenters")).content["data"]
    assert [(row["code"], row["description"]) for row in centres] == [
        ("100", "Productie"),
        ("200", "Verkoop"),
        ("300", "Kantoor"),
    ]
    units = (await partner.get(f"{partner.company()}/costUnits")).content["data"]
    assert [row["code"] for row in units] == ["P01", "P02"]
    assert (await partner.get(f"{partner.company('2002')}/costCenters")).content["data"] == []


async def test_the_current_period_follows_the_clock(partner: Partner) -> None:
    async def shown(company: str) -> str:
        (row,) = (await partner.get(f"{partner.company(company)}/period")).content["data"]
        return str(row["displayPeriod"])

    assert (await shown("2001"), await shown("2004")) == ("2026-11-M", "2026-12-4W")
    # Half past eleven at night on 30 November in London is December in Amsterdam.
    await partner.control("POST", "/clock", {"seconds": (7 * 24 + 15) * 3600 + 1800})
    await partner.connect()
    assert await shown("2001") == "2026-12-M"


async def test_a_journal_is_made_first_and_fetched_then(partner: Partner) -> None:
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]

    early = await partner.get(f"/api/documents/{task}")
    await partner.control("POST", "/clock", {"seconds": 1})
    made = await partner.get(f"/api/documents/{task}")

    assert (early.status, early.content) == (202, "Document is being processed")
    assert (made.status, made.headers["content-type"]) == (200, "application/octet-stream")
    assert (await partner.get(f"/api/documents/{task}")).text == made.text
    await partner.control("POST", "/clock", {"seconds": 24 * 3600})
    partner.token = (await partner.renew(partner.refresh_token)).content["access_token"]
    assert (await partner.get(f"/api/documents/{task}")).code == 40401


async def test_a_document_is_for_the_consent_that_asked(partner: Partner) -> None:
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]
    await partner.connect()
    assert (await partner.get(f"/api/documents/{task}")).code == 40401


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (lambda p: f"{p.run()}/journals", 40033),
        (lambda p: f"{p.run()}/journals?year=2025", 40401),
        (lambda p: f"{p.company('2002')}/runs/{p.run().rpartition('/')[2]}/journals?year=2026", 40401),
        (lambda p: f"{p.company()}/runs/{NOBODY}/journals?year=2026", 40401),
        (lambda p: f"{p.company()}/runs/1/journals?year=2026", 40033),
        (lambda p: f"{p.run(company='2006')}/journals?year=2026", 40303),
        (lambda p: f"{p.run()}/journalsall?year=2026", 40401),
    ],
)
async def test_a_journal_needs_the_run_its_year_and_its_company(
    partner: Partner, address: Callable[[Partner], str], code: int
) -> None:
    assert (await partner.get(address(partner))).code == code


@pytest.mark.parametrize("variant", Variant)
async def test_a_variant_splits_by_its_own_element(partner: Partner, variant: Variant) -> None:
    own = {
        Variant.COMPANY: set(),
        Variant.COST_CENTRE: {"dim2"},
        Variant.COST_CENTRE_UNIT: {"dim2", "dim3"},
        Variant.DEPARTMENT: {"department"},
        Variant.EMPLOYEE: {"employee"},
    }
    root = ElementTree.fromstring((await partner.journal(partner.run(), variant)).text)
    lines = root.findall("transaction/lines/line")
    elements = {element.tag for line in lines for element in line}
    assert elements == {"dim1", "value", "debitcredit", "description"} | own[variant]
    splits = {
        (line.findtext("dim2"), line.findtext("dim3")) for line in lines if line.findtext("dim1") == "4000"
    }
    if variant is Variant.COST_CENTRE_UNIT:
        assert splits == {("100", "P01"), ("100", "P02"), ("200", "P01"), ("200", "P02"), ("300", "P01")}


async def test_a_document_balances_on_each_of_its_dates(partner: Partner) -> None:
    root = ElementTree.fromstring((await partner.journal(partner.run(period=9), "journalscostcenter")).text)
    dates = [transaction.findtext("header/date") for transaction in root]
    assert dates == ["20260930", "20260731", "20260831"]
    for transaction in root:
        sides = {"debit": Decimal(0), "credit": Decimal(0)}
        for line in transaction.iter("line"):
            sides[line.findtext("debitcredit", "")] += Decimal(line.findtext("value", ""))
        assert sides["debit"] == sides["credit"] > 0


async def test_what_is_being_made_is_not_changed_by_what_happens_to_the_run(partner: Partner) -> None:
    before = (await partner.control("GET", "/companies/2001/runs/2026/10/1/journals")).text
    task = (await partner.get(f"{partner.run()}/journals?year=2026")).content["taskId"]
    await partner.control("POST", "/companies/2001/runs/2026/10/1/recalculate")
    await partner.control("POST", "/clock", {"seconds": 1})
    assert (await partner.get(f"/api/documents/{task}")).text == before
    assert (await partner.journal(partner.run())).text != before
