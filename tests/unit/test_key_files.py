import os
import subprocess
import sys
from pathlib import Path

import pytest

from loonbrug.project.key_files import encryption_keys, given_secret


def test_a_secret_is_given_itself_or_as_a_file_that_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("zand*bak\n")
    assert given_secret("NAME", {"NAME": "typed"}) == "typed"
    assert given_secret("NAME", {"NAME": "typed", "NAME_FILE": str(file)}) == "zand*bak"


def test_a_secret_that_is_not_given_is_empty() -> None:
    assert given_secret("NAME", {}) == ""


def test_a_disk_that_takes_no_key_keeps_no_draft_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        encryption_keys(tmp_path / "secrets.keys")
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_cannot_be_used_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = subprocess.run(
        [sys.executable, "-c", "from loonbrug.project.main import run; run()", "doctor"],
        env=os.environ | {"LOONBRUG_DATA": str(tmp_path / "file" / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith("Error: the data folder")
