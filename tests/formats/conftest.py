"""Fixtures of the format tests: one made-up project, and JSON-LD processors that never go online."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad

from iomld.formats import rdf
from iomld.iris import DEFAULT_BASE, IOMLD

REPOSITORY = Path(__file__).parents[2]
Json = dict[str, object]


@pytest.fixture(scope="session")
def context() -> Json:
    """The published context, with its `@context` key."""
    return _json_file("context-v1.jsonld")


@pytest.fixture(scope="session")
def frame() -> Json:
    """The published frame of a project."""
    return _json_file("frame-project.jsonld")


@pytest.fixture(scope="session")
def schema() -> Json:
    """The published JSON Schema of a framed project."""
    return _json_file("project.schema.json")


def _json_file(name: str) -> Json:
    found: Json = json.loads((REPOSITORY / "ontology" / name).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def project_turtle() -> str:
    """The graph of the made-up project."""
    return (Path(__file__).parent / "project.ttl").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def project_quads(project_turtle: str) -> tuple[Quad, ...]:
    """The quads of the made-up project in its named graph."""
    name = NamedNode(f"{DEFAULT_BASE}doc/project/PO.9105")
    return tuple(
        Quad(quad.subject, quad.predicate, quad.object, name) for quad in rdf.parse(project_turtle, rdf.TURTLE)
    )


@pytest.fixture(scope="session")
def rebased() -> Callable[[str, str], str]:
    """Rewrites a text of ours for another data base; the terms keep their namespace."""
    return lambda text, base: text.replace(DEFAULT_BASE, base).replace(f"{base}ns#", IOMLD)
