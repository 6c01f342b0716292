"""The editor of the query page is what its sources give, and comes with its licences."""

import json
import re
import shutil
import subprocess

import pytest
from tests.conftest import ROOT

from iomld.web.templating import static_directory

EDITOR = ROOT / "editor"


def test_the_bundle_is_what_its_sources_give() -> None:
    """Built again, the committed file is the same, byte for byte."""
    node = shutil.which("node")
    if node is None or not (EDITOR / "node_modules" / "esbuild").is_dir():
        pytest.skip("Node.js or the packages of the editor are not here; run 'make editor' to have them")
    done = subprocess.run(
        [node, "build.mjs", "--check"], cwd=EDITOR, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_names_no_host_and_each_package_has_its_notice() -> None:
    """Packages are pinned by hash, without the name of a registry; the notices name what is bundled."""
    lock = json.loads((EDITOR / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name.removeprefix("node_modules/"): facts for name, facts in lock["packages"].items() if name}
    assert all("integrity" in facts and "resolved" not in facts for facts in packages.values())
    notices = (static_directory() / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    for name in packages:
        scope, _, own = name.rpartition("/")
        if "esbuild" not in name:
            assert scope in notices
            assert re.search(rf"\b{re.escape(own)}\b", notices), name


def test_the_bundle_asks_nobody_else() -> None:
    """There is no address in it but names of namespaces."""
    text = (static_directory() / "editor.js").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[\w.-]+", text)) <= {"http://www.w3.org"}
    assert (static_directory() / "editor.js").stat().st_size < 450_000
