"""What `loonbrug demo` starts, as processes of a test: each with its own ports and data, and ended by the test."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from loonbrug.project.demo.command import NMBRS

ROOT = Path(__file__).resolve().parents[1]
HERE = "127.0.0.1"
#: The environment of the sandbox's seed in which everything is set up.
HOST = "12345.resttest"
AFAS_LIMIT_SECONDS = 900
READY_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 20.0

Found = TypeVar("Found")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HERE, port)) == 0


def wait_for(look: Callable[[], Found], what: str, within: float = 60.0) -> Found:
    """Look until there is something; fail with what was waited for."""
    until = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < until, f"waited {within:.0f} s for {what}"
        time.sleep(0.05)
    return found


def database_of_its_own() -> str:
    """The address of a new database where these tests run on PostgreSQL; nothing means SQLite in the folder."""
    server = os.environ.get("LOONBRUG_DATABASE", "")
    if not server:
        return ""
    name = f"installation_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


class Process:
    """One process; what it writes is kept in a file."""

    def __init__(self, module: str, *arguments: str, output: Path, environment: dict[str, str]) -> None:
        self._output = output
        with output.open("a") as written:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], env=environment, stdout=written, stderr=written
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_until_listening(self, port: int) -> Self:
        wait_for(lambda: self.popen.poll() is not None or is_listening(port), "a port", READY_WITHIN_SECONDS)
        assert self.popen.poll() is None, self.output
        return self

    def stop(self) -> float:
        """Ask it to end; the seconds that it took."""
        began = time.monotonic()
        self.popen.terminate()
        try:
            self.popen.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - began

    def kill(self) -> None:
        """End it as a power cut would."""
        self.popen.kill()
        self.popen.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.popen.poll() is None:
            self.stop()


class Installation(ExitStack):
    """A sandbox, a mail catcher and (when asked) an office with its pages, on ports and data of their own."""

    def __init__(self, directory: Path, *, scale: int = 60) -> None:
        super().__init__()
        self.directory = directory
        self.pages, self.afas, self.control_port, self.smtp, self.mail_port = (free_port() for _ in range(5))
        self.nmbrs, self.nmbrs_control_port = free_port(), free_port()
        self.scale = scale
        self.database = database_of_its_own()
        self.environment = os.environ | {
            "LOONBRUG_DATA": str(directory / "data"),
            "LOONBRUG_DATABASE": self.database,
            "LOONBRUG_ENGINE": "embedded",
            "LOONBRUG_ADDRESS": self.address(self.pages),
            "LOONBRUG_AFAS_URL": (
                f"{self.address(self.afas)}/{{participant_number}}.{{segment}}/ProfitRestServices"
            ),
            "LOONBRUG_SCALE": str(scale),
            "LOONBRUG_DEMO_CONTROL": self.address(self.control_port),
            "LOONBRUG_DEMO_MAIL": self.address(self.mail_port),
            "DJANGO_SETTINGS_MODULE": "loonbrug.project.settings",
        }
        self._processes: list[Process] = []

    def start(self, *, authorised: bool = False) -> str:
        """Start everything with the sample office; the one-time link of its first user."""
        self.start_afas()
        link = self.found_office(authorised=authorised)
        self.serve()
        return link

    @staticmethod
    def address(port: int) -> str:
        return f"http://{HERE}:{port}"

    @property
    def output(self) -> str:
        """What all processes have written."""
        return "\n".join(process.output for process in self._processes)

    def start_afas(self) -> None:
        """The sandbox with its time limit scaled down, and the mail catcher."""
        limit = str(AFAS_LIMIT_SECONDS // self.scale)
        smtp = f"{HERE}:{self.smtp}"
        ports = ["--port", str(self.afas), "--control-port", str(self.control_port)]
        mail = self.run(
            "afas_sandbox.mail_catcher", "--smtp-port", str(self.smtp), "--port", str(self.mail_port)
        )
        sandbox = self.run("afas_sandbox", *ports, "--smtp", smtp, "--time-limit", limit)
        mail.wait_until_listening(self.mail_port)
        sandbox.wait_until_listening(self.afas).wait_until_listening(self.control_port)

    def start_nmbrs(self) -> None:
        """The sandbox of Nmbrs, with our application registered for this installation's address."""
        self.environment |= NMBRS | {
            "LOONBRUG_NMBRS_URL": self.address(self.nmbrs),
            "LOONBRUG_DEMO_NMBRS_CONTROL": self.address(self.nmbrs_control_port),
        }
        ports = ["--port", str(self.nmbrs), "--control-port", str(self.nmbrs_control_port)]
        back = f"{self.address(self.pages)}/settings/nmbrs/callback/"
        sandbox = self.run("nmbrs_sandbox", *ports, "--redirect-uri", back)
        sandbox.wait_until_listening(self.nmbrs).wait_until_listening(self.nmbrs_control_port)

    def serve(self, port: int | None = None) -> Process:
        """The product's pages, and its engine when no other process of this installation has it."""
        port = port or self.pages
        return self.run("loonbrug.project.main", "serve", "--port", str(port)).wait_until_listening(port)

    def run(self, module: str, *arguments: str) -> Process:
        """Start a process that ends with the installation."""
        number = len(self._processes)
        output = self.directory / f"{number}-{module}.txt"
        process = Process(module, *arguments, output=output, environment=self.environment)
        self._processes.append(process)
        return self.enter_context(process)

    def command(self, *arguments: str) -> str:
        """Run Python to its end; what it wrote on stdout."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def found_office(self, *, authorised: bool) -> str:
        """The demo's office in a fresh database; the one-time link of its first user."""
        if not authorised:
            return self.command("-m", "loonbrug.project.demo.inside", "office")
        return self.in_the_office("print(found())")

    def in_the_office(self, act: str) -> str:
        """Do something of `tests.authorised_office` in a process that serves nothing; what it printed."""
        program = f"import django; django.setup(); from tests.authorised_office import *; {act}"
        return self.command("-c", program)

    def sign_in_link(self, email: str) -> str:
        """A one-time link for somebody of the office."""
        return self.command("-m", "loonbrug.project.main", "sign-in-link", email)

    def control(self, method: str, path: str, document: object = None) -> Any:
        """One call to the sandbox's control port."""
        return ask(self.address(self.control_port) + path, method, document)

    def books(self, administration: int) -> list[dict[str, Any]]:
        """What is booked in an administration of the sandbox."""
        found: list[dict[str, Any]] = self.control("GET", f"/books/{HOST}?administration={administration}")[
            "entries"
        ]
        return found

    def deliveries(self) -> list[tuple[str, str, int]]:
        """State, AFAS's entry number and number of attempts that may have left, from the database itself."""
        left = "SELECT count(*) FROM delivery_attempt WHERE delivery_id = delivery.id AND outcome <> 'not_booked'"
        question = f"SELECT state, entry_number, ({left}) FROM delivery_delivery AS delivery ORDER BY id"
        database = self.directory / "data" / "loonbrug.sqlite3"
        if self.database:
            with psycopg.connect(self.database) as connection:
                return connection.execute(question).fetchall()
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(question).fetchall()

    def states(self) -> list[str]:
        """The state of each delivery."""
        return [state for state, _, _ in self.deliveries()]

    def mails(self) -> list[dict[str, Any]]:
        """The caught mails, newest first."""
        found: list[dict[str, Any]] = ask(f"{self.address(self.mail_port)}/api/mails")
        return found

    def forget_mails(self) -> None:
        ask(f"{self.address(self.mail_port)}/api/mails", "DELETE")

    def mailed_code(self) -> str:
        """The activation code in the newest mail."""
        found = re.search(r"\b[0-9]{8}\b", self.mails()[0]["text"])
        assert found
        return found.group()


def ask(url: str, method: str = "GET", document: object = None) -> Any:
    """JSON over HTTP, on this machine."""
    body = None if document is None else json.dumps(document).encode()
    request = Request(url, data=body, method=method, headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        return json.load(answer)


def environment_part(**part: Sequence[Any] | bool | str) -> dict[str, Any]:
    """A document for the control port that changes the demo's test environment."""
    return {"environments": [{"participant": "12345", "type": "T", **part}]}
