"""Words, colours and advice on the pages of journals, in the reader's language."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from afas_client.catalogue import find
from loonbrug.delivery.inspection import Compared
from loonbrug.delivery.models import AttemptKind
from loonbrug.delivery.queries import AttemptView, DeliveryView
from loonbrug.delivery.states import ENDED, State
from loonbrug.ledger.problems import Problem, Severity, Who
from loonbrug.payroll.models import JournalLife
from loonbrug.payroll.queries import Fate
from loonbrug.screens.journal_export import JournalRow, JournalState
from loonbrug.screens.problem_texts import describe
from loonbrug.web.words import language


@dataclass(frozen=True, slots=True)
class StateWord:
    """A state as colour, icon and word; `mark` is the state of the connection mark beside it."""

    tone: str
    word: str
    mark: str = "new"


@dataclass(frozen=True, slots=True)
class Advice:
    """Melding, Oorzaak, Oplossing and who can do it; any but the message may be empty."""

    message: str
    cause: str = ""
    cure: str = ""
    who: str = ""
    original: str = ""
    log_reference: str = ""
    place: str = ""
    tone: str = "bad"
    address: str = ""


_JOURNAL: dict[JournalState, tuple[str, Promise]] = {
    JournalState.BLOCKED: ("bad", gettext_lazy("Blocked")),
    JournalState.READY: ("neutral", gettext_lazy("Ready to send")),
    JournalState.UNDER_WAY: ("waiting", gettext_lazy("Under way")),
    JournalState.PARTLY_BOOKED: ("attention", gettext_lazy("Partly booked")),
    JournalState.BOOKED: ("good", gettext_lazy("Booked")),
    JournalState.IN_DOUBT: ("attention", gettext_lazy("In doubt")),
    JournalState.ATTENTION: ("bad", gettext_lazy("Needs attention")),
    JournalState.CANCELLED: ("neutral", gettext_lazy("Cancelled")),
    JournalState.REVERSED: ("neutral", gettext_lazy("Reversed")),
    JournalState.OFFERED: ("attention", gettext_lazy("Offered by Nmbrs")),
    JournalState.WITHDRAWN: ("neutral", gettext_lazy("Withdrawn")),
    JournalState.REPLACED: ("neutral", gettext_lazy("Replaced")),
}
_DELIVERY: dict[State, tuple[str, Promise]] = {
    State.QUEUED: ("waiting", gettext_lazy("Ready, waiting its turn")),
    State.SENDING: ("waiting", gettext_lazy("Being sent")),
    State.BOOKED: ("good", gettext_lazy("Booked")),
    State.VERIFIED: ("good", gettext_lazy("Booked and verified")),
    State.REJECTED: ("bad", gettext_lazy("Refused by AFAS")),
    State.GIVEN_UP: ("bad", gettext_lazy("Not sent, given up")),
    State.IN_DOUBT: ("attention", gettext_lazy("In doubt")),
    State.HELD: ("bad", gettext_lazy("Held, nothing was sent")),
    State.UNDECIDED: ("attention", gettext_lazy("In doubt, you decide")),
    State.CONFLICT: ("bad", gettext_lazy("In AFAS twice, or differently")),
    State.CANCELLED: ("neutral", gettext_lazy("Cancelled")),
    State.BOOKED_BY_HAND: ("good", gettext_lazy("Entered by hand, not verified")),
    State.REVERSING: ("waiting", gettext_lazy("Being reversed")),
    State.REVERSED: ("neutral", gettext_lazy("Reversed")),
}
_WHO: dict[Who, Promise] = {
    Who.PAYROLL: gettext_lazy("The payroll officer"),
    Who.CONTROLLER: gettext_lazy("The controller"),
    Who.AFAS_ADMIN: gettext_lazy("The AFAS administrator"),
    Who.OFFICE_ADMIN: gettext_lazy("The administrator of this office"),
    Who.DEBTOR: gettext_lazy("Somebody with a login of the debtor in Nmbrs"),
    Who.OPERATOR: gettext_lazy("Whoever runs this installation"),
}
_FATES: dict[Fate, tuple[str, Promise]] = {
    Fate.NEW: ("good", gettext_lazy("New")),
    Fate.SAME: ("neutral", gettext_lazy("Already imported")),
    Fate.DIFFERS: ("attention", gettext_lazy("Takes the place of another")),
    Fate.SENT: ("bad", gettext_lazy("Another one was sent already")),
}
_REASONS: dict[str, Promise] = {
    "company_is_test": gettext_lazy("The company has become a test company. Nothing was sent."),
    "debtor_is_blocked": gettext_lazy("The debtor has been blocked. Nothing was sent."),
    "no_look_up": gettext_lazy("The answer of AFAS was lost, so a person has to look in AFAS."),
    "no_sight": gettext_lazy(
        "AFAS shows us no entry of ours to compare with, so a person has to look in AFAS."
    ),
    "double": gettext_lazy("AFAS holds this entry more than once."),
    "different": gettext_lazy("In AFAS the totals per account differ from what was sent."),
    "booked_late": gettext_lazy(
        "AFAS booked this entry after it had been cancelled, reversed or entered by hand."
    ),
    "allocation_lost": gettext_lazy(
        "AFAS booked the amounts but dropped cost centres or cost units: their axis is not switched on for the "
        "ledger account."
    ),
    "not_seen": gettext_lazy("Booked, but AFAS does not show the entry when we look it up."),
    "connection_paused": gettext_lazy(
        "AFAS did not let us in. Sending goes on as soon as the AFAS account is authorised again."
    ),
    "restored": gettext_lazy(
        "The database was restored or copied. AFAS may have this entry already, so it is looked up there first."
    ),
    "to_delete": gettext_lazy("The entry is looked up in AFAS and then deleted, as soon as it is its turn."),
    "deleting": gettext_lazy("AFAS is asked to delete the entry."),
    "delete_left": gettext_lazy("AFAS was asked to delete the entry. Loonbrug looks whether it is gone."),
    "counter_entry": gettext_lazy("The entry counts as reversed as soon as its counter-entry is booked."),
    "not_as_sent": gettext_lazy(
        "Not reversed: in AFAS the entry is not as it was sent, so it was not deleted. Look at it in AFAS."
    ),
    "delete_refused": gettext_lazy("Not reversed: AFAS refused to delete the entry."),
    "not_deleted": gettext_lazy(
        "Not reversed: the entry was surely not deleted. See the last attempt; you can reverse the journal again."
    ),
    "still_there": gettext_lazy(
        "Not reversed: AFAS was asked to delete the entry, but it is still there. You can reverse the journal again."
    ),
    "counter_entry_failed": gettext_lazy(
        "Not reversed: the counter-entry was not booked. What AFAS said is shown with the counter-entry."
    ),
}
_COMPARED: dict[Compared, Promise] = {
    Compared.ACCOUNTS: gettext_lazy("the totals per ledger account"),
    Compared.ACCOUNTS_AND_AXES: gettext_lazy("the totals per ledger account and allocation codes"),
}
_OUTCOMES: dict[str, Promise] = {
    "": pgettext_lazy("attempt", "under way"),
    "booked": pgettext_lazy("attempt", "booked"),
    "deleted": pgettext_lazy("attempt", "deleted"),
    "refused": pgettext_lazy("attempt", "refused"),
    "not_booked": pgettext_lazy("attempt", "surely not booked"),
    "not_let_in": pgettext_lazy("attempt", "not let in"),
    "unknown": pgettext_lazy("attempt", "no answer that we can trust"),
}
_DELETE_OUTCOMES: dict[str, Promise] = {
    "": pgettext_lazy("attempt", "deletion under way"),
    "refused": pgettext_lazy("attempt", "deletion refused"),
    "not_booked": pgettext_lazy("attempt", "surely not deleted"),
}
_SILENCES: dict[str, Promise] = {
    "not_booked": gettext_lazy("AFAS was not reached"),
    "not_let_in": gettext_lazy("no token"),
    "unknown": gettext_lazy("no answer"),
}
_DECISIONS: dict[str, Promise] = {
    "by_delete": gettext_lazy("Reverse by deleting"),
    "by_counter_entry": gettext_lazy("Reverse by a counter-entry"),
    "again": gettext_lazy("Sent again"),
    "retry": gettext_lazy("Sent again"),
    "cancel": gettext_lazy("Cancelled"),
    "booked": gettext_lazy("Found in AFAS"),
    "by_hand": gettext_lazy("Entered in AFAS by hand"),
    "settle": gettext_lazy("In AFAS once"),
}


def journal_state(row: JournalRow, problem_count: int) -> StateWord:
    """The state of a journal; its mark is blue-red only when every entry is booked."""
    state = row.state(problem_count)
    tone, word = _JOURNAL[state]
    if state is JournalState.BOOKED:
        return StateWord(tone, str(word), "authorised")
    if state is JournalState.PARTLY_BOOKED:
        counts = {"booked": row.booked_count, "all": len(row.entries)}
        return StateWord(tone, _("Partly booked (%(booked)d of %(all)d)") % counts, "code_requested")
    if state is JournalState.BLOCKED:
        found = ngettext("Blocked (%(count)d problem)", "Blocked (%(count)d problems)", problem_count)
        return StateWord(tone, found % {"count": problem_count})
    return StateWord(tone, str(word))


def delivery_state(view: DeliveryView | None) -> StateWord:
    """The state of one entry; None is an entry that was never sent."""
    if view is None:
        return StateWord("neutral", _("Not sent yet"))
    shown = state_word(view.state)
    is_there = bool(view.entry_number) and view.state not in ENDED
    word = _("Entered by hand, verified") if _is_checked_by_hand(view) else shown.word
    return StateWord(shown.tone, word, "authorised" if is_there else "new")


def _is_checked_by_hand(view: DeliveryView) -> bool:
    """Whether what a person typed into AFAS was found there, with our totals."""
    return view.state is State.BOOKED_BY_HAND and any(each.is_checked for each in view.decisions)


def state_word(state: State) -> StateWord:
    """The state of a delivery, for a list without marks."""
    tone, word = _DELIVERY[state]
    return StateWord(tone, str(word))


def life(value: JournalLife) -> StateWord:
    """What became of an earlier journal of a run."""
    known = JournalState.READY if value is JournalLife.LIVE else JournalState(value)
    tone, word = _JOURNAL[known]
    return StateWord(tone, str(word))


def fate(value: Fate) -> StateWord:
    """What importing a journal comes down to."""
    tone, word = _FATES[value]
    return StateWord(tone, str(word))


def reason(value: str) -> str:
    """Why a delivery is where it is."""
    return str(_REASONS.get(value, value))


def advice(problem: Problem) -> Advice:
    """A problem in words."""
    text = describe(problem, language())
    is_error = problem.severity is Severity.ERROR
    return Advice(
        message=text.message,
        cause=text.cause,
        cure=text.cure,
        who=text.who,
        place=text.place,
        tone="bad" if is_error else "attention",
    )


def who(value: str) -> str:
    """Who can solve something."""
    return str(_WHO[Who(value)])


def outcome(attempt: AttemptView) -> str:
    """What an attempt came to."""
    if attempt.kind is AttemptKind.DELETE and attempt.outcome in _DELETE_OUTCOMES:
        return str(_DELETE_OUTCOMES[attempt.outcome])
    return str(_OUTCOMES.get(attempt.outcome, attempt.outcome))


def compared(view: DeliveryView) -> str:
    """By what an entry was verified; nothing for one that is not."""
    return str(_COMPARED[Compared(view.compared)]) if view.state is State.VERIFIED and view.compared else ""


def attempt_answer(attempt: AttemptView) -> str:
    """What AFAS said at an attempt, or that it said nothing."""
    if attempt.message or attempt.ended_at is None or attempt.entry_number:
        return attempt.message
    if attempt.status is not None:
        return _("%(status)d without a text") % {"status": attempt.status}
    return str(_SILENCES.get(attempt.outcome, ""))


def decision(kind: str) -> str:
    """What a person decided."""
    return str(_DECISIONS.get(kind, kind))


def refusal(attempt: AttemptView) -> Advice:
    """What AFAS said at an attempt, with what the catalogue knows about it; an unknown text stands as it is."""
    finding = find(attempt.message)
    if finding is None:
        return Advice(
            message=attempt.message or attempt_answer(attempt),
            cure=_("This text is not in our catalogue. Ask the AFAS administrator what it means.")
            if attempt.message
            else _(
                "Ask the AFAS administrator whether AFAS was available, and what its environment log says."
            ),
            who=who(Who.AFAS_ADMIN),
            original=attempt.message,
            log_reference=attempt.log_reference,
        )
    known = finding.advice[language()]
    return Advice(
        message=known.title,
        cause=known.cause,
        cure=known.cure,
        who=who(finding.who),
        original=attempt.message,
        log_reference=attempt.log_reference,
    )
