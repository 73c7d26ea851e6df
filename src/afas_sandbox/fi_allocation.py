"""Allocation (verbijzondering) of a line: which codes AFAS keeps, demands, makes, or drops in silence."""

from dataclasses import dataclass
from decimal import Decimal

from afas_sandbox.books import AXES, NO_CODES, Account, AxisCode, AxisUse, Relation
from afas_sandbox.fi_message import Fields, MessageLine
from afas_sandbox.fi_rules import Draft
from afas_sandbox.messages import Refusal, Wording


@dataclass(frozen=True)
class Allocation:
    """The codes kept, by axis, and the allocated amounts."""

    codes: tuple[str, ...] = NO_CODES
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)


def allocate(draft: Draft, line: MessageLine, on: Account | Relation) -> Allocation:
    """What is kept of a line's allocation.

    A code on an axis that is not in use, or that the account does not take by hand, is dropped
    without a word, as AFAS does; a code on an axis that it does take has to be there.
    """
    if len(line.allocations) > 1:
        raise Refusal("allocation_twice", line=line.position)
    given = line.allocations[0] if line.allocations else Fields({})
    if line.allocations:
        _demand_amount(draft, line, given)
    if not isinstance(on, Account):
        return Allocation()
    codes = tuple(_code(draft, on, axis, given.text(f"DiC{axis}")) for axis in range(1, AXES + 1))
    if codes == NO_CODES:
        return Allocation()
    return Allocation(codes, line.fields.amount("AmDe"), line.fields.amount("AmCr"))


def _demand_amount(draft: Draft, line: MessageLine, given: Fields) -> None:
    """Without amounts the allocation takes those of its line; given ones must be the same."""
    if "AmDe" not in given and "AmCr" not in given:
        return
    debit, credit = given.amount("AmDe"), given.amount("AmCr")
    if not (debit or credit or draft.environment.allow_zero_amount):
        raise Refusal("no_amount")
    if (debit, credit) != (line.fields.amount("AmDe"), line.fields.amount("AmCr")):
        raise Refusal("allocation_amount", line=line.position)


def _code(draft: Draft, account: Account, axis: int, code: str) -> str:
    in_use = axis <= draft.environment.active_axes(draft.administration)
    if not in_use or account.axes[axis - 1] is not AxisUse.MANUAL:
        return ""
    name = draft.environment.axis_names[axis - 1]
    if not code:
        raise Refusal("code_missing", axis=name, account=account.number)
    _demand_code(draft, axis, code, name)
    _demand_assignment(draft, account, axis, code, name)
    return code


def _demand_code(draft: Draft, axis: int, code: str, name: str) -> None:
    key = (axis, code)
    found = draft.environment.axis_codes.get(key) or draft.codes.get(key)
    if found is None:
        if not draft.message.header.flag("AdDc"):
            raise Refusal("value_unknown", label=Wording(name, name))
        draft.codes[key] = AxisCode(axis, code, code)
    elif found.blocked:
        raise Refusal("code_blocked", code=code, axis=name)


def _demand_assignment(draft: Draft, account: Account, axis: int, code: str, name: str) -> None:
    assignment = (account.number, axis, code)
    if assignment in draft.administration.assignments or assignment in draft.assignments:
        return
    if not draft.message.header.flag("AdDa"):
        raise Refusal("code_not_assigned", code=code, axis=name, account=account.number)
    draft.assignments.add(assignment)
