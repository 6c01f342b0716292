"""Any text survives in a framed document: quotes, line feeds, control and astral characters, right-to-left marks."""

import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld
from pyoxigraph import Literal, NamedNode, Quad
from tests.amount import amount

from iomld.assets import load_fields
from iomld.formats import rdf
from iomld.formats.jsonld import framed_project
from iomld.iris import DCTERMS, DEFAULT_BASE, IOMLD, OA, RDF, XSD, Iris

FIELDS = load_fields()

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet='"\\\n\r\t\u2028\u2029\u0085\u200f\u202e\u0000@:/{}<>😀𝔘אب', max_size=20),
    st.sampled_from(["", "@id", "@type", "_:b", "http://example.org/", "schema:x", "null", "é", "e\u0301"]),
)
LITERALS = st.one_of(
    st.builds(Literal, TEXTS),
    st.builds(
        lambda text, tag: Literal(text, language=tag), TEXTS, st.sampled_from(["en", "ar", "zh-hant", "sr-latn"])
    ),
    st.builds(
        lambda text, name: Literal(text, datatype=NamedNode(XSD + name)),
        TEXTS,
        st.sampled_from(["decimal", "gYear", "integer", "date", "dateTime"]),
    ),
)
KEYS = st.text(alphabet="PO.1/% é#?:@", min_size=1, max_size=8)
PROPERTIES = st.sampled_from(
    [
        *(f"{DCTERMS}{name}" for name in ("title", "description", "identifier")),
        *(f"{IOMLD}{name}" for name in ("projectCode", "budgetUSD", "startYear", "status")),
        f"{OA}exact",
        "http://example.org/unknown",
    ]
)


@st.composite
def project_graphs(draw: st.DrawFn) -> tuple[str, list[Quad]]:
    """A base and a graph like that of a project: any key, any codes, any literals in any place."""
    base = draw(st.sampled_from([DEFAULT_BASE, "http://localhost:8000/"]))
    iris, key = Iris(base), draw(KEYS)
    project = iris.project(key)
    mention, target, quote, _ = iris.mention_nodes(key, 1)
    links = [
        (project, f"{RDF}type", f"{IOMLD}Project"),
        (mention, f"{IOMLD}aboutProject", project),
        (mention, f"{OA}hasTarget", target),
        (target, f"{OA}hasSelector", quote),
        *((project, f"{IOMLD}theme", iris.concept("theme", code)) for code in draw(st.lists(KEYS, max_size=3))),
    ]
    subjects = st.sampled_from([project, mention, quote, iris.record(key)])
    said = draw(st.lists(st.tuples(subjects, PROPERTIES, LITERALS), max_size=8))
    return base, [
        *(Quad(NamedNode(s), NamedNode(p), NamedNode(o)) for s, p, o in links),
        *(Quad(NamedNode(s), NamedNode(p), literal) for s, p, literal in said),
    ]


def _inlined(document: dict[str, object], context: dict[str, object], base: str) -> dict[str, object]:
    text = json.dumps(context).replace(DEFAULT_BASE, base).replace(f"{base}ns#", IOMLD)
    rewritten: dict[str, object] = document | json.loads(text)
    return rewritten


def _triples(quads: Sequence[Quad]) -> set[object]:
    return {quad.triple for quad in quads}


@given(graph=project_graphs())
@settings(max_examples=amount(50))
def test_any_graph_survives(graph: tuple[str, list[Quad]], context: dict[str, object]) -> None:
    """Reading the document with its context gives the graph, whatever the strings are."""
    base, quads = graph
    document = json.dumps(_inlined(framed_project(quads, base=base, fields=FIELDS), context, base), ensure_ascii=False)
    assert _triples(list(rdf.parse(document, rdf.JSONLD))) == _triples(quads)


@given(graph=project_graphs())
@settings(max_examples=amount(15))
def test_any_graph_survives_in_a_second_processor(graph: tuple[str, list[Quad]], context: dict[str, object]) -> None:
    """PyLD, written by other people from the same standard, reads the same."""
    base, quads = graph
    document = _inlined(framed_project(quads, base=base, fields=FIELDS), context, base)
    read = jsonld.to_rdf(document, {"format": "application/n-quads"})
    assert _triples(list(rdf.parse(read, rdf.NQUADS))) == _triples(quads)
