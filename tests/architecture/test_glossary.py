"""The glossary says every word of the code that people meet, and no word that the code does not have."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.apps import apps

from loonbrug.access.rights import Level, Part
from loonbrug.connections.models import ConnectionState, NmbrsState
from loonbrug.delivery.decisions import DoubtDecision
from loonbrug.delivery.outcomes import Outcome
from loonbrug.delivery.states import State
from loonbrug.directory.matching import Doubt
from loonbrug.directory.models import CodeKind
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.problems import Who
from loonbrug.mappings.checks import JournalVariant
from loonbrug.payroll.models import JournalLife, JournalSource
from loonbrug.planning.plan import Step
from loonbrug.screens.journal_export import JournalState
from loonbrug.screens.planned import Hold
from loonbrug.screens.radar import Kind
from loonbrug.screens.run_export import Change

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
DUTCH = ROOT / "src" / "loonbrug" / "locale" / "nl" / "LC_MESSAGES" / "django.po"
EXPLAINED: list[type[StrEnum]] = [
    *(State, JournalState, JournalLife, ConnectionState, NmbrsState, Doubt, Part, Level, CodeKind, Outcome),
    *(DoubtDecision, Who, Change, BookingDate, JournalVariant, JournalSource),
    *(Step, Hold, Kind),
]
#: In a table: a thing that no screen names.
UNNAMED = "–"

Row = tuple[str, str, str]


def rows_of(name: str) -> list[Row]:
    """Dutch, English and code of each row in the section whose heading ends in this name."""
    for section in re.split(r"^## ", GLOSSARY.read_text(), flags=re.MULTILINE):
        if section.splitlines()[0].endswith(f"(`{name}`)"):
            found = re.findall(r"^\| (.+?) \| (.+?) \| `(\w+)` \|", section, flags=re.MULTILINE)
            return [(dutch, english, code) for dutch, english, code in found]
    return []


def translations() -> set[tuple[str, str]]:
    """English and Dutch of every text on the screens."""
    with DUTCH.open("rb") as file:
        return {(message.id, message.string) for message in read_po(file) if isinstance(message.id, str)}


def test_every_model_has_its_words() -> None:
    models = {model.__name__ for model in apps.get_models() if model.__module__.startswith("loonbrug.")}
    assert {code for _, _, code in rows_of("models")} == models


@pytest.mark.parametrize("explained", EXPLAINED, ids=lambda explained: explained.__name__)
def test_every_state_and_right_has_its_words(explained: type[StrEnum]) -> None:
    codes = [code for _, _, code in rows_of(explained.__name__)]
    assert sorted(codes) == sorted(explained)


@pytest.mark.parametrize("explained", EXPLAINED, ids=lambda explained: explained.__name__)
def test_the_words_are_those_of_the_screens(explained: type[StrEnum]) -> None:
    on_screens = translations()
    other = [
        (dutch, english)
        for dutch, english, _ in rows_of(explained.__name__)
        if dutch != UNNAMED and (english, dutch) not in on_screens
    ]
    assert other == []
