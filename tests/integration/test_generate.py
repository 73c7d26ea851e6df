"""Genereren: what comes of asking Nmbrs for the journal of a run."""

from dataclasses import replace
from datetime import datetime

import pytest
from tests.integration.nmbrs_runs import Nmbrs, document, fetch, later, link, run_in_nmbrs
from tests.integration.payroll_office import NOW, PayrollOffice, draft, entry, keep
from tests.integration.sending_office import make_office

from loonbrug.access.models import Office
from loonbrug.access.rights import NotAllowedError
from loonbrug.connections.nmbrs_clients import NotRegisteredError
from loonbrug.directory.models import Company
from loonbrug.mappings.models import Mapping
from loonbrug.payroll import generating, queries
from loonbrug.payroll.generation_queries import GenerationView, runs_of
from loonbrug.payroll.models import Generation, GenerationState, Journal, JournalLife, JournalSource
from loonbrug.payroll.nmbrs_models import NmbrsRun
from loonbrug.payroll.queries import RunIdentity
from loonbrug.payroll.snapshots import JournalFixedError, Origin
from loonbrug.workflows import generate
from loonbrug.workflows.check import check_journal
from nmbrs_client import errors
from nmbrs_client.records import Variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> PayrollOffice:
    found = make_office()
    link(found.scope.office_id, found.bakery_id)
    return found


@pytest.fixture
def run_id(office: PayrollOffice) -> int:
    return run_in_nmbrs(office.bakery_id)


def came(office: PayrollOffice) -> GenerationView:
    run = RunIdentity(office.bakery_id, 2026, 11, 1)
    found = runs_of(scope=office.scope, runs=[run])[run].generation
    assert found
    return found


def generated(
    office: PayrollOffice, run_id: int, answer: bytes | Exception, at: datetime = NOW
) -> GenerationView:
    """Ask for the journal, and have it fetched from a Nmbrs that answers so."""
    generate.ask(scope=office.scope, run_ids=[run_id], now=at)
    fetch(Nmbrs(answer), run_id, at=at)
    return came(office)


def codes(view: GenerationView) -> list[str]:
    return [each.code for each in view.problems]


def lives() -> list[tuple[str, str]]:
    return list(Journal.objects.order_by("pk").values_list("source", "life"))


def test_a_run_gets_its_journal_from_nmbrs_with_the_bytes_as_they_came(
    office: PayrollOffice, run_id: int
) -> None:
    asked = document("1000.00", "200.00")
    view = generated(office, run_id, asked)
    assert view.state is GenerationState.DONE
    assert view.checked_at == NOW
    (journal,) = queries.live_journals(scope=office.scope, company_id=office.bakery_id)
    assert journal.run == RunIdentity(office.bakery_id, 2026, 11, 1)
    assert journal.source is JournalSource.NMBRS
    assert journal.imported_by == office.scope.user_name
    assert [str(each.total_debit) for each in journal.entries] == ["1000.00", "200.00"]
    assert queries.source_bytes(scope=office.scope, journal_id=journal.id) == asked


def test_nmbrs_is_asked_for_the_variant_of_the_mapping(office: PayrollOffice, run_id: int) -> None:
    nmbrs = Nmbrs(document("1"))
    Mapping.objects.update(journal_variant="cost_centre")
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    fetch(nmbrs, run_id)
    assert nmbrs.asked == [("company-1", "run-11-1", Variant.COST_CENTRE, 2026)]


def test_the_same_content_from_file_and_nmbrs_is_one_journal(office: PayrollOffice, run_id: int) -> None:
    first = keep(office, draft(office.bakery_id, entry("1000.00")))
    assert generated(office, run_id, document("1000.00")).state is GenerationState.DONE
    assert lives() == [("file", "live")]
    assert Journal.objects.get().pk == first.journal_id


def test_other_content_is_offered_beside_the_journal_that_is_there(
    office: PayrollOffice, run_id: int
) -> None:
    first = keep(office, draft(office.bakery_id, entry("1000.00")))
    generated(office, run_id, document("1100.00"))
    assert lives() == [("file", "live"), ("nmbrs", "offered")]
    checked = check_journal(scope=office.scope, journal_id=first.journal_id)
    assert [each.code for each in checked.blocking] == ["journal_changed_in_nmbrs"]


def test_what_is_offered_again_is_kept_once_and_what_came_back_is_no_offer(
    office: PayrollOffice, run_id: int
) -> None:
    generated(office, run_id, document("1000.00"))
    generated(office, run_id, document("1100.00"))
    generated(office, run_id, document("1100.00"))
    assert lives() == [("nmbrs", "live"), ("nmbrs", "offered")]
    generated(office, run_id, document("1200.00"))
    assert lives() == [("nmbrs", "live"), ("nmbrs", "replaced"), ("nmbrs", "offered")]
    generated(office, run_id, document("1000.00"))
    assert lives() == [("nmbrs", "live"), ("nmbrs", "replaced"), ("nmbrs", "replaced")]


def test_two_runs_of_a_period_that_nmbrs_shows_are_two_and_need_no_word(
    office: PayrollOffice, run_id: int
) -> None:
    second_id = run_in_nmbrs(office.bakery_id, number=2)
    generated(office, run_id, document("1000.00"))
    generate.ask(scope=office.scope, run_ids=[second_id], now=NOW)
    fetch(Nmbrs(document("50.00")), second_id)
    second = Journal.objects.get(run__number=2)
    assert check_journal(scope=office.scope, journal_id=second.pk).blocking == ()
    NmbrsRun.objects.filter(number=1).update(gone_at=NOW)
    checked = check_journal(scope=office.scope, journal_id=second.pk)
    assert [each.code for each in checked.blocking] == ["second_run_in_period"]


def test_taking_over_puts_the_new_one_in_its_place_and_keeps_the_old(
    office: PayrollOffice, run_id: int
) -> None:
    generated(office, run_id, document("1000.00"))
    generated(office, run_id, document("1100.00"))
    offered = Journal.objects.get(life=JournalLife.OFFERED)
    generate.take_over(scope=office.scope, journal_id=offered.pk, now=NOW)
    assert lives() == [("nmbrs", "replaced"), ("nmbrs", "live")]
    with pytest.raises(JournalFixedError):
        generate.take_over(scope=office.scope, journal_id=offered.pk, now=NOW)


def test_a_journal_of_which_something_was_sent_is_never_taken_over(
    office: PayrollOffice, run_id: int
) -> None:
    generated(office, run_id, document("1000.00"))
    live = Journal.objects.get()
    assert generate.send_once_compared(scope=office.scope, journal_id=live.pk, now=NOW)
    generated(office, run_id, document("1100.00"))
    offered = Journal.objects.get(life=JournalLife.OFFERED)
    with pytest.raises(JournalFixedError) as raised:
        generate.take_over(scope=office.scope, journal_id=offered.pk, now=NOW)
    assert [each.code for each in raised.value.problems] == ["journal_already_sent"]
    assert lives() == [("nmbrs", "live"), ("nmbrs", "offered")]


UNBALANCED = document("1000.00", side="credit")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "nmbrs_document_unusable"),
        (b"<!doctype html><title>Nmbrs</title><p>Even geduld", "nmbrs_document_unusable"),
        (document("1000.00")[:200], "nmbrs_document_unusable"),
        (document("1000.00", office="1002"), "nmbrs_other_company"),
        (errors.TaskNeverEnded("so long"), "nmbrs_task_never_ended"),
        (errors.TaskFailed("failed"), "nmbrs_task_failed"),
        (errors.TaskVanished("gone"), "nmbrs_task_vanished"),
        (errors.ConsentEnded("withdrawn"), "nmbrs_consent_ended"),
        (errors.BadAnswer("html", errors.Form.HTML), "nmbrs_bad_answer"),
        (errors.NotFound("run"), "nmbrs_not_found"),
        (errors.CompanyNotFound("company"), "nmbrs_company_not_found"),
        (errors.Invalid("year"), "nmbrs_invalid"),
        (NotRegisteredError(), "nmbrs_not_registered"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_journal_has_a_name_and_nothing_is_kept_of_it(
    office: PayrollOffice, run_id: int, answer: bytes | Exception, code: str
) -> None:
    debtor_id = Company.objects.get(pk=office.bakery_id).debtor_id
    Company.objects.create(
        office_id=office.scope.office_id, debtor_id=debtor_id, number="1002", name="Garage Van Dam"
    )
    view = generated(office, run_id, answer)
    assert view.state is GenerationState.FAILED
    assert codes(view)[0] == code
    assert not Journal.objects.exists()
    assert generated(office, run_id, document("1000.00"), later(minutes=1)).state is GenerationState.DONE


def test_a_header_that_names_no_other_company_of_ours_is_passed_over(
    office: PayrollOffice, run_id: int
) -> None:
    own = Company.objects.get(pk=office.bakery_id).number
    for named in ("NL-77", own):
        assert generated(office, run_id, document("1", office=named)).state is GenerationState.DONE


def test_a_document_out_of_balance_is_a_journal_that_cannot_be_sent(
    office: PayrollOffice, run_id: int
) -> None:
    assert generated(office, run_id, UNBALANCED).state is GenerationState.DONE
    checked = check_journal(scope=office.scope, journal_id=Journal.objects.get().pk)
    assert "entry_not_balanced" in [each.code for each in checked.blocking]


def test_a_hundred_thousand_lines_are_read_whole_and_too_many_to_send(
    office: PayrollOffice, run_id: int
) -> None:
    line = "<line><dim1>{}</dim1><dim2>{}</dim2><value>1.00</value><debitcredit>{}</debitcredit></line>"
    lines = "".join(line.format(4000 + at % 2, at // 2, ("debit", "credit")[at % 2]) for at in range(100_000))
    head = "<t><transaction><header><date>20261125</date></header><lines>"
    assert (
        generated(office, run_id, f"{head}{lines}</lines></transaction></t>".encode()).state
        is GenerationState.DONE
    )
    (journal,) = queries.live_journals(scope=office.scope)
    assert journal.line_count == 100_000
    checked = check_journal(scope=office.scope, journal_id=journal.id)
    assert "posting_too_long" in [each.code for each in checked.blocking]


@pytest.mark.parametrize(
    "later_error", [errors.TooManyCalls("429"), errors.Unavailable("503"), errors.NoAnswer("cut")]
)
def test_later_is_waited_for_and_after_an_hour_given_up(
    office: PayrollOffice, run_id: int, later_error: Exception
) -> None:
    view = generated(office, run_id, later_error)
    assert view.state is GenerationState.FETCHING
    assert view.waits_for
    assert generate.due(now=NOW) == []
    at = later(hours=1, minutes=10)
    assert generate.due(now=at) == [("generate", run_id)]
    fetch(Nmbrs(later_error), run_id, at=at)
    assert came(office).state is GenerationState.FAILED


def test_a_later_that_is_days_away_ends_the_wait_after_an_hour(office: PayrollOffice, run_id: int) -> None:
    used_up = errors.QuotaExceeded("429", evidence=errors.Evidence(status=429, retry_after=10 * 24 * 3600))
    generated(office, run_id, used_up)
    at = later(hours=1)
    assert generate.due(now=at) == [("generate", run_id)]
    fetch(Nmbrs(used_up), run_id, at=at)
    assert came(office).state is GenerationState.FAILED


def test_who_is_asked_while_another_fetches_does_nothing(office: PayrollOffice, run_id: int) -> None:
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    assert generating.take(run_id=run_id, now=NOW)
    nmbrs = Nmbrs(document("1"))
    fetch(nmbrs, run_id)
    assert nmbrs.asked == []


def test_an_answer_that_comes_after_another_took_the_work_changes_nothing(
    office: PayrollOffice, run_id: int
) -> None:
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    late = generating.take(run_id=run_id, now=NOW)
    assert late
    fetch(Nmbrs(document("1100.00")), run_id, at=NOW + generating.HOLD)
    generating.fail(task=late, problems=[], now=NOW)
    origin = Origin(JournalSource.NMBRS, "late.xml", b"late")
    assert generating.receive(task=late, draft=draft(office.bakery_id), origin=origin, now=NOW) is None
    assert came(office).state is GenerationState.DONE
    assert lives() == [("nmbrs", "live")]


def test_a_company_that_nmbrs_no_longer_shows_is_named(office: PayrollOffice) -> None:
    garage = Company.objects.create(
        office_id=office.scope.office_id,
        debtor_id=Company.objects.get(pk=office.bakery_id).debtor_id,
        number="1002",
        name="Garage",
    )
    run_id = run_in_nmbrs(garage.pk)
    nmbrs = Nmbrs(document("1"))
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    fetch(nmbrs, run_id)
    assert Generation.objects.get().problems[0]["code"] == "nmbrs_company_gone"
    assert nmbrs.asked == []


def test_a_run_by_the_week_is_refused_before_nmbrs_is_asked(office: PayrollOffice) -> None:
    run_id = run_in_nmbrs(office.bakery_id, period=47)
    generate.ask(scope=office.scope, run_ids=[run_id], now=NOW)
    fetch(Nmbrs(document("1")), run_id)
    assert Generation.objects.get().problems[0]["code"] == "run_part_out_of_range"


@pytest.mark.parametrize(
    ("told", "booking_date", "is_said"),
    [
        ("4-weeks", "period_end", True),
        ("month", "period_end", False),
        ("", "day", False),
        ("4-weeks", "document", False),
    ],
)
def test_a_booking_date_by_other_periods_than_those_of_nmbrs_is_said(
    office: PayrollOffice, run_id: int, told: str, booking_date: str, is_said: bool
) -> None:
    generated(office, run_id, document("1000.00"))
    NmbrsRun.objects.update(period_type=told)
    Mapping.objects.update(booking_date=booking_date, booking_day=25)
    checked = check_journal(scope=office.scope, journal_id=Journal.objects.get().pk)
    assert ("payroll_periods_differ" in [each.code for each in checked.problems]) is is_said
    assert checked.can_send


def test_an_open_run_is_said_and_may_be_sent(office: PayrollOffice, run_id: int) -> None:
    generated(office, run_id, document("1000.00"))
    NmbrsRun.objects.update(is_locked=False)
    checked = check_journal(scope=office.scope, journal_id=Journal.objects.get().pk)
    assert "run_not_locked" in [each.code for each in checked.problems]
    assert checked.can_send


def test_asking_needs_the_right_to_write(office: PayrollOffice, run_id: int) -> None:
    with pytest.raises(NotAllowedError):
        generate.ask(scope=replace(office.scope, rights={}), run_ids=[run_id], now=NOW)
    assert not Generation.objects.exists()


def test_another_offices_run_is_not_asked_for(office: PayrollOffice, run_id: int) -> None:
    other = replace(office.scope, office_id=Office.objects.create(name="Zuid").pk)
    assert generate.ask(scope=other, run_ids=[run_id], now=NOW) == 0
    assert not Generation.objects.exists()
