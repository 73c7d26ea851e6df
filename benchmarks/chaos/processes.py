"""The real processes of a run: sandbox, mail catcher, and the product, which is killed and stopped on the way."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

LOOPBACK = "http://127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, method: str = "GET", document: object = None) -> Any:
    body = None if document is None else json.dumps(document).encode()
    with urlopen(Request(url, data=body, method=method), timeout=30) as answer:
        return json.load(answer)


class Process:
    """One process, with its output in a file."""

    def __init__(self, arguments: list[str], port: int, log: Path, environment: Mapping[str, str]) -> None:
        self._arguments, self._port, self._log, self._environment = arguments, port, log, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it listens."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", *self._arguments]
            self._process = subprocess.Popen(command, env=dict(self._environment), stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{self._arguments[0]} did not start; see {self._log}")

    def send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


class Surroundings:
    """AFAS and its mail, in processes of their own."""

    def __init__(self, folder: Path, time_limit_ms: int, document: dict[str, Any]) -> None:
        rest, control, smtp, mail = (free_port() for _ in range(4))
        self.control, self.mail = f"{LOOPBACK}:{control}", f"{LOOPBACK}:{mail}"
        self.afas_url = f"{LOOPBACK}:{rest}/{{participant_number}}.{{segment}}/ProfitRestServices"
        catcher = ["afas_sandbox.mail_catcher", "--smtp-port", str(smtp), "--port", str(mail)]
        afas = ["afas_sandbox", "--port", str(rest), "--control-port", str(control)]
        afas += ["--smtp", f"127.0.0.1:{smtp}", "--seed", "empty"]
        self._processes = [
            Process(catcher, mail, folder / "mail.log", os.environ),
            Process(afas, control, folder / "afas.log", os.environ),
        ]
        for process in self._processes:
            process.start()
        ask(f"{self.control}/settings", "PATCH", {"time_limit_ms": time_limit_ms})
        ask(f"{self.control}/world", "POST", document)

    def end(self) -> None:
        for process in self._processes:
            process.end()
