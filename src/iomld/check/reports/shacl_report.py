"""The report in the vocabulary of SHACL (section 3.6), as Turtle and as JSON-LD.

Places are pointers of `Pointer Methods in RDF 1.0` (W3C), what the report stands on is told with PROV and schema.org.
"""

from collections.abc import Iterator

from iomld.check.render import cap_sentence
from iomld.check.report import Basis, CheckReport
from iomld.check.reports.rules import shape_rules, sole_components
from iomld.check.reports.tree import Iri, Name, Node, Said, Term, is_iri, json_ld, turtle
from iomld.iris import DCTERMS, PROV, RDFS, SCHEMA, SH, SHAPES
from iomld.model import Finding, Place

_PREFIXES = {
    "dcterms": DCTERMS,
    "prov": PROV,
    "ptr": "http://www.w3.org/2009/pointers#",
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sh": SH,
}


def turtle_report(report: CheckReport) -> Iterator[str]:
    """The report as Turtle, in pieces."""
    return turtle(_report(report), _PREFIXES)


def jsonld_report(report: CheckReport) -> Iterator[str]:
    """The report as JSON-LD 1.1 with its context inside, in pieces."""
    return json_ld(_report(report), _PREFIXES)


def _report(report: CheckReport) -> Node:
    """The report; in SHACL a graph conforms only where there is no result at all, of whatever severity."""
    shapes = frozenset(rule.id for rule in shape_rules())
    notes = (Said(cap_sentence(report), report.language),) if report.omitted else ()
    return Node(
        (
            ("sh:conforms", (report.total == 0,)),
            ("rdfs:comment", notes),
            ("prov:wasGeneratedBy", (_activity(report.basis),)),
            ("sh:result", (_result(finding, shapes) for finding in report.findings)),
        ),
        "sh:ValidationReport",
    )


def _activity(basis: Basis) -> Node:
    versions = dict(basis.versions)
    software = (("iomld", versions.pop("iomld", "")), (basis.engine, basis.engine_version))
    agents = (
        Node((("rdfs:label", (name,)), ("schema:softwareVersion", (version,))), "prov:SoftwareAgent")
        for name, version in software
    )
    used = (
        Node((("rdfs:label", (name,)), ("schema:version", (version,))), "prov:Entity")
        for name, version in versions.items()
    )
    profile = f"profile {basis.profile}"
    return Node((("rdfs:label", (profile,)), ("prov:wasAssociatedWith", agents), ("prov:used", used)), "prov:Activity")


def _result(finding: Finding, shapes: frozenset[str]) -> Node:
    """One result; each has one focus node, a blank one where the source does not say what it is about."""
    message = f"{finding.message} {finding.fix or ''}".strip()
    focus = finding.focus_node or ""
    return Node(
        (
            ("dcterms:identifier", (finding.rule,)),
            ("sh:resultSeverity", (Name(f"sh:{finding.severity.value}"),)),
            ("sh:focusNode", (Iri(focus) if is_iri(focus) else Node(),)),
            ("sh:resultPath", _iris(finding.path or "")),
            ("sh:value", () if finding.value is None else (finding.value,)),
            ("sh:resultMessage", (Said(message, finding.language) if finding.language else message,)),
            ("sh:sourceShape", _iris(f"{SHAPES}{finding.rule}") if finding.rule in shapes else ()),
            ("sh:sourceConstraintComponent", _component(finding.rule) if finding.path else ()),
            ("dcterms:source", (_pointer(finding.place),) if finding.place else ()),
        ),
        "sh:ValidationResult",
    )


def _component(rule: str) -> tuple[Term, ...]:
    component = sole_components().get(rule)
    return (Name(f"sh:{component}"),) if component else ()


def _pointer(place: Place) -> Node:
    file = Node((("dcterms:identifier", (place.file,)),))
    cell = f"{place.sheet}!{place.cell}" if place.sheet and place.cell else place.cell
    expression = cell or place.pointer
    return Node(
        (
            ("ptr:reference", (file,)),
            ("ptr:lineNumber", () if place.line is None else (place.line,)),
            ("ptr:charNumber", () if place.column is None else (place.column,)),
            ("ptr:expression", () if expression is None else (expression,)),
        ),
        "ptr:SinglePointer",
    )


def _iris(text: str) -> tuple[Term, ...]:
    return (Iri(text),) if is_iri(text) else ()
