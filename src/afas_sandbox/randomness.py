"""Where keys, activation codes, tokens and log references come from: always handed in, never taken."""

import hashlib
import secrets
from typing import Protocol


class Randomness(Protocol):
    """A source of unpredictable text."""

    def hexadecimal(self, length: int) -> str:
        """`length` upper-case hexadecimal digits."""

    def digits(self, length: int) -> str:
        """`length` decimal digits; the first is never 0, so that no program loses it."""


class SystemRandomness:
    """The operating system's randomness, for a sandbox that stands on a network."""

    def hexadecimal(self, length: int) -> str:
        return secrets.token_hex((length + 1) // 2)[:length].upper()

    def digits(self, length: int) -> str:
        smallest = 10 ** (length - 1)
        return str(smallest + secrets.randbelow(9 * smallest))


class SeededRandomness:
    """The same sequence for the same seed, so that tests and pictures repeat."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def hexadecimal(self, length: int) -> str:
        text = ""
        while len(text) < length:
            text += self._draw()
        return text[:length].upper()

    def digits(self, length: int) -> str:
        smallest = 10 ** (length - 1)
        return str(smallest + int(self._draw(), 16) % (9 * smallest))

    def _draw(self) -> str:
        self._drawn += 1
        return hashlib.sha256(f"{self._seed}/{self._drawn}".encode()).hexdigest()
