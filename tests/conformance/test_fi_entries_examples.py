"""Every published FiEntries message is booked, and refused when one thing that it needs is not there."""

from typing import Any

import pytest
from tests.conformance import prerequisites, published
from tests.conformance.example_books import HOST, USER, opened, world_for
from tests.conformance.prerequisites import Prerequisite
from tests.conformance.profit import Profit

from afas_sandbox.books import AxisUse
from afas_sandbox.messages import catalogue
from afas_sandbox.seeding import document_of
from afas_sandbox.world import World

pytestmark = pytest.mark.conformance

EXAMPLES = published.examples("/connectors/FiEntries")
WITHOUT_ONE = [
    pytest.param(body, prerequisite, id=f"{name} without {prerequisite.name}")
    for name, body in EXAMPLES.items()
    for prerequisite in prerequisites.of(opened(body))
]


def profit_with(world: World) -> Profit:
    return Profit(world, HOST, world.environments[HOST].users[USER])


def books(world: World) -> dict[str, Any]:
    """All but the logbook, which notes every refusal."""
    return document_of(world.environments[HOST]) | {"logbook": None}


def test_there_are_published_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("body", EXAMPLES.values(), ids=list(EXAMPLES))
async def test_a_published_example_is_booked_as_it_says(body: dict[str, Any]) -> None:
    example = opened(body)
    world = world_for(example)

    answer = await profit_with(world).call("POST", "connectors/FiEntries", body)

    assert answer.status == 201, answer.body
    keys = answer.content["results"]["FiEntryPar"]
    assert (keys["UnId"], bool(keys["InId"])) == (
        str(example.unit),
        example.has("AuNu") or any("InId" in line.fields for line in example.lines),
    )
    entry = world.environments[HOST].administrations[example.unit].entries[int(keys["EnNo"])]
    assert entry.journal == example.journal
    assert [(ln.ledger, ln.account, ln.debit, ln.credit, ln.voucher_number) for ln in entry.lines] == [
        (ln.side, ln.account, ln.amount("AmDe"), ln.amount("AmCr"), ln.fields.get("BpNr", ""))
        for ln in example.lines
    ]
    assert [f"{ln.year}-{ln.period:02d}" for ln in entry.lines] == [
        str(ln.fields["BpDa"])[:7] for ln in example.lines
    ]
    assert {
        (ln.account, axis, code) for ln in entry.lines for axis, code in enumerate(ln.codes, 1) if code
    } == set(example.codes)


@pytest.mark.parametrize(("body", "prerequisite"), WITHOUT_ONE)
async def test_without_one_prerequisite_it_is_refused_and_the_books_stay(
    body: dict[str, Any], prerequisite: Prerequisite
) -> None:
    example = opened(body)
    world = world_for(example)
    prerequisite.take_from(world, example.unit)
    profit, before = profit_with(world), None

    for language, known in (("nl-nl", prerequisite.nl), ("en-us", prerequisite.en)):
        before = before or books(world)
        answer = await profit.call("POST", "connectors/FiEntries", body, language=language)
        assert answer.status == 500, answer.body
        assert answer.content["errorNumber"] == prerequisite.number
        if prerequisite.ours:
            message = catalogue()[prerequisite.ours]
            assert message.source.in_language(language[:2]) == "ours"
            fixed_part = message.wording.in_language(language[:2]).partition("{")[0]
            assert answer.content["externalMessage"].startswith(fixed_part)
        else:
            assert answer.content["externalMessage"] == known
    assert books(world) == before


@pytest.mark.parametrize(
    "body", [body for body in EXAMPLES.values() if opened(body).codes], ids=lambda _: "allocated"
)
async def test_an_allocation_on_an_axis_that_the_account_does_not_take_is_dropped_in_silence(
    body: dict[str, Any],
) -> None:
    example = opened(body)
    world = world_for(example)
    for account, *_ in example.codes:
        world.environments[HOST].accounts[account].axes = (AxisUse.NONE,) * 5

    answer = await profit_with(world).call("POST", "connectors/FiEntries", body)

    assert answer.status == 201
    entries = world.environments[HOST].administrations[example.unit].entries.values()
    assert not any(any(line.codes) for entry in entries for line in entry.lines)
