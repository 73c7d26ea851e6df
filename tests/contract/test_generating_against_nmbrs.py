"""Generating against the sandbox of Nmbrs, in every mood that it has for journals."""

from datetime import timedelta

import pytest
from tests.contract.test_nmbrs_client_against_sandbox import NOW, Meeting, serving
from tests.integration.nmbrs_runs import ground, in_a_loop, link, run_in_nmbrs
from tests.integration.payroll_office import PayrollOffice, make_office

from loonbrug.connections.nmbrs_clients import Writing
from loonbrug.directory.models import Company, NmbrsCompany
from loonbrug.payroll import queries
from loonbrug.payroll.models import Generation, GenerationState
from loonbrug.payroll.queries import JournalSummary
from loonbrug.workflows import generate
from loonbrug.workflows.check import check_journal
from nmbrs_client.auth import Addresses, Application
from nmbrs_client.transport import AiohttpTransport
from nmbrs_sandbox.calls import Operation
from nmbrs_sandbox.faults import Fault, FaultKind
from nmbrs_sandbox.randomness import SeededRandomness
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.seeding import seed
from nmbrs_sandbox.world import Run

pytestmark = pytest.mark.django_db
#: The company of the sandbox that is the office's bakery, and another one of the same debtor.
BAKERY, GARAGE = "2001", "2002"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(seed("demo", NOW.date()), SeededRandomness("generating"), lambda: NOW)


@pytest.fixture
def office(sandbox: Sandbox) -> PayrollOffice:
    found = make_office()
    for company_id, number in ((found.bakery_id, BAKERY), (found.garage_id, GARAGE)):
        Company.objects.filter(pk=company_id).update(number=number)
    link(found.scope.office_id, found.bakery_id, nmbrs_id=str(sandbox.world.company(BAKERY).id))
    return found


def newest(sandbox: Sandbox, *, corrects: bool = False) -> Run:
    """The newest run of the bakery that corrects earlier periods, or that does not."""
    runs = [run for run in sandbox.world.company(BAKERY).runs.values() if bool(run.corrected) is corrects]
    return max(runs, key=lambda run: (run.year, run.period, run.number))


def asked(office: PayrollOffice, run: Run) -> int:
    """Ask for the journal of a run; its id with us."""
    run_id = run_in_nmbrs(
        office.bakery_id, year=run.year, period=run.period, number=run.number, nmbrs_id=str(run.id)
    )
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    return run_id


def fetch(sandbox: Sandbox, run_id: int) -> Generation:
    """Have it fetched from the sandbox over a real line, where time passes as soon as somebody waits."""

    async def work(write: Writing) -> None:
        async with serving(sandbox) as address, AiohttpTransport(read_timeout=timedelta(seconds=30)) as line:
            client = await _meeting(sandbox, line, address).connected()
            here = ground(write, client, at=NOW)
            await generate.generate(run_id=run_id, ground=here, give_up_after_seconds=60)

    in_a_loop(work)
    return Generation.objects.get()


def _meeting(sandbox: Sandbox, line: AiohttpTransport, address: str) -> Meeting:
    partner = next(iter(sandbox.world.partners.values()))
    application = Application(
        partner.client_id,
        partner.client_secret,
        next(iter(sandbox.world.subscription_keys)),
        "http://127.0.0.1:21099/nmbrs/back",
    )
    return Meeting(sandbox, line, _addresses(address), application)


def _addresses(address: str) -> Addresses:
    return Addresses(
        f"{address}/connect/authorize", f"{address}/connect/token", f"{address}/connect/revocation", address
    )


def journal(office: PayrollOffice) -> JournalSummary:
    (found,) = queries.live_journals(scope=office.scope)
    return found


def test_a_run_with_corrections_is_a_journal_with_an_entry_for_each_date(
    sandbox: Sandbox, office: PayrollOffice
) -> None:
    run = newest(sandbox, corrects=True)
    generation = fetch(sandbox, asked(office, run))
    assert generation.state == GenerationState.DONE
    months = {entry.date.month for entry in journal(office).entries}
    assert months == {run.period, *(period for _, period in run.corrected)}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.TRUNCATED, "nmbrs_document_unusable"),
        (FaultKind.OTHER_COMPANY, "nmbrs_other_company"),
        (FaultKind.TASK_FAILS, "nmbrs_task_failed"),
        (FaultKind.TASK_VANISHES, "nmbrs_task_vanished"),
        (FaultKind.TASK_NEVER_ENDS, "nmbrs_task_never_ended"),
    ],
)
def test_a_journal_that_does_not_come_has_a_name(
    sandbox: Sandbox, office: PayrollOffice, kind: FaultKind, code: str
) -> None:
    sandbox.faults.add(Fault(kind, count=1))
    run_id = asked(office, newest(sandbox))
    generation = fetch(sandbox, run_id)
    assert (generation.state, generation.problems[0]["code"]) == (GenerationState.FAILED, code)
    assert queries.live_journals(scope=office.scope) == ()
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    assert fetch(sandbox, run_id).state == GenerationState.DONE


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.TASK_SLOW, count=1, delay_ms=5000),
        Fault(FaultKind.UTF_16_PROLOG, count=1),
        Fault(FaultKind.UNKNOWN_ELEMENTS, count=1),
        Fault(FaultKind.NEGATIVE_VALUES, count=1),
        Fault(FaultKind.UNAVAILABLE, Operation.DOCUMENTS, count=1),
        Fault(FaultKind.CUT_BEFORE, Operation.DOCUMENTS, count=1),
    ],
    ids=lambda fault: fault.kind,
)
def test_what_can_be_read_after_all_is_the_same_journal(
    sandbox: Sandbox, office: PayrollOffice, fault: Fault
) -> None:
    run_id = asked(office, newest(sandbox))
    fetch(sandbox, run_id)
    first = journal(office)
    sandbox.faults.add(fault)
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    assert fetch(sandbox, run_id).state == GenerationState.DONE
    assert journal(office) == first
    assert queries.offered_of_runs(scope=office.scope, run_ids=[first.run_id]) == {}


def test_a_journal_out_of_balance_is_kept_and_cannot_be_sent(sandbox: Sandbox, office: PayrollOffice) -> None:
    sandbox.faults.add(Fault(FaultKind.UNBALANCED, count=1))
    fetch(sandbox, asked(office, newest(sandbox)))
    checked = check_journal(scope=office.scope, journal_id=journal(office).id)
    assert "entry_not_balanced" in [each.code for each in checked.blocking]


def test_what_the_company_scheme_changes_is_offered(sandbox: Sandbox, office: PayrollOffice) -> None:
    run = newest(sandbox)
    run_id = asked(office, run)
    fetch(sandbox, run_id)
    first = journal(office)
    run.scheme = {"4000": "4001"}
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    fetch(sandbox, run_id)
    assert journal(office) == first
    assert list(queries.offered_of_runs(scope=office.scope, run_ids=[first.run_id])) == [first.run_id]
    assert NmbrsCompany.objects.count() == 1
