"""The mark of an installation and its last claim, in the database and beside it: when they differ, and when not."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from tests.integration.delivery_office import BOOKED, NOW, POLICY, DeliveryOffice, make_office

from loonbrug.delivery import installation
from loonbrug.delivery.models import Attempt, Delivery, InstallationMark
from loonbrug.project import installation_mark
from loonbrug.project.installation_mark import LAST_CLAIM, MARK, Folder

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> DeliveryOffice:
    return make_office()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_mark, "JOIN_WITHIN_SECONDS", 0.02)
    monkeypatch.setattr(installation_mark, "LOOK_SECONDS", 0.01)


def folder(path: Path, *, is_shared: bool = False) -> Folder:
    path.mkdir(exist_ok=True)
    return Folder(path=path, is_shared=is_shared, policy=POLICY, now=lambda: NOW, new_id=uuid4)


def is_paused() -> bool:
    return bool(installation.unreleased_offices())


def send(office: DeliveryOffice, from_folder: Folder) -> None:
    """Send an entry as a drain does: the claim is noted before it leaves."""
    delivery_id = office.sent(BOOKED)
    from_folder.note_claim(Attempt.objects.get(delivery_id=delivery_id).claim_id)


def lose_what_was_sent() -> None:
    """Put the deliveries back as they were when a backup was made."""
    Attempt.objects.all().delete()
    Delivery.objects.all().delete()


def test_a_first_start_and_every_later_one_find_what_they_left(
    tmp_path: Path, office: DeliveryOffice
) -> None:
    here = folder(tmp_path)
    for _ in range(3):
        here.check()
        send(office, here)
    assert not is_paused()
    assert InstallationMark.objects.count() == 1


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_restored_database_does_not_know_the_last_claim(
    tmp_path: Path, office: DeliveryOffice, *, is_shared: bool
) -> None:
    here = folder(tmp_path, is_shared=is_shared)
    here.check()
    send(office, here)
    lose_what_was_sent()
    here.check()
    assert is_paused()


def test_a_backup_after_which_nothing_was_sent_is_no_matter(tmp_path: Path, office: DeliveryOffice) -> None:
    here = folder(tmp_path)
    here.check()
    send(office, here)
    office.queue()
    Delivery.objects.filter(state="queued").delete()
    here.check()
    assert not is_paused()


def test_a_database_from_before_there_was_a_mark_is_a_restored_one(
    tmp_path: Path, office: DeliveryOffice
) -> None:
    folder(tmp_path).check()
    InstallationMark.objects.all().delete()
    folder(tmp_path).check()
    assert installation.unreleased_offices() == {office.scope.office_id}


def test_a_copied_database_finds_a_folder_without_a_mark(tmp_path: Path, office: DeliveryOffice) -> None:
    folder(tmp_path / "here").check()
    folder(tmp_path / "copy").check()
    assert installation.unreleased_offices() == {office.scope.office_id}


def test_a_copy_of_the_whole_folder_is_another_folder(tmp_path: Path, office: DeliveryOffice) -> None:
    folder(tmp_path / "here").check()
    shutil.copytree(tmp_path / "here", tmp_path / "copy")
    folder(tmp_path / "copy").check()
    assert installation.unreleased_offices() == {office.scope.office_id}


@pytest.mark.usefixtures("office")
def test_a_folder_that_was_moved_is_the_same_folder(tmp_path: Path) -> None:
    folder(tmp_path / "here").check()
    (tmp_path / "here").rename(tmp_path / "there")
    folder(tmp_path / "there").check()
    assert not is_paused()


@pytest.mark.parametrize("file", [MARK, LAST_CLAIM])
@pytest.mark.parametrize("text", ["", "no mark at all", "00000000"])
@pytest.mark.usefixtures("office")
def test_what_cannot_be_read_any_more_is_no_mark_of_here(tmp_path: Path, file: str, text: str) -> None:
    folder(tmp_path).check()
    (tmp_path / file).write_text(text)
    folder(tmp_path).check()
    assert is_paused()


@pytest.mark.usefixtures("office")
def test_a_first_machine_may_be_joined_before_anything_was_sent(tmp_path: Path) -> None:
    folder(tmp_path / "first", is_shared=True).check()
    folder(tmp_path / "second", is_shared=True).check()
    assert not is_paused()
    assert len(installation.marks()) == 2


def test_a_new_machine_joins_when_another_is_seen_at_work(
    tmp_path: Path, office: DeliveryOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = folder(tmp_path / "first", is_shared=True)
    first.check()
    send(office, first)
    beats = iter([NOW, NOW + timedelta(seconds=5)])
    monkeypatch.setattr(installation_mark, "last_pulse", lambda: next(beats))
    folder(tmp_path / "second", is_shared=True).check()
    assert not is_paused()


def test_a_new_machine_does_not_join_a_database_that_nobody_works_on(
    tmp_path: Path, office: DeliveryOffice
) -> None:
    first = folder(tmp_path / "first", is_shared=True)
    first.check()
    send(office, first)
    folder(tmp_path / "second", is_shared=True).check()
    assert is_paused()


def test_what_is_paused_stays_so_until_it_is_released(tmp_path: Path, office: DeliveryOffice) -> None:
    here = folder(tmp_path)
    here.check()
    send(office, here)
    lose_what_was_sent()
    here.check()
    here.check()
    assert is_paused()
    installation.release(office_id=office.scope.office_id, reason="nagekeken", by="Anna", now=NOW)
    here.check()
    assert not is_paused()


def test_a_full_disk_stops_no_sending_and_is_in_the_log(
    tmp_path: Path, office: DeliveryOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folder(tmp_path)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(installation_mark.os, "pwrite", full)
    with capture_logs() as lines:
        send(office, here)
    assert [(line["event"], line["log_level"]) for line in lines] == [("claim_not_noted", "error")]
