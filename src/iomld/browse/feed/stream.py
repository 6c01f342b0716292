"""The revisions of records as an event stream (LDES), in two views: all revisions, and the newest of each record.

A member is an object of its own, with its content in the graph that has its name, so that a client that keeps graphs
keeps what the record said then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from iomld.browse.feed.pages import FeedPage, feed_pages, latest_pages
from iomld.browse.project.revisions import ledger_of
from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.iris import DCTERMS, PROV, RDF, XSD
from iomld.ledger.entries import RevisionKind
from iomld.ledger.index import IndexedRevision, LedgerIndex

LDES, TREE = "https://w3id.org/ldes#", "https://w3id.org/tree#"
_ACTIVITY = "https://www.w3.org/ns/activitystreams#"
_MEMBERS = 500  # of a page
_POLLING_S = 300
_TYPES = {
    RevisionKind.CREATE: "Create",
    RevisionKind.UPDATE: "Update",
    RevisionKind.RESTORE: "Update",
    RevisionKind.DELETE: "Delete",
}


@dataclass(frozen=True, slots=True)
class StreamView:
    """A view of the event stream.

    Attributes:
        path: Path of its root on the server.
        is_latest: Whether it has the newest revision of each record alone.
    """

    path: str
    is_latest: bool

    def pages(self, view: ReleaseView) -> tuple[FeedPage, ...]:
        """Its pages, oldest first; a page has the same name and number in both views."""
        return (latest_pages if self.is_latest else feed_pages)(view, _MEMBERS)


ALL = StreamView("/feed", is_latest=False)
LATEST = StreamView("/feed/latest", is_latest=True)


def root_quads(view: ReleaseView, shown: StreamView, address: str) -> Iterator[Quad]:
    """The root of a view: what the stream is, and where the pages are.

    Times decide the order of versions: no two runs have the same one, and no run has two versions of a record.

    Args:
        view: The release.
        shown: The view of the stream.
        address: Address of the server that was asked, without a slash at the end.
    """
    stream, root = _stream(view), f"{address}{shown.path}"
    yield from _node(stream, root)
    for name, value in (
        ("timestampPath", f"{DCTERMS}created"),
        ("versionOfPath", f"{DCTERMS}isVersionOf"),
        ("versionCreateObject", f"{_ACTIVITY}Create"),
        ("versionUpdateObject", f"{_ACTIVITY}Update"),
        ("versionDeleteObject", f"{_ACTIVITY}Delete"),
    ):
        yield _link(stream, f"{LDES}{name}", value)
    yield _value(stream, f"{LDES}pollingInterval", str(_POLLING_S), "integer")
    yield _link(stream, f"{TREE}shape", f"{address}/shapes")
    if shown.is_latest:
        policy = f"{root}#policy"
        yield _link(root, f"{LDES}retentionPolicy", policy)
        yield _link(policy, f"{RDF}type", f"{LDES}LatestVersionSubset")
        yield _value(policy, f"{LDES}versionAmount", "1", "integer")
    for page in shown.pages(view):
        yield from _relation(root, f"{address}{page.path(shown.path)}", page)


def page_quads(view: ReleaseView, shown: StreamView, page: FeedPage, address: str) -> Iterator[Quad]:
    """A page with its members and their contents.

    It says that it is immutable: it never gets members, though it loses those of which it may not have the content any
    more, or, in the view of the newest, those that have a newer version.

    Args:
        view: The release.
        shown: The view of the stream.
        page: The page.
        address: Address of the server that was asked, without a slash at the end.

    Raises:
        StoreError: The ledger is damaged.
    """
    ledger = ledger_of(view)
    if ledger is None:
        return
    stream, root = _stream(view), f"{address}{page.path(shown.path)}"
    yield from _node(stream, root)
    yield _value(root, f"{LDES}immutable", "true", "boolean")
    for member in _members(view, ledger, shown, page):
        yield from _member_quads(view, ledger, member, stream)


def _members(view: ReleaseView, ledger: LedgerIndex, shown: StreamView, page: FeedPage) -> Iterable[IndexedRevision]:
    start = (page.number - 1) * _MEMBERS
    found = ledger.revisions_of_run(page.run, view.iris.record(""), start=start, most=_MEMBERS)
    for member in found:
        is_newest = not shown.is_latest or ledger.latest(member.revision.graph) == member.revision.revision
        if member.revision.kind in _TYPES and is_newest:
            yield member


def _member_quads(view: ReleaseView, ledger: LedgerIndex, member: IndexedRevision, stream: str) -> Iterator[Quad]:
    iri = f"{member.revision.graph}/rev/{member.revision.revision}"
    yield _link(stream, f"{TREE}member", iri)
    yield _link(iri, f"{RDF}type", f"{_ACTIVITY}{_TYPES[member.revision.kind]}")
    yield _link(iri, f"{DCTERMS}isVersionOf", member.revision.graph)
    yield _value(iri, f"{DCTERMS}created", member.created, "dateTime")
    yield _link(iri, f"{PROV}wasGeneratedBy", view.iris.run(member.entry))
    graph = NamedNode(iri)
    for quad in rdf.parse(ledger.content(member), rdf.NQUADS):
        yield Quad(quad.subject, quad.predicate, quad.object, graph)


def _stream(view: ReleaseView) -> str:
    return f"{view.iris.base}feed/records"


def _node(stream: str, address: str) -> Iterator[Quad]:
    yield _link(stream, f"{RDF}type", f"{LDES}EventStream")
    yield _link(stream, f"{TREE}view", address)
    yield _link(address, f"{RDF}type", f"{TREE}Node")


def _relation(root: str, address: str, page: FeedPage) -> Iterator[Quad]:
    relation = f"{root}#{page.run}-{page.number}"
    yield _link(root, f"{TREE}relation", relation)
    yield _link(relation, f"{RDF}type", f"{TREE}GreaterThanOrEqualToRelation")
    yield _link(relation, f"{TREE}node", address)
    yield _link(relation, f"{TREE}path", f"{DCTERMS}created")
    yield _value(relation, f"{TREE}value", page.created, "dateTime")


def _link(subject: str, predicate: str, target: str) -> Quad:
    return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target))


def _value(subject: str, predicate: str, value: str, datatype: str) -> Quad:
    literal = Literal(value, datatype=NamedNode(f"{XSD}{datatype}"))
    return Quad(NamedNode(subject), NamedNode(predicate), literal)
