"""More clients at once than the server takes: who is beyond is told so, and files never run out."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from tests.serving import Server, serve
from tests.web.test_hostile_clients import LOOK, all_of, eventually, held, statuses
from tests.web.test_hostile_http import connect, status_of

pytestmark = pytest.mark.server

MOST = 20
LEAVING = 100  # that may read why, at once


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[Server]:
    """A server that takes few connections, and is patient with them."""
    with serve(datadir, IOMLD_CONNECTIONS=str(MOST)) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_stays(server: Server) -> Iterator[None]:
    """Before and after, no connection is open; and a client is answered."""
    assert eventually(lambda: not held(server))
    yield
    assert eventually(lambda: not held(server))
    assert httpx.get(f"{server.address}/health", timeout=30).status_code == 200
    assert eventually(lambda: not held(server))


def test_who_is_beyond_the_bound_is_told_to_come_back(server: Server) -> None:
    """The last that fits is answered; the next gets 503 and when to come back, whether it asks or not."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(server))) for _ in range(MOST)]
        clients[-1].sendall(LOOK)
        assert status_of(clients[-1]) == 200
        for sent in (LOOK, LOOK, b""):  # the second time its answer is known
            with closing(connect(server)) as beyond:
                beyond.sendall(sent)
                answer = all_of(beyond)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 5\r\n" in answer
            assert answer.endswith(b"Try again in a few seconds.")
        clients.pop(0).close()
        assert eventually(lambda: len(held(server)) < MOST)
        assert httpx.get(f"{server.address}/health", timeout=30).status_code == 200


def test_a_crowd_beyond_the_bound_is_not_kept(server: Server) -> None:
    """Of four hundred waiting clients, a few keep a connection; the others get 503 or are closed without a response."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(server))) for _ in range(MOST + 400)]
        answers = [all_of(client) for client in clients[MOST:]]
        assert len(held(server)) <= MOST + LEAVING
        assert {tuple(statuses(answer)) for answer in answers} <= {(), (503,)}
        assert [503] in map(statuses, answers)
        clients[0].sendall(LOOK)
        assert status_of(clients[0]) == 200


def test_the_limit_of_open_files_is_raised_where_it_may_be() -> None:
    """The soft limit rises as far as is needed; where the hard one is too low, fewer connections fit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for soft, upper, wanted, expected in ((300, hard, 100, 100), (300, 1024, 1000, 256), (64, 64, 1000, 10)):
        program = f"""
import resource
from iomld.server.run import fitting_connections
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {upper}))
print(fitting_connections({wanted}))
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
        assert int(done.stdout) == expected
