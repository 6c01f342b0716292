"""Anyone's data against anyone's shapes, with the lines of the data, as a report in every form."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from iomld import __version__, read
from iomld.check.report import Basis, CheckReport, Tally, package_version
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.model import Finding, Place, Severity
from iomld.read.graph.form import rdf_format_of
from iomld.read.graph.places import find_places
from iomld.validate.foreign import BASE, Document, check_graph

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
            tally.add(Finding("unreadableFile", Severity.VIOLATION, str(error), place=Place(part.name)))
            continue
        for finding in _located(check_graph(data, rules, engine=engine, language=language), data):
            tally.add(finding)
    digest = hashlib.sha256(rules.data).hexdigest()[:12]
    versions = {"iomld": __version__, "shapes": digest}
    return tally.report(Basis(shapes.name, engine, package_version(engine), versions), projects=0)


def _document(part: read.Part) -> Document:
    with part.open() as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise SourceError(f"{part.name}: larger than {_MOST_BYTES} bytes. Check it in smaller parts.")
    format_ = rdf_format_of(data, part.name)
    if format_ is None:
        names = ", ".join(known.name for known in rdf.FORMATS)
        raise SourceError(f"{part.name}: in no RDF format that we know. Give one of {names}.")
    return Document(part.name, data, format_.name)


def _located(findings: Sequence[Finding], data: Document) -> Iterator[Finding]:
    """The findings with the line of their focus node and path in the data."""
    format_ = rdf.by_name(data.format_name)
    if not findings or format_ is None:
        return
    places = find_places(data.data.decode("utf-8-sig", "replace"), format_, file=data.name, base=BASE)
    for finding in findings:
        yield finding.at(places.of(finding.focus_node or "", finding.path or ""))
