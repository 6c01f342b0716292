"""Selections: the projects that match filters as files, which real readers read, whole or not at all."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from tests.commands import written_by_iomld
from tests.serving import Server, serve

from iomld.browse.selection.files import SELECTION_FILES
from iomld.browse.selection.worker import DAMAGED, NOT_WRITTEN, TOO_LARGE, SelectionRequest, open_selector
from iomld.export import workbook
from iomld.export.stored_quads import released_quads
from iomld.formats import rdf
from iomld.pipeline.faults import fault_of
from iomld.release import Release
from iomld.store.oxigraph import StoreReader
from iomld.workers.handler import AnswerWriter

IATI = "projects.iati.xml"  # in which there is at least one activity
PARQUET = "projects.parquet"  # needs an extra
AFRICA = "region=africa&sort=budget"


@pytest.fixture(scope="module")
def listed(bundled_server: Server) -> list[str]:
    """The keys of the projects in Africa, in the order of the list."""
    text = httpx.get(f"{bundled_server.address}/projects.csv?{AFRICA}").content.decode("utf-8-sig")
    return [row["code"] for row in csv.DictReader(io.StringIO(text, newline=""))]


@pytest.fixture(scope="module")
def content(bundled_server: Server) -> Callable[[str], bytes]:
    """Gives the content of a file about the projects in Africa."""

    def get(name: str) -> bytes:
        answer = httpx.get(f"{bundled_server.address}/selection/{name}?{AFRICA}", timeout=120)
        assert answer.status_code == 200, answer.text
        assert int(answer.headers["content-length"]) == len(answer.content)
        return answer.content

    return get


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _keys(rows: list[dict[str, str]]) -> list[str]:
    return [row["projectCode"] or f"prima-{row['primaId']}" for row in rows]


def test_tables_have_the_projects_of_the_list_in_its_order(listed: list[str], content: Callable[[str], bytes]) -> None:
    """CSV, the archive, the workbook and JSON Lines."""
    assert _keys(_rows(content("projects.csv"))) == listed
    with zipfile.ZipFile(io.BytesIO(content("tables.zip"))) as archive:
        assert _keys(_rows(archive.read("projects.csv"))) == listed
    book = load_workbook(io.BytesIO(content("projects.xlsx")))
    assert book.sheetnames == ["projects", "mentions", "sources"]
    header, *rows = book["projects"].iter_rows(values_only=True)
    assert [row[0] or f"prima-{row[1]}" for row in rows] == listed
    assert header[:2] == ("projectCode", "primaId")
    records = [json.loads(line) for line in content("projects.jsonl").splitlines()]
    assert [record.get("projectCode") or f"prima-{record['primaId']}" for record in records] == listed
    for name in ("mentions.csv", "sources.csv"):
        assert {row["projectCode"] for row in _rows(content(name))} <= set(listed)


def test_rdf_has_the_graphs_of_the_records(
    release: Release, listed: list[str], content: Callable[[str], bytes]
) -> None:
    """N-Quads are lines of the dataset; the other formats have their triples."""
    lines = content("projects.nq").splitlines(keepends=True)
    records = tuple(f"<{release.manifest.base}doc/project/{key}> .\n".encode() for key in listed)
    assert set(lines) == {line for line in released_quads(release).lines() if line.endswith(records)}
    triples = {quad.triple for quad in rdf.parse(b"".join(lines), rdf.NQUADS)}
    for format_ in (rdf.NTRIPLES, rdf.TURTLE):
        assert {quad.triple for quad in rdf.parse(content(f"projects.{format_.suffix}"), format_)} == triples
    documents = json.loads(content("projects.jsonld"))["@graph"]
    assert [document["id"].rpartition("/")[2] for document in documents] == listed


def test_a_selection_reads_back_to_the_same_triples(content: Callable[[str], bytes], tmp_path: Path) -> None:
    """What is taken as a workbook, an archive or JSON Lines converts to what the N-Quads say."""
    expected = sorted(content("projects.nq").splitlines())
    for name in ("projects.xlsx", "tables.zip", "projects.jsonl"):
        (tmp_path / name).write_bytes(content(name))
        assert sorted(written_by_iomld("convert", tmp_path / name, "--format", "nquads").splitlines()) == expected


def test_the_table_links_to_its_own_columns(bundled_server: Server) -> None:
    """The metadata has the columns of the selection, which has fewer languages than the whole, and its address."""
    answer = httpx.get(f"{bundled_server.address}/selection/projects.csv?country=NA")
    link = answer.links["describedby"]["url"]
    assert link == "/selection/projects.csv-metadata.json?country=NA"
    assert answer.headers["link"].startswith(f"<{link}>")  # some clients read no further
    metadata = httpx.get(bundled_server.address + link).json()
    assert metadata["url"] == "projects.csv?country=NA"
    (header, *_) = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert [column["titles"] for column in metadata["tableSchema"]["columns"]] == header


def test_files_are_named_by_filters_and_release(bundled_server: Server, release: Release) -> None:
    """The name has no character that means something in a header or to a file system."""
    address = f"{bundled_server.address}/selection/projects.xlsx"
    for query, words in (
        (AFRICA, "_region-africa_sort-budget"),
        ("", ""),
        ("q=%22..%2F..%2Fx%22%0D%0Aa&year=2018", "_q-..-..-x-a_year-2018"),
        ("q=%D9%85%D8%B4%D8%B1%D9%88%D8%B9", "_q"),
    ):
        disposition = httpx.head(f"{address}?{query}").headers["content-disposition"]
        assert disposition == f'attachment; filename="projects{words}_{release.manifest.name}.xlsx"'


def test_clients_ask_whether_a_file_changed(bundled_server: Server) -> None:
    """A known tag is 304; other filters, another format and another order have other tags; HEAD writes nothing."""
    address = f"{bundled_server.address}/selection"
    queries = ("projects.nq?region=africa", "projects.nq?region=europe", "projects.nt?region=africa",
               "projects.nq?region=africa&sort=title")  # fmt: skip
    answers = [httpx.head(f"{address}/{query}") for query in queries]
    assert not [answer for answer in answers if "content-length" in answer.headers]  # it is not known yet
    tags = [answer.headers["etag"] for answer in answers]
    assert len(set(tags)) == len(tags)
    again = httpx.get(f"{address}/projects.nq?region=africa", headers={"If-None-Match": tags[0]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("projects.pdf", 404, "There is no file 'projects.pdf' of a selection. Choose one of projects.xlsx"),
        ("projects.csv?colour=red", 400, "No such filter: colour=red"),
        ("projects.csv?country=ZZ", 400, "There is no country with the code ZZ"),
        ("projects.csv?year_to=soon", 400, "No such filter: year_to=soon"),
    ],
)
def test_a_wrong_address_is_a_sentence(bundled_server: Server, path: str, status: int, words: str) -> None:
    """No file with other projects than those that were meant."""
    answer = httpx.get(f"{bundled_server.address}/selection/{path}")
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_no_project_gives_an_empty_file(bundled_server: Server) -> None:
    """A filter that nothing matches gives each format without projects."""
    for name in SELECTION_FILES:
        answer = httpx.get(f"{bundled_server.address}/selection/{name}?q=nothinghasthisword")
        missing = {IATI} if find_spec("pyarrow") else {IATI, PARQUET}
        assert answer.status_code == (422 if name in missing else 200)
        assert b"PO.0" not in answer.content.replace(b"PO.0105", b"")  # which is an example in the descriptions


@pytest.fixture
def small_server(datadir: Path) -> Iterator[Server]:
    """A server whose answers have at most 50 kB."""
    with serve(datadir, IOMLD_QUERY_BYTES="50000") as running:
        yield running


def test_a_large_file_is_refused_and_not_cut(small_server: Server) -> None:
    """A sentence says what to do; a smaller selection is answered by the same worker."""
    answer = httpx.get(f"{small_server.address}/selection/projects.nq")
    assert answer.status_code == 422
    assert "Choose fewer projects by filters, or take the whole dataset from /downloads." in answer.json()["detail"]
    assert httpx.get(f"{small_server.address}/selection/projects.nq?q=PO.0105").status_code == 200


def _refused(release: Release, name: str, limit_bytes: int = 1 << 20) -> tuple[str, str]:
    """The kind and the sentence of the fault with which a worker answers."""
    handler = open_selector(str(release.path.parents[1]))
    writer = AnswerWriter(limit_bytes)
    answer = handler(SelectionRequest(release.manifest.name, "en", name, ()).payload(), writer)
    writer.close()
    assert answer.fault
    fault = fault_of(answer.head)
    return fault.kind, str(fault.message)


def test_what_a_workbook_cannot_hold_is_a_sentence(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many rows for a sheet are refused with the other formats."""
    monkeypatch.setattr(workbook, "_MAX_ROWS", 3)
    kind, sentence = _refused(release, "projects.xlsx")
    assert kind == NOT_WRITTEN
    assert "holds 3 rows, and the table of projects has more. Choose CSV or JSON Lines." in sentence


@pytest.mark.parametrize("name", sorted(SELECTION_FILES.keys() - {IATI, PARQUET}))
def test_every_format_keeps_to_the_limit(release: Release, name: str) -> None:
    """A body beyond the limit is a fault in each format, and leaves no temporary file."""
    assert _refused(release, name, 200)[0] == TOO_LARGE


def test_the_page_of_the_list_links_to_the_files(bundled_server: Server) -> None:
    """The links have the filters of the page."""
    text = httpx.get(f"{bundled_server.address}/projects?{AFRICA}", headers={"Accept": "text/html"}).text
    for name in ("projects.xlsx", "projects.csv", "projects.jsonld", "projects.ttl", "projects.nq"):
        assert f'href="/selection/{name}?{AFRICA}"'.replace("&", "&amp;") in text


def test_projects_without_days_are_no_activities(release: Release) -> None:
    """The bundled records state years alone, so that there is a sentence instead of a file."""
    kind, sentence = _refused(release, IATI)
    assert kind == NOT_WRITTEN
    assert sentence.startswith("No project can be an activity of IATI.")
    assert "no day on which it starts or ends: 121 of the projects" in sentence


def test_a_damaged_release_is_a_fault_of_the_server(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that the list has and the store has not is no shorter file."""
    monkeypatch.setattr(StoreReader, "graph", lambda _self, _iri: ())
    kind, sentence = _refused(release, "projects.nq")
    assert kind == DAMAGED
    assert "is missing. Publish it again." in sentence
