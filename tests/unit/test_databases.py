"""The database that an address stands for."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from loonbrug.project.databases import database


def test_without_an_address_it_is_sqlite_in_the_folder(tmp_path: Path) -> None:
    found = database(address="", folder=tmp_path)
    assert found["ENGINE"] == "django.db.backends.sqlite3"
    assert found["NAME"] == tmp_path / "loonbrug.sqlite3"


def test_an_address_of_postgresql_is_taken_apart(tmp_path: Path) -> None:
    address = "postgresql://loon:s%40fe@db.example:5433/payroll?sslmode=verify-full"
    found = database(address=address, folder=tmp_path)
    assert found["ENGINE"] == "django.db.backends.postgresql"
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    assert [found[name] for name in names] == ["payroll", "loon", "s@fe", "db.example", "5433"]
    assert found["OPTIONS"]["sslmode"] == "verify-full"


def test_postgresql_lets_nobody_hold_locks_while_he_stands_still(tmp_path: Path) -> None:
    address = "postgresql://loon@db/payroll?options=-c%20work_mem%3D8MB"
    options = database(address=address, folder=tmp_path)["OPTIONS"]["options"]
    assert options == "-c work_mem=8MB -c idle_in_transaction_session_timeout=10s"


@pytest.mark.parametrize("address", ["mysql://loon@db/payroll", "postgresql://db/x?colour=red", "payroll"])
def test_any_other_address_is_refused_without_repeating_its_password(address: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="LOONBRUG_DATABASE") as refused:
        database(address=address, folder=tmp_path)
    assert address not in str(refused.value)
