"""What the tests of submissions share."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import DATA
from tests.publish.submissions.made import Desk, Json

from iomld.inbox.inbox import Inbox
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """The stages, loaded once."""
    return load_pipeline(Choices(profile="published"))


@pytest.fixture(scope="session")
def records() -> dict[str, Json]:
    """Bundled records by their codes."""
    found = json.loads((DATA / "projects-en.json").read_text(encoding="utf-8"))
    return {one["projectCode"]: one for one in found if "projectCode" in one}


@pytest.fixture
def desk(tmp_path: Path, pipeline: Pipeline, records: dict[str, Json]) -> Iterator[Desk]:
    """A folder in which PO.0105 and CE.0134 are published, with an empty inbox."""
    datadir = tmp_path / "data"
    datadir.mkdir()
    with Inbox(datadir) as inbox:
        desk = Desk(datadir, pipeline, inbox)
        desk.publish(records["PO.0105"], records["CE.0134"])
        yield desk
