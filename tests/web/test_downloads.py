"""Downloads: the same tables as in the archive, with digests and ranges."""

import base64
import csv
import gzip
import hashlib
import html
import io
import json
import re
import shlex
import zipfile
from dataclasses import replace
from pathlib import Path

import pyoxigraph
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response
from tests.browse.asking import Asker

from iomld import release
from iomld.browse.dataset import dataset_facts
from iomld.browse.view import open_view
from iomld.export.csv import write_csv
from iomld.export.stored_quads import released_quads
from iomld.export.tables import stored_source
from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import DEFAULT_BASE, IOMLD, RDF, SKOS
from iomld.release import Release
from iomld.release.downloads import downloads_of
from iomld.release.nquads import FileFacts
from iomld.web.data.downloads import DownloadFiles, download_routes
from iomld.web.pages.overview import page_routes
from iomld.web.problems import ProblemError, problem_of

_HELD_BEFORE = frozenset({"dataset.nq.gz", "dataset.ttl", "graphs", "index.jsonl.gz", "withdrawn.json"})


@pytest.fixture(scope="module")
def current(datadir: Path) -> Release:
    """The release of the bundled records."""
    found = release.current_release(datadir)
    assert found
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DownloadFiles:
    """Files that are made in a folder of their own."""
    return DownloadFiles(tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="module")
def client(current: Release, files: DownloadFiles) -> Asker:
    """A client of the downloads."""
    app = FastAPI()
    app.include_router(download_routes(lambda: current, files))

    @app.exception_handler(ProblemError)
    def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return problem_of(error)

    return Asker(app)


@pytest.mark.parametrize("name", ["projects.csv", "mentions.csv"])
def test_a_table_is_that_of_the_archive(client: Asker, current: Release, name: str) -> None:
    """Each table has the bytes that the export has, packed or not."""
    output = io.BytesIO()
    write_csv(stored_source(released_quads(current)), output)
    expected = zipfile.ZipFile(output).read(name)
    answer = client.get(f"/downloads/{name}")
    assert answer.content == expected
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert gzip.decompress(client.get(f"/downloads/{name}.gz").content) == expected


def test_the_table_of_projects_has_every_project(client: Asker, current: Release) -> None:
    """A row for each project of the release."""
    text = client.get("/downloads/projects.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == current.manifest.projects
    assert "PO.0105" in {row["projectCode"] for row in rows}


def test_the_length_and_the_hash_of_each_file_are_those_that_were_published(
    client: Asker, current: Release, files: DownloadFiles
) -> None:
    """Before anyone has downloaded it, a file is known; `Repr-Digest` has its hash."""
    facts = dataset_facts(open_view(current))
    assert facts
    described = {file.url.partition("/downloads/")[2]: file for file in facts.files}
    assert len(described) == 12
    for name in downloads_of(current.manifest.files):
        found = files.find(current, name)
        assert found
        assert found.facts, name
        answer = client.get(f"/downloads/{name}")
        digest = hashlib.sha256(answer.content)
        assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        assert found.facts == FileFacts(len(answer.content), digest.hexdigest())
        assert int(answer.headers["content-length"]) == found.facts.size_bytes
        if name in described:
            assert (described[name].size_bytes, described[name].sha256) == (found.facts.size_bytes, found.facts.sha256)


def test_a_part_of_a_file_has_the_digest_of_the_whole(client: Asker) -> None:
    """`Repr-Digest` is about the representation, not about the range (RFC 9530)."""
    whole = client.get("/downloads/dataset.ttl")
    part = client.get("/downloads/dataset.ttl", headers={"Range": "bytes=5-8"})
    assert whole.headers["repr-digest"] == part.headers["repr-digest"]
    assert (part.status_code, part.content) == (206, whole.content[5:9])


def test_a_release_of_an_earlier_version_is_still_served(client: Asker, current: Release, tmp_path: Path) -> None:
    """Only what it holds is listed and served."""
    kept = {name for name in current.manifest.files if name.startswith("store/") or name in _HELD_BEFORE}
    manifest = replace(
        current.manifest,
        files={name: digest for name, digest in current.manifest.files.items() if name in kept},
        uncompressed_files={},
        uncompressed_sizes={},
    )
    place = tmp_path / "releases" / manifest.name
    for name in (*kept, "manifest.json", "manifest.sha256"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).hardlink_to(current.file(name))
    old = Release(place, manifest)
    app = FastAPI()
    app.include_router(download_routes(lambda: old, DownloadFiles(tmp_path / "made")))
    app.include_router(page_routes(lambda: open_view(old)))
    other = Asker(app)
    assert other.get("/downloads/dataset.nq.gz").content == client.get("/downloads/dataset.nq.gz").content
    for name in ("dataset.nq", "dataset.jsonld", "projects.csv", "mentions.csv.gz"):
        with pytest.raises(ProblemError, match="no download"):
            other.get(f"/downloads/{name}")
    page = other.get("/downloads", headers={"Accept": "text/html"}).text
    assert ">projects.csv.gz</a>" not in page


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0", "bytes=999999998-999999999"])
def test_a_range_behind_the_end_is_refused(client: Asker, asked: str) -> None:
    """A range outside the file is a 416 that says how long the file is."""
    size = client.head("/downloads/dataset.nq.gz").headers["content-length"]
    answer = client.get("/downloads/dataset.nq.gz", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["rows=1-2", "bytes=a-b", "bytes=", "1-2", f"bytes={'9' * 5000}-"])
def test_a_range_that_is_none_gets_the_whole(client: Asker, asked: str) -> None:
    """A header that cannot be read is as if it were not there."""
    answer = client.get("/downloads/dataset.nq.gz", headers={"Range": asked})
    assert answer.status_code == 200
    held = {"Range": asked, "If-Range": answer.headers["etag"]}
    assert client.get("/downloads/dataset.nq.gz", headers=held).status_code == 200


def test_a_part_of_another_file_is_not_given(client: Asker) -> None:
    """With `If-Range` a part is given only of the file that the client has."""
    tag = client.get("/downloads/dataset.nq").headers["etag"]
    asked = {"Range": "bytes=0-3"}
    assert client.get("/downloads/dataset.nq", headers=asked | {"If-Range": tag}).status_code == 206
    assert client.get("/downloads/dataset.nq", headers=asked | {"If-Range": '"other"'}).status_code == 200


def _triples(content: bytes, form: Format) -> set[pyoxigraph.Triple]:
    return {quad.triple for quad in rdf.parse(gzip.decompress(content), form)}


def test_a_class_has_the_triples_of_its_things(client: Asker) -> None:
    """Each form of a class's file has exactly what the dataset says of the things of that class."""
    quads = list(rdf.parse(gzip.decompress(client.get("/downloads/dataset.nq.gz").content), rdf.NQUADS))
    a = pyoxigraph.NamedNode(f"{RDF}type")
    for name, iri in (("FrameworkMention", f"{IOMLD}FrameworkMention"), ("skos-Concept", f"{SKOS}Concept")):
        things = {quad.subject for quad in quads if (quad.predicate, quad.object) == (a, pyoxigraph.NamedNode(iri))}
        expected = {quad.triple for quad in quads if quad.subject in things}
        assert expected
        for form in (rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD):
            answer = client.get(f"/downloads/by-class/{name}.{form.suffix}.gz")
            assert answer.headers["content-type"] == "application/gzip"
            assert _triples(answer.content, form) == expected


def test_a_region_has_its_projects_whole(client: Asker) -> None:
    """Each form of a region's file has the graphs of its projects, the region and its countries."""
    region = pyoxigraph.NamedNode(f"{DEFAULT_BASE}scheme/region/middle-east")
    quads = list(rdf.parse(gzip.decompress(client.get("/downloads/dataset.nq.gz").content), rdf.NQUADS))
    pointing = [quad for quad in quads if quad.object == region]
    graphs = {quad.graph_name for quad in pointing if quad.predicate.value == f"{IOMLD}region"}
    around = {region} | {quad.subject for quad in pointing if quad.predicate.value == f"{IOMLD}inRegion"}
    expected = {quad for quad in quads if quad.graph_name in graphs or quad.subject in around}
    assert len(graphs) == 1
    assert len(around) > 1
    held = client.get("/downloads/by-region/middle-east.nq.gz").content
    assert set(rdf.parse(gzip.decompress(held), rdf.NQUADS)) == expected
    for form in (rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD):
        content = client.get(f"/downloads/by-region/middle-east.{form.suffix}.gz").content
        assert _triples(content, form) == {quad.triple for quad in expected}


def test_the_page_leads_to_each_file_with_its_length(client: Asker, current: Release) -> None:
    """`/downloads` has every file, class and region, and a command for each kind; all its links lead to files."""
    app = FastAPI()
    app.include_router(page_routes(lambda: open_view(current)))
    text = Asker(app, {"Accept": "text/html"}).get("/downloads").text
    links = re.findall(r'href="/downloads/([^"]*)"', text)
    assert sorted(links) == sorted(downloads_of(current.manifest.files))
    assert all(client.head(f"/downloads/{name}").status_code == 200 for name in links)
    assert (
        len(re.findall(r'href="/downloads/[^"]*"[^>]*download>[^<]*</a> <span class="muted">', text)) == len(links) - 2
    )
    found = re.findall(r"<pre[^>]*><code>(curl .*?)</code>", text)
    commands = [html.unescape(re.sub(r"<[^>]*>", "", one)) for one in found]
    addresses = [shlex.split(command)[-1].partition("/downloads/")[2] for command in commands]
    assert addresses == [
        "dataset.jsonld.gz",
        "",
        "projects.csv.gz",
        "mentions.csv.gz",
        "dataset.ttl.gz",
        "dataset.nt.gz",
        "dataset.nq.gz",
    ]
    assert shlex.split(commands[1])[-1].endswith("/projects.jsonld")
    assert re.search(r'<th scope="row"><a href="[^"]*#Project">[^<]*</a> <code>iomld:Project</code></th>', text)
    assert re.search(r'>Middle East</a></th><td class="num"[^>]*>1</td>', text)


def test_no_name_leads_out_of_the_parts(client: Asker) -> None:
    """Only parts that the release has are given, and only packed."""
    for name in (
        "by-class/Project.nt",
        "by-class/Nothing.nt.gz",
        "by-region/africa.rdf.gz",
        "by-class/..nt.gz",
        "x/y",
    ):
        answer = client.get(f"/downloads/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), name


def test_a_file_is_made_once(current: Release, tmp_path: Path) -> None:
    """The second request gets the file that the first one made, and nothing else is left there."""
    app = FastAPI()
    app.include_router(download_routes(lambda: current, DownloadFiles(tmp_path)))
    client = Asker(app)
    made = []
    for _ in range(2):
        client.get("/downloads/mentions.csv")
        made.append([(path.name, path.stat().st_ino) for path in tmp_path.rglob("*") if path.is_file()])
    assert [name for name, _ in made[0]] == ["mentions.csv"]
    assert made[0] == made[1]


def test_a_table_links_to_the_description_of_its_columns(client: Asker) -> None:
    """CSV on the Web metadata and a Data Package name the columns of the file, in their order."""
    answer = client.get("/downloads/projects.csv")
    (header, *_) = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    links = re.findall(r'<([^>]+)>; rel="describedby"; type="([^"]+)"', answer.headers["link"])
    assert dict(links) == {
        "/downloads/projects.csv-metadata.json": "application/csvm+json",
        "/downloads/datapackage.json": "application/json",
    }
    found = {address: client.get(address) for address, _ in links}
    assert [found[address].headers["content-type"] for address, _ in links] == [media_type for _, media_type in links]
    metadata, package = (json.loads(found[address].content) for address, _ in links)
    columns = {column["titles"]: column for column in metadata["tableSchema"]["columns"]}
    assert list(columns) == header
    assert metadata["url"] == "projects.csv"
    assert all(re.fullmatch(r"\w+", column["name"]) for column in columns.values())
    assert columns["startYear"]["datatype"] == "gYear"
    assert columns["title_fr"]["lang"] == "fr"
    assert columns["benefitingMemberStates"]["separator"] == "; "
    assert columns["status"]["valueUrl"] == f"{DEFAULT_BASE}scheme/status/{{status}}"
    projects, mentions = package["resources"]
    assert [field["name"] for field in projects["schema"]["fields"]] == header
    assert "quote" in {field["name"] for field in mentions["schema"]["fields"]}
    assert "datapackage" in client.get("/downloads/mentions.csv").headers["link"]
