"""For each operation a curl command that works as it stands: things that the release has, the server that was asked."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlencode

from fastapi import Request
from pyoxigraph import NamedNode

from iomld.browse.dataset import example_queries
from iomld.browse.lists import shown_key
from iomld.browse.view import SHARED, ReleaseView, project_document, shared_graph, shared_graph_names
from iomld.formats.graph import SubjectGraph
from iomld.iris import DCTERMS, IOMLD, OWL

Operation = tuple[str, str]  # method and path

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_LOOKED_AT = 1000  # statements of an included graph
_QUERY = f"SELECT ?project ?title {{ ?project a <{IOMLD}Project> ; <{DCTERMS}title> ?title }} LIMIT 3"
_RECORD = (
    '{"projectCode": "PO.9001", "title": {"en": "An example"}, "status": "completed", "projectType": "PO",'
    ' "coverage": "national", "region": "africa", "startYear": "2018", "endYear": "2020", "allocationYear": "2017",'
    ' "budgetUSD": 100000, "benefitingMemberStates": ["KE"]}'
)
_TURTLE = ("-H 'Accept: text/turtle'",)
_FILTERS = "?region=africa&status=completed"
# What follows a path.
_ASKED: Mapping[str, str] = {
    "/projects": _FILTERS,
    "/projects.csv": _FILTERS,
    "/projects.jsonld": "?framework=gcm",
    "/query": f"?{urlencode({'run': 1, 'query': 'ASK {}'})}",
}
_OPTIONS: Mapping[Operation, tuple[str, ...]] = {
    ("get", "/doc/project/{name}"): _TURTLE,
    ("get", "/scheme/{scheme}/{name}"): ("-H 'Accept: application/ld+json'",),
    ("get", "/ns"): _TURTLE,
    ("get", "/shapes"): _TURTLE,
    ("get", "/dataset"): _TURTLE,
    ("get", "/sparql"): ("-H 'Accept: text/csv'", f"--data-urlencode 'query={_QUERY}'"),
    ("post", "/sparql"): ("-H 'Content-Type: application/sparql-query'", f"--data '{_QUERY}'"),
    ("post", "/validate"): ("-H 'Content-Type: application/json'", f"--data '{_RECORD}'"),
}
_SHOW_HEAD = "-i"  # a redirect has nothing but its head
_FLAGS: Mapping[Operation, str] = {
    ("get", "/id/{kind}/{code}"): _SHOW_HEAD,
    ("get", "/ns/{version}"): _SHOW_HEAD,
    ("get", "/.well-known/void"): _SHOW_HEAD,
    ("get", "/downloads/{name}"): "-O",
    ("get", "/downloads/{folder}/{name}"): "-O",
    ("options", "/sparql"): "-i -X OPTIONS",
    ("options", "/rdf-graph-store"): "-i -X OPTIONS",
    ("options", "/rdf-graph-store/{path}"): "-i -X OPTIONS",
    ("get", "/sparql"): "-G",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command of curl.

    Attributes:
        path: What is asked for, percent-encoded, with its query.
        options: Options with their values as the shell reads them, one line each.
        flags: Options without a value.
    """

    path: str
    options: tuple[str, ...] = ()
    flags: str = ""

    def text(self, server: str) -> str:
        """The command for a server, in lines that a shell reads as one."""
        first = " ".join(part for part in ("curl", self.flags, shlex.quote(server + self.path)) if part)
        return " \\\n  ".join((first, *self.options))


def server_of(request: Request, base: str) -> str:
    """The address of the server as the client wrote it, without a slash at the end; the base where it is none."""
    host = request.headers.get("host", "")
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return f"{request.scope['scheme']}://{host}{root}" if _HOST.fullmatch(host) else base.removesuffix("/")


def commands(view: ReleaseView, operations: Iterable[Operation]) -> dict[Operation, Command]:
    """A command for each operation; none where the release has nothing to ask for.

    Args:
        view: The release.
        operations: Methods in small letters, and templates of paths.
    """
    paths = {template: path for template, path in (*_record_samples(view), *_other_samples(view)) if path}
    found = {operation: _command(*operation, paths) for operation in operations}
    return {operation: command for operation, command in found.items() if command}


def _command(method: str, path: str, paths: Mapping[str, str]) -> Command | None:
    filled = paths.get(path, path.replace("{suffix}", "ttl")) + _ASKED.get(path, "")
    if "{" in filled:
        return None
    return Command(filled, _OPTIONS.get((method, path), ()), _FLAGS.get((method, path), ""))


def _record_samples(view: ReleaseView) -> Iterator[tuple[str, str]]:
    key = shown_key(view)
    if key is None:
        return
    code = quote(key, safe="")
    yield "/id/{kind}/{code}", f"/id/project/{code}"
    yield "/doc/project/{name}", f"/doc/project/{code}"
    quads = project_document(view, key) or ()
    subjects = (quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode))
    yield "/prov/{kind}/{name}", _first_path(view, subjects, "prov/")


def _other_samples(view: ReleaseView) -> Iterator[tuple[str, str]]:
    yield "/doc/{kind}/{name}", f"/doc/country/{min(view.vocabulary.countries)}.jsonld"
    yield "/scheme/{name}", "/scheme/region.ttl"
    yield "/scheme/{scheme}/{name}", "/scheme/framework/gcm"
    yield "/query/{name}", _first_path(view, (example.iri for example in example_queries(view)), "query/")
    yield "/dataset/{name}", "/dataset/projects"
    yield "/graph/{name}", "/graph/schemes.nq"
    yield "/downloads/{name}", "/downloads/dataset.nq.gz"
    parts = sorted(name for name in view.release.manifest.files if name.startswith("by-"))
    yield "/downloads/{folder}/{name}", next((f"/downloads/{name}" for name in reversed(parts)), "")
    yield "/rdf-graph-store", f"/rdf-graph-store?{urlencode({'graph': view.iris.graph('schemes')})}"
    yield "/rdf-graph-store/{path}", "/rdf-graph-store/graph/schemes"
    yield "/.well-known/genid/{name}", _first_path(view, _unnamed(view), ".well-known/genid/")
    ontology = SubjectGraph(shared_graph(view, "ontology"))
    versions = (iri for subject in ontology.subjects() for iri in ontology[subject].iris(f"{OWL}versionIRI"))
    yield "/ns/{version}", next((f"/ns/{iri.rpartition('/')[2]}" for iri in versions), "")


def _unnamed(view: ReleaseView) -> Iterator[str]:
    """Subjects of included graphs; what had no name there may be among the first."""
    for graph in sorted({*shared_graph_names(view)} - {view.iris.graph(name) for name in SHARED}):
        for quad in islice(view.reader.fitting(graph=graph), _LOOKED_AT):
            if isinstance(quad.subject, NamedNode):
                yield quad.subject.value


def _first_path(view: ReleaseView, iris: Iterable[str], start: str) -> str:
    """The path of the first IRI that begins so under the base; empty where none does."""
    base = view.iris.base
    return next((f"/{iri.removeprefix(base)}" for iri in iris if iri.startswith(base + start) and "#" not in iri), "")
