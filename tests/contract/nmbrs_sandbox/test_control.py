"""The control port: what people do in Nmbrs shows in the API; the clock, limits and calls."""

from typing import Any

import pytest
from tests.contract.nmbrs_sandbox.caller import Partner

RUN = "/companies/2001/runs/2026/10/1"


async def runs(partner: Partner, company: str = "2001", year: int = 2026) -> list[dict[str, Any]]:
    answer = await partner.get(f"{partner.company(company)}/runs?year={year}&pageSize=100")
    rows: list[dict[str, Any]] = answer.content["data"]
    return rows


async def journal(partner: Partner, run: str = RUN, variant: str = "journals") -> str:
    return (await partner.control("GET", f"{run}/{variant}")).text


async def test_a_run_is_locked_and_released(partner: Partner) -> None:
    async def is_locked() -> bool:
        return next(bool(row["locked"]) for row in await runs(partner) if row["periodEnd"] == 10)

    assert not await is_locked()
    await partner.control("PATCH", RUN, {"locked": True})
    assert await is_locked()
    await partner.control("PATCH", RUN, {"locked": False})
    assert not await is_locked()


async def test_a_new_run_of_corrections_has_a_transaction_for_each_period(partner: Partner) -> None:
    new = {"year": 2026, "period": 10, "type": "twk", "corrected": [[2026, 8], [2026, 9]], "locked": True}
    made = await partner.control("POST", "/companies/2001/runs", new)
    assert (made.status, made.content["number"]) == (201, 2)
    row = next(row for row in await runs(partner) if row["payrollRunId"] == made.content["id"])
    assert (row["type"], row["locked"], row["createdAt"]) == ("twk", True, "2026-11-23T08:00:00Z")
    text = await journal(partner, "/companies/2001/runs/2026/10/2")
    assert [text.count(f"<date>{day}</date>") for day in ("20260831", "20260930", "20261031")] == [1, 1, 0]


async def test_a_run_may_pay_several_periods_each_with_its_own_date(partner: Partner) -> None:
    new = {"year": 2026, "period": 10, "last_period": 12}
    assert (await partner.control("POST", "/companies/2001/runs", new)).status == 201
    row = next(row for row in await runs(partner) if row["periodStart"] == 10 and row["number"] == 2)
    assert (row["periodEnd"], row["description"]) == (12, "Periode 10 t/m 12, run 2")
    text = await journal(partner, "/companies/2001/runs/2026/10/2")
    assert [text.count(f"<date>{day}</date>") for day in ("20261031", "20261130", "20261231")] == [1, 1, 1]


async def test_a_january_run_can_be_made_in_february(partner: Partner) -> None:
    await partner.control("POST", "/companies/2001/runs", {"year": 2025, "period": 1})
    late = [row for row in await runs(partner, year=2025) if row["createdAt"].startswith("2026-11")]
    assert [(row["periodEnd"], row["number"]) for row in late] == [(1, 2)]


async def test_a_recalculated_run_keeps_its_id_and_gets_another_journal(partner: Partner) -> None:
    before, rows = await journal(partner), await runs(partner)
    await partner.control("POST", f"{RUN}/recalculate")
    assert await runs(partner) == rows
    assert await journal(partner) != before


async def test_a_changed_scheme_shows_only_after_recalculation(partner: Partner) -> None:
    before = await journal(partner)
    await partner.control("PATCH", "/companies/2001", {"scheme": {"4000": "4001"}})
    assert await journal(partner) == before
    await partner.control("POST", f"{RUN}/recalculate")
    assert "<dim1>4001</dim1>" in await journal(partner)
    assert "<dim1>4000</dim1>" not in await journal(partner)


async def test_a_deleted_run_is_gone_and_its_number_is_not_given_again(partner: Partner) -> None:
    address = f"{partner.run()}/journals?year=2026"
    assert (await partner.control("DELETE", RUN)).status == 200
    assert 10 not in [row["periodEnd"] for row in await runs(partner)]
    assert (await partner.get(address)).code == 40401
    assert (await partner.control("DELETE", RUN)).status == 404
    again = await partner.control("POST", "/companies/2001/runs", {"year": 2026, "period": 10})
    assert again.content["number"] == 2


async def test_a_company_is_renamed_moved_added_and_removed(partner: Partner) -> None:
    async def listed() -> dict[str, str]:
        rows = (await partner.get("/api/companies?pageSize=100")).content["data"]
        return {row["number"]: row["name"] for row in rows}

    await partner.control("PATCH", "/companies/2001", {"name": "Bakkerij De Nieuwe Korenaar B.V."})
    await partner.control("PATCH", "/companies/2002", {"debtor": "1002"})
    await partner.control("POST", "/companies", {"number": "2100", "name": "Nieuw B.V.", "debtor": "1001"})
    address = partner.company("2005")
    await partner.control("DELETE", "/companies/2005")

    assert await listed() == {
        "2001": "Bakkerij De Nieuwe Korenaar B.V.",
        "2003": "Stichting Zorghuis Oost",
        "2004": "Transportbedrijf Noord B.V.",
        "2100": "Nieuw B.V.",
    }
    assert (await partner.get(f"{partner.company('2002')}/runs")).code == 40303
    assert (await partner.get(f"{address}/runs")).code == 40404


async def test_a_new_company_can_have_runs_with_a_journal(partner: Partner) -> None:
    await partner.control("POST", "/companies", {"number": "2100", "name": "Nieuw B.V.", "debtor": "1001"})
    await partner.control("POST", "/companies/2100/runs", {"year": 2026, "period": 11})
    assert "<dim1>4000</dim1>" in await journal(partner, "/companies/2100/runs/2026/11/1")


async def test_codes_come_are_renamed_and_go(partner: Partner) -> None:
    async def listed() -> dict[str, str]:
        rows = (await partner.get(f"{partner.company()}/costCenters")).content["data"]
        return {row["code"]: row["description"] for row in rows}

    await partner.control("POST", "/companies/2001/cost_centres", {"code": "400", "description": "Bezorging"})
    await partner.control("POST", "/companies/2001/cost_centres", {"code": "100", "description": "Bakkerij"})
    await partner.control("DELETE", "/companies/2001/cost_centres/300")
    assert await listed() == {"100": "Bakkerij", "200": "Verkoop", "400": "Bezorging"}
    assert (await partner.control("DELETE", "/companies/2001/cost_units/P02")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/reset", {"seed": "other"}, 400, "demo, empty"),
        ("POST", "/companies", {"number": "2001", "name": "x", "debtor": "1001"}, 400, "taken"),
        ("POST", "/companies", {"number": "2100", "name": "x", "debtor": "9"}, 404, "debtor 9"),
        ("POST", "/companies", {"number": "2100"}, 400, "name"),
        ("PATCH", "/companies/2001", {"debtor": "9"}, 404, "debtor 9"),
        ("PATCH", "/companies/2001", {"colour": "red"}, 400, "colour"),
        ("PATCH", "/companies/9", {"name": "x"}, 404, "company 9"),
        ("DELETE", "/companies/9", None, 404, "company 9"),
        ("POST", "/companies/2001/runs", {"year": 2026, "period": 14}, 400, "2026-14"),
        ("POST", "/companies/2001/runs", {"year": 2026, "period": 3, "last_period": 2}, 400, "later one"),
        ("POST", "/companies/2001/runs", {"year": 2026, "period": 3, "last_period": 14}, 400, "2026-14"),
        ("POST", "/companies/2001/runs", {"year": 26, "period": 1}, 400, "26-1"),
        ("POST", "/companies/2001/runs", {"year": 2026, "period": 1, "type": "twk"}, 400, "corrects"),
        (
            "POST",
            "/companies/2001/runs",
            {"year": 2026, "period": 1, "corrected": [[2026, 1]]},
            400,
            "corrects",
        ),
        ("PATCH", "/companies/2001/runs/2026/10/9", {"locked": True}, 404, "number 9"),
        ("PATCH", RUN, {"locked": "yes"}, 400, "bool"),
        ("GET", f"{RUN}/journalsall", None, 404, "journalsall"),
        ("POST", "/companies/2001/employees", {"code": "1", "description": "x"}, 404, "employees"),
        ("DELETE", "/companies/2001/cost_units/P09", None, 404, "P09"),
        ("POST", "/clock", {"seconds": -1}, 400, "forward"),
        ("PATCH", "/settings", {"speed": 1}, 400, "speed"),
        ("PATCH", "/settings", {"task_ms": "soon"}, 400, "int"),
        ("PATCH", "/world", {"kind": "castle"}, 400, "castle"),
        ("POST", "/faults", {"kind": "rain"}, 400, "rain"),
        ("POST", "/faults", {"kind": "html", "operation": "GET rnus"}, 400, "rnus"),
        ("POST", "/faults", {"kind": "html", "times": 1}, 400, "times"),
    ],
)
async def test_a_wrong_request_is_told_what_is_wrong(
    partner: Partner, method: str, path: str, body: object, status: int, words: str
) -> None:
    answer = await partner.control(method, path, body)
    assert answer.status == status, answer.text
    assert words in answer.content["problem"]


async def test_what_is_no_json_is_told_so(partner: Partner) -> None:
    answer = await partner.control("POST", "/reset", ["demo"])
    assert answer.status == 400


async def test_a_reset_forgets_everything(partner: Partner) -> None:
    await partner.control("POST", "/clock", {"seconds": 60})
    await partner.control("PATCH", "/settings", {"task_ms": 1})
    await partner.control("POST", "/faults", {"kind": "html"})
    await partner.control("DELETE", "/companies/2001")
    assert (await partner.control("POST", "/reset", {"seed": "demo"})).status == 200
    assert (await partner.control("GET", "/consents")).content == {"consents": []}
    assert (await partner.control("GET", "/calls")).content["count"] == 0
    assert (await partner.control("GET", "/faults")).content == {"faults": []}
    assert (await partner.control("GET", "/settings")).content["task_ms"] == 300
    assert (await partner.control("GET", "/clock")).content == {"now": "2026-11-23T08:00:00+00:00"}
    assert "2001" in partner.sandbox.world.companies
    assert (await partner.get("/api/debtors")).code == 40102


async def test_the_empty_seed_has_nothing_to_see(stranger: Partner) -> None:
    await stranger.control("POST", "/reset", {"seed": "empty"})
    world = (await stranger.control("GET", "/world")).content
    assert (world["debtors"], world["companies"], len(world["partners"])) == ([], [], 1)


async def test_the_world_is_shown_with_ids_and_runs(partner: Partner) -> None:
    world = (await partner.control("GET", "/world")).content
    bakery = world["companies"][0]
    assert f"/api/companies/{bakery['id']}" == partner.company()
    assert (bakery["number"], bakery["debtor"], bakery["period_type"]) == ("2001", "1001", "month")
    assert bakery["runs"] == (await partner.control("GET", "/companies/2001/runs")).content["runs"]


async def test_calls_are_counted_by_operation_and_company_without_secrets(partner: Partner) -> None:
    await partner.control("DELETE", "/calls")
    await partner.get(f"{partner.company()}/runs?year=2025")
    await partner.get(f"{partner.company('2002')}/runs")
    await partner.get("/api/debtors")
    await partner.renew(partner.refresh_token)

    calls = (await partner.control("GET", "/calls")).content
    of_runs = (await partner.control("GET", "/calls?operation=GET%20runs&company=2001")).content

    assert calls["count"] == 4
    assert of_runs["count"] == 1
    assert {name: of_runs["calls"][0][name] for name in ("query", "status", "company")} == {
        "query": "year=2025",
        "status": 200,
        "company": "2001",
    }
    for secret in (partner.token, partner.refresh_token):
        assert secret not in str(calls)


async def test_more_calls_than_the_plan_allows_are_refused_for_a_while(partner: Partner) -> None:
    await partner.control("PATCH", "/settings", {"calls_per_minute": 2})
    codes = [(await partner.get("/api/debtors")).status for _ in range(3)]
    assert codes == [200, 200, 429]
    await partner.control("POST", "/clock", {"seconds": 59})
    assert (await partner.get("/api/debtors")).code == 42908
    # What was refused does not count, so that who keeps asking gets in again.
    await partner.control("POST", "/clock", {"seconds": 1})
    assert [(await partner.get("/api/debtors")).status for _ in range(2)] == [200, 200]
    assert (await partner.renew(partner.refresh_token)).status == 200


async def test_a_quota_holds_for_a_day(partner: Partner) -> None:
    await partner.control("PATCH", "/settings", {"calls_per_day": 1})
    assert (await partner.get("/api/debtors")).status == 200
    assert (await partner.get("/api/debtors")).code == 42909
    await partner.control("PATCH", "/settings", {"calls_per_day": None})
    assert (await partner.get("/api/debtors")).status == 200
