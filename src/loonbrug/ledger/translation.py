"""From an entry as payroll wrote it to the posting that is to be booked, by the rules of a mapping."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loonbrug.ledger.account_pattern import AccountPattern
from loonbrug.ledger.dating import AS_DOCUMENTED, Dating
from loonbrug.ledger.description import DescriptionTemplate
from loonbrug.ledger.entry import Entry, Line, Posting, PostingLine, sides_of, tidy
from loonbrug.ledger.money import ZERO
from loonbrug.ledger.periods import PeriodRule, book_period
from loonbrug.ledger.problems import Place, Problem, Who, warning
from loonbrug.ledger.run_name import RunName


class RulesError(ValueError):
    """The rules contradict themselves; the message says how."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a mapping translates entries.

    Axes are AFAS's, 1 to 5; without an axis its codes are not sent. Accounts in `balance_pattern` (BAS) are
    never allocated. Where `profit_loss_pattern` (PNL) is given, only accounts in it are. The default codes
    serve allocated lines that have none. `description_template` replaces every line's description. `dating` gives
    the date, and `period_rule` the book year and period in which that lies. Raises RulesError.
    """

    cost_centre_axis: int | None = None
    cost_unit_axis: int | None = None
    balance_pattern: AccountPattern | None = None
    profit_loss_pattern: AccountPattern | None = None
    default_cost_centre: str = ""
    default_cost_unit: str = ""
    dating: Dating = AS_DOCUMENTED
    period_rule: PeriodRule = PeriodRule.MONTH
    description_template: DescriptionTemplate | None = None

    def __post_init__(self) -> None:
        axes = [axis for axis in (self.cost_centre_axis, self.cost_unit_axis) if axis is not None]
        if any(not 1 <= axis <= 5 for axis in axes):
            raise RulesError("an axis is a number from 1 to 5")
        if len(set(axes)) < len(axes):
            raise RulesError("cost centres and cost units cannot share an axis")
        if (self.default_cost_centre and self.cost_centre_axis is None) or (
            self.default_cost_unit and self.cost_unit_axis is None
        ):
            raise RulesError("a default code needs an axis")

    def allocates(self, account: str) -> bool:
        """Whether lines on this account carry cost centres and cost units."""
        if self.balance_pattern is not None and self.balance_pattern.matches(account):
            return False
        return self.profit_loss_pattern is None or self.profit_loss_pattern.matches(account)

    def leaves_open(self, account: str) -> bool:
        """Whether both patterns are given and neither holds the account."""
        patterns = (self.balance_pattern, self.profit_loss_pattern)
        return all(pattern is not None and not pattern.matches(account) for pattern in patterns)


def translate(
    entry: Entry, rules: Rules, *, run: RunName, number: int | None = None
) -> tuple[Posting, list[Problem]]:
    """The posting of an entry of this run, and what the reader should know about the translation.

    Spaces are trimmed, lines of zero are dropped, and what is left is condensed to one line per account and
    allocations, in the order of first appearance. A condensed line keeps a description that all its lines
    share. `number` is the entry's number in its journal, for the place of a problem.
    """
    place = Place(entry=number)
    date = rules.dating.date_of(entry.date, run)
    moving = [_tidied(line) for line in entry.lines if line.debit or line.credit]
    problems = []
    if dropped := len(entry.lines) - len(moving):
        problems.append(warning("zero_lines_dropped", place=place, count=dropped))
    lines, cancelled = _condense(moving, rules, run)
    if cancelled:
        problems.append(warning("lines_cancelled_out", place=place, count=cancelled))
    problems.extend(_remarks(_by_account(moving), rules, place))
    return Posting(date, *book_period(date, rules.period_rule), lines), problems


def _tidied(line: Line) -> Line:
    texts = map(tidy, (line.cost_centre, line.cost_unit, line.description))
    return Line(tidy(line.account), line.debit, line.credit, *texts)


def _condense(moving: list[Line], rules: Rules, run: RunName) -> tuple[tuple[PostingLine, ...], int]:
    """The condensed lines, and how many lines cancelled each other out completely."""
    groups: dict[tuple[str, tuple[tuple[int, str], ...]], list[Line]] = {}
    for line in moving:
        groups.setdefault((line.account, _allocations(line, rules)), []).append(line)
    condensed: list[PostingLine] = []
    cancelled = 0
    for (account, allocations), lines in groups.items():
        debit, credit = sides_of(sum((line.debit - line.credit for line in lines), ZERO))
        if debit or credit:
            description = _description(lines, rules.description_template, run)
            condensed.append(PostingLine(account, debit, credit, allocations, description))
        else:
            cancelled += len(lines)
    return tuple(condensed), cancelled


def _allocations(line: Line, rules: Rules) -> tuple[tuple[int, str], ...]:
    if not rules.allocates(line.account):
        return ()
    wanted = (
        (rules.cost_centre_axis, line.cost_centre or rules.default_cost_centre),
        (rules.cost_unit_axis, line.cost_unit or rules.default_cost_unit),
    )
    return tuple(sorted((axis, code) for axis, code in wanted if axis is not None and code))


def _description(lines: list[Line], template: DescriptionTemplate | None, run: RunName) -> str:
    descriptions = {line.description for line in lines}
    shared = descriptions.pop() if len(descriptions) == 1 else ""
    return template.filled(run, shared) if template else shared


def _by_account(lines: Iterable[Line]) -> dict[str, list[Line]]:
    accounts: dict[str, list[Line]] = {}
    for line in lines:
        accounts.setdefault(line.account, []).append(line)
    return accounts


def _remarks(accounts: dict[str, list[Line]], rules: Rules, place: Place) -> Iterator[Problem]:
    """What the reader should know about the lines, each thing once with all accounts that it is about."""
    left_open = [account for account in accounts if rules.leaves_open(account)]
    if left_open:
        named = ", ".join(left_open)
        yield warning("accounts_in_neither_pattern", place=place, who=Who.OFFICE_ADMIN, accounts=named)
    allocated = {account: lines for account, lines in accounts.items() if rules.allocates(account)}
    for field, axis, default in (
        ("cost_centre", rules.cost_centre_axis, rules.default_cost_centre),
        ("cost_unit", rules.cost_unit_axis, rules.default_cost_unit),
    ):
        at = Place(place.entry, field=field)
        coded = _counted(allocated, field, has_code=True)
        uncoded = _counted(allocated, field, has_code=False)
        if axis is None and coded:
            yield warning(
                "codes_not_sent",
                place=at,
                who=Who.OFFICE_ADMIN,
                accounts=", ".join(coded),
                count=sum(coded.values()),
            )
        elif axis is not None and rules.profit_loss_pattern is not None and uncoded and not default:
            yield warning(
                "lines_without_code", place=at, accounts=", ".join(uncoded), count=sum(uncoded.values())
            )


def _counted(accounts: dict[str, list[Line]], field: str, *, has_code: bool) -> dict[str, int]:
    """How many lines of each account have a code in this field, or have none; accounts without such lines are out."""
    counts = {
        account: sum(bool(getattr(line, field)) is has_code for line in lines)
        for account, lines in accounts.items()
    }
    return {account: count for account, count in counts.items() if count}
