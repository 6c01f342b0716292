"""The published context, frame and JSON Schema agree with the code and with the ontology."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode

from iomld.assets import load_fields
from iomld.formats import rdf
from iomld.formats.jsonld_frame import project_frame
from iomld.formats.jsonld_terms import ALIASES, CLASSES, PREFIXES, document_keys
from iomld.iris import OWL, RDF, SKOS

DOCUMENT_KEYS = document_keys(load_fields())
KEYS, TERMS = DOCUMENT_KEYS.rows, DOCUMENT_KEYS.terms
ONTOLOGY = Path(__file__).parents[2] / "ontology"
TERM_CLASSES = {f"{OWL}{name}" for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")}


def test_no_key_has_two_meanings() -> None:
    """A key stands once in the table, and no class, prefix or alias has its name."""
    assert len(TERMS) == len(KEYS) + len(CLASSES) + len(PREFIXES) + len(ALIASES)


def test_scoped_contexts_define_no_terms(context: dict[str, list[dict[str, object]]]) -> None:
    """Contexts inside the context only say where codes start, since processors disagree on redefined terms."""
    scoped = [
        definition["@context"]
        for definition in context["@context"][0].values()
        if isinstance(definition, dict) and "@context" in definition
    ]
    assert scoped
    assert all(list(inner) == ["@vocab"] for inner in scoped)


def test_every_term_of_the_ontology_has_a_key() -> None:
    """Whatever class or property the ontology has, a document can use a short name for it."""
    quads = rdf.parse((ONTOLOGY / "iomld.ttl").read_bytes(), rdf.TURTLE)
    named = {
        quad.subject.value
        for quad in quads
        if quad.predicate.value == f"{RDF}type" and isinstance(quad.subject, NamedNode)
        if isinstance(quad.object, NamedNode) and quad.object.value in TERM_CLASSES
    }
    assert len(named) > 30
    assert named - {key.iri for key in KEYS} - CLASSES.keys() == set()


@pytest.mark.parametrize("path", sorted(ONTOLOGY.glob("*.ttl")), ids=lambda path: path.stem)
def test_no_code_of_ours_is_also_a_key(path: Path) -> None:
    """A code that equals a key would be read as the key, so it would have to be written as a whole IRI."""
    codes = {
        quad.object.value
        for quad in rdf.parse(path.read_bytes(), rdf.TURTLE)
        if quad.predicate.value == f"{SKOS}notation" and isinstance(quad.object, Literal)
    }
    assert codes & TERMS == set()


def test_the_frame_embeds_what_the_code_embeds(frame: dict[str, object]) -> None:
    """The frame's `@embed: @always` are the tree in the code."""

    def embedded(part: Mapping[str, object]) -> dict[str, object]:
        inner = {name: value for name, value in part.items() if isinstance(value, dict)}
        return {name: embedded(value) for name, value in inner.items() if value.get("@embed") == "@always"}

    assert embedded(frame) == project_frame(load_fields())
