"""`python -m afas_sandbox`: an AFAS Profit on this machine, in memory."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Generator, Sequence
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette

from afas_sandbox.app import profit_app
from afas_sandbox.control import control_app
from afas_sandbox.randomness import SystemRandomness
from afas_sandbox.sandbox import MailServer, Sandbox
from afas_sandbox.seeding import SEEDS, seed

_HOST = "127.0.0.1"


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it, as there are two in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is told to stop."""
    options = _parser().parse_args(arguments)
    sandbox = Sandbox(
        seed(options.seed),
        SystemRandomness(),
        lambda: datetime.now(UTC),
        mail_server=options.smtp,
        time_limit_ms=options.time_limit * 1000,
    )
    asyncio.run(_serve(sandbox, options.port, options.control_port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m afas_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8101, help="of AFAS's REST services and pages")
    parser.add_argument("--control-port", type=int, default=8102, help="for reset, seed, books and faults")
    parser.add_argument("--smtp", type=_mail_server, help="HOST:PORT that takes the activation mails")
    parser.add_argument("--time-limit", type=_seconds, default=900, help="seconds that a call may take")
    parser.add_argument("--seed", choices=SEEDS, default="demo")
    return parser


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("write a whole number of seconds above 0")
    return int(text)


def _mail_server(text: str) -> MailServer:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError("write it as HOST:PORT, for instance 127.0.0.1:8125")
    return MailServer(host, int(port))


async def _serve(sandbox: Sandbox, port: int, control_port: int) -> None:
    servers = [
        _server(sandbox, profit_app(sandbox), port),
        _server(sandbox, control_app(sandbox), control_port),
    ]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, servers)
    sys.stdout.write(
        f"AFAS Profit (sandbox): http://{_HOST}:{port}/\nControl port: http://{_HOST}:{control_port}/\n"
    )
    sys.stdout.flush()
    await asyncio.gather(*(server.serve() for server in servers))


def _server(sandbox: Sandbox, app: Starlette, port: int) -> Server:
    config = uvicorn.Config(
        app, host=_HOST, port=port, http=sandbox.lines.protocol(), log_level="warning", access_log=False
    )
    return Server(config)


def _stop(servers: list[Server]) -> None:
    for server in servers:
        server.should_exit = True


if __name__ == "__main__":
    main()
