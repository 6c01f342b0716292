"""What the graphs of a shard contribute to each file of a release: the dataset, its parts and tables, and the index.

The contribution to a file depends on the graphs alone, so that it is made once and copied as long as they stay the
same. Each form of a graph is made once and goes into all files that have it: the dataset, its region, its classes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import cast

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import jsonld_context, load_fields, load_vocabulary
from iomld.export.contributions import JSONLD_SEPARATOR, GraphContents, ShardContents, separator
from iomld.export.csv import csv_head, csv_rows
from iomld.export.tables import TableForm, mention_cells, mention_header
from iomld.formats import rdf
from iomld.formats.jsonld import compact_resource, framed_project, node_bytes
from iomld.formats.rdf import Format
from iomld.fund_folder import cached
from iomld.iris import IOMLD, RDF, Iris
from iomld.model import UNDETERMINED, Project
from iomld.pipeline.published import project_of
from iomld.release import FILES
from iomld.release.downloads import MENTIONS_FILE, PROJECTS_FILE
from iomld.release.nquads import without_graph
from iomld.release.project_index import INDEX_HEAD, index_lines
from iomld.release.shards.assembly import FileFrame
from iomld.release.shards.sums import SharedSubject, description_hash
from iomld.release.statistics import StatisticsCount
from iomld.release.subsets import BY_CLASS, BY_REGION, Partitioning, class_name, subset_file

PROJECTS_TABLE, MENTIONS_TABLE = f"{PROJECTS_FILE}.gz", f"{MENTIONS_FILE}.gz"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TYPE, _REGION, _IN_REGION = f"{RDF}type", f"{IOMLD}region", f"{IOMLD}inRegion"

# A graph as sorted N-Quads lines.
GraphLines = tuple[str, Sequence[bytes]]


def dataset_file(form: Format) -> str:
    """The name of the file of the whole dataset in a format.

    >>> dataset_file(rdf.TURTLE)
    'dataset.ttl.gz'
    """
    return f"dataset.{form.suffix}.gz"


def file_frames(base: str, form: TableForm, names: Iterable[str]) -> dict[str, FileFrame]:
    """What each file has besides the content of shards; files without a frame are left out.

    Args:
        base: The data base of the IRIs.
        form: The columns of the table of projects.
        names: The names of the files.
    """
    by_suffix = {
        ".ttl.gz": FileFrame(rdf.turtle_head(Iris(base).prefixes())),
        ".jsonld.gz": FileFrame(
            f'{{"@context":{jsonld_context(base)},"@graph":[\n'.encode(), JSONLD_SEPARATOR, b"\n]}\n"
        ),
    }
    frames = {name: frame for name in names for suffix, frame in by_suffix.items() if name.endswith(suffix)}
    frames[PROJECTS_TABLE] = FileFrame(csv_head(form.header))
    frames[MENTIONS_TABLE] = FileFrame(csv_head(mention_header()))
    frames[FILES.index] = FileFrame(INDEX_HEAD)
    return frames


class _Contributions:
    """Collects what goes into each file."""

    def __init__(self) -> None:
        self._parts: defaultdict[str, list[bytes]] = defaultdict(list)

    def add(self, name: str, parts: Iterable[bytes]) -> None:
        self._parts[name].extend(parts)

    def add_to_subset(self, partitioning: Partitioning, subset: str, forms: Mapping[Format, Sequence[bytes]]) -> None:
        """Add what a subset has in each of its formats."""
        for form in partitioning.offered:
            self.add(subset_file(partitioning, subset, form), forms[form])

    def joined(self) -> dict[str, bytes]:
        joined = {name: separator(name).join(parts) for name, parts in self._parts.items()}
        return {name: content for name, content in joined.items() if content}


def published_texts(quads: Iterable[Quad]) -> Iterator[tuple[str, str]]:
    """The field and language of each text in the graph of a record."""
    fields = load_fields()
    names = {fields.given[name].iri: name for name in fields.texts}
    for quad in quads:
        if (name := names.get(quad.predicate.value)) and isinstance(quad.object, Literal):
            yield name, quad.object.language or UNDETERMINED


def graph_contents(graph: str, lines: Sequence[bytes], base: str, form: TableForm) -> GraphContents:
    """What the graph of a record contributes.

    Args:
        graph: Its IRI.
        lines: Its sorted lines.
        base: The data base of the IRIs.
        form: The columns of the table of projects.
    """
    iris, quads, files = Iris(base), _quads(lines), _Contributions()
    subjects = _subjects(lines, quads, iris)
    project = _project(graph, quads, iris)
    files.add(FILES.index, index_lines(lines, iris))
    framed = node_bytes(framed_project(quads, base=base, fields=load_fields()))
    forms = _joined_forms(lines, subjects) | {rdf.JSONLD: [framed]}
    for form_, parts in forms.items():
        files.add(dataset_file(form_), parts)
    for region in _values(quads, _REGION):
        if code := _region_files(base).get(region):
            files.add_to_subset(BY_REGION, code, forms)
    _add_classes(files, subjects, iris)
    files.add(PROJECTS_TABLE, [csv_rows([form.cells(project)])])
    files.add(MENTIONS_TABLE, [csv_rows(mention_cells(project, mention) for mention in project.mentions)])
    own = (iris.record(project.key), iris.project(project.key))
    shared = tuple(one.shared() for one in subjects if not one.iri.startswith(own))
    return GraphContents(graph, files.joined(), frozenset(published_texts(quads)), shared)


def with_columns(contents: GraphContents, base: str, form: TableForm) -> GraphContents:
    """The same contribution, but for the columns of the table of projects."""
    lines = contents.files[FILES.dataset].splitlines(keepends=True)
    project = _project(contents.graph, _quads(lines), Iris(base))
    return replace(contents, files={**contents.files, PROJECTS_TABLE: csv_rows([form.cells(project)])})


def common_contents(graphs: Iterable[GraphLines], base: str, included: Iterable[str]) -> ShardContents:
    """What all graphs contribute that are not of records; they share subjects, so their lines are put together.

    Args:
        graphs: The graphs.
        base: The data base of the IRIs.
        included: IRIs of the graphs among them that are not our own, whose subjects may be those of records.
    """
    iris, counted, files = Iris(base), StatisticsCount(base), _Contributions()
    marked = [(line, graph) for graph, many in graphs for line in many]
    lines = sorted(line for line, _ in marked)
    foreign = frozenset(included)
    foreign_subjects = {line.partition(b" ")[0][1:-1].decode() for line, graph in marked if graph in foreign}
    shared: list[SharedSubject] = []
    for line in lines:
        counted.add(line)
    files.add(FILES.index, index_lines(lines, iris))
    for subject, found in groupby(lines, key=lambda line: line[: line.index(b" ")]):
        said = list(found)
        quads = _quads(said)
        triples = _once(quads)
        turtle = b"".join(rdf.turtle_blocks(triples, iris.prefixes()))
        described = _Subject(subject[1:-1].decode(), triples, _without_graphs(said), turtle, base)
        if described.iri in foreign_subjects:
            shared.append(described.shared())
        forms = _joined_forms(said, [described]) | {rdf.JSONLD: [described.node()]}
        for form_, parts in forms.items():
            files.add(dataset_file(form_), parts)
        for region in dict.fromkeys((described.iri, *_values(quads, _IN_REGION))):
            if code := _region_files(base).get(region):
                files.add_to_subset(BY_REGION, code, forms)
        _add_classes(files, [described], iris)
    return ShardContents(files.joined(), counted.result(), frozenset(), tuple(shared))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A subject in the forms in which files have it."""

    iri: str
    quads: Sequence[Quad]
    triples: Sequence[bytes]
    turtle: bytes
    base: str

    def shared(self) -> SharedSubject:
        """What it is for other graphs."""
        return SharedSubject(self.iri, description_hash(self.triples))

    def node(self) -> bytes:
        """Its node object."""
        return node_bytes(compact_resource(self.quads, subject=self.iri, base=self.base, fields=load_fields()))


def _subjects(lines: Sequence[bytes], quads: Sequence[Quad], iris: Iris) -> list[_Subject]:
    """The subjects of one graph; lines and quads correspond."""
    blocks = rdf.turtle_blocks(quads, iris.prefixes())
    triples, start, found = _without_graphs(lines), 0, []
    for number, (subject, many) in enumerate(groupby(quads, key=lambda quad: quad.subject)):
        own = list(many)
        end = start + len(own)
        iri = cast("NamedNode", subject).value
        found.append(_Subject(iri, own, triples[start:end], blocks[number], iris.base))
        start = end
    return found


def _add_classes(files: _Contributions, subjects: Iterable[_Subject], iris: Iris) -> None:
    for subject in subjects:
        names = [name for iri in _values(subject.quads, _TYPE) if (name := class_name(iri, iris))]
        if names:
            forms = {rdf.NTRIPLES: subject.triples, rdf.TURTLE: [subject.turtle], rdf.JSONLD: [subject.node()]}
            for name in names:
                files.add_to_subset(BY_CLASS, name, forms)


def _joined_forms(lines: Sequence[bytes], subjects: Iterable[_Subject]) -> dict[Format, Sequence[bytes]]:
    """The forms of a graph, or of one subject, that are put together from lines and subjects."""
    many = list(subjects)
    return {
        rdf.NQUADS: lines,
        rdf.NTRIPLES: [line for subject in many for line in subject.triples],
        rdf.TURTLE: [subject.turtle for subject in many],
    }


def _project(graph: str, quads: Iterable[Quad], iris: Iris) -> Project:
    return project_of(quads, iris.record_key(graph) or "", iris)


def _quads(lines: Sequence[bytes]) -> list[Quad]:
    return list(rdf.parse(b"".join(lines), rdf.NQUADS))


def _once(quads: Iterable[Quad]) -> list[Quad]:
    """One quad of each triple."""
    return list({quad.triple: quad for quad in quads}.values())


def _without_graphs(lines: Sequence[bytes]) -> list[bytes]:
    """The lines as N-Triples; a triple in two graphs appears once."""
    return list(dict.fromkeys(map(without_graph, lines)))


def _values(quads: Iterable[Quad], predicate: str) -> Iterator[str]:
    """The IRIs that a property points to, without duplicates."""
    found = (quad.object for quad in quads if quad.predicate.value == predicate)
    return iter(dict.fromkeys(term.value for term in found if isinstance(term, NamedNode)))


@cached
def _region_files(base: str) -> Mapping[str, str]:
    """The names of the regions in the names of their files, by IRI."""
    return {Iris(base).concept("region", code): code for code in region_labels(base)}


def region_labels(base: str) -> dict[str, str]:
    """The English names of the regions that have files, by code."""
    regions = load_vocabulary(base).concepts["region"]
    return {code: region.name() for code, region in regions.items() if _CODE.fullmatch(code)}
