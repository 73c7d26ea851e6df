"""What the client asks, in what order, and when it stops: over a line without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.nmbrs_client.scripted import (
    KEY,
    NEWER,
    TOKEN,
    Answer,
    answered,
    document,
    office,
    page,
    problem,
)

from nmbrs_client import client as client_module
from nmbrs_client import errors
from nmbrs_client.client import PAGE_SIZE, NmbrsClient
from nmbrs_client.errors import Form
from nmbrs_client.records import Company, CostCentre, CostUnit, CurrentPeriod, Debtor, Variant
from nmbrs_client.waiting import LONGEST_WAIT, REPEATS
from nmbrs_client.wire import Request, Response

Item = TypeVar("Item")

DEBTORS = [{"debtorId": f"d{n}", "number": f"00{n}", "name": f"Debiteur {n}"} for n in (1, 2)]
BAKERY = {"companyId": "c1", "number": "0042", "name": "Bakkerij", "debtorId": "d1"}
FLORIST = {"companyId": "c2", "number": "7", "name": "Bloemist", "debtorId": "d2"}
TASK = answered(200, {"taskId": "t1"})
BUSY = answered(202, "Document is being processed")


async def all_of(items: AsyncIterator[Item]) -> list[Item]:
    return [item async for item in items]


async def test_every_request_carries_the_token_and_the_subscription_key() -> None:
    at = office(page())

    await all_of(at.client.debtors())

    (asked,) = at.line.asked
    assert asked.method == "GET"
    assert asked.url == f"https://api.nmbrsapp.com/api/debtors?pageNumber=1&pageSize={PAGE_SIZE}"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["X-Subscription-Key"] == KEY


async def test_lists_are_read_page_by_page_and_only_as_far_as_asked() -> None:
    at = office(page(DEBTORS[0], number=1, of=2), page(DEBTORS[1], number=2, of=2))

    debtors = at.client.debtors()
    first = await anext(debtors)
    assert (first, len(at.line.asked)) == (Debtor("d1", "001", "Debiteur 1"), 1)

    assert await all_of(debtors) == [Debtor("d2", "002", "Debiteur 2")]
    assert [at.line.query(n)["pageNumber"] for n in (0, 1)] == [["1"], ["2"]]
    assert len(at.line.asked) == 2


async def test_the_next_page_alone_tells_that_there_is_more() -> None:
    following = {"nextPage": "https://api.nmbrsapp.com/api/debtors?pageNumber=2"}
    at = office(
        answered(200, {"pagination": following, "data": [DEBTORS[0]]}),
        answered(200, {"pagination": {"nextPage": None}, "data": [DEBTORS[1]]}),
    )
    assert len(await all_of(at.client.debtors())) == 2


@pytest.mark.parametrize("pagination", [{}, {"pagination": None}, {"pagination": {"totalPages": "many"}}])
async def test_without_word_of_pages_a_list_ends_where_nothing_new_comes(pagination: dict[str, Any]) -> None:
    at = office(*(answered(200, {**pagination, "data": [debtor]}) for debtor in (*DEBTORS, DEBTORS[1])))
    assert [each.id for each in await all_of(at.client.debtors())] == ["d1", "d2"]
    assert len(at.line.asked) == 3


async def test_an_item_that_moved_to_the_next_page_meanwhile_comes_once() -> None:
    at = office(page(*DEBTORS, number=1, of=2), page(DEBTORS[1], {"debtorId": "d3"}, number=2, of=2))
    assert [each.id for each in await all_of(at.client.debtors())] == ["d1", "d2", "d3"]


async def test_a_server_that_repeats_a_page_for_ever_is_named_and_not_believed() -> None:
    at = office(page(*DEBTORS, number=1, of=9))
    with pytest.raises(errors.BadAnswer) as bad:
        await all_of(at.client.debtors())
    assert (bad.value.form, len(at.line.asked)) == (Form.PAGES_REPEAT, 2)


async def test_an_empty_page_ends_a_list_whatever_the_counts_say() -> None:
    at = office(page(*DEBTORS, number=1, of=3), page(number=2, of=3))
    assert len(await all_of(at.client.debtors())) == 2


async def test_a_list_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MOST_PAGES", 5)

    def endless(request: Request) -> Answer:
        number = int(parse_qs(urlsplit(request.url).query)["pageNumber"][0])
        return page({"debtorId": f"d{number}"}, number=number, of=number + 1)

    at = office(by=endless)
    with pytest.raises(errors.BadAnswer) as bad:
        await all_of(at.client.debtors())
    assert (bad.value.form, len(at.line.asked)) == (Form.PAGES_REPEAT, 5)


async def test_an_item_without_its_id_makes_the_list_unreadable() -> None:
    with pytest.raises(errors.BadAnswer) as bad:
        await all_of(office(page({"number": "1"})).client.debtors())
    assert bad.value.form is Form.OTHER_FIELDS


async def test_numbers_keep_their_zeros_and_a_company_knows_its_debtor() -> None:
    without_debtor = {"companyId": "c1", "number": "0042", "name": "Bakkerij"}
    at = office(page(without_debtor))
    assert await all_of(at.client.companies_of("d1")) == [Company("c1", "0042", "Bakkerij", "d1")]
    assert at.line.paths == ["/api/debtors/d1/companies"]


def per_debtor(request: Request) -> Answer:
    match urlsplit(request.url).path.split("/"):
        case ["", "api", "companies"]:
            return problem(40306)
        case ["", "api", "debtors"]:
            return page(*DEBTORS)
        case ["", "api", "debtors", "d1", "companies"]:
            return page(BAKERY)
        case _:
            return page(FLORIST, BAKERY)


async def test_a_consent_for_several_debtors_is_read_debtor_by_debtor_each_company_once() -> None:
    at = office(by=per_debtor)
    assert [each.id for each in await all_of(at.client.all_companies())] == ["c1", "c2"]
    assert at.line.paths == [
        "/api/companies",
        "/api/debtors",
        "/api/debtors/d1/companies",
        "/api/debtors/d2/companies",
    ]


async def test_companies_alone_says_that_they_are_given_per_debtor() -> None:
    with pytest.raises(errors.SeveralDebtors):
        await all_of(office(by=per_debtor).client.companies())


async def test_no_other_refusal_leads_to_the_debtors() -> None:
    at = office(problem(40303))
    with pytest.raises(errors.DataRefused):
        await all_of(at.client.all_companies())
    assert at.line.paths == ["/api/companies"]


async def test_runs_are_asked_by_year() -> None:
    at = office(page({"payrollRunId": "r1", "locked": True}))
    (run,) = await all_of(at.client.runs("c/1", 2026))
    assert (run.id, run.locked) == ("r1", True)
    assert at.line.paths == ["/api/companies/c%2F1/runs"]
    assert at.line.query(0)["year"] == ["2026"]


async def test_codes_come_with_their_own_ids() -> None:
    centre = {"costCenterId": "x", "code": "007", "description": "Winkel"}
    unit = {"costUnitId": "y", "code": "P1", "description": "Project"}
    assert await all_of(office(page(centre)).client.cost_centres("c")) == [CostCentre("x", "007", "Winkel")]
    assert await all_of(office(page(unit)).client.cost_units("c")) == [CostUnit("y", "P1", "Project")]


async def test_the_current_period_is_the_first_of_its_page() -> None:
    given = {"period": {"year": 2026, "period": 11}, "periodType": "month", "displayPeriod": "2026-11-M"}
    at = office(page(given))
    assert await at.client.current_period("c1") == CurrentPeriod(2026, 11, "month", "2026-11-M")
    for body in (page(), page({"period": None}), answered(200, given)):
        with pytest.raises(errors.BadAnswer):
            await office(body).client.current_period("c1")


# Tokens


async def test_a_refused_token_is_replaced_once() -> None:
    at = office(problem(40102), page(*DEBTORS))
    assert len(await all_of(at.client.debtors())) == 2
    assert at.tokens.refused == [TOKEN]
    assert at.line.asked[1].headers["Authorization"] == f"Bearer {NEWER}"


@pytest.mark.parametrize("code", [40101, 40102])
async def test_a_token_refused_again_is_an_error(code: int) -> None:
    at = office(problem(code))
    with pytest.raises(errors.TokenRefused):
        await all_of(at.client.debtors())
    assert (at.tokens.refused, len(at.line.asked)) == ([TOKEN], 2)


@pytest.mark.parametrize(
    "answer",
    [
        answered(401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."}),
        answered(401, None),
        problem(40304),
        problem(40303),
        problem(40401),
    ],
)
async def test_no_other_refusal_costs_a_refresh_token(answer: Answer) -> None:
    at = office(answer)
    with pytest.raises(errors.NmbrsError):
        await all_of(at.client.debtors())
    assert (at.tokens.refused, len(at.line.asked)) == ([], 1)


# Waiting


@pytest.mark.parametrize("code", [42908, 42909, 50301])
async def test_later_is_waited_for_as_long_as_nmbrs_asks(code: int) -> None:
    at = office(problem(code, Retry_After="17"), problem(code, Retry_After="5"), page(*DEBTORS))
    assert len(await all_of(at.client.debtors())) == 2
    assert at.clock.pauses == [17, 5]


async def test_without_a_word_the_pauses_grow_and_end() -> None:
    at = office(problem(42908))
    with pytest.raises(errors.TooManyCalls) as later:
        await all_of(at.client.debtors())
    assert at.clock.pauses == [1, 2, 4, 8, 16, 30, 30]
    assert sum(at.clock.pauses) <= LONGEST_WAIT
    assert later.value.again_in == 60


async def test_a_wait_that_is_too_long_is_not_begun_but_told() -> None:
    at = office(problem(42909, Retry_After="86400"))
    with pytest.raises(errors.QuotaExceeded) as later:
        await all_of(at.client.debtors())
    assert (at.clock.pauses, later.value.again_in) == ([], 86400)


async def test_a_busy_gateway_that_asks_for_no_pause_is_not_hammered() -> None:
    at = office(problem(50301, Retry_After="0"))
    with pytest.raises(errors.Unavailable):
        await all_of(at.client.debtors())
    assert len(at.clock.pauses) == sum(at.clock.pauses) == LONGEST_WAIT


async def test_a_dropped_line_is_tried_again_a_few_times() -> None:
    at = office(errors.NoAnswer("cut"), errors.NeverLeft("refused"), page(*DEBTORS))
    assert len(await all_of(at.client.debtors())) == 2
    assert at.clock.pauses == [1, 2]

    at = office(errors.NoAnswer("cut"))
    with pytest.raises(errors.NoAnswer):
        await all_of(at.client.debtors())
    assert len(at.line.asked) == 1 + REPEATS


@pytest.mark.parametrize("code", [40033, 40303, 40401, 50001, 50201])
async def test_nothing_else_is_asked_twice(code: int) -> None:
    at = office(problem(code))
    with pytest.raises(errors.NmbrsError):
        await all_of(at.client.debtors())
    assert (len(at.line.asked), at.clock.pauses) == (1, [])


# Journals


@pytest.mark.parametrize(
    ("variant", "last"),
    [
        (Variant.COMPANY, "journals"),
        (Variant.DEPARTMENT, "journalsdepartment"),
        (Variant.EMPLOYEE, "journalsemployee"),
        (Variant.COST_CENTRE, "journalscostcenter"),
        (Variant.COST_CENTRE_AND_UNIT, "journalscostcenterunit"),
    ],
)
async def test_each_variant_has_its_own_address_and_names_the_year(variant: Variant, last: str) -> None:
    at = office(TASK)
    assert await at.client.start_journal("c1", "r1", variant, 2025) == "t1"
    assert at.line.paths == [f"/api/companies/c1/runs/r1/{last}"]
    assert at.line.query(0) == {"year": ["2025"]}


@pytest.mark.parametrize("body", [None, [], "t1", {}, {"taskId": ""}, {"taskId": None}, {"data": []}])
async def test_a_start_without_a_task_is_a_bad_answer(body: object) -> None:
    with pytest.raises(errors.BadAnswer):
        await office(answered(200, body)).client.start_journal("c", "r", Variant.COMPANY, 2026)


async def test_a_document_is_given_as_it_came_or_not_yet() -> None:
    at = office(BUSY, document(b"\xff\xfe<"))
    assert await at.client.document("t1") is None
    assert await at.client.document("t1") == b"\xff\xfe<"
    assert at.line.asked[0].headers["Accept"] == "application/octet-stream"
    assert at.line.paths == ["/api/documents/t1"] * 2


def journal(client: NmbrsClient, seconds: int = 60) -> Coroutine[Any, Any, bytes]:
    return client.journal("c1", "r1", Variant.COST_CENTRE, 2026, seconds)


async def test_a_journal_is_started_once_and_looked_for_with_growing_pauses() -> None:
    at = office(TASK, BUSY, BUSY, BUSY, document(b"<a/>"))
    assert await journal(at.client) == b"<a/>"
    assert at.line.paths == ["/api/companies/c1/runs/r1/journalscostcenter", *["/api/documents/t1"] * 4]
    assert at.clock.pauses == [1, 2, 4, 8]


async def test_a_task_that_never_ends_is_given_up_in_time() -> None:
    at = office(TASK, BUSY)
    with pytest.raises(errors.TaskNeverEnded):
        await journal(at.client, 10)
    assert at.clock.pauses == [1, 2, 4, 3]


async def test_nothing_is_looked_for_where_there_is_no_time() -> None:
    at = office(TASK, BUSY)
    with pytest.raises(errors.TaskNeverEnded):
        await journal(at.client, 0)
    assert at.clock.pauses == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(40401), errors.TaskVanished),
        (answered(404, None), errors.TaskVanished),
        (problem(50001), errors.TaskFailed),
        (problem(40033), errors.TaskFailed),
    ],
)
async def test_a_task_that_fails_or_vanishes_says_so(answer: Answer, kind: type[errors.TaskEnded]) -> None:
    at = office(TASK, BUSY, answer)
    with pytest.raises(kind) as ended:
        await journal(at.client)
    assert isinstance(answer, Response)
    assert ended.value.evidence.status == answer.status


async def test_a_run_that_is_gone_is_not_taken_for_a_task_that_is() -> None:
    with pytest.raises(errors.NotFound):
        await journal(office(problem(40401)).client)
    with pytest.raises(errors.CompanyNotFound):
        await journal(office(problem(40404)).client)


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        (document(b""), Form.EMPTY),
        (document(b" \r\n"), Form.EMPTY),
        (document(b"\xef\xbb\xbf<!DOCTYPE html><p>Log in"), Form.HTML),
        (document(b"<p>Log in", "text/html; charset=utf-8"), Form.HTML),
        (answered(200, "PD94bWw="), Form.NOT_A_DOCUMENT),
    ],
)
async def test_what_is_no_document_is_named(answer: Answer, form: Form) -> None:
    with pytest.raises(errors.BadAnswer) as bad:
        await journal(office(TASK, answer).client)
    assert bad.value.form is form


@pytest.mark.parametrize("code", [40304, 40303])
async def test_a_refusal_while_waiting_for_a_task_stays_what_it_is(code: int) -> None:
    with pytest.raises((errors.EnvironmentDisabled, errors.DataRefused)):
        await journal(office(TASK, problem(code)).client)


async def test_a_strange_id_stays_one_part_of_the_address() -> None:
    at = office(BUSY)
    await at.client.document("../debtors?x=1#y")
    assert at.line.asked[0].url == "https://api.nmbrsapp.com/api/documents/..%2Fdebtors%3Fx%3D1%23y"


Ask = Callable[[NmbrsClient], Coroutine[Any, Any, object]]
EVERY: list[Ask] = [
    lambda client: all_of(client.debtors()),
    lambda client: all_of(client.companies()),
    lambda client: all_of(client.companies_of("d")),
    lambda client: all_of(client.runs("c", 2026)),
    lambda client: all_of(client.cost_centres("c")),
    lambda client: all_of(client.cost_units("c")),
    lambda client: client.current_period("c"),
    lambda client: client.start_journal("c", "r", Variant.COMPANY, 2026),
    lambda client: client.document("t"),
]


@pytest.mark.parametrize("ask", EVERY)
async def test_every_call_names_the_same_error_for_the_same_answer(ask: Ask) -> None:
    for answer, kind in [
        (problem(40303), errors.DataRefused),
        (answered(302, None, Location="https://elsewhere.example/login"), errors.BadAnswer),
        (answered(204, None), errors.BadAnswer),
    ]:
        with pytest.raises(kind):
            await ask(office(answer).client)
