"""What problems, states and features of AFAS accounts and mappings are called on the screen."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from afas_client.auth import EnvironmentType
from loonbrug.connections.capabilities import Feature
from loonbrug.connections.queries import ConnectionView
from loonbrug.ledger.dating import BookingDate
from loonbrug.ledger.periods import PeriodRule
from loonbrug.ledger.problems import Problem, ProblemsError, Who, problem
from loonbrug.mappings.checks import JournalVariant
from loonbrug.mappings.preview import PreviewCase
from loonbrug.screens.problem_texts import ProblemTextError
from loonbrug.web.journals.words import Advice, advice
from loonbrug.workflows.afas_calls import AfasAnswerError

ENVIRONMENT_TYPES = {
    EnvironmentType.PRODUCTION: _("Production"),
    EnvironmentType.TEST: _("Test"),
    EnvironmentType.ACCEPT: _("Accept"),
}
PERIOD_RULES = {PeriodRule.MONTH: _("Month"), PeriodRule.FOUR_WEEKS: _("4 weeks")}
BOOKING_DATES = {
    BookingDate.DOCUMENT: _("Date of the payroll document"),
    BookingDate.PERIOD_END: _("Last day of the payroll period"),
    BookingDate.DAY: _("A day of the month"),
}
JOURNAL_VARIANTS = {
    JournalVariant.COST_CENTRE_AND_UNIT: _("Per cost centre and cost unit"),
    JournalVariant.COST_CENTRE: _("Per cost centre"),
    JournalVariant.COMPANY: _("Per company"),
}
PREVIEW_CASES = {
    PreviewCase.RUN: _("Run of period %(period)s"),
    PreviewCase.CORRECTION: _("Correction of an earlier period"),
    PreviewCase.THIRTEENTH: _("Run of the 13th period"),
}
FEATURES = {
    Feature.BOOKING: _("Send journals"),
    Feature.ADMINISTRATIONS: _("List the administrations, to map companies"),
    Feature.LOOK_UP: _("Look up in AFAS whether an entry was booked"),
    Feature.JOURNAL_CODES: _("Choose the journal code from a list"),
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
    "variant_without_cost_centre": _(
        "Journals of this kind have no cost centres, while an axis for them is chosen. Choose a finer one, no axis, "
        "or a cost centre for lines without one."
    ),
    "variant_without_cost_unit": _(
        "Journals of this kind have no cost units, while an axis for them is chosen. Choose a finer one, no axis, "
        "or a cost unit for lines without one."
    ),
    "booking_day_range": _("Fill in a day from 1 to 31."),
    "template_placeholder": _(
        "%(name)s is unknown. Loonbrug fills in {jaar}, {periode}, {run}, {bedrijf} and {omschrijving}."
    ),
    "template_braces": _("A brace misses its other one. Write {periode}, with both."),
    "template_too_long": _("A description has at most %(limit)s characters here."),
    "template_not_printable": _("This holds a character that cannot be printed. Type it anew."),
    "pattern_format": _(
        "This is no account pattern. Give each position a letter or digit, or a choice in square brackets: "
        "[0-3][0-9][0-9][0-9] is 0000 to 3999. At most 16 positions."
    ),
    "company_is_mapped": _("This company has a mapping already. Change that one."),
    "year_range": _("Fill in a year between 2000 and 2099."),
    "period_range": _("Fill in a period from 1 to %(last)s."),
}


def field_text(problem: Problem) -> str:
    """What is wrong with a field, and how to mend it."""
    return str(_FIELD[problem.code]) % dict(problem.params)


def answer(found: ProblemsError) -> Advice:
    """What cannot be done, why, and how to mend it; with AFAS's own words where it gave any."""
    said = advice(found.problems[0])
    if isinstance(found, AfasAnswerError):
        return replace(said, original=found.original, log_reference=found.log_reference)
    return said


def broken(account: ConnectionView) -> Advice:
    """Why the connection of this account is broken: a reason we know, or AFAS's own words."""
    return why_broken(account.afas_user, account.broken_reason)


def why_broken(afas_user: str, reason: str) -> Advice:
    """Why AFAS no longer lets this user in: a reason we know, or AFAS's own words."""
    try:
        return advice(problem(reason, who=Who.AFAS_ADMIN, account=afas_user))
    except ProblemTextError:
        said = advice(problem("account_broken", who=Who.AFAS_ADMIN, account=afas_user))
        return replace(said, original=reason)
