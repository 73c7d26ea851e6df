"""The catalogue knows AFAS's messages, in both languages, and leaves no gap in its advice."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from afas_client.catalogue import LANGUAGES, Message, Outcome, Who, find, messages

REFUSED, NOT_BOOKED, NOT_LET_IN, UNKNOWN = Outcome

FOREIGN_KEY = "(AntaObject) The foreignkey does not exist in the database. "

KNOWN = [
    ("(AfasFiEntry) Vat is mandatory for account 4000", "vat-mandatory", REFUSED),
    ("(AfasFiEntry)Vat is mandatory for account 4000", "vat-mandatory", REFUSED),
    ("General message: (AfasFiEntry)VAT is verplicht voor rekening 4000", "vat-mandatory", REFUSED),
    ("(AfasFiEntry)Vat is not allowed for account 84000.", "vat-not-allowed", REFUSED),
    ("De ingevulde waarde bij 'Rekeningnummer' bestaat niet", "account-unknown", REFUSED),
    ("The entered value for 'Account Number' does not exist", "account-unknown", REFUSED),
    (FOREIGN_KEY + "FieldId=Rekeningnummer, ForeignkeyId=KnAnt1", "account-unknown", REFUSED),
    (FOREIGN_KEY + "FieldId=Relatie, ForeignkeyId=KnRel", "value-unknown", REFUSED),
    ("Vul een waarde in bij 'Rekeningnummer'.", "account-missing", REFUSED),
    ("Enter a value for 'Account Number'.", "account-missing", REFUSED),
    (
        "(AntaObject) There is no value entered in mandatory field 'Rekeningnummer' (AcNr)",
        "account-missing",
        REFUSED,
    ),
    ("Enter a value for 'Description'.", "value-missing", REFUSED),
    ("De ingevulde waarde bij 'Dagboek' bestaat niet", "journal-unknown", REFUSED),
    ("The entered value for 'Journal' does not exist.", "journal-unknown", REFUSED),
    ("De ingevulde waarde bij 'Btw-code' bestaat niet", "vat-code-unknown", REFUSED),
    ("De ingevulde waarde bij 'Kostenplaats' bestaat niet", "allocation-code-unknown", REFUSED),
    ("The entered value for 'Cost center' does not exist", "allocation-code-unknown", REFUSED),
    ("De ingevulde waarde bij 'Medewerker' bestaat niet", "employee-unknown", REFUSED),
    ("De ingevulde waarde bij 'Project' bestaat niet", "project-unknown", REFUSED),
    ("The entered value for 'Item code' does not exist", "item-unknown", REFUSED),
    ("De ingevulde waarde bij 'Valuta' bestaat niet", "currency-unknown", REFUSED),
    ("De ingevulde waarde bij 'Iets nieuws' bestaat niet", "value-unknown", REFUSED),
    ("Datum '1-11-2026' valt in een geblokkeerde periode", "date-in-blocked-period", REFUSED),
    ("Date '1-11-2024' belongs to a blocked period", "date-in-blocked-period", REFUSED),
    ("Voor deze administratie is periode 11 van jaar 2026 geblokkeerd.", "period-blocked", REFUSED),
    ("For this administration, period 8 of the year 2024 is blocked.", "period-blocked", REFUSED),
    (
        "Code verbijzondering voor as 'Kostenplaats' moet gevuld worden voor rekening 8074",
        "allocation-mandatory",
        REFUSED,
    ),
    (
        "Allocation code for axis 'Cost center' must be filled for account 8074",
        "allocation-mandatory",
        REFUSED,
    ),
    (
        "General message: Factuurnummer V008 wordt al gebruikt in financieel bij relatienummer 10001",
        "invoice-number-used",
        REFUSED,
    ),
    (
        "General message: Invoice number V008 is already used in finance for Creditor 10001",
        "invoice-number-used",
        REFUSED,
    ),
    ("No unit available", "administration-unknown", REFUSED),
    ("U bent niet geautoriseerd voor administratie 3.", "administration-not-authorised", REFUSED),
    (
        "Bij toevoegen journaalpost mag het journaalpostnummer niet worden opgegeven.",
        "entry-number-given",
        REFUSED,
    ),
    ("eErrFiEntryNoAmountOnEntryLine", "amount-missing", REFUSED),
    ("Projectboeking is verplicht voor grootboekrekening 4000.", "project-mandatory", REFUSED),
    (
        "entries for this project are not allowed in this administration",
        "project-not-in-administration",
        REFUSED,
    ),
    (
        "Dit is niet mogelijk. Je kunt niet een intern en extern factuurnummer samen meegeven.",
        "invoice-numbers-together",
        REFUSED,
    ),
    ("Bankrekening NL00TEST niet gevonden bij rekening 1600.", "bank-account-unknown", REFUSED),
    ("Afwijkende betaalrekening is niet toegestaan.", "payment-account-not-allowed", REFUSED),
    (
        "Binnen de gekozen selectie is periode 3 van jaar 2027 geblokkeerd. De transitorische post kan niet.",
        "period-blocked-for-accrual",
        REFUSED,
    ),
    ("Journaalpost is niet in evenwicht", "not-in-balance", REFUSED),
    ("Grootboekrekening 4000 is geblokkeerd", "account-blocked", REFUSED),
    ("Journal MEM is blocked", "journal-blocked", REFUSED),
    ("Datum '1-1-2040' valt buiten de periodetabel van deze administratie", "date-outside-periods", REFUSED),
    ("De waarde bij 'Boekstuknummer' is te lang: ten hoogste 32 tekens", "field-too-long", REFUSED),
    (
        "Allocation code 410 of axis 'Cost centre' is not assigned to account 4000",
        "allocation-not-assigned",
        REFUSED,
    ),
    ("Type mismatch", "type-mismatch", REFUSED),
    ("Invalid json", "invalid-json", REFUSED),
    ("Deze GetConnector (definitie) is geblokkeerd", "get-connector-blocked", REFUSED),
    ("Connector-veld 'X' niet gevonden", "connector-field-unknown", REFUSED),
    ("General message: Invalid Index field", "connector-field-unknown", REFUSED),
    ("De boekingslay-out is geblokkeerd door een andere gebruiker.", "layout-locked", NOT_BOOKED),
    ("The booking layout is blocked by another user.", "layout-locked", NOT_BOOKED),
    ("Deze regel is geblokkeerd door gebruiker [J. Jansen]", "row-locked", NOT_BOOKED),
    (
        "General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd.",
        "update-connector-missing",
        NOT_LET_IN,
    ),
    (
        "GetConnector not supported for this app or the user is not authorized",
        "get-connector-missing",
        NOT_LET_IN,
    ),
    ("Er is een onverwachte fout opgetreden.", "unexpected-error", UNKNOWN),
    ("An unexpected error has occurred.", "unexpected-error", UNKNOWN),
    (
        "De maximale tijdsduur voor het uitvoeren van de opdracht is verstreken.",
        "took-too-long",
        UNKNOWN,
    ),
    ("The maximum duration for performing the assignment has been exceeded.", "took-too-long", UNKNOWN),
    ("Command timeout expired.", "took-too-long", UNKNOWN),
    ("Unknown preparetype", "prepare-type-unknown", UNKNOWN),
    ("Out of String space", "out-of-memory", UNKNOWN),
]


@pytest.mark.parametrize(("text", "code", "outcome"), KNOWN)
def test_a_message_of_afas_is_recognised_with_its_outcome(text: str, code: str, outcome: Outcome) -> None:
    finding = find(text)
    assert finding is not None
    assert (finding.code, finding.outcome) == (code, outcome)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Iets wat niemand eerder zag",
        # A known message inside another text proves nothing about the whole.
        "An error followed. Vat is mandatory for account 4000",
        "Vat is mandatory for account 4000. An unexpected error has occurred.",
    ],
)
def test_an_unknown_text_is_left_alone(text: str) -> None:
    assert find(text) is None


def test_typographic_quotes_and_line_breaks_do_not_hide_a_message() -> None:
    finding = find("General message:\r\n De ingevulde waarde bij ‘Dagboek’\r\nbestaat niet.")
    assert finding is not None
    assert finding.code == "journal-unknown"


def test_the_advice_names_what_afas_named() -> None:
    finding = find("Code verbijzondering voor as 'Kostenplaats' moet gevuld worden voor rekening 8074")
    assert finding is not None
    assert finding.params == {"axis": "Kostenplaats", "account": "8074"}
    assert "8074" in finding.advice["nl"].cause
    assert "Kostenplaats" in finding.advice["en"].title


def test_the_articles_own_message_comes_first_with_its_cause_and_cure() -> None:
    first = messages()[0]
    # The article prints XXXX where AFAS names the account.
    finding = find("(AfasFiEntry) Vat is mandatory for account XXXX")
    assert finding is not None
    assert finding.code == first.code
    dutch = finding.advice["nl"]
    assert "XXXX" in dutch.title
    assert "instellingsfout" in dutch.cause
    assert "'Voorkeuren'" in dutch.cause
    assert "Financieel \\ Beheer \\ Instellingen admin" in dutch.cure
    assert " uit." in dutch.cure


def test_braces_in_a_message_of_afas_stay_as_they_are() -> None:
    finding = find("De ingevulde waarde bij '{value}{0}' bestaat niet")
    assert finding is not None
    assert "{value}{0}" in finding.advice["nl"].title


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.code)
def test_every_wording_gives_what_the_advice_needs(message: Message) -> None:
    texts = [
        text for advice in (message.nl, message.en) for text in (advice.title, advice.cause, advice.cure)
    ]
    needed = set().union(*map(_placeholders, texts))
    for pattern in message.patterns.nl + message.patterns.en:
        assert needed <= set(re.compile(pattern).groupindex)


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.code)
def test_every_message_has_whole_advice_in_both_languages(message: Message) -> None:
    assert message.patterns.nl + message.patterns.en
    for advice in (message.nl, message.en):
        assert advice.title.strip()
        assert advice.cause.endswith(".")
        assert " \\ " in advice.cure, "the cure names the place in AFAS"
    assert _placeholders(message.nl.title) == _placeholders(message.en.title)


def test_codes_are_unique_and_in_kebab_case() -> None:
    codes = [message.code for message in messages()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_everybody_who_can_mend_something_has_something_to_mend() -> None:
    assert {message.who for message in messages()} == set(Who)
    assert set(LANGUAGES) == {"nl", "en"}
