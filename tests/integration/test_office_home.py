"""The first page of an office counts what there is to do, and nothing of anybody else."""

import datetime
from collections.abc import Callable

import pytest
from tests.integration.nmbrs_runs import run_in_nmbrs
from tests.integration.two_offices import OfficeWithAll

from loonbrug.access.rights import Level, Part, Scope
from loonbrug.connections.models import Connection
from loonbrug.delivery.models import Delivery
from loonbrug.delivery.states import ENDED, State
from loonbrug.directory.models import Company, Debtor
from loonbrug.mappings.models import Mapping
from loonbrug.payroll.models import Journal, JournalEntry
from loonbrug.screens.office_home import OfficeHome, SetUpStep, office_home

MONTH = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def home(scope: Scope) -> OfficeHome:
    return office_home(scope=scope, month_start=MONTH)


def counts(scope: Scope) -> tuple[int, ...]:
    screen = home(scope)
    assert screen.to_send
    assert screen.attention
    assert screen.doubt
    return screen.to_send.count, screen.attention.count, screen.doubt.count, screen.booked_this_month or 0


def blocked(scope: Scope) -> int:
    pile = home(scope).blocked
    assert pile
    assert len(pile.first) == pile.count
    return pile.count


def put(delivery_id: int, *states: State) -> None:
    for state in states:
        Delivery.objects.filter(id=delivery_id).update(
            state=state, is_ended=state in ENDED, entry_number="5789"
        )


def test_a_journal_counts_once_wherever_its_delivery_is(noord: OfficeWithAll, zuid: OfficeWithAll) -> None:
    scope, delivery_id = noord.manager.scope, noord.ids["delivery_id"]
    assert counts(scope) == (0, 0, 0, 0)
    put(delivery_id, State.SENDING, State.REJECTED)
    assert counts(scope) == (0, 1, 0, 0)
    put(delivery_id, State.QUEUED, State.SENDING, State.IN_DOUBT)
    assert counts(scope) == (0, 0, 1, 0)
    put(delivery_id, State.UNDECIDED)
    assert counts(scope) == (0, 1, 0, 0)
    put(delivery_id, State.CANCELLED)
    assert counts(scope) == (0, 0, 0, 0)
    assert blocked(scope) == 1
    Connection.objects.update(state="authorised", token_ciphertext=b"kept")
    assert counts(scope) == (1, 0, 0, 0)
    assert blocked(scope) == 0
    assert counts(zuid.manager.scope) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("state", "queue"), [(State.REJECTED, "person"), (State.UNDECIDED, "person"), (State.IN_DOUBT, "doubt")]
)
def test_a_count_is_that_of_the_list_it_leads_to(noord: OfficeWithAll, state: State, queue: str) -> None:
    put(noord.ids["delivery_id"], State.SENDING, State.IN_DOUBT, state)
    other = Delivery.objects.get(pk=noord.ids["delivery_id"])
    other.pk, other.ordinal, other.voucher_number = None, 2, "202611-other"
    other.save(force_insert=True)
    screen = home(noord.manager.scope)
    assert screen.attention
    assert screen.doubt
    assert {"person": screen.attention.count, "doubt": screen.doubt.count} == {"person": 0, "doubt": 0} | {
        queue: 2
    }
    browser = noord.manager.browser()
    assert f'href="/deliveries/?queue={queue}"' in browser.get("/").content.decode()
    listed = browser.get(f"/deliveries/?queue={queue}").content.decode()
    assert listed.count('<th scope="row">') == 2


def test_what_was_booked_before_this_month_is_not_counted(noord: OfficeWithAll) -> None:
    put(noord.ids["delivery_id"], State.SENDING, State.BOOKED)
    assert counts(noord.manager.scope) == (0, 0, 0, 1)
    Delivery.objects.update(changed_at=MONTH - datetime.timedelta(seconds=1))
    assert counts(noord.manager.scope) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "block",
    [
        lambda: Company.objects.update(is_test=True),
        lambda: Debtor.objects.update(is_blocked=True),
        lambda: Mapping.objects.all().delete(),
        lambda: Mapping.objects.update(valid_from_year=2099),
        lambda: JournalEntry.objects.update(total_debit=1, total_credit=2),
    ],
    ids=["test company", "debtor", "no mapping", "start period", "not balanced"],
)
def test_what_may_not_be_sent_is_shown_as_blocked(noord: OfficeWithAll, block: Callable[[], object]) -> None:
    put(noord.ids["delivery_id"], State.CANCELLED)
    Connection.objects.update(state="authorised", token_ciphertext=b"kept")
    assert blocked(noord.manager.scope) == 0
    block()
    assert counts(noord.manager.scope) == (0, 0, 0, 0)
    assert blocked(noord.manager.scope) == 1
    assert "1 is geblokkeerd" in noord.manager.browser().get("/").content.decode()


def test_who_may_not_see_journals_or_accounts_sees_none_of_them(noord: OfficeWithAll) -> None:
    blind = Scope(noord.manager.scope.office_id, None, "X", {Part.DIRECTORY: Level.READ})
    screen = home(blind)
    assert (screen.to_send, screen.attention, screen.doubt, screen.connections) == (None,) * 4


def test_the_steps_tell_how_far_setting_up_has_come(noord: OfficeWithAll) -> None:
    screen = home(noord.manager.scope)
    assert [step for step, done in screen.steps if not done] == [SetUpStep.AUTHORISED]
    page = noord.manager.browser().get("/").content.decode()
    assert "Van een leeg kantoor naar de eerste geboekte journaalpost" in page
    assert "Nog niet geautoriseerd" in page


def second_journal(noord: OfficeWithAll, *, number: int, period: int, content: str) -> None:
    """Another journal of the company whose first one can be sent."""
    put(noord.ids["delivery_id"], State.CANCELLED)
    Connection.objects.update(state="authorised", token_ciphertext=b"kept")
    journal = Journal.objects.select_related("run").get(pk=noord.ids["journal_id"])
    run, journal.pk = journal.run, None
    run.pk, run.number, run.period = None, number, period
    run.save(force_insert=True)
    journal.run, journal.content_hash = run, content or journal.content_hash
    journal.save(force_insert=True)


@pytest.mark.parametrize(
    ("number", "period", "content", "is_blocked"),
    [(2, 11, "other", True), (2, 12, "", True), (2, 12, "other", False)],
    ids=["second run in the period", "same content", "another period"],
)
def test_what_a_person_has_to_confirm_is_not_shown_as_ready(
    noord: OfficeWithAll, number: int, period: int, content: str, is_blocked: bool
) -> None:
    second_journal(noord, number=number, period=period, content=content)
    scope = noord.manager.scope
    assert (counts(scope)[0], blocked(scope)) == ((1, 1) if is_blocked else (2, 0))


@pytest.mark.parametrize(("shown", "ready"), [([1, 2], 2), ([1], 1), ([2], 1)])
def test_two_runs_of_a_period_that_nmbrs_shows_are_two(
    noord: OfficeWithAll, shown: list[int], ready: int
) -> None:
    second_journal(noord, number=2, period=11, content="other")
    for number in shown:
        run_in_nmbrs(Journal.objects.get(pk=noord.ids["journal_id"]).run.company_id, number=number)
    assert counts(noord.manager.scope)[0] == ready


def test_what_needs_attention_leads_to_all_of_it(noord: OfficeWithAll) -> None:
    browser = noord.manager.browser()
    address = 'href="/deliveries/?queue=person"'
    assert address not in browser.get("/").content.decode()
    put(noord.ids["delivery_id"], State.SENDING, State.REJECTED)
    assert address in browser.get("/").content.decode()
    company = Company.objects.get(id=noord.ids["company_id"])
    assert company.name in browser.get("/deliveries/?queue=person").content.decode()
