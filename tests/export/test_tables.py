"""The tables that a release exports: what each holds, how programs are told, and what a workbook cannot hold."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from openpyxl import load_workbook
from pyoxigraph import Literal, NamedNode, Triple
from tests.conftest import run_iomld

from iomld.errors import IomldError
from iomld.export import workbook
from iomld.export.formats import TABLE_FORMATS
from iomld.export.stored_quads import released_quads
from iomld.export.tables import ProjectSource, stored_source
from iomld.iris import DCTERMS, XSD
from iomld.model import Mention, Project, Text
from iomld.release import Release

_TITLE = f"{DCTERMS}title"


@pytest.fixture(scope="module")
def archive(release: Release) -> Mapping[str, bytes]:
    """The files of the archive of tables."""
    return _unpacked(stored_source(released_quads(release)))


def _written(source: ProjectSource, name: str) -> bytes:
    output = io.BytesIO()
    TABLE_FORMATS[name].write(source, output)
    return output.getvalue()


def _unpacked(source: ProjectSource) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(_written(source, "csv"))) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _of(*projects: Project) -> ProjectSource:
    """A source of projects with English titles alone."""
    return ProjectSource(lambda: iter(projects), lambda: {("title", "en"): 9}, "https://example.org/")


def test_a_row_for_each_source(archive: Mapping[str, bytes]) -> None:
    """The table of sources says what the column of JSON in the table of projects says."""
    expected = [
        {"projectCode": row["projectCode"] or f"prima-{row['primaId']}"} | source
        for row in _rows(archive["projects.csv"])
        for source in json.loads(row["sources"])
    ]
    given = [{name: text for name, text in row.items() if text} for row in _rows(archive["sources.csv"])]
    assert given == expected


def test_descriptions_name_every_column(archive: Mapping[str, bytes]) -> None:
    """CSV on the Web metadata and the Data Package list the columns of the three tables in their order."""
    metadata, package = (json.loads(archive[name]) for name in ("csv-metadata.json", "datapackage.json"))
    headers = {name: list(_rows(archive[name])[0]) for name in ("projects.csv", "mentions.csv", "sources.csv")}
    tables = {one["url"]: [column["titles"] for column in one["tableSchema"]["columns"]] for one in metadata["tables"]}
    fields = {one["path"]: [field["name"] for field in one["schema"]["fields"]] for one in package["resources"]}
    assert tables == headers
    assert fields == headers


def test_the_rdf_of_the_metadata_is_ours(release: Release) -> None:
    """What CSV on the Web makes of the columns that it covers are the triples of the release with their properties."""
    coded = tuple(project for project in stored_source(released_quads(release)).projects() if project.code)
    files = _unpacked(
        ProjectSource(lambda: iter(coded), stored_source(released_quads(release)).text_lengths, release.manifest.base)
    )
    table = next(one for one in json.loads(files["csv-metadata.json"])["tables"] if one["url"] == "projects.csv")
    found = set(_csvw_triples(table, _rows(files["projects.csv"])))
    subjects, properties = {triple.subject for triple in found}, {triple.predicate for triple in found}
    quads = (quad for _, graph in released_quads(release).record_graphs() for quad in graph)
    ours = {quad.triple for quad in quads if quad.subject in subjects and quad.predicate in properties}
    assert len(subjects) == len(coded)
    assert _TITLE in {one.value for one in properties}
    assert found == ours


def _csvw_triples(table: Mapping[str, Mapping[str, object]], rows: list[dict[str, str]]) -> Iterator[Triple]:
    """The triples of the minimal mode of CSV on the Web (csv2rdf, section 4.2) for what our metadata uses."""
    schema = table["tableSchema"]
    about, columns = str(schema["aboutUrl"]), schema["columns"]
    assert isinstance(columns, list)
    for row in rows:
        subject = NamedNode(about.replace("{projectCode}", quote(row["projectCode"], safe="")))
        for column in columns:
            text = row[column["titles"]]
            if not text or column.get("suppressOutput"):
                continue
            predicate = NamedNode(column["propertyUrl"])
            for item in text.split(column["separator"]) if "separator" in column else [text]:
                yield Triple(subject, predicate, _object(column, item))


def _object(column: Mapping[str, str], text: str) -> NamedNode | Literal:
    if "valueUrl" in column:
        return NamedNode(column["valueUrl"].replace(f"{{{column['name']}}}", quote(text, safe="")))
    if "lang" in column:
        return Literal(text, language=column["lang"])
    return Literal(text, datatype=NamedNode(f"{XSD}{column['datatype']}")) if "datatype" in column else Literal(text)


def test_without_a_code_no_row_is_about_anything() -> None:
    """A project that has a PRIMA identifier alone has another IRI than the template gives, so there is no template."""
    files = _unpacked(_of(Project("PO.0001", code="PO.0001"), Project("prima-NA10P0001", prima_id="NA10P0001")))
    table, *_ = json.loads(files["csv-metadata.json"])["tables"]
    assert "aboutUrl" not in table["tableSchema"]


def test_other_implementations_accept_the_archive(archive: Mapping[str, bytes], tmp_path: Path) -> None:
    """The PyPI packages csvw and frictionless, where they are installed, find no fault in it."""
    csvw = pytest.importorskip("csvw")
    frictionless = pytest.importorskip("frictionless")
    for name, content in archive.items():
        (tmp_path / name).write_bytes(content)
    assert csvw.CSVW(str(tmp_path / "csv-metadata.json"), validate=True).is_valid
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])


def test_the_archive_and_the_workbook_are_read_without_a_remark(release: Release, tmp_path: Path) -> None:
    """Readers pass over the table of sources and the descriptions, which repeat what they know."""
    for name in ("csv", "xlsx"):
        file = tmp_path / f"out.{TABLE_FORMATS[name].suffix}"
        file.write_bytes(_written(stored_source(released_quads(release)), name))
        done = run_iomld("validate", file)
        assert done.returncode == 0, done.stderr
        assert not re.findall("ignoredSheet|unknownColumn|sources\\.csv", done.stdout)


def test_a_table_of_sources_alone_is_no_table_of_projects(archive: Mapping[str, bytes], tmp_path: Path) -> None:
    """A sentence says which table to give instead."""
    (tmp_path / "sources.csv").write_bytes(archive["sources.csv"])
    done = run_iomld("validate", tmp_path / "sources.csv")
    assert "is a table of sources, without the projects. Give projects.csv" in done.stdout + done.stderr


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    """Texts that begin like one are texts, with an apostrophe."""
    texts = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "'=1")
    projects = (
        Project(f"PO.{number:04}", code=f"PO.{number:04}", titles=(Text(text, "en"),))
        for number, text in enumerate(texts)
    )
    sheet = load_workbook(io.BytesIO(_written(_of(*projects), "xlsx")))["projects"]
    header, *rows = sheet.iter_rows()
    at = [cell.value for cell in header].index("title_en")
    assert [(row[at].data_type, row[at].value) for row in rows] == [("s", f"'{text}") for text in texts]


def test_dates_and_numbers_are_values() -> None:
    """A day is a date, a year a number."""
    project = Project("PO.0001", code="PO.0001", start_date=date(2019, 2, 1), start_year=2019)
    sheet = load_workbook(io.BytesIO(_written(_of(project), "xlsx")))["projects"]
    header, row = sheet.iter_rows(values_only=True)
    values = dict(zip(header, row, strict=True))
    assert str(values["startDate"]) == "2019-02-01 00:00:00"
    assert values["startYear"] == 2019


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("x" * 32_768, "The text has 32768 UTF-16 units, and a cell holds 32767."),
     ("\U0001f6a2" * 16_384, "The text has 32768 UTF-16 units"),
     ("a\x01b", "The text has a control character")],
)  # fmt: skip
def test_what_a_cell_cannot_hold_is_a_sentence(words: str, sentence: str) -> None:
    """Nothing is cut: the sentence says where it is, and what to choose instead."""
    mention = Mention("gcm", words, "", "", "narrative", "en", None, "manual", Decimal(1))
    project = Project("PO.0001", code="PO.0001", mentions=(mention,))
    with pytest.raises(IomldError, match="Choose CSV or JSON Lines") as caught:
        _written(_of(project), "xlsx")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("sheet mentions, column quote, row 2: ")


def test_more_rows_than_a_sheet_has_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The header counts."""
    monkeypatch.setattr(workbook, "_MAX_ROWS", 3)
    projects = [Project(f"PO.{number:04}", code=f"PO.{number:04}") for number in range(3)]
    assert _written(_of(*projects[:2]), "xlsx")
    with pytest.raises(IomldError, match="A sheet of a workbook holds 3 rows, and the table of projects has more"):
        _written(_of(*projects), "xlsx")
