"""What is wrong with an entry or a posting: every check runs, every problem is returned."""

from collections.abc import Iterator

from loonbrug.ledger.entry import Entry, Line, Posting, tidy
from loonbrug.ledger.problems import Place, Problem, Who, problem
from loonbrug.ledger.run_name import RunName
from loonbrug.ledger.translation import Rules, translate

# AFAS's lengths of FiEntries: AcNr and DiC1 to DiC5 16, Ds 255 characters.
LONGEST_ACCOUNT = 16
LONGEST_CODE = 16
LONGEST_DESCRIPTION = 255
# AFAS advises at most 1,000 lines per journal entry (UpdateConnector FiEntries).
MOST_LINES = 1000


def check(
    entry: Entry, rules: Rules, *, run: RunName, number: int | None = None
) -> tuple[Posting, list[Problem]]:
    """The posting of an entry of this run and all problems of both, each of them once."""
    posting, noticed = translate(entry, rules, run=run, number=number)
    found = [*check_entry(entry, number=number), *noticed, *check_posting(posting, number=number)]
    return posting, list(dict.fromkeys(found))


def check_entry(entry: Entry, *, number: int | None = None) -> list[Problem]:
    """What is wrong with an entry as payroll wrote it. `number` is its number in the journal."""
    place = Place(entry=number)
    found = list(_balance(entry, place))
    if not entry.lines:
        found.append(problem("entry_without_lines", place=place))
    elif not any(line.debit or line.credit for line in entry.lines):
        found.append(problem("entry_all_zero", place=place))
    for at, line in enumerate(entry.lines, start=1):
        found.extend(_line(line, number, at))
    return found


def check_posting(posting: Posting, *, number: int | None = None) -> list[Problem]:
    """What is wrong with a posting that was not already wrong with its entry."""
    place = Place(entry=number)
    found = list(_balance(posting, place))
    if not posting.lines:
        found.append(problem("posting_empty", place=place))
    if len(posting.lines) > MOST_LINES:
        found.append(
            problem(
                "posting_too_long",
                place=place,
                who=Who.OFFICE_ADMIN,
                count=len(posting.lines),
                limit=MOST_LINES,
            )
        )
    longest = max((len(line.description) for line in posting.lines), default=0)
    if longest > LONGEST_DESCRIPTION:
        found.append(
            problem(
                "posting_description_too_long",
                place=place,
                who=Who.OFFICE_ADMIN,
                length=longest,
                limit=LONGEST_DESCRIPTION,
            )
        )
    return found


def _balance(booked: Entry | Posting, place: Place) -> Iterator[Problem]:
    difference = booked.residual()
    if difference:
        yield problem("entry_not_balanced", place=place, difference=difference)


def _line(line: Line, entry: int | None, at: int) -> Iterator[Problem]:
    if not tidy(line.account):
        yield problem("account_missing", place=Place(entry, at, "account"))
    yield from _text("account", line.account, LONGEST_ACCOUNT, entry, at)
    yield from _text("cost_centre", line.cost_centre, LONGEST_CODE, entry, at)
    yield from _text("cost_unit", line.cost_unit, LONGEST_CODE, entry, at)
    yield from _text("description", line.description, LONGEST_DESCRIPTION, entry, at)


def _text(field: str, text: str, longest: int, entry: int | None, at: int) -> Iterator[Problem]:
    value = tidy(text)
    if len(value) > longest:
        place = Place(entry, at, field)
        yield problem("line_text_too_long", place=place, length=len(value), limit=longest)
    if not value.isprintable():
        yield problem("line_text_not_printable", place=Place(entry, at, field))
