"""The locks agree with pyproject.toml."""

import re
import tomllib

import pytest
from tests.conftest import ROOT

DEPENDENCIES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]


@pytest.mark.parametrize("requirement", DEPENDENCIES)
def test_the_lowest_lock_pins_the_floor_of_each_dependency(requirement: str) -> None:
    """What `make test-lowest` installs is what pyproject.toml allows at least."""
    match = re.match(r"([\w-]+)[>=]=([\d.]+)", requirement)
    assert match, f"{requirement} has no lowest version"
    name, floor = match.groups()
    pinned = re.search(rf"(?m)^{name}==(\S+)", (ROOT / "requirements-lowest.lock").read_text(encoding="utf-8"))
    assert pinned, f"{name} is not in requirements-lowest.lock: run make lock"
    assert pinned[1].removeprefix(floor) in {"", ".0"}
