"""Checks any RDF against shapes of the caller, in files or bytes."""

import codecs
import hashlib
from collections.abc import Iterable
from pathlib import Path

from iomld import __version__
from iomld.check.report import Basis, CheckReport, Tally, package_version
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read import SourceFile, expand_sources
from iomld.read.detect import rdf_format_of
from iomld.read.graph.places import ValuePlaces, find_places
from iomld.read.xml import check_xml, utf8_xml
from iomld.validate.shape_checks import ILL_FORMED
from iomld.validate.user_shapes import (
    BASE,
    CORRECT_SHAPES,
    GraphCheck,
    ShapesError,
    UserDocument,
    check_graph,
    checked_graph,
)

_MAX_BYTES = 256 * 1024**2  # of a file


def check_against(
    sources: Iterable[SourceFile], shapes: Path, *, engine: str, cap: int, language: str = "en"
) -> CheckReport:
    """Check RDF files against a file of shapes, each file by itself.

    Args:
        sources: RDF files.
        shapes: The shapes, in any RDF format.
        engine: `shacl` or `pyshacl`.
        cap: The most findings that the report lists; all are counted.
        language: Preferred language of the messages of the shapes.

    Raises:
        SourceError: The shapes cannot be read, or use a refused feature; unreadable data is a finding.
        JobTimeoutError: A check took too long.
    """
    rules = _document(next(expand_sources([shapes])))
    tally = Tally(cap)
    for part in sources:
        tally.add_records(part.name)
        try:
            data = _document(part)
        except SourceError as error:
            tally.add_finding(Finding("unreadableFile", Severity.VIOLATION, error.message, place=Place(part.name)))
            continue
        _add_check(tally, check_graph(data, rules, engine=engine, language=language), data, rules)
    return tally.report(_basis(rules, shapes.name, engine), projects=0)


def check_bytes_against(
    data: tuple[str, bytes], shapes: tuple[str, bytes], *, engine: str, cap: int, language: str = "en"
) -> CheckReport:
    """Check RDF against shapes in this process and without limits; for workers.

    Args:
        data: Name and bytes of the data.
        shapes: Name and bytes of the shapes; they are read as Turtle if their format is not recognized.
        engine: `shacl` or `pyshacl`.
        cap: The most findings that the report lists; all are counted.
        language: Preferred language of the messages of the shapes.

    Raises:
        ShapesError: The shapes cannot be read, use a refused feature, or cannot be run.
        SourceError: The data cannot be read.
    """
    tally = Tally(cap)
    rules = _as_shapes(*shapes)
    checked = _as_document(*data)
    tally.add_records(checked.name)
    _add_check(tally, checked_graph(checked, rules, engine, language), checked, rules)
    return tally.report(_basis(rules, rules.name, engine), projects=0)


def _as_shapes(name: str, data: bytes) -> UserDocument:
    if rdf_format_of(data, name) is None:
        return UserDocument(name, data, rdf.TURTLE.name)
    try:
        return _as_document(name, data)
    except SourceError as error:
        raise ShapesError(error.message) from error


def _basis(rules: UserDocument, profile: str, engine: str) -> Basis:
    digest = hashlib.sha256(rules.data).hexdigest()[:12]
    return Basis(profile, engine, package_version(engine), {"iomld": __version__, "shapes": digest})


def _document(part: SourceFile) -> UserDocument:
    with part.open() as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise SourceError(
            message("{file} is larger than {limit} bytes. Check it in smaller parts.", file=part.name, limit=_MAX_BYTES)
        )
    return _as_document(part.name, data)


def _as_document(name: str, data: bytes) -> UserDocument:
    data = utf8_xml(data, name).removeprefix(codecs.BOM_UTF8)
    format_ = rdf_format_of(data, name)
    if format_ is None:
        names = ", ".join(known.name for known in rdf.FORMATS)
        raise SourceError(
            message("{file} is not in an RDF format that is read here. Give one of {names}.", file=name, names=names)
        )
    if format_ is rdf.RDFXML:
        check_xml(data, name)
    return UserDocument(name, data, format_.name)


def _add_check(tally: Tally, check: GraphCheck, data: UserDocument, shapes: UserDocument) -> None:
    """Count what a check found, each finding with the line of its focus node and path, each warning with its own.

    Raises:
        ShapesError: The engine cannot run the shapes, since they are ill-formed.
    """
    places = _places(data) if check.findings else None
    for finding in check.findings:
        tally.add_finding(finding.at(places.of(finding.focus_node or "", finding.path or "")) if places else finding)
    tally.add_focus_nodes(check.focus_nodes)
    shapes_places = _places(shapes) if any(one.statement for one in check.warnings) else None
    for warning in check.warnings:
        finding = warning.finding
        if warning.statement and shapes_places:
            finding = finding.at(shapes_places.of(*warning.statement))
        if not check.was_run and finding.rule == ILL_FORMED:
            raise ShapesError(_ill_formed(finding, shapes.name))
        tally.add_warning(finding)


def _ill_formed(finding: Finding, file: str) -> Message:
    line = finding.place.line if finding.place else None
    if line is None:
        return message("{file}: {fault} {rest}", file=file, fault=finding.message, rest=CORRECT_SHAPES)
    return message(
        "{file}: line {line}: {fault} {rest}", file=file, line=line, fault=finding.message, rest=CORRECT_SHAPES
    )


def _places(document: UserDocument) -> ValuePlaces | None:
    format_ = rdf.by_name(document.format_name)
    text = document.data.decode("utf-8-sig", "replace")
    return find_places(text, format_, file=document.name, base=BASE) if format_ else None
