"""Detect the form of a source by its content; the suffix of its name only decides between formats of RDF.

Archives are opened first (`is_gzip`, `is_zip`; see `iomld.read.archives`). Their content is tested for each form of
`_FORMS` in turn, and the first form that fits is read. To add a form, add a row with its test, and its reader in
`iomld.read.sources`; a form that is a zip archive itself is told apart by `is_office_document` before.
"""

import codecs
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from json import JSONDecodeError, JSONDecoder
from pathlib import PurePath

from iomld.formats.rdf import JSONLD, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE, Format, by_suffix
from iomld.iris import RDF
from iomld.read.record.framed import is_framed
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.read.xml import read_prolog

# Bytes at the beginning of a source that decide its form; JSON is parsed up to the end of its first value.
HEAD_BYTES = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
# Spreadsheet programs save tables in UTF-16; the reader of tables decodes them.
_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY_WITHIN = 8192  # bytes
_OFFICE_PART = "[Content_Types].xml"
_IATI_ROOTS = ("iati-activities", "iati-activity")
_HTML_WITHIN = 4096  # characters
_HTML = re.compile(
    r"(?:\s|\ufeff|<!--(?:(?!-->).)*-->|<\?xml(?:(?!\?>).)*\?>)*+"
    r"<(?:!doctype\s+html|(?:html|head|body|meta|title|main|article|section|div|h1|ul|dl|table)[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
_BLANK_OR_COMMENT = re.compile(r"(?:\s++|#[^\r\n]*+)*+")
_DIRECTIVE = re.compile(r"@(?:prefix|base|version)\b|(?:prefix\s+[\w.-]*:|base)\s*<|version\s*[\"']", re.IGNORECASE)
_TERM = r"<[^<>\"{}|^`\s]*>|_:[^\s<>\"]+"
_STATEMENT = re.compile(
    rf"(?:{_TERM})[ \t]*<[^<>\s]*>[ \t]*"
    rf"(?:{_TERM}|\"(?:[^\"\\]|\\.)*+\"(?:@[A-Za-z0-9-]+|\^\^<[^<>\s]*>)?)[ \t]*"
    rf"(?P<graph>{_TERM})?[ \t]*\.[ \t]*(?:#.*)?"
)
_TRIPLES_BEGIN = re.compile(
    r"(?:<[^<>\"{}|^`\s]*>|_:[^\s<>\"]+|\[[^\]\"{]*\])\s+(?:a\s|<[^<>\"{}|^`\s]*>|[\w.-]*:[^\s/])"
)
# Possessive quantifiers throughout: the time for a file of blanks must grow with its length only.
_GRAPH_BEGINS = re.compile(
    r"^[ \t]*+(?:graph[ \t]++)?(?:<[^<>\"{}|^`\s]*>|[\w.-]*:[\w.%\\#-]*|_:\w+)?[ \t]*+(?:\r?\n[ \t]*+)?\{",
    re.MULTILINE | re.IGNORECASE,
)
_JSON_MARK = re.compile(r'"@(?:context|graph|id|type|value)"\s*:')
_RDF_ROOT = re.compile(r"(?:[^:]+:)?RDF")
_LINE_FORMATS = (NTRIPLES, NQUADS)


class Form(Enum):
    """A form of sources."""

    JSON_LINES = "JSON Lines"
    EMPTY = "nothing"
    WORKBOOK = "XLSX"
    BINARY = "binary"
    IATI = "IATI"
    RDF = "RDF"
    HTML = "HTML page"
    JSON = "JSON"
    TABLE = "CSV or TSV"
    PAGE = "text page"


@dataclass(frozen=True)
class LoadedSource:
    """A whole source in memory.

    Attributes:
        data: Its bytes.
        file: Its name for places; `records.zip!projects.csv` for an entry of an archive.
        mapping: For a foreign table, how it says what our columns say.
    """

    data: bytes
    file: str
    mapping: TableMapping = NO_MAPPING

    @property
    def name(self) -> str:
        """The file's name without its folder and its archive."""
        return PurePath(self.file.rpartition("!")[2]).name

    @cached_property
    def rdf_format(self) -> Format | None:
        """The format of RDF that it is in, or None."""
        return rdf_format_of(self.data, self.name)


def form_of(source: LoadedSource) -> Form:
    """The form of a source; `PAGE` unless another form fits."""
    return next((form for form, has_form in _FORMS if has_form(source)), Form.PAGE)


def is_gzip(head: bytes) -> bool:
    """Say whether bytes begin like a gzip file."""
    return head.startswith(_GZIP_MAGIC)


def is_zip(head: bytes) -> bool:
    """Say whether bytes begin like a zip archive, as office documents do."""
    return head.startswith(_ZIP_MAGIC)


def is_office_document(names: Iterable[str]) -> bool:
    """Say whether a zip archive with these entries is one document (ECMA-376 part 2) and not a folder of sources."""
    return _OFFICE_PART in names


def is_json_lines(head: bytes) -> bool:
    """Say whether the first line of a source, or of its beginning, is a JSON object by itself."""
    first, ended, _ = head[:HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")
    return bool(ended) and first.startswith(b"{") and first.rstrip().endswith(b"}")


def is_workbook(data: bytes) -> bool:
    """Say whether the bytes are a workbook in Office Open XML."""
    if not is_zip(data):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return is_office_document(names) and any(name.startswith("xl/") for name in names)


def is_iati(data: bytes) -> bool:
    """Say whether a source is XML with IATI activities, with or without a wrapper, even if the XML is harmful."""
    head = data[:HEAD_BYTES]
    root = read_prolog(head).root.rpartition(":")[2]
    return root in _IATI_ROOTS or (root not in ("", "RDF", "html") and b"<iati-activit" in head)


def is_html(text: str) -> bool:
    """Say whether a text begins like an HTML page or a part of one."""
    return _HTML.match(text[:_HTML_WITHIN]) is not None


def _is_binary(data: bytes) -> bool:
    return b"\0" in data[:_BINARY_WITHIN] and not data.startswith(_UTF16_BOMS)


def _is_json(data: bytes) -> bool:
    return data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")


def rdf_format_of(data: bytes | str, name: str) -> Format | None:
    """The RDF format of a text; None for other texts and for JSON that the record reader takes.

    Args:
        data: The whole source.
        name: The file's name.
    """
    suffix = by_suffix(PurePath(name).suffix.lower().removeprefix("."))
    text = data if isinstance(data, str) else data[:HEAD_BYTES].decode("utf-8-sig", "replace")
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start and start in "{[" and suffix not in (TURTLE, TRIG):
        whole = data if isinstance(data, str) else data.decode("utf-8-sig", "replace")
        return JSONLD if _is_graph_json(whole) else None
    head = text[:HEAD_BYTES].removeprefix("\ufeff")
    if _is_rdf_xml(head):
        return RDFXML
    return _text_format(head, suffix)


def _is_graph_json(text: str) -> bool:
    """Say whether JSON is JSON-LD and not a record, an array of records or JSON Lines of ours."""
    if not _JSON_MARK.search(text):
        return False
    start = re.search(r"[\[{]", text)
    at = start.start() if start else 0
    if text[at] == "[":
        inner = re.compile(r"\[\s*").match(text, at)
        at = inner.end() if inner else at
    try:
        first, _ = JSONDecoder(parse_int=str).raw_decode(text, at)
    except (JSONDecodeError, RecursionError):
        return False
    if not isinstance(first, dict) or is_framed(first):
        return False
    keys = {"@context", "@graph", "@id"} & first.keys()
    return bool(keys) or any(str(key).startswith(("http://", "https://")) for key in first)


def _is_rdf_xml(head: str) -> bool:
    root = read_prolog(head.encode("utf-8", "replace")).root
    return bool(_RDF_ROOT.fullmatch(root)) and RDF in head


def _text_format(head: str, suffix: Format | None) -> Format | None:
    match = _BLANK_OR_COMMENT.match(head)
    begin = head[match.end() if match else 0 :]
    lines = [line.strip() for line in begin.splitlines()[:-1] or begin.splitlines()][:50]
    statements = [_STATEMENT.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if statements and all(statements):
        if suffix is not None and suffix not in _LINE_FORMATS and suffix.engine in (TURTLE.engine, TRIG.engine):
            return suffix
        return NQUADS if suffix is NQUADS or any(one["graph"] for one in statements if one) else NTRIPLES
    if _DIRECTIVE.match(begin) or _TRIPLES_BEGIN.match(begin) or _GRAPH_BEGINS.match(begin):
        return TRIG if suffix is TRIG or _GRAPH_BEGINS.search(head) else TURTLE
    # The content does not decide: a graph that is malformed from its first line on is recognized by its suffix.
    return suffix if suffix in (TURTLE, TRIG, NTRIPLES, NQUADS) and begin and not begin.startswith("<?xml") else None


def _is_table(source: LoadedSource) -> bool:
    from iomld.read.table.csv import has_header  # noqa: PLC0415  # half of the readers, and this test comes last

    return has_header(source.data, source.mapping)


# The order matters: each form is tested before the forms that would also accept its sources.
_FORMS: tuple[tuple[Form, Callable[[LoadedSource], bool]], ...] = (
    # First: records are read line by line, and a large file is never held in memory.
    (Form.JSON_LINES, lambda source: is_json_lines(source.data)),
    (Form.EMPTY, lambda source: not source.data.strip()),
    # Before binary files: a workbook is a zip archive.
    (Form.WORKBOOK, lambda source: is_workbook(source.data)),
    # Before all forms that are text.
    (Form.BINARY, lambda source: _is_binary(source.data)),
    # Before RDF and HTML: a suffix such as .ttl turns sources of undecided content into RDF, and a wrapper may have any
    # root element.
    (Form.IATI, lambda source: is_iati(source.data)),
    # Before HTML, as N-Triples begin with < and RDF/XML is XML, and before JSON, as JSON-LD is JSON.
    (Form.RDF, lambda source: source.rdf_format is not None),
    # Before tables: the text of a page may have a line that looks like a header.
    (Form.HTML, lambda source: is_html(source.data[:HEAD_BYTES].decode("utf-8", "replace"))),
    # Before tables: the keys of a record are also headings, separated by commas.
    (Form.JSON, lambda source: _is_json(source.data)),
    # Before pages, the form of everything else: a table has a header in its first rows.
    (Form.TABLE, _is_table),
)
