"""The outline of the land and the points of countries are what their sources give, and miss no country."""

import json
import re
import subprocess
import sys

import pytest
from tests.conftest import ROOT

from iomld.assets import load_vocabulary
from iomld.web.templating import static_directory

MAP = ROOT / "map"


def test_the_map_is_what_the_atlas_gives() -> None:
    """Drawn again, the committed files are the same, byte for byte."""
    if not (MAP / "node_modules" / "world-atlas").is_dir():
        pytest.skip("the package world-atlas is not here; run 'make map' to have it")
    done = subprocess.run(
        [sys.executable, "map/build.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_country_has_a_point_on_the_picture() -> None:
    """The points are those of the ontology's countries, no more and no fewer, and inside of what the map shows."""
    points = json.loads((ROOT / "src" / "iomld" / "web" / "pages" / "points.json").read_text(encoding="utf-8"))
    land = (static_directory() / "land.svg").read_text(encoding="utf-8")
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', land)[0])
    assert set(points) == set(load_vocabulary().countries)
    assert all(0 < x < width and 0 < y < height for x, y in points.values())
    assert list(points) == sorted(points)


def test_the_atlas_is_pinned_and_comes_with_its_notice() -> None:
    """The package is pinned by its hash, without the name of a registry, and is listed with its licence."""
    lock = json.loads((MAP / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name.removeprefix("node_modules/"): facts for name, facts in lock["packages"].items() if name}
    assert all("integrity" in facts and "resolved" not in facts for facts in packages.values())
    notices = (static_directory() / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    assert all(f"{name} {facts['version']}" in notices for name, facts in packages.items())
    assert "Natural Earth" in notices
