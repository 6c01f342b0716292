"""The first steps: the demo, the address of the server, and what stands in the way of either."""

import json
import os
import re
import shutil
import socket
from pathlib import Path

import httpx
import pytest
from tests.commands import run_iomld_alone, start_iomld
from tests.conftest import DATA, Command
from tests.serving import running

from iomld.cli import serve

RECORD = DATA / "projects-es.json"
UNPRIVILEGED = "import os; os.getuid() or os.setuid(65534)"  # root may write everywhere
# The demo with other records, and without the server.
SMALL_DEMO = """
from iomld.cli import serve
serve._DATA = {folder!r}
serve._serve = lambda folder, *_: print(folder)
"""


@pytest.mark.server
def test_the_demo_serves_the_bundled_records_and_names_what_to_try(
    datadir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an earlier demo has published them, it serves these; each address that it names is a page."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = serve._demo_folder()
    shutil.copytree(datadir, folder, symlinks=True, dirs_exist_ok=True)
    process = start_iomld("demo", "--port", "0", XDG_CACHE_HOME=str(tmp_path))
    with running(process) as server:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        addresses = [line.split()[-1] for line in lines]
        assert [line.split("  ")[1] for line in lines] == ["a page", "a query", "a validation"]
        for address in addresses:
            assert address.startswith(f"{server.address}/")
            assert httpx.get(address, headers={"Accept": "text/html"}, timeout=60).status_code == 200
    assert len(list((folder / "releases").iterdir())) == 1


def test_the_first_demo_publishes_into_the_cache_and_the_next_does_not(tmp_path: Path, iomld: Command) -> None:
    """The folder is named, nothing is left in the current one, and settings about publishing do not count."""
    records, cache, here = tmp_path / "records", tmp_path / "cache", tmp_path / "here"
    records.mkdir()
    here.mkdir()
    shutil.copy(RECORD, records)
    variables = {"XDG_CACHE_HOME": str(cache), "IOMLD_BASE_IRI": "https://example.org/"}
    prelude = SMALL_DEMO.format(folder=str(records))
    first, second = (iomld("demo", "--port", "0", folder=here, prelude=prelude, **variables) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stderr.startswith(f"Publishing the bundled records into {cache}/iomld/demo-")
    assert re.search(r"^Published 2 projects in \d+\.\d s\.$", first.stderr, re.MULTILINE)
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert list(here.iterdir()) == []
    release = Path(first.stdout.strip()) / "current"
    assert "https://w3id.org/iomld/" in (release / "manifest.json").read_text()


def test_a_port_in_use_is_noticed_before_anything_is_published(tmp_path: Path, iomld: Command) -> None:
    """By the commands that serve, with the port as an option or as a setting; nothing is written."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        calls = [
            iomld("serve", RECORD, "--from", tmp_path / "releases", "--port", port),
            iomld("serve", RECORD, "--from", tmp_path / "releases", IOMLD_PORT=port),
            iomld("demo", "--port", port, XDG_CACHE_HOME=str(tmp_path)),
        ]
    for done in calls:
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"iomld: 127.0.0.1:{port}: the server cannot listen there (Address already")
        assert "--port or IOMLD_PORT" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine_is_a_sentence(datadir: Path, iomld: Command, host: str) -> None:
    """It names the option and the setting."""
    done = iomld("serve", "--from", datadir, "--port", "0", IOMLD_HOST=host)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.endswith("Choose an address of this machine with --host or IOMLD_HOST.\n")


@pytest.mark.parametrize(("name", "value"), [("IOMLD_PORT", "http"), ("IOMLD_PORT", "65536"), ("IOMLD_HOST", " ")])
def test_an_address_that_is_none_is_a_sentence(iomld: Command, name: str, value: str) -> None:
    """The setting is named."""
    done = iomld("serve", **{name: value})
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"iomld: {name}: '{value}' cannot be used: write ")


def test_a_folder_without_rights_is_a_sentence(tmp_path: Path, iomld: Command) -> None:
    """Whether it is to hold releases or the demo; it says what to do."""
    tmp_path.chmod(0o555)
    assert os.getuid() == 0 or not os.access(tmp_path, os.W_OK)
    published = iomld("publish", RECORD, "--to", tmp_path / "releases", prelude=UNPRIVILEGED)
    demo = iomld("demo", "--port", "0", prelude=UNPRIVILEGED, XDG_CACHE_HOME=str(tmp_path))
    for done in (published, demo):
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "(Permission denied)" in done.stderr
    assert published.stderr.startswith(f"iomld: {tmp_path}/releases: cannot be written")
    assert "Set XDG_CACHE_HOME" in demo.stderr


def test_a_locale_that_does_not_exist_stops_nothing(datadir: Path) -> None:
    """What the encoding of the terminal lacks is written as an escape."""
    query = 'SELECT ("مشروع" AS ?x) {}'
    done = run_iomld_alone("query", query, "--from", datadir, LC_ALL="xx_YY", LANG="xx_YY", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u0645" in done.stdout


def test_a_language_that_there_is_not_is_a_sentence(iomld: Command) -> None:
    """It names those that there are."""
    done = iomld("validate", RECORD, "--lang", "pt")
    assert done.returncode == 2
    assert done.stderr == (
        "iomld: invalid value for '--lang': 'pt' is not one of 'en', 'fr', 'es'. See 'iomld validate --help'.\n"
    )


def test_many_refusals_are_grouped(tmp_path: Path, iomld: Command) -> None:
    """Each rule with its count and its first places; all are in the report of the release."""
    good, *_ = json.loads(RECORD.read_text(encoding="utf-8"))
    bad = [good | {"projectCode": f"PO.{number:04}", "primaId": None, "budgetUSD": "many"} for number in range(1, 13)]
    bad = [{key: value for key, value in record.items() if value is not None} for record in bad]
    source = tmp_path / "records.json"
    source.write_text(json.dumps([good, *bad], indent=1), encoding="utf-8")
    done = iomld("publish", source, "--to", tmp_path / "releases")
    head, *groups = done.stderr.splitlines()
    (report,) = (tmp_path / "releases" / "releases").glob("*/report.json")
    assert head == f"refused: 12 projects and files. {report} has all of them."
    assert groups[0].startswith("       12  budgetUSD: “many” cannot be read")
    assert groups[1].strip().startswith(f"PO.0001 ({source}:")
    assert groups[1].endswith(" and 9 more")
    assert len(json.loads(report.read_text(encoding="utf-8"))["refused"]) == 12
    dry = iomld("publish", source, "--to", tmp_path / "others", "--dry-run")
    assert "--format json prints all of them" in dry.stderr
