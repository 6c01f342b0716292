"""What the tests of the ledger share."""

import pytest

from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """The stages, loaded once."""
    return load_pipeline(Choices(profile="published"))
