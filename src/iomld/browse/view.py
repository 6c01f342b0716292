"""A release opened for reading, the graphs served as documents, and links to our resources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import load_vocabulary
from iomld.folding import name_order
from iomld.formats import rdf
from iomld.fund_folder import using
from iomld.iris import DCTERMS, FOAF, RDF, RDFS, SCHEMA, SKOS, Iris
from iomld.release import FILES, Release
from iomld.release.description import read_description
from iomld.release.history import Tombstone, read_tombstones
from iomld.release.shards.graphs import ReleaseGraphTable
from iomld.release.shards.table import read_table
from iomld.store.oxigraph import StoreReader
from iomld.vocab import Concept, Country, Fund, Vocabulary

SHARED = ("ontology", "schemes", "countries", "queries", "fund", "dataset", "prov")  # "fund" of a fund folder alone
_LABELS = frozenset({f"{RDFS}label", f"{SKOS}prefLabel", f"{SCHEMA}name", f"{FOAF}name"})


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ReleaseView:
    """An open release.

    Attributes:
        release: Its folder and manifest.
        reader: Its store.
        iris: IRIs under its base.
        vocabulary: The controlled lists.
        tombstones: The withdrawn records, by key of the project.
        language: The preferred language of names and titles.
        is_chosen: Whether a request chose the release by its name or a time, instead of the one that is served.
    """

    release: Release
    reader: StoreReader
    iris: Iris
    vocabulary: Vocabulary
    tombstones: Mapping[str, Tombstone]
    language: str = "en"
    is_chosen: bool = False


def open_view(release: Release) -> ReleaseView:
    """Open a release.

    Raises:
        StoreError: Its store is missing or damaged.
    """
    base = release.manifest.base
    tombstones = read_tombstones(release.file(FILES.tombstones))
    reader = StoreReader(release.file(FILES.store), release.query_store)
    with using(release.fund_folder):
        vocabulary = load_vocabulary(base)
    return ReleaseView(release, reader, Iris(base), vocabulary, tombstones)


def project_document(view: ReleaseView, key: str) -> tuple[Quad, ...] | None:
    """The exact graph of a project, the project first; None if there is no such project."""
    quads = view.reader.graph(view.iris.record(key))
    return arranged(quads, first=view.iris.project(key)) if quads else None


def resource_quads(view: ReleaseView, iri: str) -> tuple[Quad, ...]:
    """The statements of the shared graphs about one of our IRIs, for a scheme also about its concepts."""
    quads = [*_shared_statements(view, iri)]
    for quad in view.reader.pointing(f"{SKOS}inScheme", iri):
        if isinstance(quad.subject, NamedNode):
            quads += _shared_statements(view, quad.subject.value)
    return arranged(quads, first=iri)


def shared_graph(view: ReleaseView, name: str) -> tuple[Quad, ...]:
    """One of the shared graphs (`SHARED`)."""
    return arranged(view.reader.graph(view.iris.graph(name)), first="")


def release_description(view: ReleaseView) -> tuple[Quad, ...]:
    """The dataset graph from its file, since a store returns whole numbers of every datatype as integers."""
    return _read_description(view.release.file(FILES.description), view.iris.graph("dataset"))


@lru_cache(maxsize=10)
def _read_description(path: Path, graph: str) -> tuple[Quad, ...]:
    """The description of a release; cached, since releases do not change."""
    return arranged(rdf.in_graph(read_description(path), graph), first="")


def shared_graph_names(view: ReleaseView) -> tuple[str, ...]:
    """Names of the graphs that do not belong to a record: the shared and the included graphs, sorted."""
    clocked = (view.iris.graph(name) for name in SHARED)
    present = {name for name in clocked if view.reader.has_graph(name)}
    tables = (view.release.file(name) for name in (FILES.graphs, FILES.shards))
    return tuple(sorted(present | _named_elsewhere(*tables, view.iris.record(""))))


@lru_cache(maxsize=10)
def _named_elsewhere(table: Path, shards: Path, records: str) -> frozenset[str]:
    """The graphs of a release that do not belong to a record; cached, since releases do not change."""
    others = ReleaseGraphTable(table, read_table(shards, files=())).others()
    return frozenset(name for name in others if not name.startswith(records))


def label_quads(view: ReleaseView, quads: Iterable[Quad]) -> tuple[Quad, ...]:
    """Labels of our resources that quads point to, from the shared graphs."""
    quads = tuple(quads)
    subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
    targets = {quad.object.value for quad in quads if isinstance(quad.object, NamedNode)}
    ours = sorted(iri for iri in targets - subjects if iri.startswith(view.iris.base))
    return tuple(
        quad
        for iri in ours
        for quad in arranged(_shared_statements(view, iri), first=iri)
        if quad.predicate.value in _LABELS
    )


def license_of(view: ReleaseView, quads: Iterable[Quad] = ()) -> str | None:
    """IRI of the licence in some quads, else of that of the dataset, if any."""
    return _license_in(quads) or _dataset_license(view)


def _dataset_license(view: ReleaseView) -> str | None:
    """The licence of the dataset; cached as long as the release is open, since each document names it."""
    if view.reader not in _licenses:
        dataset = view.reader.about(view.iris.dataset(), graph=view.iris.graph("dataset"))
        _licenses[view.reader] = _license_in(dataset)
    return _licenses[view.reader]


_licenses: WeakKeyDictionary[StoreReader, str | None] = WeakKeyDictionary()


def _license_in(quads: Iterable[Quad]) -> str | None:
    return next(
        (
            quad.object.value
            for quad in quads
            if quad.predicate.value == f"{DCTERMS}license" and isinstance(quad.object, NamedNode)
        ),
        None,
    )


def arranged(quads: Iterable[Quad], *, first: str) -> tuple[Quad, ...]:
    """Quads in a fixed order: one subject first, then by subject; types before other properties."""

    def rank(quad: Quad) -> tuple[bool, str, bool, str, str]:
        subject, predicate = str(quad.subject), quad.predicate.value
        return subject != f"<{first}>", subject, predicate != f"{RDF}type", predicate, str(quad.object)

    return tuple(sorted(quads, key=rank))


def _shared_statements(view: ReleaseView, iri: str) -> list[Quad]:
    """The statements of the shared graphs about a resource, but for the description, which types places for portals."""
    graphs = {view.iris.graph(name) for name in SHARED if name != "dataset"}
    return [
        quad
        for quad in view.reader.about(iri)
        if isinstance(quad.graph_name, NamedNode) and quad.graph_name.value in graphs
    ]


class LinkKind(StrEnum):
    """A kind of resource; each has one colour and one shape on every page."""

    PROJECT = "project"
    STATE = "state"
    REGION = "region"
    FRAMEWORK = "framework"
    CONCEPT = "concept"


@dataclass(frozen=True, slots=True)
class Link:
    """A resource with an IRI of ours.

    Attributes:
        iri: Its IRI.
        kind: Its kind.
        name: Its name in the view's language, else in English, else its code.
        code: The last segment of its IRI.
        language: Language of the name; empty for a code.
        role: For a part of a framework, what the framework calls it, in English (`objective`).
        number: For a part of a framework, its number or letter (`7`, `10.7`, `a`).
    """

    iri: str
    kind: LinkKind
    name: str
    code: str
    language: str = ""
    role: str = ""
    number: str = ""


def link_to(view: ReleaseView, iri: str) -> Link | None:
    """The resource that an IRI names; None if it is not one of ours."""
    path = iri.removeprefix(view.iris.base)
    if path == iri or "#" in path:
        return None
    family, _, rest = path.partition("/")
    group, _, segment = rest.partition("/")
    code = unquote(segment)
    match family, group:
        case "id", "country":
            country = view.vocabulary.countries.get(code)
            return _named_link(view, iri, LinkKind.STATE, country, code)
        case "id", "fund":
            fund = next((fund for fund in view.vocabulary.funds if fund.code == code), None)
            return _named_link(view, iri, LinkKind.CONCEPT, fund, code)
        case "id", ("organization" | "project"):
            is_project = group == "project"
            name = code if is_project else _organization_name(view, iri, code)
            return Link(iri, LinkKind.PROJECT if is_project else LinkKind.CONCEPT, name, code)
        case "scheme", scheme if code:
            concept = view.vocabulary.concepts.get(scheme, {}).get(code)
            kinds = {"region": LinkKind.REGION, "framework": LinkKind.FRAMEWORK}
            return _named_link(view, iri, kinds.get(scheme, LinkKind.CONCEPT), concept, code)
    return None


def _named_link(view: ReleaseView, iri: str, kind: LinkKind, entry: Concept | Country | Fund | None, code: str) -> Link:
    """The link to an entry of a list; to what the list does not have, by its code."""
    if entry is None:
        return Link(iri, kind, code, code)
    label = entry.label(view.language)
    if isinstance(entry, Concept) and entry.role and entry.number:
        return Link(iri, kind, label.text, code, label.language, entry.role, entry.number)
    return Link(iri, kind, label.text, code, label.language)


def _organization_name(view: ReleaseView, iri: str, code: str) -> str:
    """The name of an organization as the records have it."""
    names = (quad.object for quad in view.reader.about(iri) if quad.predicate.value == f"{FOAF}name")
    return min((term.value for term in names if isinstance(term, Literal)), default=code)


def links_by_name(view: ReleaseView, iris: Iterable[str]) -> tuple[Link, ...]:
    """Links to those of some IRIs that are ours, sorted by name."""
    links = (link_to(view, iri) for iri in iris)
    return tuple(sorted((link for link in links if link), key=lambda link: name_order(link.name)))
