"""Where codes, tokens and task ids come from: always handed in, never taken."""

import hashlib
import secrets
from typing import Protocol
from uuid import UUID, uuid4


class Randomness(Protocol):
    """A source of what nobody can guess."""

    def secret(self) -> str:
        """A code or a token: 64 hexadecimal digits."""

    def uuid(self) -> UUID:
        """An id."""


class SystemRandomness:
    """The operating system's randomness."""

    def secret(self) -> str:
        return secrets.token_hex(32)

    def uuid(self) -> UUID:
        return uuid4()


class SeededRandomness:
    """The same sequence for the same seed, so that tests and pictures repeat."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def secret(self) -> str:
        self._drawn += 1
        return hashlib.sha256(f"{self._seed}/{self._drawn}".encode()).hexdigest()

    def uuid(self) -> UUID:
        return UUID(self.secret()[:32], version=4)
