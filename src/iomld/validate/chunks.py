"""Several records in one data graph, kept apart: an engine is faster on some dozens of records than on one.

A node may stand in several records, such as the file that they were all read from, and each record may say something
else of it. SHACL knows no named graphs, so such a node gets a name of its own in each record of the chunk.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pyoxigraph import Quad

from iomld.formats.rdf import NTRIPLES, serialize
from iomld.model import Message
from iomld.validate.facts import Facts
from iomld.validate.port import Result
from iomld.validate.reference_data import ReferenceData


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records as one data graph.

    Attributes:
        data: N-Triples of the records and of what they point to.
        owners: For each node, by its name in the data, the number of its record in the chunk.
        names: Names that nodes have in the data only, and their IRIs.
    """

    data: bytes
    owners: Mapping[str, int]
    names: Mapping[str, str]

    def sorted_out(self, results: Iterable[Result], count: int) -> tuple[tuple[Result, ...], ...]:
        """The results of each record; results on reference data are nobody's."""
        piles: tuple[list[Result], ...] = tuple([] for _ in range(count))
        for result in results:
            owner = self.owners.get(result.focus_node)
            if owner is not None:
                piles[owner].append(self._renamed(result))
        return tuple(map(tuple, piles))

    def _renamed(self, result: Result) -> Result:
        focus_node = self.names.get(result.focus_node, result.focus_node)
        value = None if result.value is None else self.names.get(result.value, result.value)
        text = result.message.id  # the engine has filled the values in
        for name, iri in ((result.focus_node, focus_node), (result.value, value)):
            if name is not None and name != iri:
                text = text.replace(name, iri or "")
        return replace(result, focus_node=focus_node, value=value, message=Message(text))


def chunk_of(records: Sequence[Facts], reference: ReferenceData) -> Chunk:
    """Join records.

    Args:
        records: The graphs of the records.
        reference: Descriptions of what they may point to.
    """
    counts = Counter(node for record in records for node in record.subjects)
    shared = {node for node, count in counts.items() if count > 1 and node not in reference.descriptions}
    owners: dict[str, int] = {}
    names: dict[str, str] = {}
    parts = [reference.axioms]
    for number, record in enumerate(records):
        own_names = {node: f"{node}~{number}" for node in record.subjects & shared}
        owners |= {own_names.get(node, node): number for node in record.subjects}
        names |= {name: node for node, name in own_names.items()}
        parts.append(_lines(record.quads, own_names))
    targets = set().union(*(record.objects for record in records)) & reference.descriptions.keys()
    parts.extend(reference.descriptions[iri] for iri in sorted(targets))
    return Chunk(b"".join(parts), owners, names)


def _lines(quads: Sequence[Quad], names: Mapping[str, str]) -> bytes:
    """N-Triples with some nodes renamed: a line starts with its subject and ends with its object, so no text is hit."""
    lines = b"\n" + serialize(quads, NTRIPLES)
    for node, name in names.items():
        lines = lines.replace(b"\n<%s> " % node.encode(), b"\n<%s> " % name.encode())
        lines = lines.replace(b" <%s> .\n" % node.encode(), b" <%s> .\n" % name.encode())
    return lines
