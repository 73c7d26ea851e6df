"""What problems, states and features of AFAS accounts and mappings are called on the screen."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from afas_client.auth import EnvironmentType
from loonbrug.connections.capabilities import Feature
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import Problem, Who
from loonbrug.workflows.afas_calls import AfasAnswerError

ENVIRONMENT_TYPES = {
    EnvironmentType.PRODUCTION: _("Production"),
    EnvironmentType.TEST: _("Test"),
    EnvironmentType.ACCEPT: _("Accept"),
}
PERIOD_RULES = {PeriodRule.MONTH: _("Month"), PeriodRule.FOUR_WEEKS: _("4 weeks")}
WHO = {
    Who.PAYROLL: _("Payroll officer"),
    Who.CONTROLLER: _("Controller"),
    Who.AFAS_ADMIN: _("AFAS administrator"),
    Who.OFFICE_ADMIN: _("Administrator of this office"),
}
FEATURES = {
    Feature.BOOKING: _("Send journals"),
    Feature.ADMINISTRATIONS: _("List the administrations, to map companies"),
    Feature.LOOK_UP: _("Look up in AFAS whether an entry was booked"),
    Feature.JOURNAL_CODES: _("Choose the journal code from a list"),
    Feature.ACCOUNTS: _("Check ledger accounts before sending"),
    Feature.PERIODS: _("Check before sending whether the period is open"),
    Feature.ALLOCATIONS: _("Check cost centres and cost units before sending"),
}

_FIELD = {
    "participant_number_digits": _("A participant number has five digits, for example 12345."),
    "user_missing": _("Fill in the user as it is in the Authorisation Tool."),
    "user_format": _("A user is a code such as 12345.user, or an e-mail address, without spaces."),
    "key_missing": _("Copy the key from the App Connector, tab General."),
    "key_characters": _(
        "A key holds only the digits 0-9 and the letters A-F. Copy it anew, without the label."
    ),
    "key_length": _("A key has 32 characters. Copy all of it from the App Connector, tab General."),
    "keys_equal": _("This is the same key as the API key. The environment key is the other one."),
    "code_missing": _("Fill in the activation code from the e-mail of AFAS."),
    "code_digits": _("An activation code holds digits only. Copy it from the newest e-mail of AFAS."),
    "journal_code_missing": _("Fill in the journal code, as AFAS has it for this administration."),
    "journal_code_format": _("A journal code has 1 to 6 characters, without spaces."),
    "journal_code_unknown": _(
        "AFAS has no journal with this code in this administration. Choose one from the list."
    ),
    "journal_code_blocked": _("This journal is blocked in AFAS. Unblock it there, or choose another."),
    "administration_unknown": _(
        "AFAS does not list this administration for this account. Choose one from the list."
    ),
    "axis_range": _("AFAS has the allocation axes 1 to 5."),
    "axes_equal": _("Cost centres are on axis %(axis)s already. Cost units need another axis."),
    "default_without_axis": _("A default code needs an axis. Choose the axis, or leave the default empty."),
    "allocation_code_length": _("An allocation code in AFAS has at most 16 characters."),
    "pattern_format": _(
        "This is no account pattern. Give each position a letter or digit, or a choice in square brackets: "
        "[0-3][0-9][0-9][0-9] is 0000 to 3999. At most 16 positions."
    ),
    "year_range": _("Fill in a year between 2000 and 2099."),
    "period_range": _("Fill in a period from 1 to %(last)s."),
}

# Message, cause, cure.
_ANSWER: dict[str, tuple[str | Promise, str | Promise, str | Promise]] = {
    "afas_host_unknown": (
        _("AFAS has no environment under this participant number and environment."),
        _("The address of AFAS follows from both, and nothing answers there."),
        _(
            "Compare the participant number with General / Environment / Management / Information in AFAS (Dutch: "
            "Algemeen / Omgeving / Beheer / Informatie), and check whether it is Production, Test or Accept. "
            "If one of them is wrong: remove this account and make a new one."
        ),
    ),
    "afas_not_reached": (
        _("AFAS could not be reached. Nothing was sent."),
        _(
            "The network, a firewall, or AFAS itself refuses the connection; or the participant number is wrong."
        ),
        _(
            "Try again in a few minutes. If it stays like this, check the participant number and your network."
        ),
    ),
    "afas_maintenance": (
        _("AFAS is down for maintenance."),
        _("AFAS says to come back after about %(minutes)s minutes."),
        _("Try again after that."),
    ),
    "token_refused": (
        _("AFAS does not let this account in."),
        _("The token has expired or was withdrawn, or the user was blocked in the Authorisation Tool."),
        _(
            "Let the AFAS administrator check the user and the App Connector. Then check the connection again, "
            "or choose Reset Authentication."
        ),
    ),
    "address_refused": (
        _("AFAS refuses the address from which Loonbrug calls."),
        _("The App Connector has IP restrictions."),
        _("Let the AFAS administrator allow the address of this server in the App Connector, tab General."),
    ),
    "connector_refused": (
        _("AFAS does not let this account use the connector."),
        _(
            "It is not in the App Connector, the App Connector is blocked, or the user is not in the user group of "
            "the App Connector."
        ),
        _(
            "Let the AFAS administrator check all three: General / Management / App Connector (Dutch: Algemeen / "
            "Beheer / App connector)."
        ),
    ),
    "booking_connector_missing": (
        _("FiEntries is not in the App Connector: nothing can be sent."),
        _("AFAS lets this account in, but offers no FiEntries."),
        _(
            "Let the AFAS administrator add FiEntries (Dutch: Financiële mutatie) in the App Connector, tab "
            "UpdateConnectors. Then check the connection again."
        ),
    ),
    "afas_no_answer": (
        _("AFAS did not answer in time."),
        _("The line broke, or AFAS is very busy."),
        _("Try again. If you asked for a code: look first whether an e-mail has come after all."),
    ),
    "activation_code_refused": (
        _("AFAS gave no token for this activation code."),
        _("The code is mistyped, was used already, is too old, or does not belong to these two keys."),
        _(
            "Use the code from the newest e-mail and the keys of the same App Connector. If that does not help, "
            "choose Reset Authentication for a new code."
        ),
    ),
    "administrations_connector_missing": (
        _("The administrations cannot be listed."),
        _("Neither Precal_Administraties nor Profit_Administrations is in the App Connector."),
        _(
            "Let the AFAS administrator add one of them in the App Connector, tab GetConnectors. Then check the "
            "connection again."
        ),
    ),
    "administrations_columns_unknown": (
        _("The administrations cannot be read from this GetConnector."),
        _("It has no column with the number, or none with the name of an administration."),
        _(
            "Choose another GetConnector for the administrations, or let the AFAS administrator mend this one."
        ),
    ),
    "afas_unexpected": (
        _("AFAS gave an answer that we do not know."),
        _("AFAS answered with status %(status)s."),
        _(
            "Try again. If it stays like this, give the AFAS administrator the text and the log reference below."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class ProblemText:
    """Melding, oorzaak, oplossing, who can solve it, and AFAS's own words; for components/problem.html."""

    message: str
    cause: str
    cure: str
    who: str = ""
    original: str = ""
    log_reference: str = ""
    tone: str = "bad"


def field_text(problem: Problem) -> str:
    """What is wrong with a field, and how to mend it."""
    return str(_FIELD[problem.code]) % dict(problem.params)


def answer_text(answer: AfasAnswerError) -> ProblemText:
    """What AFAS answered instead of what we asked."""
    problem = answer.problem
    message, cause, cure = (str(text) % dict(problem.params) for text in _ANSWER[problem.code])
    return ProblemText(message, cause, cure, str(WHO[problem.who]), answer.original, answer.log_reference)


def broken_text(reason: str) -> ProblemText:
    """Why a connection is broken."""
    message, cause, cure = map(str, _ANSWER[reason])
    return ProblemText(message, cause, cure, str(WHO[Who.AFAS_ADMIN]))
