"""What a release exports as tables or JSON Lines is published again to the same graphs, byte for byte."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Quad
from tests.commands import written_by_iomld
from tests.conftest import DATA, PROJECT_COUNT, ROOT, run_iomld

from iomld import __version__, store
from iomld.assets import load_fields
from iomld.convert import Publication, project_quads
from iomld.export.formats import TABLE_FORMATS
from iomld.export.stored_quads import released_quads, stored_projects
from iomld.export.tables import stored_source
from iomld.iris import Iris
from iomld.model import Origin
from iomld.pipeline.published import project_of
from iomld.release import FILES, Release, current_release
from iomld.release.nquads import read_gzip

# The formats that read back to the same graphs; the others have tests of their own.
EXACT = tuple(name for name in TABLE_FORMATS if name not in {"iati", "parquet"})
COMMON = {
    "status": "active",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "benefitingMemberStates": ["NA"],
    "budgetUSD": "1234.125",
}
ODD = [
    COMMON
    | {
        "projectCode": "PO.0901",
        "title": {"en": "=SUM(1)  of two spaces", "fr": "'=Ports\u00a0: l\u2019accès", "pt-br": "-1 @ +2"},
        "abstract": {"en": 'One\nline of _x0041_ and "quotes"; a tab\there, and the Global Compact for Migration.'},
        "narrative": {"en": "=First\n\n  'second' \"third\"; a,b\nThe GCM | and MCOF.\n" + "A long word. " * 4000},
        "startDate": "1899-12-31",
        "endDate": "2019-06-30",
        "startYear": 1899,
        "budgetUSD": "100.1250",
        "mentions": [
            {"framework": "gcm", "quote": "=the pact", "prefix": "- \r ", "suffix": "\t'", "language": "es",
             "review": "accepted"},
            {"framework": "gcm-objective-23", "quote": "GCM", "position": 52},
            {"framework": "mcof", "quote": "two", "field": "title", "method": "manual", "confidence": "0.25",
             "review": "rejected"},
        ],
        "source": {"url": "https://example.org/p?a=1;b=2", "retrievedAt": "2026-11-23T20:00:00+01:00"},
    },
    COMMON | {"primaId": "NA10P0901", "title": {"es": "Sin código"}, "coverage": "regional",
              "benefitingCountries": ["CL", "1A0"],
              "mentions": [{"framework": "gcm", "quote": "GCM", "language": "es", "position": 3}]},
    COMMON | {"projectCode": "PO.0902", "title": {"en": "Not published"}, "budgetUSD": "lots"},
]  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The bundled records, a page with its narrative, and records full of traps."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "odd.json").write_text(json.dumps(ODD), encoding="utf-8")
    sources = (DATA, folder / "odd.json", ROOT / "tests" / "golden" / "page.txt")
    done = run_iomld("publish", *sources, "--to", folder / "data")
    assert done.returncode == 1, done.stderr  # one record is refused
    made = current_release(folder / "data")
    assert made is not None
    assert made.manifest.projects == PROJECT_COUNT + 3
    return made


def exported(release: Release, name: str) -> bytes:
    """A release in a format."""
    out = io.BytesIO()
    TABLE_FORMATS[name].write(stored_source(released_quads(release)), out)
    return out.getvalue()


@pytest.mark.parametrize("name", EXACT)
def test_an_export_is_published_to_the_same_graphs(release: Release, name: str, tmp_path: Path) -> None:
    """Publish, export, publish into another folder: the datasets are equal."""
    file = tmp_path / f"out.{TABLE_FORMATS[name].suffix}"
    file.write_bytes(exported(release, name))
    done = run_iomld("publish", file, "--to", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    again = current_release(tmp_path / "again")
    assert again is not None
    one, other = (set(read_gzip(one.file(FILES.dataset))) for one in (release, again))
    assert sorted(one ^ other) == []


@pytest.mark.parametrize("name", EXACT)
def test_equal_releases_export_equal_bytes(release: Release, name: str) -> None:
    """No clock and no order of chance in any format."""
    assert exported(release, name) == exported(release, name)


def test_a_graph_and_its_project_say_the_same(release: Release) -> None:
    """`project_of` loses nothing that `convert` wrote."""
    opened = store.open_read_only(release.file(FILES.store))
    iris = Iris(release.manifest.base)
    publication = Publication(
        iris, "https://creativecommons.org/licenses/by/4.0/", __version__, load_fields(), "XM-DAC-47066-"
    )
    for project in stored_projects(released_quads(release)):
        graph = set(store.graph_quads(opened, iris.record(project.key)))
        assert set(project_quads(project, publication)) == graph
        assert project_of(graph, project.key, iris) == project


def test_projects_come_sorted_and_one_at_a_time(release: Release) -> None:
    """By their IRIs; those with a PRIMA identifier alone come last."""
    keys = [project.key for project in stored_projects(released_quads(release))]
    assert keys == sorted(keys)
    assert keys[-2:] == ["prima-NA10P0901", "prima-WS10P0504"]


def test_the_tables_are_plain_csv(release: Release) -> None:
    """Any CSV reader reads them; no cell begins a formula; mentions name their project."""
    with zipfile.ZipFile(io.BytesIO(exported(release, "csv"))) as archive:
        names = ["projects.csv", "mentions.csv", "sources.csv"]
        assert archive.namelist() == [*names, "csv-metadata.json", "datapackage.json"]
        tables = [
            list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline=""))) for name in names
        ]
    assert len(tables[0]) == PROJECT_COUNT + 3
    assert [len({row[None] for row in table if None in row}) for table in tables] == [0, 0, 0]
    assert not [text for table in tables for row in table for text in row.values() if text[:1] in tuple("=+-@\t\r\n")]
    keys = {row["projectCode"] or f"prima-{row['primaId']}" for row in tables[0]}
    assert {row["projectCode"] for row in tables[1]} <= keys
    assert {row["projectCode"] for row in tables[2]} == keys


def test_json_lines_are_record_json(release: Release) -> None:
    """One object a line, absent fields absent."""
    lines = exported(release, "jsonl").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == PROJECT_COUNT + 3
    assert all(record["sources"] and "" not in record.values() for record in records)


def test_sources_that_share_a_hash_are_all_named() -> None:
    """Two names of the same bytes give one node, and both names come back."""
    iris = Iris()
    publication = Publication(iris, "https://example.org/license", "1", load_fields(), "XM-DAC-47066-")
    project = project_of([], "PO.0001", iris)
    assert project.origins == ()
    digest = "a" * 64
    graph = [
        quad
        for file, url in (("a.txt", "https://example.org/a"), ("b.txt", None))
        for quad in _with_origin(publication, file, url, digest)
    ]
    read = project_of(graph, "PO.0001", iris)
    assert set(project_quads(read, publication)) == set(graph)


def _with_origin(publication: Publication, file: str, url: str | None, digest: str) -> list[Quad]:
    project = project_of([], "PO.0001", publication.iris)
    return project_quads(replace(project, origins=(Origin(file, digest, "text/plain", url),)), publication)


@pytest.mark.parametrize("name", [*EXACT, "turtle"])
def test_the_command_writes_each_format(release: Release, name: str, tmp_path: Path) -> None:
    """`iomld export` writes what the library writes."""
    folder = release.path.parent.parent
    done = run_iomld("export", "--from", folder, "--format", name, "--to", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "out").read_bytes()
    assert written.startswith(b"@prefix") if name == "turtle" else written == exported(release, name)


@pytest.mark.parametrize("name", EXACT)
def test_converted_tables_read_back_to_the_same_triples(name: str, tmp_path: Path) -> None:
    """Records written as tables, without any release, give the triples that the records give."""
    odd = tmp_path / "odd.json"
    odd.write_text(json.dumps(ODD[:2]), encoding="utf-8")
    page = ROOT / "tests" / "golden" / "page.txt"
    tables = tmp_path / f"out.{TABLE_FORMATS[name].suffix}"
    tables.write_bytes(converted(name, odd, page))
    assert sorted(converted("nquads", tables).splitlines()) == sorted(converted("nquads", odd, page).splitlines())


def converted(name: str, *sources: Path) -> bytes:
    """What `iomld convert` writes."""
    return written_by_iomld("convert", *sources, "--format", name)
