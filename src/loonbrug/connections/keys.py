"""What people copy from AFAS into the dialogue: keys and activation codes. Pure; nothing here is ever stored."""

import re
from dataclasses import dataclass, field

# PracticalAfas and AFAS's own samples: API key and environment key are 32 hexadecimal characters.
_KEY = re.compile(r"[0-9A-Fa-f]{32}")
# The sample code in AFAS's documentation has 8 digits; its length is not documented, so others pass too.
_CODE = re.compile(r"[0-9]{4,12}")


class KeyFormatError(ValueError):
    """The text cannot be a key or a code. `code` names why; the text itself is not repeated anywhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class AppKeys:
    """API key (API-sleutel) and environment key (Omgevingssleutel) of an app connector, for one step only."""

    api_key: str = field(repr=False)
    environment_key: str = field(repr=False)


def clean_key(text: str) -> str:
    """The key without spaces, in the letters as typed. Raises KeyFormatError."""
    key = "".join(text.split())
    if not key:
        raise KeyFormatError("key_missing")
    if len(key) != 32:
        raise KeyFormatError("key_length")
    if not _KEY.fullmatch(key):
        raise KeyFormatError("key_characters")
    return key


def clean_code(text: str) -> str:
    """The activation code without spaces. Raises KeyFormatError."""
    code = "".join(text.split())
    if not code:
        raise KeyFormatError("code_missing")
    if not _CODE.fullmatch(code):
        raise KeyFormatError("code_digits")
    return code
