"""Secrets at rest: encrypted with the newest key of the installation, readable with any of its keys."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadableError(Exception):
    """None of the installation's keys opens this secret: the key file was lost or replaced.

    Put the old key back below the new one in `secrets.keys`, or authorise the AFAS account again.
    """


def encrypt(secret: str) -> bytes:
    """The secret as it may be stored."""
    return _keys().encrypt(secret.encode())


def decrypt(ciphertext: bytes | memoryview) -> str:
    """The secret itself. Raises SecretUnreadableError."""
    try:
        return _keys().decrypt(bytes(ciphertext)).decode()
    except InvalidToken as wrong_key:
        raise SecretUnreadableError("no key in secrets.keys opens this secret") from wrong_key


def opens(ciphertext: bytes | memoryview) -> bool:
    """Whether one of the installation's keys opens this secret."""
    try:
        decrypt(ciphertext)
    except SecretUnreadableError:
        return False
    return True


def rotate(ciphertext: bytes | memoryview) -> bytes:
    """The same secret, encrypted anew with the newest key. Raises SecretUnreadableError."""
    try:
        return _keys().rotate(bytes(ciphertext))
    except InvalidToken as wrong_key:
        raise SecretUnreadableError("no key in secrets.keys opens this secret") from wrong_key


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
