"""Real processes: started, killed, stopped for a while, and ended with the run whatever happens."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.running import HERE, ask, free_port, is_listening

from benchmarks.chaos.relay import Relay

LOOPBACK = f"http://{HERE}"
READY_WITHIN_SECONDS = 90.0
END_WITHIN_SECONDS = 15.0
#: Of the forgotten connections; silence costs the product all of its patience.
SILENT_SHARE = 0.25


class Process:
    """One process, with its output in a file; ready when it listens on its port, or else says `working`."""

    def __init__(
        self, arguments: list[str], log: Path, environment: Mapping[str, str], *, port: int | None = None
    ) -> None:
        self._arguments, self._log, self._environment, self._port = arguments, log, environment, port
        self._process: subprocess.Popen[bytes] | None = None
        self._said_before = 0
        self._resuming: threading.Timer | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._said_before = log.tell()
            command = [sys.executable, "-m", *self._arguments]
            self._process = subprocess.Popen(
                command, env=dict(self._environment), stdout=log, stderr=log, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN_SECONDS
        while not self.is_ready():
            if self.has_died() or time.monotonic() > until:
                raise RuntimeError(f"{' '.join(self._arguments)} did not start; see {self._log}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        if self._process is None:
            return False
        if self._port is None:
            with self._log.open("rb") as log:
                log.seek(self._said_before)
                return b'"working"' in log.read(10_000)
        return is_listening(self._port)

    def has_died(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop_for(self, seconds: float) -> None:
        """SIGSTOP now and SIGCONT later, from a thread of its own: whoever waits for it must not keep it stopped."""
        self._send(signal.SIGSTOP)
        self._resuming = threading.Timer(seconds, self._send, [signal.SIGCONT])
        self._resuming.daemon = True
        self._resuming.start()

    def is_stopped(self) -> bool:
        return self._resuming is not None and self._resuming.is_alive()

    def end(self) -> None:
        if self._process is None:
            return
        if self._resuming is not None:
            self._resuming.cancel()
        self._send(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(END_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


class Surroundings:
    """AFAS, its mail, and the network between AFAS and us."""

    def __init__(self, folder: Path, time_limit_ms: int, document: dict[str, Any], seed: int = 1) -> None:
        rest, control, smtp, mail = (free_port() for _ in range(4))
        self.control, self.mail = f"{LOOPBACK}:{control}", f"{LOOPBACK}:{mail}"
        catcher = ["afas_sandbox.mail_catcher", "--smtp-port", str(smtp), "--port", str(mail)]
        afas = ["afas_sandbox", "--port", str(rest), "--control-port", str(control)]
        afas += ["--smtp", f"{HERE}:{smtp}", "--seed", "empty"]
        self._processes = [
            Process(catcher, folder / "mail.log", os.environ, port=mail),
            Process(afas, folder / "afas.log", os.environ, port=control),
        ]
        chance = random.Random(seed)
        self.relay = Relay((HERE, rest), lambda: chance.random() < SILENT_SHARE)
        try:
            for process in self._processes:
                process.start()
            for process in self._processes:
                process.wait_until_ready()
            ask(f"{self.control}/settings", "PATCH", {"time_limit_ms": time_limit_ms})
            ask(f"{self.control}/world", "POST", document)
        except BaseException:
            self.end()
            raise

    def afas_url_by(self, port: int) -> str:
        """AFAS's address, reached by that port of the relay."""
        return f"{LOOPBACK}:{port}/{{participant_number}}.{{segment}}/ProfitRestServices"

    def end(self) -> None:
        self.relay.close()
        for process in self._processes:
            process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
