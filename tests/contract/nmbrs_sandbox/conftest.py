import pytest
from tests.contract.nmbrs_sandbox import caller
from tests.contract.nmbrs_sandbox.caller import Partner


@pytest.fixture
def stranger() -> Partner:
    """A partner that nobody gave consent to."""
    return caller.partner()


@pytest.fixture
async def partner(stranger: Partner) -> Partner:
    """A partner with the consent of one debtor."""
    await stranger.connect()
    return stranger
