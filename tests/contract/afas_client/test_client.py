"""Each method of the client, over a real line, against answers as AFAS gives them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.contract.afas_client.raw_server import answer, raw_server, replying
from tests.unit.afas_client.samples import sample

from afas_client import errors
from afas_client.auth import ClassicToken
from afas_client.client import AfasClient, Connector
from afas_client.fi_entries import Booked
from afas_client.get_connector import Condition, Operator, Query, SortingMissing, all_of
from afas_client.transport import AiohttpTransport

XML = "<token><version>1</version><data>" + "0123456789ABCDEF" * 4 + "</data></token>"
KEYS = {"api_key": "A" * 32, "environment_key": "E" * 32, "user_id": "12345.koppel"}


@pytest.fixture
async def line() -> AsyncIterator[AiohttpTransport]:
    async with AiohttpTransport(read_timeout=timedelta(seconds=60)) as transport:
        yield transport


def client(line: AiohttpTransport, address: str) -> AfasClient:
    return AfasClient(line, f"{address}/ProfitRestServices", ClassicToken(XML))


def recorded(name: str) -> bytes:
    response = sample(name)
    return answer(f"{response.status} Recorded", response.body)


async def test_an_entry_goes_out_byte_for_byte_with_the_headers_that_afas_wants(
    line: AiohttpTransport,
) -> None:
    body = '{"FiEntryPar": {"b":1,  "a":"café"}}'.encode()
    async with raw_server(replying(recorded("post-201-results-fientrypar"))) as server:
        assert await client(line, server.address).post_entry(body) == Booked("54605", "4", None)
        head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert sent == body
    assert lines[0] == "POST /ProfitRestServices/connectors/FiEntries HTTP/1.1"
    assert "Accept-Language: nl-nl" in lines
    assert "Content-Type: application/json;charset=utf-8" in lines
    assert "Connection: keep-alive" in lines
    assert f"Authorization: AfasToken {base64.b64encode(XML.encode()).decode()}" in lines
    assert not any(line.startswith("IntegrationId") for line in lines)


async def test_a_partner_names_its_integration(line: AiohttpTransport) -> None:
    async with raw_server(replying(recorded("metainfo-200"))) as server:
        afas = AfasClient(
            line, server.address, ClassicToken(XML), language="en-us", integration_id="12345_678900"
        )
        await afas.meta_info()
        assert b"IntegrationId: 12345_678900\r\n" in server.requests[0]
        assert b"Accept-Language: en-us\r\n" in server.requests[0]


async def test_a_refusal_arrives_with_its_advice(line: AiohttpTransport) -> None:
    async with raw_server(replying(recorded("post-500-vat-mandatory-nl"))) as server:
        with pytest.raises(errors.Refused) as caught:
            await client(line, server.address).post_entry(b"{}")
    assert caught.value.finding is not None
    assert caught.value.finding.code == "vat-mandatory"


async def test_an_entry_held_back_by_the_caller_never_leaves(line: AiohttpTransport) -> None:
    def too_late() -> None:
        raise errors.NeverLeft("too late")

    async with raw_server(replying(recorded("post-201-list"))) as server:
        afas = client(line, server.address)
        with pytest.raises(errors.NeverLeft):
            await afas.post_entry(b"{}", before_leaving=too_late)
        with pytest.raises(errors.NeverLeft):
            await afas.delete_entry(
                administration=1, journal_code="LON", entry_number="5789", before_leaving=too_late
            )
        assert server.requests == []


async def test_an_entry_is_deleted_by_its_administration_journal_and_number(line: AiohttpTransport) -> None:
    async with raw_server(replying(recorded("delete-200-empty"))) as server:
        await client(line, server.address).delete_entry(
            administration=3, journal_code="L/N", entry_number="5789"
        )
        assert server.requests[0].startswith(
            b"DELETE /ProfitRestServices/connectors/FiEntries/FiEntryPar"
            b"/UnId,JoCo/3,L%2FN/FiEntries/@EnNo/5789 HTTP/1.1\r\n"
        )


async def test_a_code_is_asked_for_and_traded_for_a_token(line: AiohttpTransport) -> None:
    token = json.dumps({"token": XML + "\r\n"}).encode()
    async with raw_server(replying(answer("201 Created", b""), answer("200 OK", token))) as server:
        afas = AfasClient(line, server.address)
        await afas.request_activation_code(**KEYS)
        assert await afas.validate_activation_code(**KEYS, activation_code="34264813") == ClassicToken(XML)
        asked, traded = server.requests
    assert asked.startswith(b"POST /OtpRequest ")
    assert json.loads(asked.partition(b"\r\n\r\n")[2]) == {
        "apiKey": "A" * 32,
        "apiToken": "E" * 32,
        "userId": "12345.koppel",
    }
    assert traded.startswith(b"POST /OtpValidation ")
    assert b"Authorization" not in asked + traded


async def test_a_wrong_code_gives_no_token(line: AiohttpTransport) -> None:
    async with raw_server(replying(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        with pytest.raises(errors.ActivationCodeRefused):
            await AfasClient(line, server.address).validate_activation_code(**KEYS, activation_code="1")


async def test_the_meta_information_tells_what_the_token_may_use(line: AiohttpTransport) -> None:
    async with raw_server(replying(recorded("metainfo-200"))) as server:
        told = await client(line, server.address).meta_info()
    assert told.update_connectors == (Connector("FiEntries", "Financiële mutatie"),)
    assert [connector.id for connector in told.get_connectors] == [
        "Profit_Administrations",
        "Profit_Transactions",
    ]
    assert (told.info.envid, told.info.app_name, told.info.token_expiry) == ("O12345AA", "Loonjournaal", "0")
    assert told.info.group == "Koppelingen (12345.KOPPEL)"


async def test_meta_information_in_another_form_is_a_bad_answer(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b'{"updateConnectors":5}'))) as server:
        with pytest.raises(errors.BadAnswer, match="another form"):
            await client(line, server.address).meta_info()


async def test_the_columns_of_a_connector_are_told(line: AiohttpTransport) -> None:
    async with raw_server(replying(recorded("fields-200"))) as server:
        fields = await client(line, server.address).connector_fields("Profit_Administrations")
        assert server.requests[0].startswith(b"GET /ProfitRestServices/metainfo/get/Profit_Administrations ")
    assert [(field.id, field.data_type, field.label, field.length) for field in fields] == [
        ("AdminId", "int", "Administratie", 3),
        ("AdminNm", "string", "Naam", 80),
    ]


async def test_rows_are_asked_for_and_read(line: AiohttpTransport) -> None:
    query = Query(where=all_of(Condition("VoucherNo", Operator.EQUAL, "2026-11-A")))
    async with raw_server(replying(recorded("get-200-rows"))) as server:
        (row,) = await client(line, server.address).rows("Profit_Transactions", query)
        assert (
            b"/connectors/Profit_Transactions?skip=0&take=100&filterfieldids=VoucherNo" in server.requests[0]
        )
    assert row["AmtDebit"] == Decimal("1234.10")
    assert row["Description"] is None


async def test_all_rows_are_read_page_by_page_until_a_page_is_not_full(line: AiohttpTransport) -> None:
    def page(*numbers: int) -> bytes:
        return answer("200 OK", json.dumps({"rows": [{"N": number} for number in numbers]}).encode())

    query = Query(order_by=("N",), take=2)
    async with raw_server(replying(page(1, 2), page(3, 4), page(5))) as server:
        rows = [row["N"] async for row in client(line, server.address).all_rows("X", query)]
        assert [b"skip=%d&" % skip in server.requests[skip // 2] for skip in (0, 2, 4)] == [True] * 3
    assert rows == [1, 2, 3, 4, 5]
    assert len(server.requests) == 3


async def test_a_server_that_gives_the_same_page_for_ever_is_a_bad_answer(line: AiohttpTransport) -> None:
    same = answer("200 OK", json.dumps({"rows": [{"N": 1}, {"N": 2}]}).encode())
    async with raw_server(replying(same, same, same, same)) as server:
        with pytest.raises(errors.BadAnswer, match="the same page came twice"):
            [row async for row in client(line, server.address).all_rows("X", Query(order_by=("N",), take=2))]
    assert len(server.requests) == 2


async def test_halves_of_characters_in_a_read_can_be_kept_and_shown(line: AiohttpTransport) -> None:
    body = b'{"rows": [{"Naam": "Zorg \\ud800 huis\\u0000", "\\udc00": ["\\ud83d\\ude00"]}]}'
    async with raw_server(replying(answer("200 OK", body))) as server:
        (row,) = await client(line, server.address).rows("X", Query())
    assert row == {"Naam": "Zorg ? huis\N{REPLACEMENT CHARACTER}", "?": ["\N{GRINNING FACE}"]}


async def test_pages_without_sorting_are_refused(line: AiohttpTransport) -> None:
    with pytest.raises(SortingMissing):
        async for _ in client(line, "http://127.0.0.1:1").all_rows("X", Query()):
            pass


async def test_an_answer_without_rows_is_a_bad_answer(line: AiohttpTransport) -> None:
    async with raw_server(replying(answer("200 OK", b"{}"))) as server:
        with pytest.raises(errors.BadAnswer, match="no rows"):
            await client(line, server.address).rows("X", Query())
