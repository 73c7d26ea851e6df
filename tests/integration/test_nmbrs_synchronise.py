"""Synchronising with an Nmbrs that changes: what appears, is renamed, moved or gone, and what it costs in calls."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.integration.nmbrs_on_stub import (
    NOW,
    NmbrsOffice,
    NmbrsStub,
    Shown,
    at_once,
    office,
    problem,
    run,
    stub,
)

from loonbrug.access.rights import service_scope
from loonbrug.connections.models import NmbrsConnection, NmbrsState
from loonbrug.directory.models import AllocationCode, Company, Debtor, NmbrsCompany, NmbrsDebtor
from loonbrug.directory.nmbrs_queries import Doubt, company_link, undecided
from loonbrug.payroll.nmbrs_models import NmbrsLook, NmbrsRun
from loonbrug.payroll.run_queries import progress, runs
from loonbrug.screens.nmbrs import one_connected
from loonbrug.watch.models import Mail
from loonbrug.workflows.nmbrs_consent import decide, synchronise_now
from loonbrug.workflows.nmbrs_ground import PacedTransport
from loonbrug.workflows.synchronise import synchronise
from nmbrs_client import wire

__all__ = ["office", "stub"]  # fixtures
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def companies() -> dict[str, str]:
    return dict(Company.objects.values_list("number", "name"))


def seen(office: NmbrsOffice, number: str = "2001", year: int = 2026) -> list[tuple[int, int, bool, bool]]:
    """Period, number, whether locked, whether gone."""
    company = Company.objects.get(number=number)
    found = runs(scope=office.scope, company_id=company.pk, year=year)
    return [(each.period, each.number, each.is_locked, each.gone_at is not None) for each in found]


def test_debtors_companies_and_runs_appear(office: NmbrsOffice) -> None:
    office.synchronise()
    assert companies() == {"2001": "Bakkerij", "2002": "Garage"}
    assert {each.debtor.name for each in Company.objects.select_related("debtor")} == {"Van Dijk Groep"}
    assert seen(office) == [(10, 10, True, False), (11, 11, False, False)]
    link = company_link(scope=office.scope, company_id=Company.objects.get(number="2001").pk)
    assert link is not None
    assert (link.connection_id, link.nmbrs_id, link.period_type) == (office.connection_id, "c1", "month")


def test_nothing_changed_costs_one_call_per_company_per_interval_and_writes_no_company(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.companies["c1"].runs = [run(10, 10)]
    office.synchronise()
    stub.calls()
    before = list(NmbrsRun.objects.values())
    office.synchronise(later=HOUR)
    assert stub.calls() == {"debtors": 1, "companies": 1, "runs": 2}
    assert list(NmbrsRun.objects.values()) == before


def test_where_somebody_is_at_work_is_looked_at_every_quarter(office: NmbrsOffice, stub: NmbrsStub) -> None:
    office.synchronise()
    stub.calls()
    stub.companies["c1"].runs[1]["locked"] = True
    office.synchronise(later=QUARTER)
    assert stub.calls() == {"runs": 1}
    assert seen(office)[1] == (11, 11, True, False)


def test_a_january_run_made_in_february_is_found(office: NmbrsOffice, stub: NmbrsStub) -> None:
    office.synchronise()
    stub.companies["c2"].runs.append(run(12, 1, year=2027))
    office.synchronise(later=timedelta(days=85))
    assert (1, 12, True, False) in seen(office, "2002", 2027)


def test_runs_of_former_years_are_read_at_first_and_a_later_correction_there_is_found(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.companies["c1"].runs += [run(7, 3, year=2024), run(8, 4, year=2023)]
    office.synchronise()
    assert seen(office, year=2024) == [(3, 7, True, False)]
    assert seen(office, year=2023) == [(4, 8, True, False)]
    stub.companies["c1"].runs.append(run(99, 12, year=2024, type="twk"))
    office.synchronise(later=timedelta(days=7))
    assert (12, 99, True, False) in seen(office, year=2024)


def test_a_company_that_is_renamed_is_renamed_and_keeps_its_number(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    stub.companies["c1"].name, stub.companies["c1"].number = "Bakkerij De Korenaar", "2999"
    office.synchronise(later=HOUR)
    assert companies() == {"2001": "Bakkerij De Korenaar", "2002": "Garage"}


def test_what_is_gone_from_nmbrs_is_marked_and_never_deleted(office: NmbrsOffice, stub: NmbrsStub) -> None:
    stub.companies["c2"].cost_centres = {"100": "Werkplaats", "200": "Balie"}
    office.synchronise()
    del stub.companies["c1"]
    stub.companies["c2"].runs.clear()
    del stub.companies["c2"].cost_centres["200"]
    office.synchronise(later=DAY)
    assert companies() == {"2001": "Bakkerij", "2002": "Garage"}
    assert NmbrsCompany.objects.get(nmbrs_id="c1").gone_at == office.now
    assert seen(office, "2002") == [(10, 10, True, True)]
    codes = dict(AllocationCode.objects.values_list("code", "gone_at"))
    assert codes == {"100": None, "200": office.now}


def test_what_comes_back_is_no_longer_gone(office: NmbrsOffice, stub: NmbrsStub) -> None:
    office.synchronise()
    gone = stub.companies.pop("c1")
    office.synchronise(later=HOUR)
    stub.companies["c1"] = gone
    office.synchronise(later=HOUR)
    assert NmbrsCompany.objects.get(nmbrs_id="c1").gone_at is None
    assert Company.objects.count() == 2


def test_a_company_moves_to_another_debtor(office: NmbrsOffice, stub: NmbrsStub) -> None:
    office.synchronise()
    stub.debtors["d2"] = ("1002", "Handelshuis")
    stub.companies["c1"].debtor = "d2"
    office.synchronise(later=HOUR)
    moved = Company.objects.select_related("debtor").get(number="2001")
    assert moved.debtor.name == "Handelshuis"
    assert Company.objects.count() == 2


@pytest.mark.parametrize("new_home_first", [True, False])
def test_a_company_moves_to_a_debtor_of_another_connection(
    office: NmbrsOffice, stub: NmbrsStub, new_home_first: bool
) -> None:
    office.synchronise()
    other = NmbrsStub()
    other.debtors["d2"] = ("1002", "Handelshuis")
    office.stub = other
    second = office.consent(token="second")
    office.synchronise()
    moved = stub.companies.pop("c1")
    other.companies["c1"] = Shown(moved.number, moved.name, "d2", moved.runs)
    order = [(other, second), (stub, office.connection_id)]
    for shows, connection_id in order if new_home_first else reversed(order):
        NmbrsConnection.objects.exclude(id=connection_id).update(lists_due_at=office.now + DAY)
        NmbrsConnection.objects.filter(id=connection_id).update(lists_due_at=office.now)
        office.stub = shows
        NmbrsLook.objects.exclude(company__debtor__connection_id=connection_id).update(
            due_at=office.now + DAY
        )
        office.synchronise()
    company = Company.objects.select_related("debtor").get(number="2001")
    assert company.debtor.name == "Handelshuis"
    link = company_link(scope=office.scope, company_id=company.pk)
    assert link is not None
    assert (link.connection_id, link.gone_at) == (second, None)


def test_a_company_made_for_files_is_the_one_with_its_number(office: NmbrsOffice) -> None:
    debtor = Debtor.objects.create(office_id=office.scope.office_id, number="1001", name="Van Dijk")
    made = Company.objects.create(
        office_id=office.scope.office_id, debtor=debtor, number="2001", name="De bakker", is_test=True
    )
    office.synchronise()
    assert companies() == {"2001": "Bakkerij", "2002": "Garage"}
    found = Company.objects.get(number="2001")
    assert (found.pk, found.is_test, found.debtor_id) == (made.pk, True, debtor.pk)
    assert Debtor.objects.get().name == "Van Dijk Groep"


def test_the_same_number_under_another_debtor_waits_for_a_person(office: NmbrsOffice) -> None:
    debtor = Debtor.objects.create(office_id=office.scope.office_id, number="9", name="Iemand anders")
    made = Company.objects.create(
        office_id=office.scope.office_id, debtor=debtor, number="2001", name="Slagerij"
    )
    office.synchronise()
    (asked,) = undecided(scope=office.scope)
    assert (asked.number, asked.doubt, asked.ours_id) == ("2001", Doubt.OTHER_DEBTOR, made.pk)
    assert companies() == {"2001": "Slagerij", "2002": "Garage"}
    assert not NmbrsRun.objects.filter(company=made).exists()


@pytest.mark.parametrize("is_same", [True, False])
def test_once_decided_its_runs_come(office: NmbrsOffice, is_same: bool) -> None:
    debtor = Debtor.objects.create(office_id=office.scope.office_id, number="9", name="Iemand anders")
    made = Company.objects.create(
        office_id=office.scope.office_id, debtor=debtor, number="2001", name="Slagerij"
    )
    office.synchronise()
    (asked,) = undecided(scope=office.scope)
    decide(
        scope=office.scope,
        kind="company",
        nmbrs_id=asked.id,
        same_as=made.pk if is_same else None,
        number="" if is_same else "2001-N",
        now=office.now,
    )
    office.synchronise()
    assert undecided(scope=office.scope) == ()
    assert len(seen(office, "2001" if is_same else "2001-N")) == 2
    assert Company.objects.count() == (2 if is_same else 3)


def test_two_debtors_with_one_number_are_not_taken_for_one(office: NmbrsOffice, stub: NmbrsStub) -> None:
    stub.debtors["d2"] = ("1001", "Een heel ander")
    stub.companies["c9"] = Shown("2009", "Verborgen", "d2")
    office.synchronise()
    (asked,) = undecided(scope=office.scope)
    assert (asked.kind, asked.name, asked.doubt) == ("debtor", "Een heel ander", Doubt.LINKED_ELSEWHERE)
    assert "2009" not in companies()
    decide(
        scope=office.scope, kind="debtor", nmbrs_id=asked.id, same_as=None, number="1001-B", now=office.now
    )
    office.synchronise()
    assert "2009" in companies()


def test_what_is_refused_for_one_company_does_not_stop_the_others(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.answers["companies/c1/runs"] = lambda: problem(403, 40303)
    office.synchronise()
    assert len(seen(office, "2002")) == 1
    assert set(NmbrsLook.objects.exclude(failure="").values_list("failure", flat=True)) == {
        "nmbrs_data_refused"
    }
    del stub.answers["companies/c1/runs"]
    office.synchronise(later=timedelta(hours=6))
    assert len(seen(office)) == 2


def test_too_many_calls_waits_as_long_as_nmbrs_says_and_goes_on_where_it_stopped(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.answers["companies/c1/runs"] = lambda: problem(429, 42909, **{"Retry-After": "1800"})
    office.synchronise(turns=3)
    row = office.row()
    assert (row.state, row.failure) == (NmbrsState.CONNECTED, "nmbrs_quota_exceeded")
    assert row.waits_until == office.now + timedelta(seconds=1800)
    stub.answers.clear()
    stub.calls()
    office.synchronise(later=timedelta(minutes=29))
    assert not stub.calls()
    office.synchronise(later=timedelta(minutes=1))
    assert len(seen(office)) == 2
    assert office.row().failure == ""


def test_when_the_plan_is_used_up_no_connection_asks_until_the_wait_is_over(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    NmbrsConnection.objects.update(lists_due_at=NOW + timedelta(days=9))
    second = office.consent(token="second")
    stub.answers["/debtors"] = lambda: problem(429, 42909, **{"Retry-After": "7200"})
    office.synchronise(turns=2)
    assert {office.row().failure, office.row(second).failure} == {"nmbrs_quota_exceeded"}
    stub.answers.clear()
    stub.calls()
    office.synchronise(later=HOUR)
    assert not stub.calls()


def test_calls_of_all_connections_share_one_limit(office: NmbrsOffice, stub: NmbrsStub) -> None:
    under_way, most = 0, 0

    class Slow:
        async def send(self, request: wire.Request) -> wire.Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return await stub.send(request)

    async def two_at_once() -> None:
        calls = asyncio.Semaphore(2)
        lines = [PacedTransport(Slow(), calls) for _ in range(3)]
        ask = wire.get("http://nmbrs.test/api/debtors", token="t", subscription_key="k")
        await asyncio.gather(*(line.send(ask) for line in lines * 3))

    asyncio.run(two_at_once())
    assert most == 2


def test_a_refresh_never_stands_in_the_queue_of_calls(stub: NmbrsStub) -> None:
    async def while_all_are_taken() -> wire.Response:
        line = PacedTransport(stub, asyncio.Semaphore(0))
        post = wire.Request("POST", "http://nmbrs.test/connect/token", {}, b"refresh_token=t")
        return await asyncio.wait_for(line.send(post), timeout=5)

    assert asyncio.run(while_all_are_taken()).status == 200


def test_a_list_that_breaks_off_marks_nothing_as_gone(office: NmbrsOffice, stub: NmbrsStub) -> None:
    office.synchronise()
    stub.answers["/companies"] = lambda: problem(500, 50001)
    office.synchronise(later=HOUR, turns=2)
    assert not NmbrsCompany.objects.exclude(gone_at=None).exists()
    assert not NmbrsDebtor.objects.exclude(gone_at=None).exists()
    assert office.row().failure == "nmbrs_server_failed"


def test_a_login_that_sees_no_debtor_any_more_takes_nothing_for_gone(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    stub.debtors.clear()
    office.synchronise(later=HOUR, turns=2)
    assert not NmbrsCompany.objects.exclude(gone_at=None).exists()
    assert office.row().failure == "nmbrs_no_debtors"


def test_what_was_not_asked_when_nmbrs_failed_is_asked_again_after_the_wait(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    stub.answers["/runs"] = lambda: problem(500, 50001)
    office.synchronise(later=HOUR, turns=2)
    stub.answers.clear()
    stub.calls()
    office.synchronise(later=timedelta(minutes=2))
    assert stub.calls()["runs"] >= 1
    assert office.row().failure == ""


def test_a_connection_that_is_removed_meanwhile_receives_nothing_more(
    office: NmbrsOffice, stub: NmbrsStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = stub.send

    async def removed_meanwhile(request: wire.Request) -> wire.Response:
        await at_once(NmbrsConnection.objects.all().delete)
        return await listed(request)

    monkeypatch.setattr(stub, "send", removed_meanwhile)
    office.synchronise(turns=2)
    assert not NmbrsDebtor.objects.exists()
    assert not Company.objects.exists()


def test_a_consent_that_is_just_being_refreshed_is_settled_a_moment_later(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    second = office.consent(token="second")
    NmbrsConnection.objects.filter(id=second).update(spending_id=uuid4(), spending_at=NOW)
    asyncio.run(synchronise(connection_id=second, ground=office.ground()))
    assert NmbrsConnection.objects.count() == 2
    NmbrsConnection.objects.filter(id=second).update(spending_id=None, spending_at=None)
    office.synchronise()
    assert NmbrsConnection.objects.get().pk == office.connection_id


def test_looks_of_a_process_that_died_are_done_by_another(office: NmbrsOffice, stub: NmbrsStub) -> None:
    from loonbrug.payroll.run_operations import take_looks

    office.synchronise()
    office.now += HOUR
    taken = take_looks(connection_id=office.connection_id, now=office.now, count=40)
    assert taken
    assert not take_looks(connection_id=office.connection_id, now=office.now, count=40)
    stub.calls()
    office.synchronise(later=timedelta(minutes=10))
    assert stub.calls()["runs"] == len(taken)


def test_an_ended_consent_stops_the_connection_and_tells_the_people_once(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    refused = b'{"error": "invalid_grant"}'
    stub.answers["connect/token"] = lambda: _answer(400, refused)
    office.synchronise(later=DAY)
    row = office.row()
    assert (row.state, row.reason) == (NmbrsState.CONSENT_NEEDED, "nmbrs_consent_ended")
    office.synchronise(later=DAY)
    assert list(Mail.objects.values_list("code", "params__debtors")) == [
        ("nmbrs_consent_needed", "Van Dijk Groep")
    ]
    assert sum(stub.refreshed.values()) == 1


def test_a_new_consent_for_the_same_debtor_renews_its_connection(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    office.now += DAY
    NmbrsConnection.objects.update(state=NmbrsState.CONSENT_NEEDED, reason="nmbrs_consent_ended")
    office.consent(token="again")
    office.synchronise()
    row = NmbrsConnection.objects.get()
    assert (row.pk, row.state, row.reason) == (office.connection_id, NmbrsState.CONNECTED, "")
    assert row.consented_at == office.now
    office.synchronise(later=HOUR)
    assert stub.refreshed == {"again": 1}


def test_a_consent_for_another_debtor_leaves_the_connection_waiting(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    NmbrsConnection.objects.update(state=NmbrsState.CONSENT_NEEDED)
    stub.debtors = {"d2": ("1002", "Handelshuis")}
    second = office.consent(renews_id=office.connection_id, token="second")
    office.synchronise()
    assert office.row().state == NmbrsState.CONSENT_NEEDED
    given = one_connected(scope=office.scope, connection_id=second, now=office.now)
    assert (given.name, given.meant_for) == ("Handelshuis", "Van Dijk Groep")
    assert set(NmbrsDebtor.objects.values_list("nmbrs_id", "connection_id", "gone_at")) == {
        ("d1", office.connection_id, None),
        ("d2", second, None),
    }


def test_a_consent_for_all_debtors_takes_over_from_the_others(office: NmbrsOffice, stub: NmbrsStub) -> None:
    office.synchronise()
    first_debtor = dict(stub.debtors)
    stub.debtors = {"d2": ("1002", "Handelshuis")}
    office.consent(token="second")
    office.synchronise()
    stub.debtors |= first_debtor
    office.consent(token="both")
    office.synchronise()
    assert NmbrsConnection.objects.get().pk == office.connection_id
    assert set(NmbrsDebtor.objects.values_list("connection_id", flat=True)) == {office.connection_id}


def test_what_a_person_asks_is_done_at_once_and_its_progress_is_known(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    stub.calls()
    office.now += timedelta(minutes=1)
    synchronise_now(
        scope=service_scope(office.scope.office_id),
        connection_id=office.connection_id,
        today=office.now.date(),
        now=office.now,
    )

    def how_far() -> tuple[int, int]:
        found = progress(asked_at={office.connection_id: office.row().asked_at})[office.connection_id]
        return found.done_count, found.count

    assert how_far() == (0, 4)
    office.synchronise()
    assert how_far() == (4, 4)
    assert stub.calls() == {
        "debtors": 1, "companies": 1, "runs": 2, "costCenters": 2, "costUnits": 2, "period": 2,
    }  # fmt: skip


def test_codes_that_people_made_stay_and_those_of_nmbrs_are_added(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.companies["c1"].cost_centres = {"100": "Productie"}
    stub.companies["c1"].cost_units = {"100": "Project"}
    office.synchronise()
    company = Company.objects.get(number="2001")
    AllocationCode.objects.create(company=company, kind="cost_centre", code="900", name="Van ons")
    stub.companies["c1"].cost_centres["100"] = "Bakkerij"
    office.synchronise(later=DAY)
    found = set(AllocationCode.objects.values_list("kind", "code", "name", "gone_at"))
    assert found == {
        ("cost_centre", "100", "Bakkerij", None),
        ("cost_unit", "100", "Project", None),
        ("cost_centre", "900", "Van ons", None),
    }


def test_a_run_without_a_period_is_told_and_keeps_nothing_else_back(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.companies["c1"].runs.append(run(12, 12, periodStart=None, periodEnd=None))
    office.synchronise()
    assert len(seen(office)) == 2
    assert NmbrsLook.objects.filter(failure="nmbrs_run_unreadable").count() == 1


def test_a_debtor_that_a_second_login_comes_to_see_as_well_stays_where_it_is(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    office.synchronise()
    first_debtor = dict(stub.debtors)
    stub.debtors = {"d2": ("1002", "Handelshuis")}
    second = office.consent(token="second")
    office.synchronise()
    stub.debtors |= first_debtor
    NmbrsConnection.objects.filter(id=office.connection_id).update(lists_due_at=office.now + DAY)
    office.synchronise(later=HOUR)
    held = dict(NmbrsDebtor.objects.values_list("nmbrs_id", "connection_id"))
    assert held == {"d1": office.connection_id, "d2": second}


def _answer(status: int, body: bytes) -> wire.Response:
    return wire.Response(status, {"Content-Type": "application/json"}, body)
