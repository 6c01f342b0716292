"""The commands of saved queries, and what a publish, a withdrawal, a rollback and a pruning do with them."""

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.conftest import ROOT, Command
from tests.sharing import made_once

from iomld import release
from iomld.cli import main
from iomld.release.served import release_names
from iomld.saved import answers

REGION = ROOT / "examples" / "projects-of-a-region.rq"
TITLES = """#+ title: Titles
#+ defaults:
#+   - like: title
SELECT ?t WHERE { ?p a <https://w3id.org/iomld/ns#Project> ; <http://purl.org/dc/terms/title> ?t
  FILTER(CONTAINS(LCASE(?t), ?_like)) }"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, few_records: Path, iomld: Command) -> Path:
    """Two releases of two records, which have other titles in the second one, and the query for titles."""

    def publish(folder: Path) -> None:
        text = folder.parent / "titles.rq"
        text.write_text(TITLES)
        assert iomld("queries", "add", text, "--from", folder).returncode == 0
        records = json.loads(few_records.read_text())
        source = folder.parent / f"{folder.name}.json"
        for title in ("Old title", "New title"):
            source.write_text(json.dumps([one | {"title": {"en": f"{title} {one['projectCode']}"}} for one in records]))
            done = iomld("publish", source, "--to", folder)
            assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "published-with-queries", publish)


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy of it for a test."""
    return Path(shutil.copytree(published, tmp_path / "to", symlinks=True))


def recorded(folder: Path, name: str) -> dict[str, dict[str, object]]:
    """What a release has of saved queries, by name."""
    path = folder / "releases" / name / "saved-queries.json"
    return {one["name"]: one for one in json.loads(path.read_text())["queries"]}


def test_a_query_is_added_listed_shown_and_removed(tmp_path: Path, iomld: Command) -> None:
    """The file is copied as it is; the lines say its parameters; a name that is taken is replaced on request only."""
    added = iomld("queries", "add", REGION, "--from", tmp_path)
    assert added.stdout.splitlines() == [
        "saved      projects-of-a-region: Projects of a region from a given year on",
        "parameter  region=africa  iri",
        "parameter  since=2015  gYear",
    ]
    kept = tmp_path / "queries" / "projects-of-a-region.rq"
    assert kept.read_bytes() == REGION.read_bytes()
    assert iomld("queries", "add", REGION, "--from", tmp_path).returncode == 0
    other = ROOT / "examples" / "largest-budgets.rq"
    refused = iomld("queries", "add", other, "--name", "projects-of-a-region", "--from", tmp_path)
    assert (refused.returncode, "add --replace" in refused.stderr) == (2, True)
    replaced = iomld("queries", "add", other, "--name", "projects-of-a-region", "--replace", "--from", tmp_path)
    assert replaced.returncode == 0
    assert iomld("queries", "list", "--from", tmp_path).stdout == (
        "projects-of-a-region  in no release yet  The largest budgets in US dollars\n"
    )
    assert "LIMIT ?_most_integer" in iomld("queries", "show", "projects-of-a-region", "--from", tmp_path).stdout
    assert iomld("queries", "remove", "projects-of-a-region", "--from", tmp_path).returncode == 0
    assert not kept.exists()
    assert (
        "has no saved queries"
        in iomld("queries", "--from", tmp_path).stderr + iomld("queries", "list", "--from", tmp_path).stdout
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("#+ title: x\nSELECT ?_x { ?s ?p ?_x }", "line 2: The parameter ?_x is projected or bound here"),
        (
            "#+ title: x\n#+ defaults:\n#+ - y: x\nASK { ?s ?p ?_y_gYear }",
            "line 3: “x” is no value of the parameter “y”",
        ),
        ("#+ title: x\nINSERT DATA { <x:s> <x:p> 1 }", "line 2: This is an update"),
        ("#+ title: x\nASK { SERVICE <http://x/> {} }", "cannot use SERVICE"),
    ],
)
def test_a_query_with_a_fault_is_not_added(tmp_path: Path, iomld: Command, text: str, sentence: str) -> None:
    """One line on standard error names the file, the line and what to do; nothing is written."""
    source = tmp_path / "bad.rq"
    source.write_text(text)
    refused = iomld("queries", "add", source, "--from", tmp_path / "to")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert str(source) in refused.stderr
    assert sentence in refused.stderr
    assert not (tmp_path / "to").exists()


def test_names_that_are_none_are_refused(tmp_path: Path, folder: Path, iomld: Command) -> None:
    """By every command, without a path being made of them."""
    for name in ("../x", "", "A", "x@y"):
        assert "small letters" in iomld("queries", "add", REGION, "--name", name, "--from", tmp_path).stderr
        for command in ("show", "remove", "pin"):
            refused = iomld("queries", command, name, "--from", folder)
            assert (refused.returncode, "no saved query" in refused.stderr) == (2, True), refused.stderr
    assert "cannot be read" in iomld("queries", "add", tmp_path / "none.rq", "--from", tmp_path).stderr
    assert "is not pinned" in iomld("queries", "unpin", "titles", "../x", "--from", folder).stderr


def test_each_release_has_the_text_and_the_answer(folder: Path) -> None:
    """Rows and hashes of text and answer, and what they were in the release before; the manifest has the file."""
    first, second = release_names(folder)
    old, new = recorded(folder, first)["titles"], recorded(folder, second)["titles"]
    assert (old["text"], old["before"], old["failure"]) == (TITLES, None, "")
    assert (new["before"], new["before_release"]) == (old["facts"], first)
    assert new["facts"] != old["facts"]
    assert new["text_sha256"] == old["text_sha256"]
    assert "saved-queries.json" in release.open_release(folder, second).manifest.files


def test_without_queries_a_release_is_as_before(page_data: Path) -> None:
    """No file more."""
    (name,) = release_names(page_data)
    assert not (page_data / "releases" / name / "saved-queries.json").exists()


def test_drift_is_said(folder: Path, iomld: Command) -> None:
    """Other values, other numbers of rows, an empty answer, a new query, another text, and a file with a fault."""
    first, second = release_names(folder)
    checked = iomld("queries", "check", "--from", folder)
    assert (checked.returncode, checked.stdout) == (1, "! titles: 2 rows as before, with other values\n")
    same = iomld("queries", "check", "--since", second, "--from", folder)
    assert (same.returncode, same.stdout) == (0, "titles: 2 rows, as before\n")
    withdrawn = iomld("withdraw", "PO.0105", "--reason", "A mistake.", "--to", folder)
    assert withdrawn.stderr == "query      titles: was 2 rows, is 1\n"
    assert iomld("queries", "check", "--from", folder).stdout == "! titles: was 2 rows, is 1\n"
    back = iomld("releases", "rollback", second, "--from", folder)
    assert back.stderr == "query      titles: was 1 row, is 2\n"
    queries = folder / "queries"
    (queries / "titles.rq").write_text(TITLES.replace("like: title", "like: nothing"))
    (queries / "all.rq").write_text("#+ title: All\nSELECT * { ?s ?p ?o }")
    (queries / "bad.rq").write_text("#+ title: Bad\nSELECT")
    found = iomld("queries", "check", "--from", folder, "--format", "json")
    assert found.returncode == 1
    by_name = {one["name"]: one for one in json.loads(found.stdout)["queries"]}
    assert (by_name["titles"]["drift"], by_name["titles"]["textChanged"]) == ("empty", True)
    assert (by_name["all"]["drift"], by_name["bad.rq"]["drift"]) == ("new", "error")
    assert by_name["bad.rq"]["sentence"].startswith("line 2: ")
    listed = iomld("queries", "list", "--from", folder)
    assert (listed.returncode, "not used   bad.rq, line 2: " in listed.stderr) == (1, True)
    without = iomld("queries", IOMLD_DATA_DIR=str(folder))
    assert (without.returncode, without.stdout) == (1, listed.stdout)
    assert first in iomld("releases", "list", "--from", folder).stdout


def test_a_query_without_an_answer_does_not_stop_a_publish(
    folder: Path, iomld: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A query that runs out of time and a file with a fault are said; the first is recorded, and cannot be pinned."""
    (folder / "queries" / "bad.rq").write_text("#+ title: Bad\nSELECT")
    monkeypatch.setattr(answers, "TIMEOUT_S", 1e-6)
    main.iomld.main(["withdraw", "PO.0105", "--reason", "x.", "--to", str(folder)], standalone_mode=False)
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("query      titles: ")
    assert "not used: bad.rq, line 2: " in said[1]
    found = recorded(folder, release_names(folder)[-1])["titles"]
    assert (found["facts"], bool(found["failure"]), found["text"]) == (None, True, TITLES)
    assert "has no answer to cite" in iomld("queries", "pin", "titles", "--from", folder).stderr


def test_what_is_pinned_is_not_pruned(folder: Path, iomld: Command) -> None:
    """A release is kept for each pin, also for a query that was saved later; without the pin it goes."""
    first, _ = release_names(folder)
    pinned = iomld("queries", "pin", "titles", first, "--from", folder)
    assert pinned.stdout.splitlines() == [
        f"pinned     titles@{first}",
        f"cite       https://w3id.org/iomld/saved/titles@{first}",
    ]
    later = ROOT / "examples" / "largest-budgets.rq"
    iomld("queries", "add", later, "--from", folder)
    assert iomld("queries", "pin", "largest-budgets", first, "--from", folder).returncode == 0
    for number in range(2):
        assert iomld("withdraw", ("PO.0105", "CE.0134")[number], "--reason", "x.", "--to", folder).returncode == 0
    tried = iomld("releases", "prune", "--keep", "1", "--dry-run", "--from", folder)
    assert f"pinned   {first}  stays, because titles@{first} is pinned to be cited" in tried.stdout
    iomld("releases", "prune", "--keep", "1", "--from", folder)
    assert release_names(folder)[0] == first
    assert len(release_names(folder)) == 2
    removed = iomld("queries", "remove", "titles", "--from", folder)
    assert f"still pinned: titles@{first}" in removed.stdout
    for name in ("titles", "largest-budgets"):
        assert iomld("queries", "unpin", name, first, "--from", folder).returncode == 0
    iomld("releases", "prune", "--keep", "1", "--from", folder)
    assert first not in release_names(folder)


def test_a_pin_says_if_the_text_has_changed(folder: Path, iomld: Command) -> None:
    """The version of the release is pinned, not that of today."""
    (folder / "queries" / "titles.rq").write_text(TITLES.replace("title: Titles", "title: All titles"))
    pinned = iomld("queries", "pin", "titles", "--from", folder)
    assert "The text of the query has changed since" in pinned.stdout
    name = release_names(folder)[-1]
    (kept,) = json.loads((folder / "queries" / "pins" / f"titles@{name}.json").read_text())["queries"]
    assert kept["text"] == TITLES


def test_a_folder_that_cannot_be_written_has_a_sentence(tmp_path: Path, iomld: Command) -> None:
    """What is there stays."""
    if os.geteuid() == 0:
        (tmp_path / "queries").write_text("not a folder")
    else:
        tmp_path.chmod(0o500)
    refused = iomld("queries", "add", REGION, "--from", tmp_path)
    tmp_path.chmod(0o700)
    assert (refused.returncode, refused.stderr.count("\n"), "cannot be written" in refused.stderr) == (2, 1, True)
