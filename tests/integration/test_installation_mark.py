"""The mark of an installation, in its database and beside it: what counts as restored or copied, and what does not."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.integration.delivery_office import NOW, POLICY, make_office

from loonbrug.delivery import installation
from loonbrug.delivery.models import InstallationMark
from loonbrug.project import installation_mark
from loonbrug.project.installation_mark import NAME, Folder, keep_renewing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def office_id() -> int:
    return make_office().scope.office_id


def folder(path: Path, *, is_shared: bool = False) -> Folder:
    path.mkdir(exist_ok=True)
    return Folder(path=path, is_shared=is_shared, policy=POLICY, now=lambda: NOW, new_id=uuid4)


def is_paused() -> bool:
    return bool(installation.paused_offices())


def restore(marks: dict[UUID, UUID]) -> None:
    """Put the marks back as they were when a backup was made."""
    InstallationMark.objects.all().delete()
    for place, mark in marks.items():
        installation.keep_mark(folder=place, mark=mark, now=NOW)


def test_a_first_start_and_every_later_one_find_what_they_left(tmp_path: Path) -> None:
    for _ in range(3):
        folder(tmp_path).check()
    assert not is_paused()
    assert InstallationMark.objects.count() == 1


def test_the_mark_is_another_every_time(tmp_path: Path) -> None:
    folder(tmp_path).check()
    (before,) = installation.marks().values()
    folder(tmp_path).check()
    assert set(installation.marks().values()).isdisjoint({before})


def test_a_restored_database_has_an_older_mark(tmp_path: Path) -> None:
    folder(tmp_path).check()
    backup = installation.marks()
    folder(tmp_path).check()
    folder(tmp_path).check()
    restore(backup)
    folder(tmp_path).check()
    assert is_paused()


def test_a_database_from_before_there_was_a_mark_is_a_restored_one(tmp_path: Path) -> None:
    folder(tmp_path).check()
    restore({})
    folder(tmp_path).check()
    assert is_paused()


@pytest.mark.parametrize("is_late", [False, True])
def test_a_crash_between_file_and_database_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_late: bool
) -> None:
    folder(tmp_path).check()
    before = installation.marks()

    def crash(**given: object) -> None:
        raise OSError

    monkeypatch.setattr(installation, "keep_mark", crash)
    with pytest.raises(OSError):  # noqa: PT011 (the crash itself)
        folder(tmp_path).check()
    monkeypatch.undo()
    if is_late:
        (place,) = before
        _, _, *marks = (tmp_path / NAME).read_text().split()
        (new,) = set(map(UUID, marks)) - set(before.values())
        restore({place: new})
    folder(tmp_path).check()
    assert not is_paused()


def test_a_copied_database_finds_a_folder_without_a_mark(tmp_path: Path) -> None:
    folder(tmp_path / "here").check()
    folder(tmp_path / "copy").check()
    assert is_paused()


def test_a_copy_of_the_whole_folder_is_another_folder(tmp_path: Path) -> None:
    folder(tmp_path / "here").check()
    shutil.copytree(tmp_path / "here", tmp_path / "copy")
    folder(tmp_path / "copy").check()
    assert is_paused()


def test_a_folder_that_was_moved_is_the_same_folder(tmp_path: Path) -> None:
    folder(tmp_path / "here").check()
    (tmp_path / "here").rename(tmp_path / "there")
    folder(tmp_path / "there").check()
    assert not is_paused()


@pytest.mark.parametrize("text", ["", "no mark at all", "00000000"])
def test_a_mark_that_cannot_be_read_is_no_mark_of_here(tmp_path: Path, text: str) -> None:
    folder(tmp_path).check()
    (tmp_path / NAME).write_text(text)
    folder(tmp_path).check()
    assert is_paused()


def test_a_new_machine_joins_when_another_renews_its_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = folder(tmp_path / "first", is_shared=True)
    first.check()
    monkeypatch.setattr(installation_mark.time, "sleep", lambda _: first.check())
    folder(tmp_path / "second", is_shared=True).check()
    assert not is_paused()
    assert len(installation.marks()) == 2


def test_a_new_machine_does_not_join_a_database_that_nobody_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path / "first", is_shared=True).check()
    monkeypatch.setattr(installation_mark, "JOIN_WITHIN_SECONDS", 0.02)
    monkeypatch.setattr(installation_mark, "LOOK_SECONDS", 0.01)
    folder(tmp_path / "second", is_shared=True).check()
    assert is_paused()


def test_on_more_machines_a_restored_database_is_noticed_too(tmp_path: Path) -> None:
    shared = folder(tmp_path, is_shared=True)
    shared.check()
    backup = installation.marks()
    shared.check()
    restore(backup)
    shared.check()
    assert is_paused()


def test_what_is_paused_stays_so_after_the_mark_is_renewed(tmp_path: Path, office_id: int) -> None:
    folder(tmp_path).check()
    restore({})
    folder(tmp_path).check()
    folder(tmp_path).check()
    assert installation.paused_offices() == {office_id}
    installation.release(office_id=office_id, reason="nagekeken", by="Anna", now=NOW + timedelta(hours=1))
    folder(tmp_path).check()
    assert not is_paused()


def test_a_start_checks_before_anything_can_be_sent(tmp_path: Path) -> None:
    folder(tmp_path).check()
    restore({})
    keep_renewing(folder(tmp_path))
    assert is_paused()
