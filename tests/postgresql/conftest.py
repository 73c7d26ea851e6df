"""What tests need whose threads commit."""

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def record_is_emptied(transactional_db: None) -> Iterator[None]:
    """Removes the rows that a test left in the record, which otherwise refuses it, even to the test runner."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE audit_record")
        cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")
