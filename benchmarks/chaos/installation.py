"""The product as it runs: one process on SQLite, or pages and workers on a PostgreSQL of the run's own."""

import os
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.postgresql_server import Server, running
from tests.running import free_port

from benchmarks.chaos.processes import Process, Surroundings
from benchmarks.chaos.relay import Relay
from loonbrug.engine.procrastinate import STALLED_AFTER_SECONDS
from loonbrug.project.engines import EngineName

WORKER_COUNT = 3
#: A stopped process is stopped for this many times the time after which it is given up.
LONGER = 1.2


@dataclass
class Installation:
    """What can be struck: the processes that deliver, the one that serves the pages, and the database.

    The workers come with the port by which each of them, and nobody else, calls AFAS.
    """

    workers: dict[Process, int]
    serving: Process
    relay: Relay
    stop_seconds: float
    database: Server | None = None

    @classmethod
    def prepare(
        cls,
        engine: EngineName,
        folder: Path,
        limit_seconds: float,
        surroundings: Surroundings,
        settings: dict[str, str],
        stack: ExitStack,
    ) -> Self:
        """Set the environment for this process too; nothing of the product is started yet."""
        database = stack.enter_context(running()) if engine is EngineName.PROCRASTINATE else None
        settings |= {
            "LOONBRUG_DATA": str(folder / "data"),
            "LOONBRUG_ENGINE": engine,
            "LOONBRUG_DATABASE": database.address if database else "",
            "DJANGO_SETTINGS_MODULE": "loonbrug.project.settings",
        }
        os.environ |= settings | {"LOONBRUG_AFAS_URL": surroundings.afas_url_by(surroundings.relay.open())}

        def prepared(arguments: list[str], log: str, port: int | None = None) -> tuple[Process, int]:
            by = surroundings.relay.open()
            given = os.environ | {"LOONBRUG_AFAS_URL": surroundings.afas_url_by(by)}
            command = ["loonbrug.project.main", *arguments]
            return stack.enter_context(Process(command, folder / log, given, port=port)), by

        port = free_port()
        serving, by = prepared(["serve", "--port", str(port)], "serving.log", port)
        if database is None:
            return cls({serving: by}, serving, surroundings.relay, LONGER * limit_seconds)
        workers = dict(prepared(["worker"], f"worker-{number}.log") for number in range(WORKER_COUNT))
        longer = LONGER * max(limit_seconds, STALLED_AFTER_SECONDS)
        return cls(workers, serving, surroundings.relay, longer, database)

    @property
    def serves_only(self) -> bool:
        """Whether the pages have a process of their own, that delivers nothing."""
        return self.serving not in self.workers

    def start(self) -> None:
        processes = [*self.workers, self.serving] if self.serves_only else self.workers
        for process in processes:
            process.start()
        for process in processes:
            process.wait_until_ready()

    def booking(self) -> list[Process]:
        """The workers that can be struck and wait for AFAS's answer to an entry."""
        return [
            worker
            for worker, port in self.workers.items()
            if worker.is_ready() and not worker.is_stopped() and self.relay.is_booking(port)
        ]

    def revive(self) -> int:
        """Start what has ended by itself, as a supervisor would; how many."""
        dead = [process for process in {*self.workers, self.serving} if process.has_died()]
        for process in dead:
            process.start()
        return len(dead)

    def restart_database(self, *, at_once: bool, pause_seconds: float) -> None:
        """With every session broken off; `at_once` leaves it no time to put things in order first."""
        assert self.database is not None
        if at_once:
            self.database.process.send_signal(signal.SIGQUIT)
            self.database.process.wait()
        self.database.restart(pause_seconds=pause_seconds)
