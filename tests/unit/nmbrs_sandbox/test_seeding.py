from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product

import pytest

from nmbrs_sandbox.journal import Variant, journal_of
from nmbrs_sandbox.payroll import add_run, recalculate_run
from nmbrs_sandbox.seeding import SeedError, seed
from nmbrs_sandbox.world import Company, Run, RunType, World

TODAY = date(2026, 11, 23)


@pytest.fixture
def world() -> World:
    return seed("demo", TODAY)


def everything(world: World) -> list[tuple[Company, Run]]:
    return [(company, run) for company in world.companies.values() for run in company.runs.values()]


def test_the_same_day_gives_the_same_world_to_the_cent(world: World) -> None:
    again = seed("demo", TODAY)
    assert again == world
    assert [journal_of(c, r, Variant.EMPLOYEE) for c, r in everything(again)] == [
        journal_of(c, r, Variant.EMPLOYEE) for c, r in everything(world)
    ]


def test_a_later_day_has_newer_runs_and_the_normal_ones_of_before_unchanged(world: World) -> None:
    later, now = seed("demo", date(2027, 2, 23)).company("2002"), world.company("2002")
    shared = [
        key
        for key in now.runs.keys() & later.runs.keys()
        if now.runs[key].type is later.runs[key].type is RunType.NORMAL
    ]
    assert max(later.runs)[:2] == (2027, 2)
    assert len(shared) > 15
    for key in shared:
        assert later.runs[key].id == now.runs[key].id
        assert journal_of(later, later.runs[key], Variant.COMPANY) == journal_of(
            now, now.runs[key], Variant.COMPANY
        )


def test_a_run_is_made_a_week_before_its_period_ends() -> None:
    def newest(day: date) -> tuple[int, int, int]:
        return max(seed("demo", day).company("2002").runs)

    assert newest(date(2026, 11, 21)) == (2026, 10, 1)
    assert newest(date(2026, 11, 22)) == (2026, 11, 1)


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 1, 1), date(2027, 1, 3), date(2026, 12, 31)])
def test_any_day_makes_a_world(day: date) -> None:
    world = seed("demo", day)
    assert all(run.created_at.date() <= day for _, run in everything(world))
    assert len(everything(world)) > 100


def test_the_kinds_of_run_and_a_thirteenth_period_are_all_there(world: World) -> None:
    runs = [run for _, run in everything(world)]
    assert {run.type for run in runs} == set(RunType)
    assert {run.locked for run in runs} == {True, False}
    thirteenth = {(c.period_type.value, r.period) for c, r in everything(world) if r.period == 13}
    assert thirteenth == {("month", 13), ("4-weeks", 13)}


def test_a_run_of_two_periods_leaves_the_second_without_one(world: World) -> None:
    company = world.company("2008")
    (double,) = [run for run in company.runs.values() if len(run.periods) == 2]
    assert (double.year, double.period + 1, 1) not in company.runs
    assert len(journal_of(company, double, Variant.COMPANY)) == 2


def test_every_journal_balances_on_each_date_in_every_variant(world: World) -> None:
    for (company, run), variant in product(everything(world), Variant):
        transactions = journal_of(company, run, variant)
        paid = 0 if run.type is RunType.TWK else len(run.periods)
        assert len(transactions) == len(run.corrected) + paid
        for transaction in transactions:
            assert sum(line.amount for line in transaction.lines) == 0
            assert transaction.lines


def test_variants_tell_the_same_totals_by_account(world: World) -> None:
    def totals(company: Company, run: Run, variant: Variant) -> dict[tuple[date, str], object]:
        found: dict[tuple[date, str], object] = {}
        for transaction in journal_of(company, run, variant):
            for line in transaction.lines:
                key = (transaction.date, line.account)
                found[key] = found.get(key, 0) + line.amount  # type: ignore[operator]
        return {key: amount for key, amount in found.items() if amount}

    for company, run in everything(world):
        whole = totals(company, run, Variant.COMPANY)
        assert all(totals(company, run, variant) == whole for variant in Variant)


def test_part_of_the_cost_has_no_cost_centre_where_an_employee_has_none(world: World) -> None:
    company = world.company("2004")
    (transaction,) = journal_of(company, company.run((2026, 12, 1)), Variant.COST_CENTRE)
    wages = {line.split.cost_centre for line in transaction.lines if line.account == "4000"}
    assert wages == {"", "100", "200"}


def test_balance_accounts_have_no_cost_centre(world: World) -> None:
    company = world.company("2001")
    (transaction,) = journal_of(company, company.run((2026, 10, 1)), Variant.COST_CENTRE_UNIT)
    assert {line.split.cost_centre for line in transaction.lines if line.account < "4000"} == {""}


def test_a_correction_can_take_wages_back(world: World) -> None:
    company = replace(world.company("2001"), employees=world.company("2001").employees[:1], runs={})
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    signs = set()
    for period in range(1, 12):
        run = add_run(
            company, year=2026, period=period, type_=RunType.TWK, at=moment, corrected=[(2026, period)]
        )
        (transaction,) = journal_of(company, run, Variant.COMPANY)
        signs |= {line.amount > 0 for line in transaction.lines if line.account == "4000"}
    assert signs == {True, False}


def test_calculating_again_changes_amounts_and_keeps_the_balance(world: World) -> None:
    company = world.company("2001")
    run = company.run((2026, 9, 1))
    before = journal_of(company, run, Variant.COMPANY)
    recalculate_run(company, run)
    after = journal_of(company, run, Variant.COMPANY)
    assert [t.date for t in before] == [t.date for t in after]
    assert all(one.lines != other.lines for one, other in zip(before, after, strict=True))
    assert all(sum(line.amount for line in t.lines) == 0 for t in after)


def test_an_unknown_seed_is_told() -> None:
    with pytest.raises(SeedError, match="demo, empty"):
        seed("other", TODAY)
