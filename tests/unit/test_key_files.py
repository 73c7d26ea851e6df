from pathlib import Path

from loonbrug.project.key_files import given_secret


def test_a_secret_is_given_itself_or_as_a_file_that_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("zand*bak\n")
    assert given_secret("NAME", {"NAME": "typed"}) == "typed"
    assert given_secret("NAME", {"NAME": "typed", "NAME_FILE": str(file)}) == "zand*bak"


def test_a_secret_that_is_not_given_is_empty() -> None:
    assert given_secret("NAME", {}) == ""
