"""Two offices for whoever asks."""

import pytest
from tests.integration.two_offices import OfficeWithAll, make_office


@pytest.fixture
def noord(db: None) -> OfficeWithAll:
    return make_office("Kantoor Noord", "anna", "12345")


@pytest.fixture
def zuid(db: None) -> OfficeWithAll:
    return make_office("Kantoor Zuid", "bram", "54321")
