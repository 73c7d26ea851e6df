"""`python -m benchmarks.delivery.profiled FILE serve|worker ...`: the product's command, each thread under cProfile.

One file per thread, FILE.NAME, written when the process is stopped; those that serve pages are left out. Times are of
the wall clock: waiting shows under `epoll.poll` and `lock.acquire`.
"""

import atexit
import cProfile
import os
import sys
import threading

from loonbrug.project.main import main as loonbrug

_run = threading.Thread.run


def main() -> None:
    file, *command = sys.argv[1:]
    profiles: list[tuple[str, cProfile.Profile]] = []

    def run(self: threading.Thread) -> None:
        profile = cProfile.Profile()
        if not self.name.startswith("waitress"):
            profiles.append((self.name, profile))
        profile.runcall(_run, self)

    def write() -> None:
        for name, profile in profiles:
            profile.dump_stats(f"{file}.{name}")

    threading.Thread.run = run  # type: ignore[method-assign] # what every thread of the product runs
    atexit.register(write)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loonbrug.project.settings")
    loonbrug(command)


if __name__ == "__main__":
    main()
