"""A backup put back under `loonbrug serve`: what was sent after it was made is found in AFAS, not sent again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.running import Installation, wait_for

SCALE = 120
BAKERY, BAKERY_ADMINISTRATION = "2001", 1
SENT_AFTER = f"send({BAKERY!r}, 'korenaar-2026-10.xml')"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An authorised and mapped office on SQLite, served."""
    monkeypatch.setenv("LOONBRUG_DATABASE", "")
    with Installation(tmp_path, scale=SCALE) as prepared:
        prepared.start_afas()
        prepared.found_office(authorised=True)
        yield prepared


def copied(source: Path, target: Path) -> None:
    """SQLite's own backup, as the manual says."""
    with closing(sqlite3.connect(source)) as taken, closing(sqlite3.connect(target)) as kept:
        taken.backup(kept)


def test_a_backup_that_is_put_back_sends_nothing_twice(installation: Installation, tmp_path: Path) -> None:
    database, backup = tmp_path / "data" / "loonbrug.sqlite3", tmp_path / "backup.sqlite3"
    serving = installation.serve()
    copied(database, backup)
    installation.in_the_office(SENT_AFTER)
    wait_for(lambda: set(installation.states()) <= {"booked", "verified"}, "the journal to be booked")
    serving.stop()
    for rest in ("-wal", "-shm"):
        Path(f"{database}{rest}").unlink(missing_ok=True)
    backup.replace(database)

    restored = installation.serve()
    assert "sending_paused" in restored.output
    assert installation.states() == []
    installation.in_the_office(SENT_AFTER)
    wait_for(lambda: installation.states() in (["booked"], ["verified"]), "the entry to be found")
    (entry,) = installation.books(BAKERY_ADMINISTRATION)
    assert installation.deliveries()[0][1:] == (str(entry["number"]), 0)
    installation.command("-m", "loonbrug.project.main", "release", "--reason", "alles staat er")
