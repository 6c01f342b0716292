"""The endpoint gives the answers that Oxigraph's own server gives of the same quads, in every format.

It does so too where two graphs hold a triple. Oxigraph's server counts it twice over the union of the graphs, so there
it gets each triple once in its default graph, and is asked without the union.

`oxigraph` is looked for beside this Python and on the path; without it nothing is tested here.
"""

import csv
import gzip
import io
import shutil
import socket
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyoxigraph
import pytest
from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, RdfFormat
from tests.amount import amount
from tests.conftest import DATA, run_iomld
from tests.differential.queries import KINDS, WRITTEN, generated
from tests.serving import serve
from tests.w3c.http_suite import canonical

from iomld.formats.rdf import by_media_type, parse
from iomld.iris import DEFAULT_BASE

BESIDE = Path(sys.executable).with_name("oxigraph")
OXIGRAPH = str(BESIDE) if BESIDE.exists() else shutil.which("oxigraph")
EACH = amount(6)  # of each kind, of which there are 15
SELECT = ("application/sparql-results+json", "application/sparql-results+xml", "text/tab-separated-values", "text/csv")
ASK = SELECT[:2]
GRAPH = ("text/turtle", "application/n-triples", "application/rdf+xml")
WHOLE = 2
REPEATS = b"<http://x.example/repeats> .\n"
_RESULTS = {
    SELECT[0]: QueryResultsFormat.JSON,
    SELECT[1]: QueryResultsFormat.XML,
    SELECT[2]: QueryResultsFormat.TSV,
}
Answers = Counter[object] | list[object] | set[str] | bool | None

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(OXIGRAPH is None, reason="the executable oxigraph is not at hand"),
]


@contextmanager
def oxigraph(datadir: Path, folder: Path, *, is_merged: bool) -> Iterator[str]:
    """Oxigraph's server over all quads of a release, if asked with their merge as default graph; gives its address."""
    assert OXIGRAPH
    current = datadir / "current"
    files = [folder / "dataset.nq", folder / "history.nq"]
    for file in files:
        file.write_bytes(gzip.decompress((current / f"{file.name}.gz").read_bytes()))
    place = ["--location", str(folder / "store")]
    subprocess.run([OXIGRAPH, "load", *place, "--file", *map(str, files)], check=True, capture_output=True)
    described = ["--file", str(current / "dataset.ttl"), "--graph", f"{DEFAULT_BASE}graph/dataset"]
    subprocess.run([OXIGRAPH, "load", *place, *described], check=True, capture_output=True)
    if is_merged:
        quads = [quad for file in files for quad in pyoxigraph.parse(file.read_bytes(), RdfFormat.N_QUADS)]
        quads += pyoxigraph.parse((current / "dataset.ttl").read_bytes(), RdfFormat.TURTLE)
        merge = folder / "merge.nt"
        pyoxigraph.serialize({quad.triple for quad in quads}, str(merge), RdfFormat.N_TRIPLES)
        subprocess.run([OXIGRAPH, "load", *place, "--file", merge], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [OXIGRAPH, "serve-read-only", *place, "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "Listening" in process.stderr.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=["distinct", "repeated"])
def published(request: pytest.FixtureRequest, datadir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled records; and again with a graph that repeats a third of their triples."""
    if request.param == "distinct":
        return datadir
    folder = tmp_path_factory.mktemp("repeats")
    lines = gzip.decompress((datadir / "current" / "dataset.nq.gz").read_bytes()).splitlines(keepends=True)
    (folder / "repeats.nq").write_bytes(b"".join(line[: line.rindex(b"<")] + REPEATS for line in lines[::3]))
    done = run_iomld("publish", DATA, "--include", folder / "repeats.nq", "--to", folder / "to")
    assert done.returncode == 0, done.stderr
    assert f"repeated {len(lines[::3]):>8} " in done.stdout
    return folder / "to"


@pytest.fixture(scope="module")
def ours(published: Path) -> Iterator[httpx.Client]:
    """A client of our endpoint over the records."""
    with (
        serve(published, IOMLD_CLIENT_SECONDS="600") as running,
        httpx.Client(base_url=running.address, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def theirs(datadir: Path, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of Oxigraph's over the same quads."""
    with (
        oxigraph(published, tmp_path_factory.mktemp("oxigraph"), is_merged=published != datadir) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def is_union(datadir: Path, published: Path) -> bool:
    """Whether Oxigraph's server is to ask the union of the graphs, since no merge was loaded."""
    return published == datadir


@pytest.fixture(scope="module")
def queries(datadir: Path) -> dict[str, list[str]]:
    """The queries by kind."""
    with gzip.open(datadir / "current" / "dataset.nq.gz") as lines:
        quads = list(pyoxigraph.parse(lines.read(), RdfFormat.N_QUADS))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for kind, query in generated(quads, EACH):
        found[kind].append(query)
    return found | {"written": WRITTEN}


def answers(client: httpx.Client, path: str, query: str, media_type: str, *, is_union: bool = False) -> Answers:
    """What a server answers, so that equal answers are equal values; solutions keep their order where they have one."""
    parameters = {"query": query}
    if is_union and " FROM " not in query:  # the union would stand above FROM
        parameters["union-default-graph"] = ""
    response = client.get(path, params=parameters, headers={"accept": media_type}, timeout=60)
    assert response.status_code == 200, (query, response.text)
    assert response.headers["content-type"].partition(";")[0] == media_type
    if format_ := by_media_type(media_type):
        return canonical(parse(response.content, format_))
    if media_type == "text/csv":
        table = [*csv.reader(io.StringIO(response.text, newline=""))]
        if path == "/query" and {len(row) for row in table} != {len(table[0])}:
            return None  # IRIs with commas are not quoted there
        # Sorted by column, since the columns of SELECT * are in another order there.
        rows: list[object] = [*zip(*sorted(zip(*table, strict=True)), strict=True)]
        return rows if "ORDER BY" in query else Counter(rows)
    found = pyoxigraph.parse_query_results(response.content, format=_RESULTS[media_type])
    if isinstance(found, QueryBoolean):
        return bool(found)
    assert isinstance(found, QuerySolutions)
    names = sorted(variable.value for variable in found.variables)
    solutions: list[object] = [tuple((name, str(row[name])) for name in names) for row in found]
    solutions.insert(0, tuple(names))
    return solutions if "ORDER BY" in query else Counter(solutions)


def formats(query: str, number: int) -> tuple[str, ...]:
    """The formats in which to ask the first two queries of a kind, and the one for each of the others in turn."""
    form = next(word for word in query.split() if word in {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
    every = {"SELECT": SELECT, "ASK": ASK}.get(form, GRAPH)
    return every if number < WHOLE else (every[number % len(every)],)


@pytest.mark.parametrize("kind", [*KINDS, "written"])
def test_the_answers_are_the_same(
    kind: str, queries: dict[str, list[str]], ours: httpx.Client, theirs: httpx.Client, *, is_union: bool
) -> None:
    """The queries of a kind have the same solutions, triples or truth in each format, and not all are empty."""
    sizes = []
    for number, query in enumerate(queries[kind]):
        for media_type in formats(query, number):
            our_answer = answers(ours, "/sparql", query, media_type)
            their_answer = answers(theirs, "/query", query, media_type, is_union=is_union)
            if their_answer is not None:
                assert our_answer == their_answer, (query, media_type)
        assert our_answer is not None
        sizes.append(1 if isinstance(our_answer, bool) else len(our_answer))
    least = EACH if kind in KINDS else len(WRITTEN)  # the written ones stay the same, however many are generated
    assert len(sizes) >= least
    assert sum(size > 1 for size in sizes) >= least // 2 or kind == "ask"


def test_the_queries_are_the_same_each_time(datadir: Path, queries: dict[str, list[str]]) -> None:
    """Most of those that are generated are different, and again they are the same ones."""
    with gzip.open(datadir / "current" / "dataset.nq.gz") as lines:
        quads = list(pyoxigraph.parse(lines.read(), RdfFormat.N_QUADS))
    again = [query for _, query in generated(reversed(quads), EACH)]
    assert len(again) == len(KINDS) * EACH
    assert len(set(again)) > len(again) * 0.8
    assert [query for kind in KINDS for query in queries[kind]] == again
