"""What an installation leaves behind in files and logs is not for others to read."""

import json
import os
import subprocess
import sys
from pathlib import Path

BREAKS_OFF = """
import django, structlog
django.setup()
def call(salary):
    raise ValueError("broken off")
try:
    call("salary-of-anna")
except ValueError:
    structlog.get_logger().exception("work_failed")
"""

REFUSED_BY_THE_DATABASE = """
import django, logging, structlog
django.setup()
def call():
    raise ValueError("the row is refused\\nDETAIL:  Failing row contains (7345.67, Nettoloon)")
try:
    call()
except ValueError as error:
    structlog.get_logger().error("work_failed", exc_info=error)
    logging.getLogger("django.request").error("Internal Server Error: %s", "/send", exc_info=error)
"""


def environment(data: Path) -> dict[str, str]:
    """An installation that keeps everything in its folder, whatever database the tests run on."""
    return os.environ | {
        "LOONBRUG_DATA": str(data),
        "LOONBRUG_DATABASE": "",
        "LOONBRUG_ENGINE": "embedded",
        "DJANGO_SETTINGS_MODULE": "loonbrug.project.settings",
    }


def test_a_logged_error_tells_where_but_never_the_values_of_variables(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BREAKS_OFF],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "broken off" in ran.stderr
    assert '"name": "call"' in ran.stderr
    assert "salary-of-anna" not in ran.stderr.replace('call(\\"salary-of-anna\\")', "")


def test_a_logged_error_leaves_out_the_row_that_a_database_quotes(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REFUSED_BY_THE_DATABASE],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "7345" not in ran.stderr
    ours, of_django = map(json.loads, ran.stderr.splitlines())
    assert (ours["event"], of_django["event"]) == ("work_failed", "Internal Server Error: /send")
    for line in (ours, of_django):
        assert line["exception"][0]["exc_value"] == "the row is refused"
        assert line["exception"][0]["frames"][-1]["name"] == "call"


def test_only_its_owner_can_read_what_an_installation_keeps(tmp_path: Path) -> None:
    data = tmp_path / "installation"
    data.mkdir(mode=0o755)
    command = [sys.executable, "-m", "loonbrug.project.main", "migrate"]
    subprocess.run(command, env=environment(data), umask=0o022, capture_output=True, check=True)

    files = {file.name: file.stat().st_mode & 0o077 for file in data.iterdir()}
    assert "loonbrug.sqlite3" in files
    assert not any(files.values()), files
