"""What many of these tests start from: two offices, and AFAS at work for a drain."""

from collections.abc import Iterator

import pytest
from tests.integration.afas_at_work import Afas
from tests.integration.two_offices import OfficeWithAll, make_office

from loonbrug.delivery.drain import grouping_writer
from loonbrug.delivery.writer import Writer


@pytest.fixture
def noord(db: None) -> OfficeWithAll:
    return make_office("Kantoor Noord", "anna", "12345")


@pytest.fixture
def zuid(db: None) -> OfficeWithAll:
    return make_office("Kantoor Zuid", "bram", "54321")


@pytest.fixture
def writer() -> Iterator[Writer]:
    with grouping_writer() as made:
        yield made


@pytest.fixture
def afas(writer: Writer) -> Afas:
    return Afas(writer)
