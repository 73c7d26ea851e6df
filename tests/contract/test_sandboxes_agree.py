"""The demo's two sandboxes and its office tell one story, and our reader reads what the Nmbrs sandbox writes.

The packages know nothing of each other; only this test does.
"""

from datetime import date

import pytest

from afas_sandbox import seeding as afas_seeding
from loonbrug.project.demo.command import NMBRS
from loonbrug.project.demo.office import DEBTORS, EMPLOYERS
from nmbrs_client.journal_xml import read_journal_xml
from nmbrs_sandbox.journal import Variant, journal_of
from nmbrs_sandbox.journal_document import document
from nmbrs_sandbox.seeding import seed
from nmbrs_sandbox.world import World

#: Cost centres that AFAS lacks on purpose, and those of a debtor that is in Nmbrs only.
NOT_IN_AFAS = {"410", "010", "020"}


@pytest.fixture
def nmbrs() -> World:
    return seed("demo", date(2026, 11, 23))


def test_debtors_and_companies_of_the_office_are_in_nmbrs(nmbrs: World) -> None:
    assert {(number, name) for number, name, _ in DEBTORS} <= {
        (debtor.number, debtor.name) for debtor in nmbrs.debtors.values()
    }
    for employer in EMPLOYERS:
        company = nmbrs.company(employer.number)
        assert (company.name, company.debtor) == (employer.name, employer.debtor)
        assert set(company.cost_centres.items()) == set(employer.cost_centres)
        assert set(company.cost_units.items()) == set(employer.cost_units)


def test_the_demo_is_a_partner_of_nmbrs(nmbrs: World) -> None:
    partner = nmbrs.partners[NMBRS["LOONBRUG_NMBRS_CLIENT_ID"]]
    assert partner.client_secret == NMBRS["LOONBRUG_NMBRS_SECRET"]
    assert nmbrs.subscription_keys == {NMBRS["LOONBRUG_NMBRS_SUBSCRIPTION_KEY"]}


def test_accounts_and_codes_of_the_journals_are_in_afas(nmbrs: World) -> None:
    chart = afas_seeding.seed("demo").environments["12345.resttest"]
    for company in nmbrs.companies.values():
        for run in company.runs.values():
            for transaction in journal_of(company, run, Variant.COST_CENTRE_UNIT):
                for line in transaction.lines:
                    assert not chart.accounts[line.account].blocked
                    centre, unit = line.split.cost_centre, line.split.cost_unit
                    assert not centre or (1, centre) in chart.axis_codes or centre in NOT_IN_AFAS
                    assert not unit or (2, unit) in chart.axis_codes


@pytest.mark.parametrize("variant", Variant)
def test_every_document_is_read_to_the_cent(nmbrs: World, variant: Variant) -> None:
    for company in nmbrs.companies.values():
        for run in company.runs.values():
            written = journal_of(company, run, variant)
            read = read_journal_xml(document(written, variant, company.number))
            assert [transaction.date for transaction in read] == [one.date for one in written]
            assert [
                (
                    line.account,
                    line.cost_centre,
                    line.cost_unit,
                    line.value if line.side == "debit" else -line.value,
                )
                for transaction in read
                for line in transaction.lines
            ] == [
                (line.account, line.split.cost_centre, line.split.cost_unit, line.amount)
                for transaction in written
                for line in transaction.lines
            ]
