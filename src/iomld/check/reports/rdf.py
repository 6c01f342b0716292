"""SHACL validation reports (SHACL section 3.6) as Turtle and as JSON-LD, serialized by pyoxigraph.

Places are pointers of `Pointer Methods in RDF 1.0` (W3C); PROV and schema.org describe the basis of the report.
Blank nodes are numbered in the order of the report, so that the same report gives the same bytes.
"""

from collections.abc import Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.check.report import Basis, CheckReport
from iomld.check.reports.json import shape_rules, sole_components
from iomld.check.reports.text import cap_sentence
from iomld.formats.rdf import JSONLD, TURTLE, Format, serialize
from iomld.iris import DCTERMS, PROV, RDF, RDFS, SCHEMA, SH, SHAPES, XSD
from iomld.model import Finding, Place

_PTR = "http://www.w3.org/2009/pointers#"
_PREFIXES = {"dcterms": DCTERMS, "prov": PROV, "ptr": _PTR, "rdfs": RDFS, "schema": SCHEMA, "sh": SH}


def turtle_report(report: CheckReport) -> Iterator[str]:
    """The report as Turtle."""
    yield _serialized(report, TURTLE)


def jsonld_report(report: CheckReport) -> Iterator[str]:
    """The report as JSON-LD 1.1 in expanded form."""
    yield _serialized(report, JSONLD) + "\n"


def _serialized(report: CheckReport, format_: Format) -> str:
    return serialize(_ReportQuads(report).quads(), format_, prefixes=_PREFIXES).decode()


class _ReportQuads:
    """Builds the quads of one report."""

    def __init__(self, report: CheckReport) -> None:
        self._report = report
        self._shapes = frozenset(rule.id for rule in shape_rules())
        self._nodes = 0

    def quads(self) -> Iterator[Quad]:
        """The quads of the report; in SHACL a graph conforms only without results, whatever their severity."""
        report, node = self._report, self._node()
        yield _type(node, f"{SH}ValidationReport")
        yield _quad(node, f"{SH}conforms", Literal(report.total == 0))
        if report.omitted:
            yield _quad(node, f"{RDFS}comment", Literal(cap_sentence(report), language=report.language))
        activity = self._node()
        yield _quad(node, f"{PROV}wasGeneratedBy", activity)
        results = [(self._node(), finding) for finding in report.findings]
        for result, _ in results:
            yield _quad(node, f"{SH}result", result)
        yield from self._activity(activity, report.basis)
        for result, finding in results:
            yield from self._result(result, finding)

    def _node(self) -> BlankNode:
        self._nodes += 1
        return BlankNode(f"n{self._nodes}")

    def _activity(self, activity: BlankNode, basis: Basis) -> Iterator[Quad]:
        """The check that generated the report: its profile, its software, and the versions of its vocabularies."""
        yield _type(activity, f"{PROV}Activity")
        yield _quad(activity, f"{RDFS}label", Literal(f"profile {basis.profile}"))
        versions = dict(basis.versions)
        software = (("iomld", versions.pop("iomld", "")), (basis.engine, basis.engine_version))
        for name, version in software:
            agent = self._node()
            yield _quad(activity, f"{PROV}wasAssociatedWith", agent)
            yield from _versioned(agent, f"{PROV}SoftwareAgent", name, (f"{SCHEMA}softwareVersion", version))
        for name, version in versions.items():
            entity = self._node()
            yield _quad(activity, f"{PROV}used", entity)
            yield from _versioned(entity, f"{PROV}Entity", name, (f"{SCHEMA}version", version))

    def _result(self, result: BlankNode, finding: Finding) -> Iterator[Quad]:
        """One result; its focus node is a blank node if the finding has none, since SHACL requires one."""
        yield _type(result, f"{SH}ValidationResult")
        yield _quad(result, f"{DCTERMS}identifier", Literal(finding.rule))
        yield _quad(result, f"{SH}resultSeverity", NamedNode(f"{SH}{finding.severity.value}"))
        yield _quad(result, f"{SH}focusNode", _iri(finding.focus_node) or self._node())
        if path := _iri(finding.path):
            yield _quad(result, f"{SH}resultPath", path)
        if finding.value is not None:
            yield _quad(result, f"{SH}value", Literal(finding.value))
        message = f"{finding.message!s} {finding.fix or ''}".strip()
        literal = Literal(message, language=finding.language) if finding.language else Literal(message)
        yield _quad(result, f"{SH}resultMessage", literal)
        if finding.rule in self._shapes:
            yield _quad(result, f"{SH}sourceShape", NamedNode(f"{SHAPES}{finding.rule}"))
        component = sole_components().get(finding.rule) if finding.path else None
        if component:
            yield _quad(result, f"{SH}sourceConstraintComponent", NamedNode(f"{SH}{component}"))
        if finding.place:
            yield from self._pointer(result, finding.place)

    def _pointer(self, result: BlankNode, place: Place) -> Iterator[Quad]:
        """The place of a finding in its source."""
        pointer, file = self._node(), self._node()
        yield _quad(result, f"{DCTERMS}source", pointer)
        yield _type(pointer, f"{_PTR}SinglePointer")
        yield _quad(pointer, f"{_PTR}reference", file)
        if place.line is not None:
            yield _quad(pointer, f"{_PTR}lineNumber", _integer(place.line))
        if place.column is not None:
            yield _quad(pointer, f"{_PTR}charNumber", _integer(place.column))
        cell = f"{place.sheet}!{place.cell}" if place.sheet and place.cell else place.cell
        expression = cell or place.pointer
        if expression is not None:
            yield _quad(pointer, f"{_PTR}expression", Literal(expression))
        yield _quad(file, f"{DCTERMS}identifier", Literal(place.file))


def _versioned(node: BlankNode, class_: str, name: str, version: tuple[str, str]) -> Iterator[Quad]:
    """Describe an agent or entity with a name and a version.

    Args:
        node: The node.
        class_: Its class.
        name: Its name.
        version: The property for the version, and the version.
    """
    yield _type(node, class_)
    yield _quad(node, f"{RDFS}label", Literal(name))
    yield _quad(node, version[0], Literal(version[1]))


def _type(node: BlankNode, class_: str) -> Quad:
    return _quad(node, f"{RDF}type", NamedNode(class_))


def _quad(subject: BlankNode, predicate: str, value: NamedNode | BlankNode | Literal) -> Quad:
    return Quad(subject, NamedNode(predicate), value)


def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=NamedNode(f"{XSD}integer"))


def _iri(text: str | None) -> NamedNode | None:
    """The term of an absolute IRI; None for any other text.

    >>> _iri("urn:x:1"), _iri("b0"), _iri("http://x/ y")
    (<NamedNode value=urn:x:1>, None, None)
    """
    try:
        return NamedNode(text or "")
    except ValueError:
        return None
