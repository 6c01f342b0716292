"""The feed of revisions (LDES): a run is a page or several, and each revision of a record is a member.

A member is an object of its own, with its content in the graph that has its name, so that a client that keeps graphs
keeps what the record said then.
"""

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, Quad

from iomld.browse.feed.pages import FeedPage, feed_pages
from iomld.browse.project.revisions import ledger_of
from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.iris import DCTERMS, PROV, RDF, XSD
from iomld.ledger.entries import RevisionKind
from iomld.ledger.index import IndexedRevision, LedgerIndex

LDES, TREE = "https://w3id.org/ldes#", "https://w3id.org/tree#"
_ACTIVITY = "https://www.w3.org/ns/activitystreams#"
MEMBERS = 500  # of a page
_TYPES = {
    RevisionKind.CREATE: "Create",
    RevisionKind.UPDATE: "Update",
    RevisionKind.RESTORE: "Update",
    RevisionKind.DELETE: "Delete",
}
_DATE_TIME = NamedNode(f"{XSD}dateTime")


def root_quads(view: ReleaseView, address: str) -> Iterator[Quad]:
    """The root of the feed: what it is, and where its pages are.

    Args:
        view: The release.
        address: Address of the server that was asked, without a slash at the end.
    """
    stream, root = _stream(view), f"{address}/feed"
    yield from _view(stream, root)
    for name, value in (
        ("timestampPath", f"{DCTERMS}created"),
        ("versionOfPath", f"{DCTERMS}isVersionOf"),
        ("versionCreateObject", f"{_ACTIVITY}Create"),
        ("versionUpdateObject", f"{_ACTIVITY}Update"),
        ("versionDeleteObject", f"{_ACTIVITY}Delete"),
    ):
        yield _link(stream, f"{LDES}{name}", value)
    yield _link(stream, f"{TREE}shape", f"{address}/shapes")
    for page in feed_pages(view, MEMBERS):
        yield from _relation(root, f"{address}{page.path('/feed')}", page)


def page_quads(view: ReleaseView, page: FeedPage, address: str) -> Iterator[Quad]:
    """A page of the feed with its members and their contents.

    Args:
        view: The release.
        page: The page.
        address: Address of the server that was asked, without a slash at the end.

    Raises:
        StoreError: The ledger is damaged.
    """
    ledger = ledger_of(view)
    if ledger is None:
        return
    stream = _stream(view)
    yield from _view(stream, f"{address}{page.path('/feed')}")
    members = ledger.revisions_of_run(page.run, view.iris.record(""), start=(page.number - 1) * MEMBERS, most=MEMBERS)
    for member in members:
        if member.revision.kind in _TYPES:
            yield from _member_quads(view, ledger, member, stream)


def _member_quads(view: ReleaseView, ledger: LedgerIndex, member: IndexedRevision, stream: str) -> Iterator[Quad]:
    iri = f"{member.revision.graph}/rev/{member.revision.revision}"
    yield _link(stream, f"{TREE}member", iri)
    yield _link(iri, f"{RDF}type", f"{_ACTIVITY}{_TYPES[member.revision.kind]}")
    yield _link(iri, f"{DCTERMS}isVersionOf", member.revision.graph)
    yield Quad(NamedNode(iri), NamedNode(f"{DCTERMS}created"), Literal(member.created, datatype=_DATE_TIME))
    yield _link(iri, f"{PROV}wasGeneratedBy", view.iris.run(member.entry))
    graph = NamedNode(iri)
    for quad in rdf.parse(ledger.content(member), rdf.NQUADS):
        yield Quad(quad.subject, quad.predicate, quad.object, graph)


def _stream(view: ReleaseView) -> str:
    return f"{view.iris.base}feed/records"


def _view(stream: str, page: str) -> Iterator[Quad]:
    yield _link(stream, f"{RDF}type", f"{LDES}EventStream")
    yield _link(stream, f"{TREE}view", page)
    yield _link(page, f"{RDF}type", f"{TREE}Node")


def _relation(root: str, address: str, page: FeedPage) -> Iterator[Quad]:
    relation = f"{root}#{page.run}-{page.number}"
    yield _link(root, f"{TREE}relation", relation)
    yield _link(relation, f"{RDF}type", f"{TREE}GreaterThanOrEqualToRelation")
    yield _link(relation, f"{TREE}node", address)
    yield _link(relation, f"{TREE}path", f"{DCTERMS}created")
    yield Quad(NamedNode(relation), NamedNode(f"{TREE}value"), Literal(page.created, datatype=_DATE_TIME))


def _link(subject: str, predicate: str, target: str) -> Quad:
    return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target))
