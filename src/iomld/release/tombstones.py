"""What is kept of a record that was withdrawn: a table in the release, and its statements in the provenance graph."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from iomld.errors import StoreError
from iomld.iris import DCTERMS, PROV, RDF, XSD, Iris


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that was withdrawn.

    Attributes:
        key: Key of the project.
        revision: Number of the last revision, so that a record that comes back goes on counting.
        withdrawn: When (xsd:dateTime, UTC).
        reason: Why, a sentence for people.
        replaced_by: Key of the project that stands for it now, if any.
    """

    key: str
    revision: int
    withdrawn: str
    reason: str
    replaced_by: str | None = None


def write_tombstones(tombstones: Iterable[Tombstone], path: Path) -> None:
    """Write the table: a JSON array, by key."""
    rows = [asdict(one) for one in sorted(tombstones, key=lambda one: one.key)]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_tombstones(path: Path) -> dict[str, Tombstone]:
    """Read the table by key; empty where there is none.

    Raises:
        StoreError: It is damaged.
    """
    if not path.exists():
        return {}
    try:
        return {row["key"]: Tombstone(**row) for row in json.loads(path.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{path}: cannot be read ({error}). Restore it or roll back.") from error


def tombstone_quads(tombstones: Iterable[Tombstone], run: str, iris: Iris) -> Iterator[Quad]:
    """Say that records were withdrawn, in the provenance graph (PROV-O, qualified invalidation).

    Args:
        tombstones: What was withdrawn.
        run: Name of the run that did it.
        iris: IRIs under the base.
    """
    graph = NamedNode(iris.graph("prov"))
    for one in tombstones:
        document = iris.record(one.key)
        node = NamedNode(f"{document}#withdrawal-{one.revision}")
        when = Literal(one.withdrawn, datatype=NamedNode(f"{XSD}dateTime"))
        yield Quad(NamedNode(document), NamedNode(f"{PROV}qualifiedInvalidation"), node, graph)
        yield Quad(node, NamedNode(f"{RDF}type"), NamedNode(f"{PROV}Invalidation"), graph)
        yield Quad(node, NamedNode(f"{PROV}atTime"), when, graph)
        yield Quad(node, NamedNode(f"{PROV}activity"), NamedNode(iris.run(run)), graph)
        yield Quad(node, NamedNode(f"{DCTERMS}description"), Literal(one.reason), graph)
        if one.replaced_by is not None:
            yield Quad(node, NamedNode(f"{DCTERMS}isReplacedBy"), NamedNode(iris.project(one.replaced_by)), graph)


def known_revisions(tombstones: Mapping[str, Tombstone], iris: Iris) -> dict[str, int]:
    """The last revision of each withdrawn record, by the name of its graph."""
    return {iris.record(one.key): one.revision for one in tombstones.values()}
