"""What people copy from AFAS into our fields, made clean. Pure; keys and codes are never stored anywhere.

What was typed is never repeated in a problem.
"""

import re
from dataclasses import dataclass, field

from afas_client.auth import is_participant_number
from loonbrug.ledger.problems import Place, Problem, ProblemsError, Who, problem

# The sample code in AFAS's "OtpValidation" has 8 digits; no length is documented, so others pass too.
_CODE = re.compile(r"[0-9]{4,12}")


@dataclass(frozen=True, slots=True)
class AppKeys:
    """API key (API-sleutel) and environment key (Omgevingssleutel) of an app connector, for one step only."""

    api_key: str = field(repr=False)
    environment_key: str = field(repr=False)


def clean_account(*, participant_number: str, afas_user: str) -> tuple[str, str]:
    """Participant number and user without stray spaces. Raises ProblemsError."""
    number, user = "".join(participant_number.split()), afas_user.strip()
    problems = []
    if not is_participant_number(number):
        problems.append(_at("participant_number", "participant_number_digits"))
    if not user:
        problems.append(_at("afas_user", "user_missing"))
    elif len(user) > 120 or not user.isprintable() or " " in user:
        problems.append(_at("afas_user", "user_format"))
    if problems:
        raise ProblemsError(*problems)
    return number, user


def is_of_other_participant(participant_number: str, afas_user: str) -> bool:
    """Whether a user's code names another participant number, as that of a collaboration account does."""
    prefix = afas_user.partition(".")[0]
    return is_participant_number(prefix) and prefix != participant_number


def clean_keys(*, api_key: str, environment_key: str) -> AppKeys:
    """Both keys without spaces, in the letters as typed. Raises ProblemsError."""
    keys = {
        "api_key": "".join(api_key.split()),
        "environment_key": "".join(environment_key.split()),
    }
    problems = [_at(name, code) for name, key in keys.items() if (code := _wrong_key(key))]
    if not problems and keys["api_key"].casefold() == keys["environment_key"].casefold():
        problems.append(_at("environment_key", "keys_equal"))
    if problems:
        raise ProblemsError(*problems)
    return AppKeys(**keys)


def clean_code(text: str) -> str:
    """The activation code without spaces. Raises ProblemsError."""
    code = "".join(text.split())
    if not _CODE.fullmatch(code):
        raise ProblemsError(_at("activation_code", "code_digits" if code else "code_missing"))
    return code


def _wrong_key(key: str) -> str:
    # Sample keys of AFAS have 32 hexadecimal characters; public clients demand that length.
    if not key:
        return "key_missing"
    if not re.fullmatch(r"[0-9A-Fa-f]+", key):
        return "key_characters"
    return "" if len(key) == 32 else "key_length"


def _at(name: str, code: str) -> Problem:
    return problem(code, place=Place(field=name), who=Who.OFFICE_ADMIN)
