"""Filters, sorting and paging of GetConnectors."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.afas_sandbox.books_to_book_in import NOW, admin, balanced, book, environment

from afas_sandbox.connector_query import parse, select
from afas_sandbox.connectors import get_connectors, rows
from afas_sandbox.messages import Refusal


def ask(connector: str, **parameters: str) -> list[dict[str, Any]]:
    books = environment()
    book(books, balanced("1700", amount="10.50", BpNr="2026-10-A", Ds="Loonheffing"))
    book(books, balanced("1710", amount="7", BpNr="2026-10-B"))
    known = get_connectors()[connector]
    return list(select(known, parse(known, parameters), rows(connector, books, admin(books))))


def accounts(field: str, value: str, operator: str) -> list[str]:
    found = ask("Profit_Accounts", filterfieldids=field, filtervalues=value, operatortypes=operator)
    return [row["Account"] for row in found]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("1", "4000", {"4000"}),
        ("2", "4320", {"4320", "8000"}),
        ("3", "1500", {"1100", "1500"}),
        ("4", "4320", {"8000"}),
        ("5", "1500", {"1100"}),
        ("6", "32", {"4320"}),
        ("10", "80", {"8000"}),
        ("13", "20", {"4020", "4320"}),
        ("15", "4000..4020", {"4000", "4010", "4020"}),
        ("15", "432", {"4320"}),
    ],
)
def test_an_operator_finds_what_it_says(operator: str, value: str, expected: set[str]) -> None:
    assert set(accounts("Account", value, operator)) == expected


@pytest.mark.parametrize(
    ("operator", "opposite", "value"),
    [("1", "7", "4000"), ("6", "11", "32"), ("10", "12", "80"), ("13", "14", "20")],
)
def test_an_operator_and_its_opposite_part_all_rows(operator: str, opposite: str, value: str) -> None:
    one, other = set(accounts("Account", value, operator)), set(accounts("Account", value, opposite))
    assert one
    assert other
    assert one | other == {row["Account"] for row in ask("Profit_Accounts")}
    assert not one & other


def test_empty_and_not_empty_are_operators_of_their_own() -> None:
    assert accounts("VatCode", "", "9") == ["4070"]
    assert "4070" not in accounts("VatCode", "", "8")


def transactions(**parameters: str) -> list[tuple[str, Decimal]]:
    return [(row["AccountNo"], row["AmtDebit"]) for row in ask("Profit_Transactions", **parameters)]


def test_a_comma_binds_stronger_than_a_semicolon() -> None:
    found = transactions(
        filterfieldids="VoucherNo,AccountNo;AccountNo",
        filtervalues="2026-10-A,1700;1710",
        operatortypes="1,1;1",
    )
    assert [account for account, _ in found] == ["1700", "1710"]


def test_numbers_dates_and_flags_compare_by_their_kind() -> None:
    assert transactions(filterfieldids="AmtDebit", filtervalues="9", operatortypes="4") == [
        ("1700", Decimal("10.50"))
    ]
    since = {"filterfieldids": "VoucherDate", "operatortypes": "2"}
    assert len(transactions(**since, filtervalues="2026-10-31T00:00:00")) == 4
    assert transactions(**since, filtervalues="2026-11-01") == []
    assert accounts("Blocked", "true", "1") == accounts("Blocked", "1", "1") == ["2999"]


def test_filterjson_takes_values_with_commas_and_has_and_within_a_filter() -> None:
    one = {"@FieldId": "AccountNo", "@OperatorType": "1", "#text": "1700"}
    other = {"@FieldId": "Description", "@OperatorType": "1", "#text": "Loonheffing"}
    wrong = {"@FieldId": "Description", "@OperatorType": "1", "#text": "a,b;c"}

    def found(*filters: list[dict[str, str]]) -> int:
        text = {"Filters": {"Filter": [{"@FilterId": "F", "Field": fields} for fields in filters]}}
        return len(transactions(filterjson=json.dumps(text)))

    assert (found([one, other]), found([one, wrong]), found([one, wrong], [other])) == (1, 0, 1)


def test_rows_are_sorted_by_several_fields_each_its_own_way() -> None:
    found = ask("Profit_Journals", orderbyfieldids="Description,-UnitId")
    assert [(row["Description"], row["UnitId"]) for row in found][:4] == [
        ("Bank", 1),
        ("Inkoopboek", 1),
        ("Loonjournaal", 5),
        ("Loonjournaal", 4),
    ]


@pytest.mark.parametrize(
    ("skip", "take", "count"),
    [
        ("0", "2", 2),
        ("4", "2", 1),
        ("-1", "-1", 5),
        ("-1", "2", 5),
        ("0", "0", 1),
        ("-7", "3", 3),
        ("x", "2", 2),
    ],
)
def test_pages_are_cut_as_afas_cuts_them(skip: str, take: str, count: int) -> None:
    assert len(ask("Profit_Administrations", skip=skip, take=take)) == count


def test_without_paging_a_hundred_rows_come() -> None:
    assert len(ask("Profit_periods_per_administration")) == 100


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ({"skip": "2", "take": "-1"}, "unexpected"),
        ({"orderbyfieldids": "Nothing"}, "field_unknown"),
        ({"orderbyfieldids": "My.Field"}, "index_field_invalid"),
        ({"filterfieldids": "Account", "filtervalues": "1"}, "unexpected"),
        ({"filterfieldids": "Account", "filtervalues": "1,2", "operatortypes": "1"}, "unexpected"),
        ({"filterfieldids": "Account", "filtervalues": "1", "operatortypes": "16"}, "unexpected"),
        ({"filterfieldids": "Blocked", "filtervalues": "maybe", "operatortypes": "1"}, "unexpected"),
        ({"filterjson": "{"}, "unexpected"),
        ({"filterjson": '{"Filters": []}'}, "unexpected"),
    ],
)
def test_a_wrong_query_is_refused(parameters: dict[str, str], key: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask("Profit_Accounts", **parameters)
    assert refused.value.message.key == key


def test_a_name_in_brackets_is_the_name() -> None:
    assert (
        len(ask("Profit_Accounts", filterfieldids="['Account']", filtervalues="4000", operatortypes="1")) == 1
    )


def test_a_page_that_is_too_large_is_refused() -> None:
    known = get_connectors()["Precal_Administraties"]
    row: dict[str, Any] = {"AdminId": 1, "AdminNm": "x", "AdminCd": None}
    query = parse(known, {"skip": "-1", "take": "-1"})
    assert len(select(known, query, [row] * 49_999)) == 49_999
    with pytest.raises(Refusal):
        select(known, query, [row] * 50_000)


def test_moments_are_amsterdam_time_with_a_z_that_is_not_true() -> None:
    row = ask("Profit_Transactions")[0]
    assert (row["Created"], row["VoucherDate"]) == ("2026-11-23T09:00:00Z", "2026-10-31T00:00:00Z")


def test_empty_fields_are_there_and_null() -> None:
    assert ask("Profit_Transactions")[1]["VoucherNo"] is None


def test_an_empty_number_equals_nothing_and_differs_from_everything() -> None:
    known = get_connectors()["Profit_VAT_code"]
    empty: dict[str, Any] = {field.name: None for field in known.fields}

    def found(operator: str) -> int:
        parameters = {"filterfieldids": "VatPerc", "filtervalues": "21", "operatortypes": operator}
        return len(select(known, parse(known, parameters), [empty]))

    assert [found(operator) for operator in ("1", "7", "2", "3")] == [0, 1, 0, 0]


def test_a_changed_day_shows_its_last_change_in_any_administration() -> None:
    books = environment()
    later = NOW + timedelta(hours=2)
    for unit, at in ((1, later), (2, NOW)):
        books.administrations[unit].changed_days = {date(2026, 10, 31): at}
    assert list(rows("Profit_Fin_ChangedEntrydate", books, admin(books))) == [
        {"EntryDate": date(2026, 10, 31), "Modified": later}
    ]


def test_vat_is_shown_as_allowed_where_an_administration_that_the_user_sees_has_it_ticked() -> None:
    books = environment()

    def allowed(user: str) -> set[Any]:
        found = rows("Profit_Accounts", books, books.users[user])
        return {row["Account"] for row in found if row["VatAllowed"]}

    assert allowed("12345.admin") == {"4070", "8000"}
    assert allowed("12345.beperkt") == {"8000"}
