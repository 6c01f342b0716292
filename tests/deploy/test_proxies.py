"""The examples of proxies: they pass requests on, end slow clients, and say who the client is, whatever it claims."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import ROOT
from tests.serving import Server, serve, start

pytestmark = pytest.mark.server

DEPLOY = ROOT / "deploy"
COUNT = "SELECT (COUNT(*) AS ?{name}) {{ ?s ?p ?o . ?o ?q ?r }}"
# The proxies connect from 127.0.0.1, so clients have other addresses of this machine.
CLIENTS = {"nginx": "127.0.0.2", "caddy": "127.0.0.3"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[Server]:
    """A server that trusts its proxy, and gives each client so little that the second query is refused."""
    budget = {"IOMLD_CLIENT_SECONDS": "0.000001", "IOMLD_CLIENT_REFILL": "0.000001"}
    with serve(datadir, IOMLD_TRUSTED_PROXIES="127.0.0.1", IOMLD_QUERY_TIMEOUT="300", **budget) as running:
        yield running


def nginx_command(server: str, port: int, folder: Path) -> list[str | Path]:
    """The command that runs the example, with another port, other folders and shorter waits."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("no nginx on this machine; install the package 'nginx-light' to run this test")
    folders = "".join(
        f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old, new in (
        ("listen 80 deferred", f"listen 127.0.0.1:{port}"),
        ("server 127.0.0.1:8000", f"server {server}"),
        ("_timeout 30s", "_timeout 1s"),
        ("access_log off;", f"access_log off; {folders}"),
    ):
        assert old in text
        text = text.replace(old, new)
    config = folder / "nginx.conf"
    config.write_text(f"pid {folder / 'pid'};\n{text}", encoding="utf-8")
    return [program, "-p", folder, "-e", folder / "errors", "-c", config, "-g", "daemon off; worker_processes 1;"]


def caddy_command(folder: Path) -> list[str | Path]:
    """The command that runs the example, with shorter waits."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("no Caddy on this machine; install the package 'caddy' to run this test")
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert "read_header 30s" in text
    config = folder / "Caddyfile"
    config.write_text(text.replace("read_header 30s", "read_header 1s"), encoding="utf-8")
    return [program, "run", "--config", config, "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=sorted(CLIENTS))
def proxy(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a proxy before the server."""
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    behind = server.address.removeprefix("http://")
    command = nginx_command(behind, port, folder) if request.param == "nginx" else caddy_command(folder)
    variables = {"SITE_ADDRESS": f"http://:{port}", "IOMLD_SERVER": behind, "HOME": str(folder)}
    process = start(command, **variables)
    try:
        _wait_until_listening(process, port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if process.stdout:
            process.stdout.close()


def _wait_until_listening(process: subprocess.Popen[str], port: int) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)  # so that it has the processor
    raise AssertionError(f"the proxy ended with status {process.returncode}")


@pytest.fixture
def client(request: pytest.FixtureRequest, proxy: int) -> Iterator[httpx.Client]:
    """A client of the proxy, from its own address."""
    address = CLIENTS[request.node.callspec.params["proxy"]]
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy}", transport=transport, timeout=60) as asking:
        yield asking


def test_a_request_passes(client: httpx.Client) -> None:
    """A file comes as the server sends it, with its entity tag."""
    answer = client.get("/static/site.css")
    assert (answer.status_code, "etag" in answer.headers) == (200, True)
    assert client.get("/health").json()["status"] == "ok"


def test_a_client_that_claims_to_be_others_is_still_itself(client: httpx.Client, proxy: int) -> None:
    """Its budget is used up by the first query, whatever address it claims for the others."""
    statuses = []
    for number, claim in enumerate(("192.0.2.1", "192.0.2.2", "127.0.0.1, 192.0.2.3")):
        query = COUNT.format(name=f"n{proxy}_{number}")  # which no cache has
        answer = client.get("/sparql", params={"query": query}, headers={"X-Forwarded-For": claim})
        statuses.append(answer.status_code)
    assert statuses == [200, 429, 429]


def test_a_slow_client_ends_at_the_proxy(proxy: int) -> None:
    """Half a head and then nothing: the proxy closes the connection, long before the server would lose patience."""
    with socket.create_connection(("127.0.0.1", proxy), timeout=20) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
        try:
            rest = slow.recv(1000)
        except ConnectionResetError:
            rest = b""
        assert b"200" not in rest
