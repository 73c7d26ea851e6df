"""Mapping companies: checked against what AFAS lists, valid from a period, and kept as evidence."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from pytest_django import Settings
from tests.integration import delivery_office
from tests.integration.afas_office import NOW, AfasOffice, make_office, values
from tests.integration.afas_on_loopback import Afas, running_afas

from loonbrug.access.rights import Level, NotAllowedError, NotFoundError, Part, Scope
from loonbrug.audit.models import Record
from loonbrug.connections import operations as connections
from loonbrug.ledger.dating import BookingDate, Dating
from loonbrug.ledger.description import DescriptionTemplate
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import ProblemsError
from loonbrug.mappings import operations, queries
from loonbrug.mappings.checks import JournalVariant, problems_of
from loonbrug.mappings.queries import MappingView
from loonbrug.workflows import map_company
from loonbrug.workflows.afas_calls import AfasAnswerError

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> AfasOffice:
    return make_office()


@pytest.fixture
def afas(settings: Settings) -> Iterator[Afas]:
    with running_afas() as running:
        settings.AFAS_URL = running.template
        yield running


@pytest.fixture
def mapped(office: AfasOffice, afas: Afas) -> MappingView:
    account = office.authorised()
    return map_company.save_mapping(
        scope=office.scope, company_id=office.bakery_id, values=values(account.id), now=NOW
    )


def refused(raised: pytest.ExceptionInfo[ProblemsError]) -> list[tuple[str, str]]:
    return [(each.place.field, each.code) for each in raised.value.problems]


def test_a_mapping_takes_the_administrations_name_from_afas(mapped: MappingView, office: AfasOffice) -> None:
    assert mapped.administration_name == "Bakkerij Van Dam"
    assert queries.for_company(scope=office.scope, company_id=office.bakery_id) == mapped
    assert queries.for_company(scope=office.scope, company_id=office.garage_id) is None
    assert queries.all_mappings(scope=office.scope) == (mapped,)
    assert queries.all_mappings(scope=office.scope, connection_id=mapped.connection_id + 1) == ()
    assert Record.objects.filter(verb="mapping_added", subject_id=mapped.id).exists()


def test_its_rules_are_the_ledgers(mapped: MappingView) -> None:
    rules = mapped.rules
    assert (rules.cost_centre_axis, rules.cost_unit_axis) == (1, 2)
    assert rules.allocates("4000")
    assert not rules.allocates("1600")


@pytest.mark.parametrize(
    ("year", "period", "covered"), [(2026, 9, False), (2026, 10, True), (2025, 12, False), (2027, 1, True)]
)
def test_what_lies_before_the_start_period_is_not_covered(
    mapped: MappingView, year: int, period: int, covered: bool
) -> None:
    assert mapped.covers(year=year, period=period) is covered


def test_as_used_is_plain_json_with_everything_that_was_chosen(mapped: MappingView) -> None:
    evidence = json.loads(json.dumps(queries.as_used(mapped)))
    assert evidence["administration"] == 1
    assert evidence["journal_code"] == "90"
    assert evidence["period_rule"] == "month"
    assert set(evidence) >= set(asdict(mapped.values))


def test_everything_wrong_is_told_at_once(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    wrong = values(
        account.id,
        administration=9,
        journal_code="LOON 26",
        cost_unit_axis=1,
        balance_pattern="[0-3",
        valid_from_year=26,
        valid_from_period=13,
    )
    with pytest.raises(ProblemsError) as raised:
        map_company.save_mapping(scope=office.scope, company_id=office.bakery_id, values=wrong, now=NOW)
    assert set(refused(raised)) == {
        ("administration", "administration_unknown"),
        ("journal_code", "journal_code_format"),
        ("cost_unit_axis", "axes_equal"),
        ("balance_pattern", "pattern_format"),
        ("valid_from_year", "year_range"),
        ("valid_from_period", "period_range"),
    }


def test_a_four_weekly_year_has_thirteen_periods(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    chosen = values(account.id, payroll_periods=PeriodRule.FOUR_WEEKS, valid_from_period=13)
    made = map_company.save_mapping(scope=office.scope, company_id=office.bakery_id, values=chosen, now=NOW)
    assert made.valid_from == (2026, 13)


def test_what_was_chosen_of_booking_comes_back_and_makes_the_rules(office: AfasOffice, afas: Afas) -> None:
    account = office.authorised()
    chosen = values(
        account.id,
        administration_name="Bakkerij Van Dam",
        journal_variant=JournalVariant.COST_CENTRE_AND_UNIT,
        payroll_periods=PeriodRule.FOUR_WEEKS,
        booking_date=BookingDate.DAY,
        booking_day=25,
        thirteenth_at_year_end=True,
        description_template="Loon {periode}",
    )
    made = map_company.save_mapping(scope=office.scope, company_id=office.bakery_id, values=chosen, now=NOW)
    assert queries.mapping(scope=office.scope, mapping_id=made.id).values == chosen
    assert made.rules.dating == Dating(BookingDate.DAY, 25, PeriodRule.FOUR_WEEKS, True)
    assert made.rules.description_template == DescriptionTemplate("Loon {periode}")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"journal_variant": JournalVariant.COMPANY}, "journal_variant", "variant_without_cost_centre"),
        ({"journal_variant": JournalVariant.COST_CENTRE}, "journal_variant", "variant_without_cost_unit"),
        ({"booking_date": BookingDate.DAY}, "booking_day", "booking_day_range"),
        ({"booking_date": BookingDate.DAY, "booking_day": 32}, "booking_day", "booking_day_range"),
        ({"description_template": "{salaris}"}, "description_template", "template_placeholder"),
        ({"description_template": "{run"}, "description_template", "template_braces"),
        ({"description_template": "x" * 121}, "description_template", "template_too_long"),
    ],
)
def test_a_choice_of_booking_that_cannot_be_is_said_at_its_field(
    changes: dict[str, object], field: str, code: str
) -> None:
    assert (field, code) in [(each.place.field, each.code) for each in problems_of(values(1, **changes))]


def test_a_default_code_makes_up_for_a_variant_without_codes() -> None:
    chosen = values(
        1, journal_variant=JournalVariant.COMPANY, default_cost_centre="100", default_cost_unit="P01"
    )
    assert problems_of(chosen) == []


@pytest.mark.parametrize(
    ("code", "problem"), [("77", "journal_code_unknown"), ("91", "journal_code_blocked")]
)
def test_a_journal_that_afas_does_not_offer_is_refused(
    office: AfasOffice, afas: Afas, code: str, problem: str
) -> None:
    account = office.authorised()
    chosen = values(account.id, journal_code=code)
    with pytest.raises(ProblemsError) as raised:
        map_company.save_mapping(scope=office.scope, company_id=office.bakery_id, values=chosen, now=NOW)
    assert refused(raised) == [("journal_code", problem)]


def test_without_a_list_of_journals_any_code_is_taken(office: AfasOffice, afas: Afas) -> None:
    afas.get_connectors.remove("Profit_Journals")
    account = office.authorised()
    chosen = values(account.id, journal_code="77")
    made = map_company.save_mapping(scope=office.scope, company_id=office.bakery_id, values=chosen, now=NOW)
    assert made.journal_code == "77"


def test_a_company_is_mapped_once(mapped: MappingView, office: AfasOffice) -> None:
    again = values(mapped.connection_id, administration=2)
    with pytest.raises(ProblemsError) as raised:
        map_company.save_mapping(scope=office.scope, company_id=office.bakery_id, values=again, now=NOW)
    assert refused(raised) == [("company", "company_is_mapped")]
    with pytest.raises(ProblemsError):
        operations.add_mapping(office_id=office.office.pk, company_id=office.bakery_id, values=again, now=NOW)


def test_a_change_of_rules_does_not_need_afas(mapped: MappingView, office: AfasOffice, afas: Afas) -> None:
    afas.tokens_work = False
    afas.get_connectors.clear()
    other = replace(mapped.values, administration_name="", default_cost_centre="100")
    changed = map_company.change_mapping(scope=office.scope, mapping_id=mapped.id, values=other, now=NOW)
    assert changed.values.default_cost_centre == "100"
    assert changed.administration_name == "Bakkerij Van Dam"


def test_a_change_of_administration_is_checked_with_afas(
    mapped: MappingView, office: AfasOffice, afas: Afas
) -> None:
    afas.get_connectors.remove("Profit_Journals")
    connections.record_capabilities(
        office_id=office.office.pk,
        connection_id=mapped.connection_id,
        get_connectors=afas.get_connectors,
        update_connectors=afas.update_connectors,
        environment_code="T12345AA",
        token_expiry="0",
        now=NOW,
    )
    other = replace(mapped.values, administration=2)
    changed = map_company.change_mapping(scope=office.scope, mapping_id=mapped.id, values=other, now=NOW)
    assert changed.administration_name == "Van Dam Vastgoed"
    afas.get_connectors.clear()
    with pytest.raises(AfasAnswerError):
        map_company.change_mapping(
            scope=office.scope, mapping_id=mapped.id, values=replace(other, administration=1), now=NOW
        )
    assert queries.mapping(scope=office.scope, mapping_id=mapped.id).administration == 2


def test_a_mapping_stays_while_an_entry_is_under_way() -> None:
    sending = delivery_office.make_office()
    mapping = operations.add_mapping(
        office_id=sending.scope.office_id,
        company_id=sending.company.pk,
        values=values(sending.connection_id),
        now=NOW,
    )
    sending.queue()
    with pytest.raises(ProblemsError, match="mapping_in_use"):
        map_company.remove_mapping(scope=sending.scope, mapping_id=mapping.id, now=NOW)
    sending.start()
    (claim,) = sending.claim()
    sending.answer(claim.claim_id, delivery_office.BOOKED)
    map_company.remove_mapping(scope=sending.scope, mapping_id=mapping.id, now=NOW)
    assert queries.all_mappings(scope=sending.scope) == ()


def test_an_account_that_is_not_authorised_maps_nothing(office: AfasOffice, afas: Afas) -> None:
    with pytest.raises(ProblemsError, match="account_not_ready"):
        map_company.administrations(scope=office.scope, connection_id=office.account.id)
    with pytest.raises(ProblemsError, match="account_not_ready"):
        map_company.save_mapping(
            scope=office.scope, company_id=office.bakery_id, values=values(office.account.id), now=NOW
        )


def test_companies_and_mappings_of_another_office_do_not_exist_here(
    mapped: MappingView, office: AfasOffice, afas: Afas
) -> None:
    other = make_office("Kantoor Zuid")
    with pytest.raises(NotFoundError):
        map_company.save_mapping(
            scope=office.scope, company_id=other.bakery_id, values=values(mapped.connection_id), now=NOW
        )
    with pytest.raises(NotFoundError):
        map_company.remove_mapping(scope=other.scope, mapping_id=mapped.id, now=NOW)
    with pytest.raises(NotFoundError):
        map_company.save_mapping(
            scope=other.scope, company_id=other.bakery_id, values=values(mapped.connection_id), now=NOW
        )
    assert queries.for_company(scope=other.scope, company_id=office.bakery_id) is None


def test_reading_mappings_does_not_allow_changing_them(mapped: MappingView, office: AfasOffice) -> None:
    reader = Scope(office.office.pk, None, "Bas", {Part.MAPPINGS: Level.READ})
    assert queries.all_mappings(scope=reader) == (mapped,)
    with pytest.raises(NotAllowedError):
        map_company.remove_mapping(scope=reader, mapping_id=mapped.id, now=NOW)
    with pytest.raises(NotAllowedError):
        map_company.change_mapping(scope=reader, mapping_id=mapped.id, values=mapped.values, now=NOW)
    nobody = Scope(office.office.pk, None, "Chris", {})
    with pytest.raises(NotAllowedError):
        queries.all_mappings(scope=nobody)
