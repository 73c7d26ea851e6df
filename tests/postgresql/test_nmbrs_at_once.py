"""Several processes at once on one Nmbrs connection: they share its looks, and nothing comes in twice."""

import asyncio
from collections import Counter

import pytest
from tests.integration.nmbrs_on_stub import NmbrsOffice, NmbrsStub, Shown, office, run, stub
from tests.postgresql.at_once import all_at_once

from loonbrug.directory.models import Company, NmbrsCompany
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.workflows.synchronise import synchronise

__all__ = ["office", "stub"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("record_is_emptied")]
COMPANIES = 60


def test_those_who_synchronise_one_connection_share_its_looks(office: NmbrsOffice, stub: NmbrsStub) -> None:
    for number in range(COMPANIES - 2):
        stub.companies[f"more-{number}"] = Shown(f"{3000 + number}", "Bedrijf", "d1", [run(1, 1)])

    def work(_: int) -> None:
        asyncio.run(synchronise(connection_id=office.connection_id, ground=office.ground()))

    all_at_once(work)
    office.synchronise()
    asked = Counter(url for url in stub.asked if "/runs" in url)
    assert set(asked.values()) == {1}
    assert Company.objects.count() == NmbrsCompany.objects.count() == COMPANIES
    assert NmbrsRun.objects.count() == COMPANIES + 1
