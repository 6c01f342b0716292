"""The form of a source: by its content, asked in an order that matters."""

import io
import zipfile

import pytest

from iomld.formats.rdf import JSONLD, NTRIPLES, RDFXML, TURTLE, Format
from iomld.read.detect import Form, LoadedSource, form_of, is_gzip, is_zip
from iomld.read.table.mapping import ColumnRule, TableMapping


def workbook() -> bytes:
    """A zip archive with the parts that make it a workbook."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b'{"projectCode": "PO.0105"}\n{"projectCode": "PO.0106"}\n', Form.JSON_LINES),
        (b'\xef\xbb\xbf\n{"projectCode": "PO.0105"}\r\n', Form.JSON_LINES),
        (b'{\n"projectCode": "PO.0105"}', Form.JSON),
        (b' [{"projectCode": "PO.0105", "status": "active"}]', Form.JSON),
        (b'[{"@context": {}, "@id": "http://example.org/a"}]', Form.RDF),
        (b" \n\t", Form.EMPTY),
        (workbook(), Form.WORKBOOK),
        (b"\x89PNG\0\0", Form.BINARY),
        ("projectCode,status\nPO.0105,active\n".encode("utf-16"), Form.TABLE),
        (b"<iati-activities version='2.03'/>", Form.IATI),
        (b"<result><iati-activity/></result>", Form.IATI),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>", Form.RDF),
        (b"<http://example.org/a> <http://example.org/b> 'projectCode,status' .", Form.RDF),
        (b"<html><body>projectCode,status</body></html>", Form.HTML),
        (b"projectCode;status\nPO.0105;active\n", Form.TABLE),
        (b"Ports\n-\nProject Status\nActive\n", Form.PAGE),
        (b"nothing that anyone knows", Form.PAGE),
    ],
)
def test_a_source_has_the_form_of_its_content(data: bytes, form: Form) -> None:
    """Each form is found, and none takes what belongs to a form that is asked later."""
    assert form_of(LoadedSource(data, "in.zip!folder/source.txt")) is form


@pytest.mark.parametrize(
    ("data", "name", "format_"),
    [
        (b"<a> <b> <c> .\n", "in.ttl", TURTLE),
        (b"<a> <b> <c> .\n", "in.txt", NTRIPLES),
        (b"nothing that anyone knows", "in.zip!broken.ttl", TURTLE),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>", "in.ttl", RDFXML),
        (b'{"@id": "http://example.org/a"}', "in.json", JSONLD),
        (b'{"projectCode": "PO.0105"}', "in.json", None),
    ],
)
def test_the_suffix_breaks_ties_between_formats_of_rdf(data: bytes, name: str, format_: Format | None) -> None:
    """Only where the content leaves it open does the name tell."""
    assert LoadedSource(data, name).rdf_format is format_


def test_a_mapping_makes_a_table_of_foreign_headings() -> None:
    """Headings that only the mapping knows make a header."""
    data = "Réf.;Nom\nPO.0105;Ports\n".encode()
    assert form_of(LoadedSource(data, "a.csv")) is Form.PAGE
    assert (
        form_of(
            LoadedSource(
                data, "a.csv", TableMapping({"Réf.": ColumnRule("projectCode"), "Nom": ColumnRule("title_fr")})
            )
        )
        is Form.TABLE
    )


def test_archives_are_known_by_their_first_bytes() -> None:
    """What gzip and zip write begins alike each time."""
    assert is_zip(workbook())
    assert is_gzip(b"\x1f\x8b\x08\x00")
    assert not is_zip(b"PK")
    assert not is_gzip(b"")
