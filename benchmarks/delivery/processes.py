"""The processes of a measurement, and what the kernel says that they cost."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.running import free_port

_TICKS = os.sysconf("SC_CLK_TCK")
#: What the product says once its engine runs.
_READY = {"serve": "Loonbrug: http", "worker": '"working"'}


class Stub:
    """The stub for AFAS, in a process of its own."""

    def __init__(self, latency_ms: int) -> None:
        command = [sys.executable, "-m", "benchmarks.delivery.stub", "--latency-ms", str(latency_ms)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        with self._process.stdout as said:
            self._address = f"http://127.0.0.1:{int(said.readline())}"
        self.url = self._address + "/{participant_number}.{segment}/ProfitRestServices"

    def figures(self) -> dict[str, dict[str, Any]]:
        """What every environment saw, by its participant number."""
        with urlopen(f"{self._address}/figures", timeout=30) as answer:
            seen: dict[str, dict[str, Any]] = json.load(answer)
        return {name.partition(".")[0]: figures for name, figures in seen.items()}

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds that a process has used, and how much memory it holds and held at most, in MB."""

    cpu_seconds: float
    memory_mb: float
    most_memory_mb: float


class Product:
    """One process of the product, exactly as an installation runs it."""

    def __init__(self, folder: Path, engine: str, profile: str | None = None) -> None:
        command = "worker" if engine == "procrastinate" else "serve"
        arguments = ["worker"] if command == "worker" else ["serve", "--port", str(free_port())]
        start = ["benchmarks.delivery.profiled", profile] if profile else ["loonbrug.project.main"]
        self._log = folder / f"product-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *start, *arguments], stdout=log, stderr=log
            )
        self._wait_until_it_says(_READY[command])

    def _wait_until_it_says(self, words: str) -> None:
        until = time.monotonic() + 60
        while words not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the product did not start:\n{self._log.read_text()}")
            time.sleep(0.05)

    def cost(self) -> Cost:
        """What it has cost until now."""
        process = Path("/proc", str(self._process.pid))
        # The name, in parentheses, may hold anything; what is wanted stands behind it.
        behind = (process / "stat").read_text().rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        memory = [int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]
        return Cost((int(behind[11]) + int(behind[12])) / _TICKS, *memory)

    def end(self) -> None:
        """Stop it as a service is stopped."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
