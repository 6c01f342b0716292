"""A fund folder inside what is checked is data of the sender: its rules, lists and mappings are never used."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.commands import run_iomld
from tests.fund.conftest import EXAMPLE
from tests.serving import Server

Report = dict[str, Any]


def packed(*patterns: str, inside: str) -> bytes:
    """A zip file of the files of the example that fit the patterns, in a folder of the zip file."""
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w") as archive:
        for file in sorted(file for pattern in patterns for file in EXAMPLE.rglob(pattern)):
            archive.write(file, inside + file.relative_to(EXAMPLE).as_posix())
    return packing.getvalue()


def report_of_command(data: bytes, tmp_path: Path) -> Report:
    """The report of `iomld validate`."""
    file = tmp_path / "records.zip"
    file.write_bytes(data)
    report: Report = json.loads(run_iomld("validate", file, "--format", "json").stdout)
    return report


def answer_of_server(data: bytes, server: Server) -> httpx.Response:
    """The answer to `POST /validate`."""
    files = {"file": ("records.zip", data)}
    return httpx.post(f"{server.address}/validate", files=files, headers={"Accept": "application/json"}, timeout=60)


def assert_same_but_for_graphs(alone: Report, whole: Report) -> None:
    """Check that lists and shapes beside records change nothing in their report, but are refused in it."""
    refused = [result for result in whole["results"] if result["rule"] == "unreadableFile"]
    assert len(list(EXAMPLE.rglob("*.ttl"))) == len(refused)
    assert all("contains no project" in result["message"] for result in refused)
    assert alone["results"] == [result for result in whole["results"] if result not in refused]
    assert "coverage" in {result["rule"] for result in alone["results"]}
    for same in ("records", "projects", "shapes", "versions"):
        assert alone[same] == whole[same], same


@pytest.mark.parametrize("inside", ["", "fund/"])
def test_validate_never_uses_a_packed_folder(inside: str, tmp_path: Path) -> None:
    """The records are checked by our rules, which they break; the lists and shapes are graphs without projects."""
    alone = report_of_command(packed("*.csv", inside=inside), tmp_path)
    whole = report_of_command(packed("*", inside=inside), tmp_path)
    assert_same_but_for_graphs(alone, whole)


@pytest.mark.server
@pytest.mark.parametrize("inside", ["", "fund/"])
def test_an_upload_never_brings_its_rules(inside: str, bundled_server: Server) -> None:
    """A server reports lists and shapes as graphs without projects, ignores settings, and keeps its own rules."""
    alone = answer_of_server(packed("*.csv", inside=inside), bundled_server).json()
    whole = answer_of_server(packed("*", inside=inside), bundled_server).json()
    assert_same_but_for_graphs(alone, whole)
    with_settings = answer_of_server(packed("*.csv", "iomld.toml", inside=inside), bundled_server).json()
    assert alone == with_settings
