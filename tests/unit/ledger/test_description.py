import pytest

from loonbrug.ledger.description import (
    LONGEST_TEMPLATE,
    PLACEHOLDERS,
    DescriptionTemplate,
    DescriptionTemplateError,
)
from loonbrug.ledger.run_name import RunName

RUN = RunName("Bakkerij Van Dam", 2026, 11, 2)


def test_every_placeholder_is_filled_in_in_either_language() -> None:
    dutch = DescriptionTemplate("{jaar}-{periode} run {run} {bedrijf} {omschrijving}")
    english = DescriptionTemplate("{year}-{period} run {run} {company} {description}")
    assert dutch.filled(RUN, "Bruto loon") == "2026-11 run 2 Bakkerij Van Dam Bruto loon"
    assert english.filled(RUN, "Bruto loon") == dutch.filled(RUN, "Bruto loon")


def test_what_a_line_says_is_no_template() -> None:
    assert DescriptionTemplate("{omschrijving} {jaar}").filled(RUN, "{bedrijf}") == "{bedrijf} 2026"


def test_a_description_that_is_empty_leaves_no_double_space() -> None:
    assert DescriptionTemplate("Loon {omschrijving} {jaar}").filled(RUN, "") == "Loon 2026"


def test_no_placeholder_names_an_employee() -> None:
    assert set(PLACEHOLDERS.values()) == {"year", "period", "run", "company", "description"}


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("{medewerker}", "template_placeholder", "medewerker"),
        ("{year.real}", "template_placeholder", "year.real"),
        ("{}", "template_placeholder", ""),
        ("Loon {jaar", "template_braces", ""),
        ("Loon jaar}", "template_braces", ""),
        ("{{jaar}}", "template_braces", ""),
        ("Loon\n{jaar}", "template_not_printable", ""),
        ("x" * (LONGEST_TEMPLATE + 1), "template_too_long", ""),
    ],
)
def test_a_text_that_is_no_template_is_refused_with_its_reason(text: str, code: str, name: str) -> None:
    with pytest.raises(DescriptionTemplateError) as raised:
        DescriptionTemplate(text)
    assert (raised.value.code, raised.value.name) == (code, name)
