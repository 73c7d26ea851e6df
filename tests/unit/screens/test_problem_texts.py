import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import loonbrug
from loonbrug.ledger.problems import Place, Problem, Who, problem
from loonbrug.screens.problem_texts import ProblemTextError, describe
from nmbrs_client import errors as nmbrs_errors
from nmbrs_client.journal_errors import JournalXmlCode

SOURCE = Path(loonbrug.__file__).parent
TEXTS: dict[str, Any] = tomllib.loads((SOURCE / "screens" / "problem_texts.toml").read_text("utf-8"))
LABELS = TEXTS.pop("labels")
# The parameters of what the Nmbrs document can be wrong in; the place adds row and field.
XML_PARAMS = {
    JournalXmlCode.TOO_LARGE: {"limit"},
    JournalXmlCode.ENCODING: {"encoding", "row"},
    JournalXmlCode.UNDECODABLE: {"encoding", "row"},
    JournalXmlCode.DATE_UNREADABLE: {"value", "row"},
    JournalXmlCode.SIDE_UNREADABLE: {"value", "row"},
    JournalXmlCode.MORE: {"limit"},
    JournalXmlCode.EMPTY: set(),
    JournalXmlCode.NO_TRANSACTIONS: set(),
}
# Problems of a form's field are told beside it, in words that the pages keep.
BESIDE_FIELDS = {
    key.value
    for path in (SOURCE / "web").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Dict)
    for key in node.keys
    if isinstance(key, ast.Constant)
}
# What Nmbrs or the line to it told is a problem by its own name.
NMBRS = {
    kind.key
    for kind in vars(nmbrs_errors).values()
    if isinstance(kind, type) and issubclass(kind, nmbrs_errors.NmbrsError)
}
NOT_PARAMS = {"place", "severity", "who"}
TREES = [ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")]
CONSTANTS = {
    node.value
    for tree in TREES
    for node in ast.walk(tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


def calls() -> Iterator[ast.Call]:
    """Every place in the source that makes a problem."""
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"problem", "warning"}:
                yield node


def raised() -> Iterator[tuple[str, set[str]]]:
    """Every code that the source writes out where it makes a problem, with the parameters it gives."""
    for call in calls():
        names = {word.arg for word in call.keywords}
        if isinstance(call.args[0], ast.Constant) and None not in names:  # None: **params, known at run time
            yield str(call.args[0].value), {name for name in names if name} - NOT_PARAMS
    for xml_code in JournalXmlCode:
        yield xml_code.value, XML_PARAMS.get(xml_code, {"row"})


def composed() -> Iterator[str]:
    """Patterns of the codes that the source puts together, such as `{field}_missing`."""
    for call in calls():
        if isinstance(call.args[0], ast.JoinedStr):
            parts = call.args[0].values
            yield "".join(
                re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z_]+" for p in parts
            )


RAISED = sorted(
    ((code, params) for code, params in raised() if code in TEXTS or code not in BESIDE_FIELDS),
    key=lambda pair: (pair[0], sorted(pair[1])),
)


@pytest.mark.parametrize(("code", "params"), RAISED, ids=[code for code, _ in RAISED])
def test_every_problem_has_words_in_both_languages_that_ask_for_what_it_knows(
    code: str, params: set[str]
) -> None:
    for language in ("nl", "en"):
        for part in ("message", "cause", "cure"):
            text = TEXTS[code][language][part]
            assert text.strip()
            assert {name for _, name, _, _ in Formatter().parse(text) if name} <= params | {"field"}


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_no_words_are_kept_for_problems_that_nobody_has(code: str) -> None:
    known = CONSTANTS | {xml_code.value for xml_code in JournalXmlCode} | NMBRS
    assert code in known or any(re.fullmatch(pattern, code) for pattern in composed())


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_both_languages_tell_the_same(code: str) -> None:
    for part in ("message", "cause", "cure"):
        dutch, english = (
            sorted(name for _, name, _, _ in Formatter().parse(TEXTS[code][language][part]) if name)
            for language in ("nl", "en")
        )
        assert dutch == english, part


def test_everybody_who_can_mend_something_has_a_name() -> None:
    assert set(LABELS["who"]) == set(Who)


def test_a_problem_is_told_in_the_language_of_the_reader() -> None:
    found = problem("entry_not_balanced", place=Place(entry=2), who=Who.PAYROLL, difference="-1234.50")
    dutch, english = describe(found, "nl"), describe(found, "en")
    assert dutch.message == "Debet en credit zijn niet gelijk: het verschil is €\xa0-1.234,50."
    assert english.message == "Debit and credit are not equal: the difference is -€1,234.50."
    assert (dutch.who, english.who) == ("Salarisadministratie", "Payroll officer")
    assert (dutch.place, english.place) == ("boeking 2", "entry 2")


def test_a_field_is_called_by_its_label_and_a_table_has_rows_and_columns() -> None:
    told = describe(problem("cell_empty", place=Place(line=7, field="account")), "nl")
    assert told.message == "De kolom grootboekrekening is niet ingevuld."
    assert told.place == "rij 7, kolom grootboekrekening"
    assert describe(problem("account_missing", place=Place(1, 7, "account")), "en").place == (
        "entry 1, line 7, field ledger account"
    )


def test_what_a_file_says_is_never_taken_for_a_placeholder() -> None:
    told = describe(problem("date_unreadable", place=Place(line=2, field="date"), value="{field}"), "en")
    assert told.message == '"{field}" is not a date.'


@pytest.mark.parametrize(
    "unknown", [Problem("no_such_code"), Problem("labels"), Problem("entry_not_balanced")]
)
def test_a_problem_without_words_is_an_error_of_its_own(unknown: Problem) -> None:
    with pytest.raises(ProblemTextError):
        describe(unknown, "nl")
