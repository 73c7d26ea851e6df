"""Keys that an installation makes for itself on its first start and keeps beside its database."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet


def secret_key(path: Path) -> str:
    """The key that signs sessions; made on first use, readable by its owner alone."""
    return _read_or_make(path, secrets.token_urlsafe(50))


def encryption_keys(path: Path) -> list[str]:
    """Keys for secrets at rest, newest first; put a new one on top to rotate, keep the old below it."""
    return _read_or_make(path, Fernet.generate_key().decode()).split()


def given_secret(name: str, environment: Mapping[str, str]) -> str:
    """A secret from the environment, or from the file that NAME_FILE names; empty where neither is given."""
    file = environment.get(f"{name}_FILE", "")
    return Path(file).read_text().strip() if file else environment.get(name, "")


def _read_or_make(path: Path, fresh: str) -> str:
    """Two processes that start together agree: the file appears whole, or was there already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            draft.touch(mode=0o600)
            draft.write_text(fresh)
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text().strip()
