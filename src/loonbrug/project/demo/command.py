"""`loonbrug demo`: sandboxes of AFAS and Nmbrs, a mail catcher and the product, each a process of its own.

Nothing of the product is imported here: it is set up by environment variables, as anywhere else.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

READY_WITHIN_SECONDS = 30.0
STOP_WITHIN_SECONDS = 12.0
AFAS_LIMIT_SECONDS = 900
#: The company with an open run in the Nmbrs sandbox, and where the AFAS sandbox shows what was booked for it.
CAFE, BOOKS_OF_CAFE = "companies/2008", "profit/T12345/administrations/7/entries/"
#: AFAS's limit of 15 minutes becomes one minute in the demo, and 15 seconds in the run without a browser.
DEMO_SCALE = 15
ONCE_SCALE = 60
#: Folders of their own, so that the run without a browser can be tried beside the demo.
DEMO_DATA, ONCE_DATA = Path(".loonbrug/demo"), Path(".loonbrug/demo-once")
#: What the seed of the Nmbrs sandbox knows us as.
NMBRS = {
    "LOONBRUG_NMBRS_CLIENT_ID": "PartnerApp_Loonbrug_zandbak",
    "LOONBRUG_NMBRS_SECRET": "zand*bak$100%+geheim/1",
    "LOONBRUG_NMBRS_SUBSCRIPTION_KEY": "30c0ffee0000400080000000005a4db0",
}


class NotStartedError(click.ClickException):
    """A process of the demo did not come up; its own output says why."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts of the demo listen, all on 127.0.0.1."""

    pages: int
    afas: int
    control: int
    smtp: int
    mail: int
    nmbrs: int
    nmbrs_control: int


def preferred_ports() -> Ports:
    """The usual ports, or free ones where they are taken."""
    return Ports(*(_free(port) for port in (8000, 8101, 8102, 8125, 8103, 8111, 8112)))


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@click.command()
@click.option("--once", is_flag=True, help="Do the main job by script, report, and stop.")
@click.option("--json", "as_json", is_flag=True, help="With --once: one JSON object on stdout.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder, emptied first.  [default: .loonbrug/demo, with --once .loonbrug/demo-once]",
)
def demo(once: bool, as_json: bool, data: Path | None) -> None:
    """A sample office against sandboxes of AFAS Profit and Nmbrs. Starts afresh every time."""
    data = data or (ONCE_DATA if once else DEMO_DATA)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    ports = preferred_ports()
    scale = ONCE_SCALE if once else DEMO_SCALE
    environment = _environment(ports, data, scale)
    with (
        _emptied(data),
        _mail_catcher(ports) as mail,
        _afas_sandbox(ports, scale) as afas,
        _nmbrs_sandbox(ports) as nmbrs,
    ):
        link = "" if once else _inside("office", environment, stdout=subprocess.PIPE).stdout.strip()
        _wait_until_listening("mail catcher", mail, ports.mail)
        _wait_until_listening("AFAS sandbox", afas, ports.afas)
        _wait_until_listening("Nmbrs sandbox", nmbrs, ports.nmbrs)
        if once:
            sys.exit(_inside("rehearsal", environment, *(["--json"] if as_json else [])).returncode)
        with _pages(ports, environment) as serving, _nmbrs_way(environment):
            _wait_until_listening("Loonbrug", serving, ports.pages)
            _welcome(ports, link)
            serving.wait()


@contextmanager
def _emptied(data: Path) -> Iterator[None]:
    """The folder for this demo alone: emptying it under another one takes that one's database away."""
    data.parent.mkdir(parents=True, exist_ok=True)
    with data.with_name(f"{data.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(
                f"a demo runs in {data}: stop it, or name another folder: --data"
            ) from error
        shutil.rmtree(data, ignore_errors=True)
        yield


def _environment(ports: Ports, data: Path, scale: int) -> dict[str, str]:
    here = "http://127.0.0.1"
    return (
        os.environ
        | NMBRS
        | {
            "LOONBRUG_DATA": str(data),
            "LOONBRUG_DATABASE": "",
            "LOONBRUG_ENGINE": "embedded",
            "LOONBRUG_ADDRESS": f"{here}:{ports.pages}",
            "LOONBRUG_AFAS_URL": f"{here}:{ports.afas}/{{participant_number}}.{{segment}}/ProfitRestServices",
            "LOONBRUG_NMBRS_URL": f"{here}:{ports.nmbrs}",
            "LOONBRUG_SCALE": str(scale),
            "LOONBRUG_SMTP": f"127.0.0.1:{ports.smtp}",
            "LOONBRUG_MAIL_FROM": "loonbrug@kantoor.example",
            "LOONBRUG_DEMO_CONTROL": f"{here}:{ports.control}",
            "LOONBRUG_DEMO_NMBRS_CONTROL": f"{here}:{ports.nmbrs_control}",
            "LOONBRUG_DEMO_MAIL": f"{here}:{ports.mail}",
        }
    )


def _mail_catcher(ports: Ports) -> AbstractContextManager[subprocess.Popen[str]]:
    arguments = ["afas_sandbox.mail_catcher", "--smtp-port", str(ports.smtp), "--port", str(ports.mail)]
    return _running(arguments, os.environ)


def _afas_sandbox(ports: Ports, scale: int) -> AbstractContextManager[subprocess.Popen[str]]:
    arguments = ["afas_sandbox", "--port", str(ports.afas), "--control-port", str(ports.control)]
    arguments += ["--smtp", f"127.0.0.1:{ports.smtp}", "--time-limit", str(AFAS_LIMIT_SECONDS // scale)]
    return _running(arguments, os.environ)


def _nmbrs_sandbox(ports: Ports) -> AbstractContextManager[subprocess.Popen[str]]:
    arguments = ["nmbrs_sandbox", "--port", str(ports.nmbrs), "--control-port", str(ports.nmbrs_control)]
    return _running(arguments, os.environ)


def _pages(ports: Ports, environment: Mapping[str, str]) -> AbstractContextManager[subprocess.Popen[str]]:
    arguments = ["loonbrug.project.main", "serve", "--port", str(ports.pages)]
    return _running(arguments, environment)


def _nmbrs_way(environment: Mapping[str, str]) -> AbstractContextManager[subprocess.Popen[str]]:
    """What the office sets once for a debtor: done by script when somebody has consented in the browser."""
    return _running(["loonbrug.project.demo.inside", "nmbrs"], environment)


@contextmanager
def _running(arguments: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process of the demo until the demo ends; it may not listen yet."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environment, text=True, stdout=sys.stderr
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_listening(name: str, process: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotStartedError(f"{name} did not start on 127.0.0.1:{port}; its own lines above say why")


def _inside(
    name: str, environment: Mapping[str, str], *arguments: str, stdout: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one part of the demo that needs the product, to its end, with the demo's settings."""
    command = [sys.executable, "-m", "loonbrug.project.demo.inside", name, *arguments]
    finished = subprocess.run(command, env=environment, text=True, stdout=stdout, check=False)
    if stdout is not None and finished.returncode:
        raise NotStartedError(f"{name} failed; its own lines above say why")
    return finished


def _welcome(ports: Ports, link: str) -> None:
    here = "http://127.0.0.1"
    pages, afas, nmbrs = f"{here}:{ports.pages}", f"{here}:{ports.afas}", f"{here}:{ports.nmbrs}"
    for line in (
        "",
        f"Loonbrug         {pages}/",
        f"Sign in, once    {link}",
        f"AFAS (sandbox)   {afas}/",
        f"Nmbrs (sandbox)  {nmbrs}/",
        f"Mail             {here}:{ports.mail}/",
        "",
        "From Nmbrs to AFAS, without a file:",
        f"  1. Debiteur verbinden (Connect a debtor)     {pages}/settings/nmbrs/",
        "     consent as Horeca Combinatie West; its companies appear, and the demo maps them",
        f"  2. Vergrendelen (Lock) the open run          {nmbrs}/{CAFE}",
        f"  3. see it generated, checked and sent        {pages}/workflow/",
        f"  4. within two minutes it is booked in AFAS   {afas}/{BOOKS_OF_CAFE}",
        "From a file: the journals in tests/samples/journals/",
        "",
        f"AFAS's limit of 15 minutes is {AFAS_LIMIT_SECONDS // DEMO_SCALE} seconds here.",
        "Stop with Ctrl-C; the next start is afresh.",
    ):
        click.echo(line)
