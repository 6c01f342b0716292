"""Readers of JSON-LD that people use find the triples of the N-Quads in every document, page of records and dump.

Nothing is fetched: each document has its whole context.
"""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import httpx
import pytest
import rdflib
from pyld import jsonld
from pyoxigraph import Triple
from tests.amount import telling
from tests.conftest import PROJECT_COUNT
from tests.serving import Server

from iomld.formats import rdf

# rdflib's own JSON-LD reader still uses what rdflib calls deprecated.
pytestmark = [
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:Dataset.default_context is deprecated"),
]

_HYDRA = "http://www.w3.org/ns/hydra/core#"
_SCRIPT = Path(__file__).with_name("jsonld_reader.cjs")
_FILES = ("dataset.nq", "by-region/africa.nq.gz", "by-class/FrameworkMention.nt.gz")

Triples = set[Triple]


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def documents(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, Triples]:
    """Files with every kind of JSON-LD, and the triples that their N-Quads hold."""
    folder = tmp_path_factory.mktemp("jsonld")
    pages = [client.get("/projects.jsonld")]
    while "next" in pages[-1].links:
        pages.append(client.get(pages[-1].links["next"]["url"]))
    members = [
        [member["id"].removeprefix("https://w3id.org/iomld") for member in page.json()["hydra:member"]]
        for page in pages
    ]
    paths = list(chain.from_iterable(members))
    assert len(paths) == PROJECT_COUNT
    found: dict[Path, Triples] = {}
    files: dict[str, Path] = {}
    for number, path in enumerate((*paths, "/id/country/CN", "/scheme/framework", "/graph/schemes", "/dataset")):
        quads = rdf.parse(_get(client, path, rdf.NQUADS), rdf.NQUADS)
        file = files[path] = folder / f"{number}.jsonld"
        file.write_bytes(_get(client, path, rdf.JSONLD))
        found[file] = {quad.triple for quad in quads}
    for number, page in enumerate(pages):
        file = folder / f"page-{number}.jsonld"
        file.write_bytes(page.content)
        found[file] = set().union(*(found[files[path]] for path in members[number]))
    for number, name in enumerate(_FILES):
        lines, suffix = _download(client, name), rdf.NTRIPLES if ".nt" in name else rdf.NQUADS
        file = folder / f"dump-{number}.jsonld"
        file.write_bytes(_download(client, name.replace(f".{suffix.suffix}", ".jsonld")))
        found[file] = {quad.triple for quad in rdf.parse(lines, suffix)}
    return found


def _get(client: httpx.Client, path: str, format_: rdf.Format) -> bytes:
    answer = client.get(path, params={"format": format_.name}, follow_redirects=True)
    assert answer.headers["content-type"].startswith(format_.media_type)
    return answer.content


def _download(client: httpx.Client, name: str) -> bytes:
    answer = client.get(f"/downloads/{name}").raise_for_status()
    return gzip.decompress(answer.content) if name.endswith(".gz") else answer.content


def _refuse(url: str, _options: object) -> dict[str, object]:
    raise AssertionError(f"asked for {url}")


def _by_pyld(file: Path) -> str:
    options = {"documentLoader": _refuse, "format": "application/n-quads"}
    nquads: str = jsonld.to_rdf(json.loads(file.read_bytes()), options)
    return nquads


def _by_rdflib(file: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)  # it would write 12:00:00Z as 12:00:00+00:00
        return rdflib.Graph().parse(file, format="json-ld").serialize(format="nt")


def _by_pyoxigraph(file: Path) -> str:
    return rdf.serialize(rdf.parse(file.read_bytes(), rdf.JSONLD), rdf.NQUADS).decode()


@pytest.mark.parametrize("read", [_by_pyld, _by_rdflib, _by_pyoxigraph])
def test_readers_of_python_find_the_triples(read: Callable[[Path], str], documents: Mapping[Path, Triples]) -> None:
    """In the default graph of each file, and no others."""
    for file in documents if read is _by_pyoxigraph else _telling(documents):
        assert _default_graph(read(file)) == documents[file], file.name


def _telling(documents: Mapping[Path, Triples]) -> list[Path]:
    """The files that have all kinds of statements together, and all pages of records, which have the others within."""
    alone = {
        file: {
            (one.predicate, getattr(one.object, "datatype", None), getattr(one.object, "language", None))
            for one in triples
        }
        for file, triples in documents.items()
        if file.stem.isdigit()
    }
    return [*telling(alone), *(file for file in documents if file not in alone)]


@pytest.mark.parametrize("package", ["jsonld", "jsonld-streaming-parser"])
def test_readers_of_javascript_find_the_triples(package: str, documents: Mapping[Path, Triples]) -> None:
    """jsonld.js, and the streaming parser of Comunica and other RDF/JS programs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("node and npm are not at hand")
    shared = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=True).stdout.strip()
    given = os.environ.get("NODE_PATH")
    places = [*([given] if given else []), shared, f"{shared}/@comunica/query-sparql/node_modules"]
    environment = os.environ | {"NODE_PATH": os.pathsep.join(places)}
    known = subprocess.run(
        [node, "-e", f"require.resolve('{package}')"], capture_output=True, check=False, env=environment
    )
    if known.returncode:
        pytest.skip(f"the npm package {package} is not at hand (npm install --global, or NODE_PATH)")
    command = [node, str(_SCRIPT), package, *map(str, documents)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for file, triples in documents.items():
        assert _default_graph(found[str(file)]) == triples, file.name


def _default_graph(nquads: str) -> Triples:
    """The triples without those that describe a page of a collection."""
    quads = list(rdf.parse(nquads, rdf.NQUADS))
    assert {str(quad.graph_name) for quad in quads} == {"DEFAULT"}
    return {quad.triple for quad in quads if _HYDRA not in str(quad)}
