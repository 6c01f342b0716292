"""Anyone's data against anyone's shapes, with the lines of the data, as a report in every form."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from iomld import __version__, read
from iomld.check.report import Basis, CheckReport, Tally, package_version
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.model import Finding, Place, Severity, message
from iomld.read.detect import rdf_format_of
from iomld.read.graph.places import find_places
from iomld.read.text import check_xml
from iomld.validate.foreign import BASE, Document, ShapesError, check_graph, found_in

_MOST_BYTES = 256 * 1024**2


def check_against(files: Sequence[Path], shapes: Path, *, engine: str, cap: int, language: str = "en") -> CheckReport:
    """Check RDF files against a file of shapes, each file by itself.

    Args:
        files: RDF files and folders of them.
        shapes: The shapes, in any RDF format.
        engine: `shacl` or `pyshacl`.
        cap: The most findings that the report lists; all are counted.
        language: Which messages of the shapes are given, where they have them in several languages.

    Raises:
        SourceError: The shapes cannot be read, or ask for what is refused; unreadable data is a finding.
        JobTimeoutError: A check took too long.
    """
    rules = _document(next(read.expand_sources([shapes])))
    tally = Tally(cap)
    for part in read.expand_sources(files):
        tally.read(part.name)
        try:
            data = _document(part)
        except SourceError as error:
            tally.add(Finding("unreadableFile", Severity.VIOLATION, error.message, place=Place(part.name)))
            continue
        for finding in _located(check_graph(data, rules, engine=engine, language=language), data):
            tally.add(finding)
    return tally.report(_basis(rules, shapes.name, engine), projects=0)


def check_bytes_against(
    data: tuple[str, bytes], shapes: tuple[str, bytes], *, engine: str, cap: int, language: str = "en"
) -> CheckReport:
    """Check RDF against shapes in this process and without limits; for workers.

    Args:
        data: Name and bytes of the data.
        shapes: Name and bytes of the shapes; what does not show its format is read as Turtle.
        engine: `shacl` or `pyshacl`.
        cap: The most findings that the report lists; all are counted.
        language: Which messages of the shapes are given, where they have them in several languages.

    Raises:
        ShapesError: The shapes cannot be read, ask for what is refused, or cannot be run.
        SourceError: The data cannot be read.
    """
    tally = Tally(cap)
    rules = _as_shapes(*shapes)
    checked = _as_document(*data)
    tally.read(checked.name)
    for finding in _located(found_in(checked, rules, engine, language), checked):
        tally.add(finding)
    return tally.report(_basis(rules, rules.name, engine), projects=0)


def _as_shapes(name: str, data: bytes) -> Document:
    if rdf_format_of(data, name) is None:
        return Document(name, data, rdf.TURTLE.name)
    try:
        return _as_document(name, data)
    except SourceError as error:
        raise ShapesError(error.message) from error


def _basis(rules: Document, profile: str, engine: str) -> Basis:
    digest = hashlib.sha256(rules.data).hexdigest()[:12]
    return Basis(profile, engine, package_version(engine), {"iomld": __version__, "shapes": digest})


def _document(part: read.SourceFile) -> Document:
    with part.open() as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise SourceError(
            message("{file}: larger than {limit} bytes. Check it in smaller parts.", file=part.name, limit=_MOST_BYTES)
        )
    return _as_document(part.name, data)


def _as_document(name: str, data: bytes) -> Document:
    format_ = rdf_format_of(data, name)
    if format_ is None:
        names = ", ".join(known.name for known in rdf.FORMATS)
        raise SourceError(
            message("{file}: in no RDF format that we know. Give one of {names}.", file=name, names=names)
        )
    if format_ is rdf.RDFXML:
        check_xml(data, name)
    return Document(name, data, format_.name)


def _located(findings: Sequence[Finding], data: Document) -> Iterator[Finding]:
    """The findings with the line of their focus node and path in the data."""
    format_ = rdf.by_name(data.format_name)
    if not findings or format_ is None:
        return
    places = find_places(data.data.decode("utf-8-sig", "replace"), format_, file=data.name, base=BASE)
    for finding in findings:
        yield finding.at(places.of(finding.focus_node or "", finding.path or ""))
