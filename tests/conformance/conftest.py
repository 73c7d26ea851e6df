import pytest
from tests.conformance import published


@pytest.fixture(autouse=True)
def _vendor_docs() -> None:
    published.demand()
