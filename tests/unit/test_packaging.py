"""The package as an index has it: its description without dead links, its addresses, and what the sdist holds."""

import re
import tomllib
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from tests.unit.house import ROOT

REPOSITORY = "https://example.org/owner/iomld"
_TARGETS = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')


def metadata(monkeypatch: pytest.MonkeyPatch, repository: str) -> ProjectMetadata:
    """The metadata of the package, as it is built."""
    monkeypatch.setenv("REPOSITORY_URL", repository)
    return ProjectMetadata(str(ROOT), PluginManager())


def relative_links(text: str) -> set[str]:
    """The targets of links and pictures in a text that lead to a file beside it."""
    found = {one or other for one, other in _TARGETS.findall(text)}
    return {target for target in found if not target.startswith(("https://", "http://", "#"))}


def test_links_lead_to_the_files_of_the_released_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file of the repository that README.md names is named there, by its tag."""
    core = metadata(monkeypatch, REPOSITORY).core
    assert relative_links(core.readme) == set()
    tag = f"v{metadata(monkeypatch, REPOSITORY).version}"
    for path in relative_links((ROOT / "README.md").read_text(encoding="utf-8")):
        kind = "raw" if path.endswith((".webp", ".png")) else "tree" if path.endswith("/") else "blob"
        assert f"{REPOSITORY}/{kind}/{tag}/{path}" in core.readme
        assert (ROOT / path.partition("#")[0]).exists()
    assert core.urls["Source"] == REPOSITORY
    assert core.urls["Changelog"] == f"{REPOSITORY}/blob/{tag}/CHANGELOG.md"


def test_without_a_repository_no_address_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links are their text, and pictures what they show."""
    core = metadata(monkeypatch, "").core
    assert relative_links(core.readme) == set()
    assert core.urls == {}
    assert "Commands" in core.readme


def test_a_repository_has_a_web_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another is a sentence."""
    with pytest.raises(ValueError, match="begins with https://"):
        _ = metadata(monkeypatch, "owner/iomld").core.readme


def test_the_sdist_is_the_repository() -> None:
    """What checks, tests and a release need is in it; what tools leave behind is not."""
    files = {Path(one.distribution_path).as_posix() for one in SdistBuilder(str(ROOT)).recurse_included_files()}
    needed = {"Makefile", "CONTRIBUTING.md", "requirements.lock", "requirements-dev.lock", "requirements-lowest.lock"}
    assert needed | {".importlinter", ".ci/run", "hatch_build.py", "tests/unit/test_packaging.py"} <= files
    assert not {name for name in files if name.startswith((".venv/", "dist/")) or "__pycache__" in name}


def test_the_wheel_names_the_pythons_that_it_is_tried_with() -> None:
    """Every version from the lowest one on has a classifier."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minors = [int(one.rpartition(".")[2]) for one in project["classifiers"] if "Python :: 3." in one]
    lowest = int(project["requires-python"].rpartition(".")[2])
    assert minors == list(range(lowest, lowest + len(minors)))
