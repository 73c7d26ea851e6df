"""`python -m nmbrs_sandbox`: an Nmbrs on this machine, in memory."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Generator, Sequence
from datetime import UTC, date, datetime, timedelta

import uvicorn
from starlette.applications import Starlette

from nmbrs_sandbox.app import nmbrs_app
from nmbrs_sandbox.control import control_app
from nmbrs_sandbox.randomness import SystemRandomness
from nmbrs_sandbox.sandbox import Sandbox
from nmbrs_sandbox.seeding import SEEDS, seed

_HOST = "127.0.0.1"
_MOST_ADDRESSES = 5


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it, as there are two in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is told to stop."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if len(options.redirect_uri) > _MOST_ADDRESSES:
        parser.error(f"a partner has at most {_MOST_ADDRESSES} addresses (--redirect-uri)")
    apart = timedelta(0) if options.today is None else options.today - datetime.now(UTC).date()
    sandbox = Sandbox(
        seed(options.seed, datetime.now(UTC).date() + apart),
        SystemRandomness(),
        lambda: datetime.now(UTC) + apart,
    )
    for partner in sandbox.world.partners.values():
        partner.redirect_uris = options.redirect_uri
    asyncio.run(_serve(sandbox, options.port, options.control_port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m nmbrs_sandbox", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8111, help="of the API, the identity service and the pages"
    )
    parser.add_argument("--control-port", type=int, default=8112, help="for scenes, faults, clock and calls")
    parser.add_argument("--seed", choices=SEEDS, default="demo")
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        help="YYYY-MM-DD: the day it is in the sandbox; the real one if not told",
    )
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="registered; without any, all of this machine"
    )
    return parser


async def _serve(sandbox: Sandbox, port: int, control_port: int) -> None:
    servers = [
        _server(sandbox, nmbrs_app(sandbox), port),
        _server(sandbox, control_app(sandbox), control_port),
    ]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, servers)
    sys.stdout.write(
        f"Nmbrs (sandbox): http://{_HOST}:{port}/\nControl port: http://{_HOST}:{control_port}/\n"
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
