"""Nmbrs at its worst: what one company gives never keeps the others back, and what cannot be kept is told."""

import asyncio
from datetime import timedelta

import pytest
from tests.integration.nmbrs_on_stub import NmbrsOffice, NmbrsStub, Shown, office, problem, run, stub

from loonbrug.payroll.nmbrs_models import NmbrsLook, NmbrsRun
from nmbrs_client import wire

__all__ = ["office", "stub"]  # fixtures
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def runs_of(number: str) -> set[int]:
    return set(NmbrsRun.objects.filter(company__number=number).values_list("number", flat=True))


@pytest.mark.parametrize(
    "odd",
    [
        run(-1, 11),
        run(2**31, 11),
        run(12, 0),
    ],
)
def test_a_run_that_cannot_be_kept_is_told_and_keeps_nothing_else_back(
    office: NmbrsOffice, stub: NmbrsStub, odd: dict[str, object]
) -> None:
    stub.companies["c1"].runs = [run(10, 10), odd]
    office.synchronise()
    assert (runs_of("2001"), runs_of("2002")) == ({10}, {10})
    assert NmbrsLook.objects.filter(failure="nmbrs_run_unreadable").count() == 1


@pytest.mark.parametrize(
    "answer",
    [
        wire.Response(200, {"Content-Type": "text/html"}, b"<html>"),
        wire.Response(200, {}, b'{"data": [{"number": 1}]}'),
        problem(500, 50001),
    ],
)
def test_one_company_that_nmbrs_cannot_show_does_not_starve_the_others(
    office: NmbrsOffice, stub: NmbrsStub, monkeypatch: pytest.MonkeyPatch, answer: wire.Response
) -> None:
    listed = stub.send

    async def slower_than_a_failure(request: wire.Request) -> wire.Response:
        if "c1/runs" not in request.url:
            for _ in range(20):
                await asyncio.sleep(0)
        return await listed(request)

    monkeypatch.setattr(stub, "send", slower_than_a_failure)
    for number in range(3, 30):
        stub.companies[f"c{number}"] = Shown(f"20{number:02}", f"Bedrijf {number}", "d1", [run(10, 10)])
    stub.answers["c1/runs"] = lambda: answer
    for _ in range(3):
        office.synchronise(later=HOUR)
    known = set(NmbrsRun.objects.values_list("company__number", flat=True))
    assert known == {each.number for each in stub.companies.values()} - {"2001"}
    assert office.row().failure == ""
    stub.answers.clear()
    office.synchronise(later=HOUR)
    assert runs_of("2001") == {10, 11}


def test_a_later_that_is_a_year_away_silences_nobody_for_longer_than_a_day(
    office: NmbrsOffice, stub: NmbrsStub
) -> None:
    stub.answers["/debtors"] = lambda: problem(429, 42909, **{"Retry-After": "31000000"})
    office.synchronise(turns=2)
    stub.answers.clear()
    office.synchronise(later=DAY)
    assert runs_of("2001") == {10, 11}
