"""Questions to a GetConnector, and how their answers are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afas_client.get_connector import (
    QUERY_LIMIT,
    Condition,
    Operator,
    Query,
    QueryTooLong,
    all_of,
    local_moment,
    moment_text,
    query_string,
    rows,
)


def asked(query: Query) -> dict[str, str]:
    text = query_string(query)
    assert text.startswith("?")
    return {name: values[0] for name, values in parse_qs(text[1:], strict_parsing=True).items()}


def test_a_query_without_conditions_asks_for_a_page_only() -> None:
    assert asked(Query(skip=200, take=50)) == {"skip": "200", "take": "50"}


def test_commas_mean_and_while_semicolons_mean_or() -> None:
    query = Query(
        where=(
            (Condition("UnitId", Operator.EQUAL, "3"), Condition("VoucherNo", Operator.EQUAL, "A-1")),
            (Condition("Year", Operator.AT_LEAST, "2026"),),
        ),
        order_by=("EntryNo", "-SeqNo"),
    )
    assert asked(query) == {
        "skip": "0",
        "take": "100",
        "orderbyfieldids": "EntryNo,-SeqNo",
        "filterfieldids": "UnitId,VoucherNo;Year",
        "filtervalues": "3,A-1;2026",
        "operatortypes": "1,1;2",
    }


@pytest.mark.parametrize("value", ["Jansen, Piet", "a;b"])
def test_a_value_with_a_comma_or_semicolon_goes_as_json(value: str) -> None:
    got = asked(Query(where=all_of(Condition("Description", Operator.CONTAINS, value))))
    assert "filtervalues" not in got
    assert json.loads(got["filterjson"]) == {
        "Filters": {
            "Filter": [
                {
                    "@FilterId": "Filter 1",
                    "Field": [{"@FieldId": "Description", "@OperatorType": "6", "#text": value}],
                }
            ]
        }
    }


def test_a_field_with_a_special_sign_is_put_between_brackets() -> None:
    query = Query(where=all_of(Condition("Adm.nr", Operator.EQUAL, "1")), order_by=("-Adm.nr",))
    assert asked(query)["filterfieldids"] == "['Adm.nr']"
    assert asked(query)["orderbyfieldids"] == "-['Adm.nr']"


@pytest.mark.parametrize("operator", [Operator.EMPTY, Operator.NOT_EMPTY])
def test_asking_for_emptiness_still_gives_a_value(operator: Operator) -> None:
    assert asked(Query(where=all_of(Condition("Blocked", operator))))["filtervalues"] == '""'


def test_there_are_fifteen_operators() -> None:
    assert [operator.value for operator in Operator] == list(range(1, 16))


def test_a_query_at_the_limit_passes_and_one_sign_more_is_refused() -> None:
    def query(length: int) -> Query:
        return Query(where=all_of(Condition("Ds", Operator.EQUAL, "x" * length)))

    room = QUERY_LIMIT - len(query_string(query(0)))
    assert len(query_string(query(room))) == QUERY_LIMIT
    with pytest.raises(QueryTooLong, match="2050"):
        query_string(query(room + 1))


@given(value=st.text(min_size=1, max_size=60).filter(lambda text: not set(text) & set(",;")))
def test_every_value_arrives_as_it_was_given(value: str) -> None:
    try:
        query = Query(where=all_of(Condition("Ds", Operator.EQUAL, value)))
        assert asked(query)["filtervalues"] == value
    except UnicodeEncodeError:
        assert any(0xD800 <= ord(sign) <= 0xDFFF for sign in value)


def test_the_next_page_starts_where_this_one_ends() -> None:
    assert Query(skip=100, take=50).next_page() == Query(skip=150, take=50)


def test_the_z_behind_a_moment_is_ignored() -> None:
    assert local_moment("2026-11-30T00:00:00Z") == datetime(2026, 11, 30)  # noqa: DTZ001 - AFAS gives no zone
    assert local_moment("2026-11-30T00:00:00Z").tzinfo is None


def test_a_moment_with_a_zone_is_refused_in_a_question() -> None:
    assert moment_text(local_moment("2026-11-30T16:05:00Z")) == "2026-11-30T16:05:00"
    with pytest.raises(ValueError, match="without a zone"):
        moment_text(datetime(2026, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize("answer", [None, [], {}, {"rows": None}, {"rows": [1]}, {"rows": {"a": 1}}])
def test_an_answer_without_rows_is_not_an_answer_with_no_rows(answer: object) -> None:
    assert rows(answer) is None
    assert rows({"rows": []}) == ()
