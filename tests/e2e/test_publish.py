"""Publishing by the command: what is published, what is refused, and what stays the same."""

import gzip
import hashlib
import json
import re
import zipfile
from itertools import groupby
from pathlib import Path

import pyoxigraph
import pytest
from tests.commands import run_iomld_alone
from tests.conftest import DATA, PROJECT_COUNT, Command

PAGE = Path(__file__).parents[1] / "golden" / "page.txt"
GOOD = {
    "projectCode": "PO.9002",
    "title": {"en": "A good record"},
    "status": "completed",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "startYear": "2018",
    "endYear": "2019",
    "allocationYear": "2018",
    "budgetUSD": "100000",
    "benefitingMemberStates": ["NA"],
}


def record(folder: Path, name: str, **changes: object) -> Path:
    """A record file like GOOD with some keys changed; None takes a key out."""
    path = folder / name
    content = {key: value for key, value in (GOOD | changes).items() if value is not None}
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def lines(datadir: Path) -> list[str]:
    """The N-Quads lines of the release that is served."""
    return gzip.decompress((datadir / "current" / "dataset.nq.gz").read_bytes()).decode().splitlines()


def test_the_bundled_records_are_published_whole(datadir: Path) -> None:
    """Every project is accepted, and the release says so."""
    manifest = json.loads((datadir / "current" / "manifest.json").read_text())
    report = json.loads((datadir / "current" / "report.json").read_text())
    assert manifest["projects"] == PROJECT_COUNT
    assert report["published"] == PROJECT_COUNT
    assert report["refused"] == []


def test_the_dataset_is_in_order_without_blank_nodes(datadir: Path) -> None:
    """The graphs of records come first, in their order; all lines of one are together, sorted, and none is repeated."""
    found = lines(datadir)
    assert len(found) == len(set(found))
    graphs = [name for name, _ in groupby(found, key=lambda line: line[line.rindex(" <") :]) if "/doc/project/" in name]
    assert graphs == sorted(set(graphs))
    records = [line for line in found if "/doc/project/" in line[line.rindex(" <") :]]
    assert found[: len(records)] == records
    for _, graph in groupby(records, key=lambda line: line[line.rindex(" <") :]):
        said = list(graph)
        assert said == sorted(said, key=str.encode)
    quads = list(pyoxigraph.parse("\n".join(found), pyoxigraph.RdfFormat.N_QUADS))
    assert len(found) == len(set(quads))
    assert not any(isinstance(term, pyoxigraph.BlankNode) for quad in quads for term in (quad.subject, quad.object))


def test_the_same_records_give_the_same_bytes(datadir: Path, tmp_path: Path, iomld: Command) -> None:
    """Published into another folder, in another order, dataset, index and parts are the same to the byte."""
    files = sorted(DATA.glob("*.json"), reverse=True)
    assert iomld("publish", *files, "--to", tmp_path).returncode == 0
    names = ("dataset.nq.gz", "index.jsonl.gz", "by-*/*")
    ours, theirs = (
        {path.relative_to(folder): path.read_bytes() for name in names for path in folder.glob(name)}
        for folder in (datadir / "current", tmp_path / "current")
    )
    assert len(ours) > 20
    assert ours == theirs


def test_the_manifest_has_the_hash_of_each_file(datadir: Path) -> None:
    """All files are named with their SHA-256; that of the manifest itself stands beside it."""
    current = datadir / "current"
    files = [path for path in current.rglob("*") if path.is_file()]
    hashes = {str(path.relative_to(current)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert (current / "manifest.sha256").read_text().split()[0] == hashes.pop("manifest.json")
    del hashes["manifest.sha256"]
    assert json.loads((current / "manifest.json").read_text())["files"] == hashes


def test_unchanged_records_make_no_new_release(page_data: Path, iomld: Command) -> None:
    """A second publish of the same page leaves the release as it is."""
    second = iomld("publish", PAGE, "--to", page_data)
    assert second.returncode == 0
    assert "no new release" in second.stdout
    assert len(list((page_data / "releases").iterdir())) == 1


def test_records_not_given_stay_and_those_given_are_replaced(tmp_path: Path, page_data: Path, iomld: Command) -> None:
    """A second project joins the first; a changed one is replaced and has a second revision."""
    assert iomld("publish", record(tmp_path, "r.json"), "--to", page_data).returncode == 0
    assert iomld("publish", record(tmp_path, "r.json", budgetUSD="5000.50"), "--to", page_data).returncode == 0
    text = "\n".join(lines(page_data))
    assert "PO.9001" in text
    assert '"5000.5"' in text
    assert '"100000"' not in text
    asked = iomld(
        "query",
        "SELECT ?n WHERE { ?r dcterms:isVersionOf doc:PO.9002 BIND(STRAFTER(STR(?r), '/rev/') AS ?n) } ORDER BY ?n",
        "--from", page_data, "--format", "csv",
    )  # fmt: skip
    assert asked.stdout.split() == ["n", "1", "2"]
    stored = iomld("query", "SELECT ?v { prj:PO.9002 iomld:budgetUSD ?v }", "--from", page_data, "--format", "csv")
    assert stored.stdout.split() == ["v", "5000.5"]


@pytest.mark.parametrize("name", ["publish", "serve", "validate", "convert", "query", "export", "releases", "rules"])
def test_a_command_starts_by_itself(name: str) -> None:
    """The script finds the command and all that it imports; most other tests have it in memory already."""
    done = run_iomld_alone(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: iomld {name} ")


def test_a_publish_from_the_start(tmp_path: Path) -> None:
    """A process of its own, with nothing in memory, publishes a page and answers a query about it."""
    assert run_iomld_alone("publish", PAGE, "--to", tmp_path).returncode == 0
    asked = run_iomld_alone("query", "ASK { prj:PO.9001 ?p ?o }", "--from", tmp_path)
    assert (asked.stdout.strip(), asked.stderr) == ("yes", "")


def test_a_dry_run_changes_nothing(tmp_path: Path, iomld: Command) -> None:
    """A dry run says what would change and does not even make the folder."""
    done = iomld("publish", PAGE, "--to", tmp_path / "new", "--dry-run")
    assert done.returncode == 0
    assert "1 new" in done.stdout
    assert not (tmp_path / "new").exists()


def test_a_dry_run_never_says_that_something_was_published(tmp_path: Path, iomld: Command) -> None:
    """It names the changed fields with their old and new values, and what it would publish."""
    file, folder = record(tmp_path, "a.json"), tmp_path / "d"
    assert "\npublished         1 projects: 1 new, 0 changed\n" in iomld("publish", file, "--to", folder).stdout
    changed = iomld("publish", record(tmp_path, "a.json", status="active"), "--to", folder, "--dry-run").stdout
    assert "\nwould publish     1 projects: 0 new, 1 changed\n" in changed
    assert "\npublished" not in changed
    assert changed.endswith("changed    PO.9002\n  status: completed → active\ndry run: nothing was changed\n")


def test_remarks_have_their_severity_and_subject(tmp_path: Path, iomld: Command) -> None:
    """Warnings come before Infos, rules of reading too, and the last line says how to read on."""
    file = record(tmp_path, "a.json", budgetUSD="1000", colour="red")
    lines_ = iomld("publish", file, "--to", tmp_path / "d").stdout.splitlines()
    after = lines_[lines_.index("refused           0") + 1 :]
    assert after[:5] == [
        "  warning         1 budgetBounds: Usual amounts",
        "  warning         1 snapshotSource: Address of the source",
        "  warning         1 unknownKey: No field has this JSON key; its value was ignored",
        "  info            1 snapshotTimeKnown: Time of retrieval",
        "                    (to explain a rule: iomld rules budgetBounds)",
    ]
    assert iomld("rules", "budgetBounds").returncode == 0


def test_the_date_of_issue_stays(tmp_path: Path, page_data: Path, iomld: Command) -> None:
    """The description of a later release names the moment of the first one, and its own as the last change."""
    description = page_data / "current" / "dataset.ttl"
    first = re.sub(r'(dcterms:issued ")[^"]*', r"\g<1>2001-02-03T04:05:06Z", description.read_text())
    description.write_text(first)
    iomld("publish", record(tmp_path, "r.json"), "--to", page_data)
    later = (page_data / "current" / "dataset.ttl").read_text()
    issued = re.findall(r'dcterms:issued "([^"]*)', later)
    assert issued == ["2001-02-03T04:05:06Z"] * 2  # of the catalogue and of the dataset
    assert "2001" not in "".join(re.findall(r'dcterms:modified "([^"]*)', later))


def test_rolling_back_serves_the_older_release(tmp_path: Path, page_data: Path, iomld: Command) -> None:
    """After a rollback the older values are asked, in a new release or in the older one itself; all are listed."""
    older = (page_data / "current").readlink().name
    iomld("publish", record(tmp_path, "r.json"), "--to", page_data)
    for option, marks in (((), "  *"), (("--at-once",), "*  ")):
        assert iomld("releases", "rollback", older, *option, "--from", page_data).returncode == 0
        listed = iomld("releases", "list", "--from", page_data).stdout.splitlines()
        assert "".join(line[0] for line in listed) == marks
        asked = iomld("query", "ASK { ?p iomld:projectCode 'PO.9002' }", "--from", page_data)
        assert asked.stdout.strip() == "no"


BAD = {
    "PO.0001": ({"title": None}, "title", "title"),
    "": ({"projectCode": None}, "projectCode", "identifier"),
    "PO.0003": ({"benefitingMemberStates": ["Chinna"]}, "benefitingMemberStates", "China"),
    "PO.0004": ({"coverage": "Policy Stuff"}, "coverage", "Policy Stuff"),
    "PO.0005": ({"status": "Finished"}, "status", "Finished"),
    "PO.0006": ({"budgetUSD": "a lot"}, "budgetUSD", "a lot"),
    "PO.0007": ({"startYear": "2019", "endYear": "2017"}, "Year", "before"),
    "PO.0008": ({"budgetUSD": "-5"}, "budgetUSD", "-5"),
    "PO.0009": ({"startYear": "MMXVII"}, "startYear", "MMXVII"),
}
BAD_PAGES = {
    "empty.txt": (b"", "empty"),
    "binary.txt": (b"\x00\x01\x02PK", "binary"),
    "cut.txt": (PAGE.read_bytes().split(b"Harbours\n")[1], "title"),
    "unnamed.txt": (PAGE.read_bytes().replace(b"NA10P9999\n", b"").replace(b"PO.9001\n", b""), "identifier"),
    "country.txt": (PAGE.read_bytes().replace(b"Namibia South Africa", b"Namibia Atlantis"), "Atlantis"),
    "money.txt": (PAGE.read_bytes().replace(b"152152.50", b"100 000 USD"), "100 000 USD"),
    "year.txt": (PAGE.read_bytes().replace(b"2020", b"2016"), "before"),
}


def test_bad_records_are_refused_and_the_good_one_published(tmp_path: Path, iomld: Command) -> None:
    """Each refusal names file, line, field, what was found and what to do; the other record is published; status 1."""
    bad = {f"bad{number}.json": case for number, case in enumerate(BAD.items())}
    paths = [record(tmp_path, file, **{"projectCode": code, **case[0]}) for file, (code, case) in bad.items()]
    done = iomld("publish", *paths, record(tmp_path, "good.json", projectCode="PO.9003"), "--to", tmp_path / "out")
    assert done.returncode == 1
    for file, (_, (_, field, words)) in bad.items():
        reasons = [line for line in done.stderr.splitlines() if f"{file}:" in line]
        assert any(field in line and words.lower() in line.lower() for line in reasons), (file, done.stderr)
    assert json.loads((tmp_path / "out" / "current" / "manifest.json").read_text())["projects"] == 1
    report = json.loads((tmp_path / "out" / "current" / "report.json").read_text())
    assert {Path(one["reasons"][0]["file"]).name for one in report["refused"]} == set(bad)


def test_bad_pages_are_refused_with_their_lines(tmp_path: Path, iomld: Command) -> None:
    """Bad pages are named with what was found; the good page beside them is published; status 1."""
    for number, (name, (content, _)) in enumerate(BAD_PAGES.items()):  # each of a project of its own
        (tmp_path / name).write_bytes(content.replace(b"9001", b"910%d" % number).replace(b"9999", b"910%d" % number))
    done = iomld(
        "publish", *(tmp_path / name for name in BAD_PAGES), record(tmp_path, "good.json"), "--to", tmp_path / "out"
    )
    assert done.returncode == 1
    refusals = done.stderr.split("refused: ")
    for name, (_, words) in BAD_PAGES.items():
        assert any(name in refusal and words in refusal for refusal in refusals), (name, done.stderr)
    assert json.loads((tmp_path / "out" / "current" / "manifest.json").read_text())["projects"] == 1


def test_a_refused_record_keeps_its_published_version(tmp_path: Path, iomld: Command) -> None:
    """What was published stays when a worse version is refused, and the report says so."""
    iomld("publish", record(tmp_path, "r.json"), "--to", tmp_path)
    done = iomld("publish", record(tmp_path, "r.json", status="Gone"), "--to", tmp_path)
    assert done.returncode == 1
    assert "earlier version stays" in done.stderr
    assert any("PO.9002" in line for line in lines(tmp_path))


def test_a_prima_identifier_belongs_to_one_project(tmp_path: Path, iomld: Command) -> None:
    """The second project with the same PRIMA identifier is refused, in one run or the next."""
    first = record(tmp_path, "1.json", primaId="NA10P0001")
    second = record(tmp_path, "2.json", projectCode="PO.9009", primaId="NA10P0001")
    together = iomld("publish", first, second, "--to", tmp_path / "a")
    assert together.returncode == 1
    assert "belongs to project PO.9002" in together.stderr
    iomld("publish", first, "--to", tmp_path / "b")
    later = iomld("publish", second, "--to", tmp_path / "b")
    assert "belongs to project PO.9002" in later.stderr


def test_another_base_needs_another_folder(tmp_path: Path, iomld: Command) -> None:
    """IRIs follow the base; a folder of one base is never mixed with another."""
    assert iomld("publish", PAGE, "--to", tmp_path, IOMLD_BASE_IRI="http://data.example/").returncode == 0
    text = "\n".join(lines(tmp_path))
    assert "<http://data.example/id/project/PO.9001>" in text
    assert "https://w3id.org/iomld/id/" not in text
    assert "https://w3id.org/iomld/scheme/" not in text
    mixed = iomld("publish", PAGE, "--to", tmp_path)
    assert mixed.returncode == 2
    assert "http://data.example/" in mixed.stderr


def test_without_narrative_only_the_quotes_are_published(tmp_path: Path, iomld: Command) -> None:
    """The setting leaves the text out and keeps the mentions with their positions."""
    iomld("publish", PAGE, "--to", tmp_path, IOMLD_PUBLISH_NARRATIVE="0")
    text = "\n".join(lines(tmp_path))
    assert "Two ports plan together" not in text
    assert '"Global Compact for Migration"' in text


def test_mistakes_on_the_command_line_are_one_line_and_status_2(tmp_path: Path, iomld: Command) -> None:
    """A missing file, a wrong setting and an empty folder are told in one sentence."""
    for done, words in (
        (iomld("publish", tmp_path / "none.txt", "--to", tmp_path), "no such file"),
        (iomld("publish", tmp_path, "--to", tmp_path / "o"), "no record files"),
        (iomld("publish", PAGE, "--to", tmp_path, IOMLD_QUERY_TIMEOUT="soon"), "IOMLD_QUERY_TIMEOUT"),
        (iomld("publish", PAGE, "--to", tmp_path, IOMLD_BASE_IRY="http://x/"), "IOMLD_BASE_IRI"),
        (iomld("query", "ASK {}", "--from", tmp_path / "nowhere"), "nothing is published"),
        (iomld("query", "SELEC * {}", "--from", tmp_path), ""),
    ):
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["publish", "convert"])
def test_a_source_address_belongs_to_one_file(tmp_path: Path, iomld: Command, command: str) -> None:
    """A folder, a pattern or an archive with two files is refused with their names; one with one file is not."""
    first, second = record(tmp_path, "a.json"), record(tmp_path, "b.json", projectCode="PO.9003")
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in (first, second):
            packed.write(file, file.name)
    options = ("--source-url", "https://example.org/ports") + (("--to", tmp_path / "d") if command == "publish" else ())
    for several in (tmp_path, tmp_path / "*.json", archive):
        done = iomld(command, several, *options)
        assert (done.returncode, done.stdout) == (2, "")
        assert "a.json and " in done.stderr
        assert "Give each file by itself." in done.stderr
    assert iomld(command, tmp_path / "none.json", *options).returncode == 2
    second.unlink()
    archive.unlink()
    assert iomld(command, tmp_path, *options).returncode == 0
    assert iomld(command, first, first, *options).returncode == 2


def test_a_publish_of_nothing_leaves_nothing_behind(tmp_path: Path, iomld: Command) -> None:
    """Neither an empty source nor a list without records makes a new folder; one that is there stays."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.json").write_text("[]")
    for source, status in (("empty", 2), ("none.json", 0)):
        assert iomld("publish", tmp_path / source, "--to", tmp_path / "data").returncode == status
        assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    assert iomld("publish", tmp_path / "empty", "--to", tmp_path / "data").returncode == 2
    assert (tmp_path / "data").exists()
