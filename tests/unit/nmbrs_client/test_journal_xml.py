import datetime
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmbrs_client.journal_errors import JournalXmlCode as Code
from nmbrs_client.journal_errors import JournalXmlError, JournalXmlProblem
from nmbrs_client.journal_xml import (
    LARGEST_DOCUMENT,
    MOST_PROBLEMS,
    JournalLine,
    Side,
    Transaction,
    read_journal_xml,
)

LINE = (
    "<line id='1'><dim1>4000</dim1><dim2>100</dim2><dim3>P01</dim3>"
    "<value>12.34</value><debitcredit>debit</debitcredit><description>Bruto &amp; lonen</description></line>"
)
READ = JournalLine("4000", "100", "P01", Decimal("12.34"), Side.DEBIT, "Bruto & lonen")
OCTOBER = Transaction(datetime.date(2026, 10, 31), (READ,))


def document(*lines: str, date: str = "<date>20261031</date>", root: str = "journal") -> str:
    body = "\n".join(lines or (LINE,))
    return f"<{root}><transaction><header>{date}</header><lines>\n{body}\n</lines></transaction></{root}>"


def line(value: str = "1", side: str = "debit", more: str = "<dim1>4000</dim1>") -> str:
    return f"<line>{more}<value>{value}</value><debitcredit>{side}</debitcredit></line>"


def problems(data: bytes | str) -> list[JournalXmlProblem]:
    with pytest.raises(JournalXmlError) as refused:
        read_journal_xml(data.encode() if isinstance(data, str) else data)
    return list(refused.value.problems)


def codes(data: bytes | str) -> list[Code]:
    return [found.code for found in problems(data)]


def test_a_journal_is_read() -> None:
    assert read_journal_xml(document().encode()) == (OCTOBER,)


@pytest.mark.parametrize("root", ["a", "TransactionList", "n:journal xmlns:n='urn:x'"])
def test_the_root_element_may_have_any_name(root: str) -> None:
    text = (
        document().replace("<journal>", f"<{root}>").replace("</journal>", f"</{root.split(maxsplit=1)[0]}>")
    )
    assert read_journal_xml(text.encode()) == (OCTOBER,)


def test_the_transaction_may_itself_be_the_root() -> None:
    text = document().removeprefix("<journal>").removesuffix("</journal>")
    assert read_journal_xml(text.encode()) == (OCTOBER,)


def test_elements_are_found_by_name_whatever_their_order_and_what_stands_between() -> None:
    shuffled = (
        "<j><extra><date>19990101</date></extra><transaction><lines><line><description>Bruto &amp; lonen"
        "</description><office>1</office><debitcredit>debit</debitcredit><value>12.34</value>"
        "<dim3>P01</dim3><detail><dim1>9</dim1></detail><dim1>4000</dim1><dim2>100</dim2></line></lines>"
        "<header><office>X</office><date>20261031</date><currency>EUR</currency></header></transaction></j>"
    )
    assert read_journal_xml(shuffled.encode()) == (replace(OCTOBER, office="X"),)


def test_several_dated_transactions_stay_apart_and_in_order() -> None:
    november = document(date="<date>20261130</date>")
    september = document(date="<date>2026-09-30</date>")
    read = read_journal_xml(f"<all>{november}{september}</all>".encode())
    assert [found.date.isoformat() for found in read] == ["2026-11-30", "2026-09-30"]
    assert all(found.lines == (READ,) for found in read)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: f'<?xml version="1.0" encoding="utf-16"?>\n{text}'.encode(),
        lambda text: f'<?xml version="1.0" encoding="UTF-16"?>\n{text}'.encode("utf-16"),
        lambda text: f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16-le"),
        lambda text: f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16-be"),
        lambda text: f'\n <?xml version="1.0" encoding="utf-8"?>{text}'.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-8-sig"),
        lambda text: f"<?xml version='1.0' encoding='ISO-8859-1'?>{text}".encode("latin-1"),
        lambda text: f"<?xml version='1.0' encoding='windows-1252'?>{text}".encode("cp1252"),
    ],
)
def test_bytes_are_believed_above_the_prolog(written: Callable[[str], bytes]) -> None:
    [transaction] = read_journal_xml(written(document(line(more="<description>café</description>"))))
    assert transaction.lines[0].description == "café"


@pytest.mark.parametrize(
    "wrapped",
    [
        "<string xmlns='http://tempuri.example'>{}</string>",
        "<r><TaskId>1</TaskId><Status>Success</Status><Content>\n {}</Content></r>",
        "<r><![CDATA[{raw}]]></r>",
        "<r>&lt;inner&gt;{twice}&lt;/inner&gt;</r>",
    ],
)
def test_a_document_escaped_inside_another_is_read(wrapped: str) -> None:
    inner = f'<?xml version="1.0" encoding="utf-16"?>{document()}'
    outer = wrapped.format(escape(inner), raw=inner, twice=escape(escape(inner)))
    assert read_journal_xml(outer.encode()) == (OCTOBER,)


def test_a_document_is_not_unwrapped_for_ever() -> None:
    text = document()
    for _ in range(9):
        text = f"<r>{escape(text, quote=False)}</r>"
    assert codes(text) == [Code.NO_TRANSACTIONS]


@pytest.mark.parametrize(
    ("value", "side", "expected"),
    [
        ("5", "debit", (Decimal(5), Side.DEBIT)),
        ("-5.1", "debit", (Decimal("5.1"), Side.CREDIT)),
        ("-5.10", "Credit", (Decimal("5.1"), Side.DEBIT)),
        ("+5", "CREDIT", (Decimal(5), Side.CREDIT)),
        ("0.00", "debit", (Decimal(0), Side.DEBIT)),
        ("-0", "debit", (Decimal(0), Side.DEBIT)),
        (" 12.3400\n", " debit ", (Decimal("12.34"), Side.DEBIT)),
    ],
)
def test_negative_values_change_sides(value: str, side: str, expected: tuple[Decimal, Side]) -> None:
    [transaction] = read_journal_xml(document(line(value, side)).encode())
    assert (transaction.lines[0].value, transaction.lines[0].side) == expected


@pytest.mark.parametrize(
    "value",
    ["1,50", "1.500", "1.234,50", "1.2345", "1e3", "NaN", "--1", "1 000", ".5", "5.", "9" * 13],
)
def test_an_amount_that_could_mean_anything_else_is_refused(value: str) -> None:
    assert codes(document(line(value))) == [Code.VALUE_UNREADABLE]


@pytest.mark.parametrize(
    "date",
    [
        "2026-10-32",
        "20260230",
        "31-10-2026",
        "2026-1031",
        "261031",
        "00010101",
        "20261031T00:00",
        "20261００1",
    ],
)
def test_a_date_that_is_none_is_refused_with_what_was_written(date: str) -> None:
    [found] = problems(document(date=f"<date>{date}</date>"))
    assert (found.code, found.params) == (Code.DATE_UNREADABLE, (("value", date),))


def test_missing_codes_and_texts_are_empty() -> None:
    [transaction] = read_journal_xml(document(line(more="<dim2/>")).encode())
    assert transaction.lines[0] == JournalLine("", "", "", Decimal(1), Side.DEBIT, "")


def test_a_transaction_without_lines_is_read_as_such() -> None:
    assert read_journal_xml(b"<a><transaction><header><date>20261031</date></header></transaction></a>") == (
        Transaction(datetime.date(2026, 10, 31), ()),
    )


def test_all_problems_are_named_with_their_places() -> None:
    wrong = document(
        line("1,5", "left"),
        LINE,
        "<line><dim1>1</dim1><dim1>2</dim1></line>",
        date="",
    )
    assert [
        (found.code, found.transaction, found.line, found.field, found.row) for found in problems(wrong)
    ] == [
        (Code.VALUE_UNREADABLE, 1, 1, "value", 2),
        (Code.SIDE_UNREADABLE, 1, 1, "debitcredit", 2),
        (Code.FIELD_TWICE, 1, 3, "dim1", 4),
        (Code.VALUE_MISSING, 1, 3, "value", 4),
        (Code.SIDE_MISSING, 1, 3, "debitcredit", 4),
        (Code.DATE_MISSING, 1, None, "date", 1),
    ]


def test_rows_are_those_of_the_whole_document_also_within_an_escaped_one() -> None:
    wrong = '<?xml version="1.0"\n encoding="utf-16"?>\n' + document(line("x"))
    assert problems(wrong)[0].row == 4
    assert problems(f"<r>\n\n{escape(wrong)}</r>")[0].row == 6


def test_a_second_transaction_has_its_own_line_numbers() -> None:
    [found] = problems(f"<a>{document()}{document(LINE, line('x'))}</a>")
    assert (found.transaction, found.line) == (2, 2)


def test_the_list_of_problems_ends_somewhere() -> None:
    found = problems(document(*[line("x")] * (MOST_PROBLEMS + 5)))
    assert [problem.code for problem in found[-2:]] == [Code.VALUE_UNREADABLE, Code.MORE]
    assert len(found) == MOST_PROBLEMS + 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.EMPTY),
        (b"\xef\xbb\xbf \n", Code.EMPTY),
        (b"<a>", Code.MALFORMED),
        (b"hello", Code.MALFORMED),
        (b"<a></a><b/>", Code.MALFORMED),
        (b"<a>\x00</a>", Code.MALFORMED),
        (b"<a>&nbsp;</a>", Code.MALFORMED),
        (b"<a>\xff</a>", Code.UNDECODABLE),
        (b"\xff\xfe<", Code.UNDECODABLE),
        (b"\xff\xfe\x00\xd8", Code.UNDECODABLE),
        (b"<?xml version='1.0' encoding='ebcdic'?><a/>", Code.ENCODING),
        (b"<?xml version='1.0' encoding='idna'?><a/>", Code.ENCODING),
        (b"<a><transactions/></a>", Code.NO_TRANSACTIONS),
        (b" " * (LARGEST_DOCUMENT + 1), Code.TOO_LARGE),
    ],
)
def test_what_is_no_journal_is_refused_by_name(data: bytes, code: Code) -> None:
    assert codes(data) == [code]


BOMB = (
    "<!DOCTYPE a [<!ENTITY b 'aaaaaaaaaa'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><a>&c;&c;&c;&c;</a>"
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        escape(BOMB).join(("<a>", "</a>")),
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/x'>%x;]><a/>",
        "<!DOCTYPE a><a/>",
    ],
)
def test_documents_that_declare_entities_are_refused_unread(text: str) -> None:
    assert codes(text) == [Code.FORBIDDEN]


def test_a_deeply_nested_document_is_refused_calmly() -> None:
    assert codes("<a>" * 100_000 + "</a>" * 100_000) == [Code.TANGLED]


def test_the_error_repeats_no_amount() -> None:
    with pytest.raises(JournalXmlError) as refused:
        read_journal_xml(document(line("4321,99")).encode())
    assert "4321" not in str(refused.value) + str(refused.value.problems)


@given(st.binary(max_size=400))
def test_no_bytes_give_anything_but_a_journal_or_the_named_error(data: bytes) -> None:
    _read_or_refuse(data)


PIECES = st.sampled_from(
    [
        *("<a>", "</a>", "<transaction>", "</transaction>", "<header>", "</header>", "<lines>", "</lines>"),
        *(LINE, line("-1"), "<line>", "</line>", "<date>20261031</date>", "<value>1</value>", "é", "\n"),
        *("&lt;", "&amp;", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<!-- -->", "<!DOCTYPE a>", "\x00"),
    ]
)
CODECS = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-8-sig"])


@given(st.lists(PIECES, max_size=40), CODECS)
def test_no_heap_of_pieces_gives_anything_but_a_journal_or_the_named_error(
    pieces: list[str], codec: str
) -> None:
    _read_or_refuse("".join(["<a>", *pieces, "</a>"]).encode(codec))


@given(st.integers(0, 600), st.binary(min_size=1, max_size=3))
def test_a_damaged_journal_is_read_or_refused_by_name(at: int, damage: bytes) -> None:
    whole = document().encode()
    _read_or_refuse(whole[:at] + damage + whole[at + len(damage) :])
    _read_or_refuse(whole[:at])


def _read_or_refuse(data: bytes) -> None:
    try:
        transactions = read_journal_xml(data)
    except JournalXmlError:
        return
    assert transactions
    assert all(found.value >= 0 for transaction in transactions for found in transaction.lines)


FIELD = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30).map(str.strip)
LINES = st.builds(
    JournalLine,
    account=FIELD,
    cost_centre=FIELD,
    cost_unit=FIELD,
    value=st.decimals(0, 10**9, places=2),
    side=st.sampled_from(Side),
    description=FIELD,
)
TRANSACTIONS = st.builds(
    Transaction,
    st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)),
    st.lists(LINES, max_size=5).map(tuple),
)


@given(st.lists(TRANSACTIONS, min_size=1, max_size=4).map(tuple), CODECS)
def test_every_journal_that_is_written_is_read_back(
    transactions: tuple[Transaction, ...], codec: str
) -> None:
    text = "".join(
        f"<transaction><header><date>{transaction.date:%Y%m%d}</date></header><lines>"
        + "".join(
            f"<line><dim1>{escape(row.account)}</dim1><dim2>{escape(row.cost_centre)}</dim2>"
            f"<dim3>{escape(row.cost_unit)}</dim3><value>{row.value}</value>"
            f"<debitcredit>{row.side}</debitcredit><description>{escape(row.description)}</description></line>"
            for row in transaction.lines
        )
        + "</lines></transaction>"
        for transaction in transactions
    )
    assert read_journal_xml(f"<all>{text}</all>".encode(codec)) == transactions


def test_elements_nested_beyond_reason_are_refused_at_once() -> None:
    nested = "<a>" * 200_000 + "</a>" * 200_000

    (found,) = problems(f"<journal>\n<transaction>{nested}</transaction></journal>")

    assert (found.code, found.row) == (Code.TANGLED, 2)


def test_documents_enclosed_by_the_thousand_are_refused_at_once() -> None:
    assert codes("<r>" + "<a>&lt;b/></a>" * 101 + "</r>") == [Code.TANGLED]
    assert codes("<r>" + "<a>&lt;b/></a>" * 100 + "</r>") == [Code.NO_TRANSACTIONS]


UNKNOWN = st.sampled_from(
    [
        *("<a b='c'>d<e/>f</a>", "<value2>9</value2>", "<!-- <value>9</value> -->"),
        *("<n:dims xmlns:n='urn:n'><dim1>9999</dim1></n:dims>", "<?note it?>", "text between"),
    ]
)


@given(st.lists(st.tuples(st.integers(0, 20), UNKNOWN), max_size=6))
def test_unknown_elements_between_the_known_ones_change_nothing(unknown: list[tuple[int, str]]) -> None:
    pieces = document(LINE, LINE).replace("><", ">\t<").split("\t")
    for place, text in unknown:
        pieces.insert(1 + place % (len(pieces) - 1), text)
    (read,) = read_journal_xml("".join(pieces).encode())
    assert (read.date, read.lines) == (OCTOBER.date, (READ, READ))


@given(st.integers(0, 2_000), CODECS)
def test_no_part_of_a_journal_is_read_where_its_end_is_missing(at: int, codec: str) -> None:
    whole = f"<all>{document()}{document(LINE, LINE)}</all>".encode(codec)
    cut = whole[: at % len(whole)]
    assert codes(cut)[-1] in (Code.MALFORMED, Code.UNDECODABLE, Code.EMPTY)


def test_a_hundred_thousand_lines_are_read_and_none_is_lost() -> None:
    (read,) = read_journal_xml(document(*[LINE] * 100_000).encode())
    assert read.lines == (READ,) * 100_000
