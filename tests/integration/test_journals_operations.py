"""Journals are snapshots: one live per run, never doubled, replaced and withdrawn only while not sent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.integration.payroll_office import NOW, PayrollOffice, draft, entry, keep, make_office

from loonbrug.access.rights import Level, NotAllowedError, NotFoundError
from loonbrug.audit.models import Record
from loonbrug.ledger.entry import Entry, Line
from loonbrug.payroll import conflicts, operations, queries
from loonbrug.payroll.models import Journal, JournalLife, PayrollRun
from loonbrug.payroll.operations import (
    ImportRefusedError,
    JournalFixedError,
    NothingToConfirmError,
)
from loonbrug.payroll.queries import Fate, RunIdentity

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> PayrollOffice:
    return make_office()


def codes(problems: object) -> list[str]:
    return [found.code for found in problems]  # type: ignore[attr-defined]


def test_a_journal_comes_back_as_it_went_in(office: PayrollOffice) -> None:
    entries = (entry("12.10", cost_centre="007"), entry("0.05", day=30))

    kept = keep(office, draft(office.bakery_id, *entries))

    journal = queries.journal(scope=office.scope, journal_id=kept.journal_id)
    assert journal.entries == entries
    assert journal.run == RunIdentity(office.bakery_id, 2026, 11, 1)
    assert (journal.life, journal.imported_by, journal.imported_at) == ("live", "Anna de Vries", NOW)
    assert queries.source_bytes(scope=office.scope, journal_id=kept.journal_id) == b"the file"
    summary = queries.summary(scope=office.scope, journal_id=kept.journal_id)
    assert (summary.line_count, summary.total_debit, summary.total_credit) == (
        4,
        Decimal("12.15"),
        Decimal("12.15"),
    )


def test_the_same_content_for_the_same_run_is_said_not_doubled(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))

    again = keep(office, draft(office.bakery_id))

    assert (again.fate, again.journal_id) == (Fate.SAME, first.journal_id)
    assert Journal.objects.count() == 1


def test_other_content_takes_the_place_only_when_asked(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))

    with pytest.raises(ImportRefusedError) as refused:
        keep(office, draft(office.bakery_id, entry("2000.00")))
    second = keep(office, draft(office.bakery_id, entry("2000.00")), replace=True)

    assert codes(refused.value.problems) == ["run_has_other_journal"]
    assert queries.journal(scope=office.scope, journal_id=first.journal_id).life is JournalLife.REPLACED
    assert second.fate is Fate.DIFFERS
    history = queries.history(
        scope=office.scope,
        run_id=queries.summary(scope=office.scope, journal_id=second.journal_id).run_id,
    )
    assert [journal.id for journal in history] == [second.journal_id, first.journal_id]


def test_a_sent_journal_is_never_replaced(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))

    with pytest.raises(ImportRefusedError) as refused:
        keep(office, draft(office.bakery_id, entry("2.00")), replace=True, sent=(first.journal_id,))

    assert codes(refused.value.problems) == ["run_already_sent"]
    assert queries.journal(scope=office.scope, journal_id=first.journal_id).life is JournalLife.LIVE


def test_one_refused_draft_keeps_all_others_out(office: PayrollOffice) -> None:
    keep(office, draft(office.bakery_id))

    with pytest.raises(ImportRefusedError):
        keep(office, draft(office.garage_id), draft(office.bakery_id, entry("2.00")))

    assert queries.live_journals(scope=office.scope, company_id=office.garage_id) == ()


def test_a_file_that_holds_a_run_twice_is_refused(office: PayrollOffice) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        keep(office, draft(office.bakery_id), draft(office.bakery_id, entry("3.00")))

    assert codes(refused.value.problems) == ["run_twice_in_file"]
    assert PayrollRun.objects.count() == 0


def test_a_second_run_in_the_period_waits_for_a_person(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))
    second = keep(office, draft(office.bakery_id, entry("50.00"), number=2))

    assert conflicts.conflicts(scope=office.scope, journal_id=first.journal_id) == ()
    (found,) = conflicts.conflicts(scope=office.scope, journal_id=second.journal_id)
    assert (found.code, found.severity) == ("second_run_in_period", "confirm")

    for _ in range(2):  # a double click
        operations.confirm(
            scope=office.scope,
            journal_id=second.journal_id,
            code=found.code,
            other_journal_id=first.journal_id,
            now=NOW,
        )
    assert conflicts.conflicts(scope=office.scope, journal_id=second.journal_id) == ()


def test_the_same_content_in_another_period_of_the_company_waits_for_a_person(office: PayrollOffice) -> None:
    keep(office, draft(office.bakery_id, period=10))
    twin = keep(office, draft(office.bakery_id, period=11))
    elsewhere = keep(office, draft(office.garage_id, period=11))

    found = conflicts.conflicts(scope=office.scope, journal_id=twin.journal_id)
    assert codes(found) == ["same_content_as_other_run"]
    assert conflicts.conflicts(scope=office.scope, journal_id=elsewhere.journal_id) == ()


def test_a_confirmation_of_one_conflict_leaves_the_other(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))
    twin = keep(office, draft(office.bakery_id, number=2))

    operations.confirm(
        scope=office.scope,
        journal_id=twin.journal_id,
        code="second_run_in_period",
        other_journal_id=first.journal_id,
        now=NOW,
    )

    left = conflicts.conflicts(scope=office.scope, journal_id=twin.journal_id)
    assert codes(left) == ["same_content_as_other_run"]


def test_a_confirmation_about_one_journal_leaves_another(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id, entry("1.00")))
    second = keep(office, draft(office.bakery_id, entry("2.00"), number=2))
    third = keep(office, draft(office.bakery_id, entry("3.00"), number=3))

    operations.confirm(
        scope=office.scope,
        journal_id=third.journal_id,
        code="second_run_in_period",
        other_journal_id=first.journal_id,
        now=NOW,
    )

    (left,) = conflicts.conflicts(scope=office.scope, journal_id=third.journal_id)
    assert dict(left.params)["other"] == str(second.journal_id)


def test_what_is_no_conflict_cannot_be_confirmed(office: PayrollOffice) -> None:
    alone = keep(office, draft(office.bakery_id))

    with pytest.raises(NothingToConfirmError):
        operations.confirm(
            scope=office.scope,
            journal_id=alone.journal_id,
            code="second_run_in_period",
            other_journal_id=999,
            now=NOW,
        )


def test_a_withdrawn_journal_makes_room_and_cannot_be_withdrawn_again(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))

    operations.withdraw(scope=office.scope, journal_id=first.journal_id, now=NOW)

    with pytest.raises(JournalFixedError) as refused:
        operations.withdraw(scope=office.scope, journal_id=first.journal_id, now=NOW)
    assert codes(refused.value.problems) == ["journal_not_live"]
    assert queries.live_journals(scope=office.scope) == ()
    assert keep(office, draft(office.bakery_id)).fate is Fate.NEW


def test_a_sent_journal_cannot_be_withdrawn(office: PayrollOffice) -> None:
    first = keep(office, draft(office.bakery_id))

    with pytest.raises(JournalFixedError):
        operations.withdraw(scope=office.scope, journal_id=first.journal_id, now=NOW, sent={first.journal_id})


def test_nothing_is_done_without_the_right_to_write() -> None:
    reader = make_office(level=Level.READ)

    with pytest.raises(NotAllowedError):
        keep(reader, draft(reader.bakery_id))
    with pytest.raises(NotAllowedError):
        operations.withdraw(scope=reader.scope, journal_id=1, now=NOW)


def test_another_office_finds_nothing(office: PayrollOffice) -> None:
    kept = keep(office, draft(office.bakery_id))
    other = make_office("Ander kantoor")

    for look in (queries.journal, queries.summary, queries.source_bytes, conflicts.conflicts):
        with pytest.raises(NotFoundError):
            look(scope=other.scope, journal_id=kept.journal_id)
    assert queries.live_journals(scope=other.scope) == ()
    with pytest.raises(NotFoundError):
        operations.withdraw(scope=other.scope, journal_id=kept.journal_id, now=NOW)


def test_runs_are_listed_newest_first_and_per_period(office: PayrollOffice) -> None:
    for period, number in ((1, 1), (12, 1), (12, 2), (2, 1)):
        keep(office, draft(office.bakery_id, entry(f"{period}.0{number}"), period=period, number=number))

    journals = queries.live_journals(scope=office.scope, company_id=office.bakery_id, year=2026)
    december = queries.live_journals(scope=office.scope, company_id=office.bakery_id, year=2026, period=12)

    assert [(each.run.period, each.run.number) for each in journals] == [(12, 2), (12, 1), (2, 1), (1, 1)]
    assert len(december) == 2
    assert queries.years(scope=office.scope, company_id=office.bakery_id) == (2026,)


def test_codes_of_withdrawn_journals_are_not_in_use(office: PayrollOffice) -> None:
    keep(office, draft(office.bakery_id, entry(cost_centre="100")))
    gone = keep(office, draft(office.bakery_id, entry("1.00", cost_centre="200"), number=2))
    operations.withdraw(scope=office.scope, journal_id=gone.journal_id, now=NOW)

    used = queries.codes_in_use(scope=office.scope, company_id=office.bakery_id)

    assert (used.cost_centres, used.cost_units) == ({"100"}, set())


def test_who_did_what_is_kept_without_amounts(office: PayrollOffice) -> None:
    kept = keep(office, draft(office.bakery_id, entry("4321.00")))
    operations.withdraw(scope=office.scope, journal_id=kept.journal_id, now=NOW)

    records = list(Record.objects.order_by("id").values_list("verb", "subject_id", "user_name", "details"))
    assert [record[:3] for record in records] == [
        ("journal.imported", kept.journal_id, "Anna de Vries"),
        ("journal.withdrawn", kept.journal_id, "Anna de Vries"),
    ]
    assert "4321" not in str(records)


def test_a_thousand_lines_are_read_as_they_were_kept(office: PayrollOffice) -> None:
    lines = tuple(
        Line(f"4{at % 100:03}", Decimal(at) / 100, Decimal(0), f"{at % 20:03}", "", "Bruto lonen")
        for at in range(1000)
    )
    kept = keep(office, draft(office.bakery_id, Entry(entry().date, lines)))

    journal = queries.journal(scope=office.scope, journal_id=kept.journal_id)

    assert journal.entries[0].lines == lines


def test_an_upload_is_seen_by_its_user_only_and_is_gone_after_a_day(office: PayrollOffice) -> None:
    def upload(hours: int) -> int:
        return operations.keep_upload(
            scope=office.scope,
            company_id=office.bakery_id,
            name="a.csv",
            data=b"x",
            year=2026,
            period=None,
            run=3,
            now=NOW + timedelta(hours=hours),
        )

    first, second = upload(0), upload(2)
    seen = queries.upload(scope=office.scope, upload_id=first)
    assert (seen.name, seen.data, seen.year, seen.period, seen.run) == ("a.csv", b"x", 2026, None, 3)
    with pytest.raises(NotFoundError):
        queries.upload(scope=make_office("Ander kantoor").scope, upload_id=first)

    upload(25)
    with pytest.raises(NotFoundError):
        queries.upload(scope=office.scope, upload_id=first)
    operations.drop_upload(scope=make_office("Derde kantoor").scope, upload_id=second)
    assert queries.upload(scope=office.scope, upload_id=second).id == second
    operations.drop_upload(scope=office.scope, upload_id=second)
    with pytest.raises(NotFoundError):
        queries.upload(scope=office.scope, upload_id=second)
