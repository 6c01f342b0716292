"""SHACL validation reports (SHACL section 3.6) as Turtle and as JSON-LD, serialized by pyoxigraph.

Places are pointers of `Pointer Methods in RDF 1.0` (W3C); PROV and schema.org describe the basis of the report.
Blank nodes are numbered in the order of the report, so that the same report gives the same bytes.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.check.report import Basis, CheckReport
from iomld.check.reports.json import shape_rules
from iomld.check.reports.text import cap_sentence, focus_node_sentence, place_words, said
from iomld.formats.rdf import JSONLD, TURTLE, Format, Term, parse_term, serialize
from iomld.iris import DCTERMS, PROV, RDF, RDFS, SCHEMA, SH, SHAPES, XSD
from iomld.model import Finding, Place, ValidationResult

_PTR = "http://www.w3.org/2009/pointers#"
READING_COMPONENT = f"{SHAPES}ReadingConstraintComponent"  # of findings of reading and linking
_PATH_TOKEN = re.compile(r"<[^>]*>|[()/|^*+?]")
_REPETITIONS = {"*": "zeroOrMorePath", "+": "oneOrMorePath", "?": "zeroOrOnePath"}
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
        self._own: set[BlankNode] = set()
        self._labels: dict[tuple[str, str], BlankNode] = {}

    def quads(self) -> Iterator[Quad]:
        """The quads of the report; in SHACL a graph conforms only without results, whatever their severity."""
        report, node = self._report, self._node()
        yield _type(node, f"{SH}ValidationReport")
        yield _quad(node, f"{SH}conforms", Literal(report.total == 0))
        if report.omitted:
            yield _quad(node, f"{RDFS}comment", Literal(cap_sentence(report), language=report.language))
        for warning in report.warnings:
            text = Literal(f"{place_words(warning.place)}{said(warning)}", language=warning.language)
            yield _quad(node, f"{RDFS}comment", text)
        if report.focus_nodes:
            counts = Literal(focus_node_sentence(report), language=report.language)
            yield _quad(node, f"{RDFS}comment", counts)
        activity = self._node()
        yield _quad(node, f"{PROV}wasGeneratedBy", activity)
        results = [
            (self._node(), result, finding)
            for finding in report.findings
            for result in finding.results or (self._reading_result(finding),)
        ]
        for result_node, _, _ in results:
            yield _quad(node, f"{SH}result", result_node)
        yield from self._activity(activity, report.basis)
        for result_node, result, finding in results:
            yield from self._result(result_node, result, finding)

    def _node(self) -> BlankNode:
        node = BlankNode(f"n{len(self._own) + 1}")
        self._own.add(node)
        return node

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

    def _reading_result(self, finding: Finding) -> ValidationResult:
        """The result for a finding of reading or linking, whose constraints are not those of a shape."""
        return ValidationResult(
            focus_node=str(_iri(finding.focus_node) or self._node()),  # SHACL requires a focus node
            severity=f"{SH}{finding.severity.value}",
            component=READING_COMPONENT,
            path=f"<{finding.path}>" if _iri(finding.path) else None,
            value=None if finding.value is None else str(Literal(finding.value)),
            source_shape=f"<{SHAPES}{finding.rule}>" if finding.rule in self._shapes else None,
        )

    def _result(self, node: BlankNode, result: ValidationResult, finding: Finding) -> Iterator[Quad]:
        """One validation result, with the message and the place of its finding."""
        file = finding.place.file if finding.place and finding.results else ""
        yield _type(node, f"{SH}ValidationResult")
        yield _quad(node, f"{DCTERMS}identifier", Literal(finding.rule))
        yield _quad(node, f"{SH}resultSeverity", NamedNode(result.severity))
        yield _quad(node, f"{SH}focusNode", self._term(result.focus_node, file))
        if result.path is not None:
            path = PathQuads(result.path, self._node)
            yield _quad(node, f"{SH}resultPath", path.node)
            yield from path.quads
        if result.value is not None:
            yield _quad(node, f"{SH}value", self._term(result.value, file))
        message = said(finding)
        literal = Literal(message, language=finding.language) if finding.language else Literal(message)
        yield _quad(node, f"{SH}resultMessage", literal)
        if result.source_shape is not None:
            yield _quad(node, f"{SH}sourceShape", self._term(result.source_shape, ""))
        yield _quad(node, f"{SH}sourceConstraintComponent", NamedNode(result.component))
        if finding.place:
            yield from self._pointer(node, finding.place)

    def _term(self, text: str, file: str) -> Term:
        """A term of the data or of the shapes; a blank node has the same label in the whole report.

        Args:
            text: The term in N-Triples syntax.
            file: The file of a blank node of the data; empty for terms of the shapes and of the report itself.
        """
        term = parse_term(text)
        if not isinstance(term, BlankNode) or term in self._own:
            return term
        known = self._labels.get((file, term.value)) or self._node()
        return self._labels.setdefault((file, term.value), known)

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


class PathQuads:
    """A property path in RDF (SHACL section 2.3.1).

    Attributes:
        node: The path: an IRI, or the blank node that `quads` describe.
        quads: The description of the path.
    """

    def __init__(self, text: str, new_node: Callable[[], BlankNode]) -> None:
        """Read a path.

        Args:
            text: The path in SPARQL syntax.
            new_node: Gives a blank node.
        """
        self.quads: list[Quad] = []
        self._new_node = new_node
        self._tokens = _PATH_TOKEN.findall(text)[::-1]
        self.node = self._path()

    def _path(self) -> NamedNode | BlankNode:
        """A path up to a closing bracket or the end."""
        steps = [self._step()]
        operator = ""
        while self._next_is("/|"):
            operator = self._tokens.pop()
            steps.append(self._step())
        match operator:
            case "/":
                return self._list(steps)
            case "|":
                return self._described("alternativePath", self._list(steps))
        return steps[0]

    def _step(self) -> NamedNode | BlankNode:
        symbol = self._tokens.pop()
        if symbol == "^":
            return self._described("inversePath", self._step())
        if symbol == "(":
            path = self._path()
            self._tokens.pop()  # the closing bracket
        else:
            path = NamedNode(symbol[1:-1])
        while self._next_is("*+?"):
            path = self._described(_REPETITIONS[self._tokens.pop()], path)
        return path

    def _next_is(self, operators: str) -> bool:
        return bool(self._tokens) and self._tokens[-1] in operators

    def _described(self, term: str, path: NamedNode | BlankNode) -> BlankNode:
        node = self._new_node()
        self.quads.append(_quad(node, SH + term, path))
        return node

    def _list(self, steps: Sequence[NamedNode | BlankNode]) -> BlankNode:
        nodes = [self._new_node() for _ in steps]
        ends: tuple[Term, ...] = (*nodes[1:], NamedNode(f"{RDF}nil"))
        for node, step, rest in zip(nodes, steps, ends, strict=True):
            self.quads += [_quad(node, f"{RDF}first", step), _quad(node, f"{RDF}rest", rest)]
        return nodes[0]


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


def _quad(subject: BlankNode, predicate: str, value: Term) -> Quad:
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
