"""Remote stores for tests: one here that also replays what others answer, Oxigraph's server, and Virtuoso."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from urllib.parse import parse_qs, urlsplit

from pyoxigraph import NamedNode, QueryResultsFormat, QueryTriples, RdfFormat, Store
from tests.serving import start

from iomld.remote.client import RemoteAccess
from iomld.remote.dataset import RemoteStore

JSON = "application/sparql-results+json"
_HEAD = b'{"head":{"vars":["a"]},"results":{"bindings":['
_ROW = b'{"a":{"type":"uri","value":"http://x/1"}}'
_CANCELLED = b"The SPARQL operation has been cancelled"
_TRIES = 3  # to start a server
_STARTING_S = 300


@dataclass(frozen=True)
class Reply:
    """A response, byte for byte."""

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


# What servers were seen to answer to queries that they stopped or whose answers they cut: Virtuoso 7.2.5.1 and
# Oxigraph 0.5.13.
LIES: Mapping[str, Reply] = {
    "Virtuoso stops a query with an error": Reply(
        500, "text/plain", b"Virtuoso S1T00 Error SR171: Transaction timed out\n\nSPARQL query:\nSELECT\n"
    ),
    "Virtuoso stops a query and answers with no rows": Reply(
        200, JSON, _HEAD + b"]}}", {"X-SQL-State": "S1TAT", "X-SQL-Message": "RC...: Returning incomplete results"}
    ),
    "Virtuoso cuts an answer": Reply(200, JSON, _HEAD + _ROW + b"]}}", {"X-SPARQL-MaxRows": "1"}),
    "Oxigraph stops a query in its answer": Reply(200, JSON, _HEAD + _ROW + _CANCELLED),
    "Oxigraph stops a query before its first row": Reply(200, JSON, _HEAD + _CANCELLED),
    "a proxy answers": Reply(200, "text/html", b"<html><body>Please sign in.</body></html>"),
    "an answer ends early": Reply(200, JSON, _HEAD + _ROW),
    "an answer is followed by another": Reply(200, JSON, _HEAD + _ROW + b"]}}" + _HEAD + _ROW + b"]}}"),
    "an answer has other variables": Reply(200, JSON, b'{"head":{"vars":["b"]},"results":{"bindings":[]}}'),
    "a boolean in place of rows": Reply(200, JSON, b'{"head":{},"boolean":true}'),
    "a server is overloaded": Reply(503, "text/plain", b"Try later."),
}
CANCELLED_TRIPLES = Reply(200, "application/n-triples", b"<http://x/1> <http://x/p> <http://x/2> .\n" + _CANCELLED)


@dataclass
class _State:
    stores: tuple[Store, Store] = field(default_factory=lambda: (Store(), Store()))
    reply: Reply | None = None
    is_union: bool = True
    needs_password: str = ""
    failing_writes: int | None = None  # how many more are done before they fail
    writes: list[str] = field(default_factory=list)
    queries: list[Mapping[str, list[str]]] = field(default_factory=list)
    connections: list[socket] = field(default_factory=list)


class FakeStore:
    """A SPARQL server with two datasets, in threads of this process; `state` is what a test changes."""

    def __init__(self, port: int = 0, state: _State | None = None) -> None:
        """Start it, perhaps in the place of another one and with what that held."""
        self.state = state = state or _State()

        class Handler(_Handler):
            shared = state

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def queries(self) -> tuple[str, str]:
        """Addresses of its endpoints."""
        return (f"http://127.0.0.1:{self.port}/0/query", f"http://127.0.0.1:{self.port}/1/query")

    @property
    def updates(self) -> tuple[str, str]:
        """Addresses of its graph stores."""
        return (f"http://127.0.0.1:{self.port}/0/store", f"http://127.0.0.1:{self.port}/1/store")

    def remote(self, access: RemoteAccess | None = None) -> RemoteStore:
        """It, as a publisher sees it."""
        return RemoteStore(self.queries, self.updates, access or RemoteAccess())

    def settings(self) -> dict[str, str]:
        """The variables that name it."""
        return {"IOMLD_REMOTE_QUERY": ",".join(self.queries), "IOMLD_REMOTE_UPDATE": ",".join(self.updates)}

    def stop(self) -> None:
        """Stop it, once; what it holds is kept in `state`."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            for connection in self.state.connections:
                with suppress(OSError):  # it has ended
                    connection.shutdown(SHUT_RDWR)
            self.state.connections.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shared: _State

    timeout = 30  # an idle connection ends

    def setup(self) -> None:
        """Remember the connection, which the client keeps."""
        super().setup()
        self.shared.connections.append(self.connection)

    def do_POST(self) -> None:
        """Answer a query."""
        asked = parse_qs(self._body().decode())
        if not self._is_allowed():
            return
        self.shared.queries.append(asked)
        self._send(self.shared.reply or self._answer(asked))

    def do_PUT(self) -> None:
        """Replace a graph."""
        body = self._body()
        if self._is_allowed() and self._may_write("PUT"):
            graph = NamedNode(self._graph())
            self._store().remove_graph(graph)
            self._store().load(body, RdfFormat.N_TRIPLES, to_graph=graph)
            self._send(Reply(204, "", b""))

    def do_DELETE(self) -> None:
        """Remove a graph; one that is not there gets 404, as the protocol has it."""
        graph = NamedNode(self._graph())
        if self._is_allowed() and self._may_write("DELETE"):
            is_there = self._store().contains_named_graph(graph)
            self._store().remove_graph(graph)
            self._send(Reply(204 if is_there else 404, "", b""))

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _store(self) -> Store:
        return self.shared.stores[int(self.path[1])]

    def _graph(self) -> str:
        return parse_qs(urlsplit(self.path).query)["graph"][0]

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _is_allowed(self) -> bool:
        if self.headers.get("Authorization", "") == self.shared.needs_password:
            return True
        self._send(Reply(401, "text/plain", b"Who are you?", {"WWW-Authenticate": 'Basic realm="x"'}))
        return False

    def _may_write(self, method: str) -> bool:
        left = self.shared.failing_writes
        if left == 0:
            self._send(Reply(507, "text/plain", b"The disk is full."))
            return False
        if left is not None:
            self.shared.failing_writes = left - 1
        self.shared.writes.append(f"{method} {self._graph()}")
        return True

    def _answer(self, asked: Mapping[str, list[str]]) -> Reply:
        try:
            found = self._store().query(asked["query"][0], use_default_graph_as_union=self.shared.is_union)
        except SyntaxError as error:
            return Reply(400, "text/plain", str(error).encode())
        if isinstance(found, QueryTriples):
            return Reply(200, "application/n-triples", found.serialize(format=RdfFormat.N_TRIPLES) or b"")
        return Reply(200, JSON, found.serialize(format=QueryResultsFormat.JSON) or b"")

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.media_type:
            self.send_header("Content-Type", reply.media_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


@contextmanager
def fake_store(before: FakeStore | None = None) -> Iterator[FakeStore]:
    """A fake store until the block ends, perhaps in the place of one that was stopped."""
    fake = FakeStore(before.port, before.state) if before else FakeStore()
    try:
        yield fake
    finally:
        fake.stop()


@contextmanager
def oxigraph_server(*options: str) -> Iterator[str]:
    """Oxigraph's server in memory until the block ends; its address, without a slash at the end."""
    program = Path(sys.executable).parent / "oxigraph"
    with _running(program, lambda port: ("serve", "--bind", f"127.0.0.1:{port}", *options)) as address:
        yield address


@contextmanager
def virtuoso_server(folder: Path) -> Iterator[str]:
    """Virtuoso with its files in a folder until the block ends; its address. Its user is dba, its password dba."""
    program = shutil.which("virtuoso-t")
    assert program
    sql_port = _free_port()

    def arguments(port: int) -> tuple[str, ...]:
        text = _VIRTUOSO.format(folder=folder, sql=sql_port, http=port)
        (folder / "virtuoso.ini").write_text(text, encoding="ascii")
        return ("+configfile", str(folder / "virtuoso.ini"), "+foreground")

    with _running(Path(program), arguments) as address:
        yield address


@contextmanager
def _running(program: Path, arguments: Callable[[int], Sequence[str]]) -> Iterator[str]:
    process, port = _started(program, arguments)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        _kill(process)


def _started(program: Path, arguments: Callable[[int], Sequence[str]]) -> tuple[subprocess.Popen[str], int]:
    """A server that answers, and its port; started again if another process took the free port before it."""
    for _ in range(_TRIES):
        port = _free_port()
        process = start([program, *arguments(port)])
        deadline = time.monotonic() + _STARTING_S
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(port):
                return process, port
            time.sleep(0.05)  # until the next look
        is_late = process.poll() is None
        _kill(process)
        assert not is_late, f"{program} does not answer"
    raise AssertionError(f"{program} ended")


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)  # it holds nothing of worth
    process.wait()
    if process.stdout:
        process.stdout.close()


def _free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


_VIRTUOSO = """[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
CaseMode = 2
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
DirsAllowed = {folder}
NumberOfBuffers = 5000
MaxDirtyBuffers = 3000
ThreadsPerQuery = 1
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
ServerThreads = 4
MaxKeepAlives = 4
KeepAliveTimeout = 10
[SPARQL]
ResultSetMaxRows = 100000
"""
