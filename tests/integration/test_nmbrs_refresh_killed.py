"""A refresh token is spent once, by one process, whatever is killed when. Real processes, on either database."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

#: Past the time after which a refresh without an end has died.
MUCH_LATER = "300"
POINTS = ("asked", "claimed", "spent", "kept")
AT_ONCE = 3


class Identity(ThreadingHTTPServer):
    """Gives a new pair for a refresh token, once; counts what was presented."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.presented: Counter[str] = Counter()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def times_presented(self, number: int) -> dict[str, int]:
        return {key: count for key, count in self.presented.items() if key.startswith(f"refresh-{number}-")}


class _Answer(BaseHTTPRequestHandler):
    server: Identity

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        token = parse_qs(body)["refresh_token"][0]
        self.server.presented[token] += 1
        is_first = self.server.presented[token] == 1
        _, number, serial = token.split("-")
        fresh = f"{number}-{int(serial) + 1}"
        pair = {
            "access_token": f"access-{fresh}",
            "refresh_token": f"refresh-{fresh}",
            "expires_in": 3600,
            "token_type": "Bearer",
        }
        self._send(200 if is_first else 400, pair if is_first else {"error": "invalid_grant"})

    def _send(self, status: int, answer: object) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests are silent."""


class Installation:
    """An installation of its own that child processes work on, with a connection for each point."""

    def __init__(self, folder: Path, database: str, identity: Identity) -> None:
        self.identity = identity
        self._environment = os.environ | {
            "LOONBRUG_DATA": str(folder),
            "LOONBRUG_DATABASE": database,
            "LOONBRUG_NMBRS_URL": identity.address,
            "LOONBRUG_NMBRS_CLIENT_ID": "app",
            "LOONBRUG_NMBRS_SECRET": "secret",
            "LOONBRUG_NMBRS_SUBSCRIPTION_KEY": "key",
        }
        self.ids: list[int] = self.run("prepare", str(len(POINTS) + 2))

    def start(self, *words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.integration.nmbrs_child", *words]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)

    def run(self, *words: str) -> Any:
        child = self.start(*words)
        out, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        return json.loads(out.splitlines()[-1])

    def kill_at(self, point: str, connection_id: int) -> None:
        child = self.start("token", str(connection_id), point, "0")
        assert child.stdout is not None
        assert child.stdout.readline().strip() == point
        child.kill()
        child.communicate()

    def token(self, connection_id: int, later: str = "0") -> Any:
        return self.run("token", str(connection_id), "-", later)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("nmbrs")
    identity = Identity()
    if not settings.DATABASE:
        yield Installation(folder, "", identity)
    else:
        with _database(f"nmbrs_{os.getpid()}") as address:
            yield Installation(folder, address, identity)
    identity.shutdown()
    identity.server_close()


@contextmanager
def _database(name: str) -> Iterator[str]:
    """An empty database beside that of the other tests."""
    import psycopg

    def execute(statement: str) -> None:
        with psycopg.connect(settings.DATABASE, autocommit=True) as server:
            server.execute(statement)

    execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(settings.DATABASE)._replace(path=f"/{name}").geturl()
    finally:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("point", "is_good"), [("asked", True), ("claimed", False), ("spent", False), ("kept", True)]
)
def test_after_a_kill_the_chain_is_good_or_the_connection_asks_for_consent(
    installation: Installation, point: str, is_good: bool
) -> None:
    number = POINTS.index(point)
    connection_id = installation.ids[number]
    installation.kill_at(point, connection_id)
    then = installation.token(connection_id, MUCH_LATER)
    if is_good:
        assert then == {"got": f"access-{number}-1", "state": "connected", "reason": "", "mails": 0}
    else:
        lost = {"state": "consent_needed", "reason": "nmbrs_refresh_lost", "mails": 1}
        assert then == {"got": "consent ended", **lost}
    assert set(installation.identity.times_presented(number).values()) <= {1}


def test_processes_that_need_a_token_at_once_spend_one_refresh_token(installation: Installation) -> None:
    number = len(POINTS)
    connection_id = installation.ids[number]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        got = list(threads.map(installation.token, [connection_id] * AT_ONCE))
    assert [each["got"] for each in got] == [f"access-{number}-1"] * AT_ONCE
    assert installation.identity.times_presented(number) == {f"refresh-{number}-0": 1}


def test_whoever_meets_a_refresh_that_has_just_died_waits_and_never_spends_its_token(
    installation: Installation,
) -> None:
    number = len(POINTS) + 1
    connection_id = installation.ids[number]
    installation.kill_at("spent", connection_id)
    waiting = installation.start("token", str(connection_id), "-", "0")
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.communicate(timeout=3)
    waiting.kill()
    waiting.communicate()
    assert installation.identity.times_presented(number) == {f"refresh-{number}-0": 1}
