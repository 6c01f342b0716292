"""X-Forwarded headers: believed of a trusted proxy, as far as they name an address, and of nobody else."""

import asyncio
import logging
from typing import Any

import pytest

from iomld.server.forwarded import ForwardedHeaders
from iomld.web.client_budget import client_of

PROXIES = "127.0.0.1, 172.30.77.0/24,2001:db8:1::/48"


def seen(peer: str | None, *forwarded: str, proto: str = "", app: ForwardedHeaders | None = None) -> dict[str, Any]:
    """What an application behind the proxies sees of a request."""
    scope: dict[str, Any] = {"type": "http", "client": peer and (peer, 4711), "scheme": "http"}
    headers = [(b"x-forwarded-for", one.encode("latin-1")) for one in forwarded]
    scope["headers"] = [*headers, *([(b"x-forwarded-proto", proto.encode())] if proto else [])]
    asyncio.run(_call(app or ForwardedHeaders(_nothing, PROXIES), scope))
    return scope


async def _call(app: ForwardedHeaders, scope: dict[str, Any]) -> None:
    await app(scope, _nothing, _nothing)


async def _nothing(*_: object) -> None:
    """An application that does nothing."""


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["198.51.100.9, 192.0.2.1"], "192.0.2.1"),  # the proxy appended; the client made up the rest
        ("127.0.0.1", ["198.51.100.9", "192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["nonsense, 192.0.2.1, 172.30.77.5"], "192.0.2.1"),
        ("127.0.0.1", ["172.30.77.5, 172.30.77.6"], "172.30.77.5"),  # a client that is a proxy itself
        ("127.0.0.1", ["192.0.2.1:50123"], "192.0.2.1"),  # with a port, which is no other client
        ("::ffff:127.0.0.1", ["[2001:db8:2::1]:50123"], "2001:db8:2::1"),
        ("2001:db8:1::5", ["::ffff:192.0.2.1"], "192.0.2.1"),
        ("192.0.2.7", ["192.0.2.1"], "192.0.2.7"),  # not trusted
        ("127.0.0.1", [], "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(peer: str, forwarded: list[str], client: str) -> None:
    """Only what trusted proxies appended counts."""
    assert seen(peer, *forwarded)["client"][0] == client


@pytest.mark.parametrize("lie", ["", "unknown", "_hidden", "192.0.2.1, x", "1.2.3", "x" * 60_000, "192.0.2.1\x1b[31m"])
def test_a_proxy_that_names_no_address_is_the_client(lie: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its clients share a budget, and one sentence in the log says so, once and without control characters."""
    app = ForwardedHeaders(_nothing, PROXIES)
    with caplog.at_level(logging.WARNING):
        assert [seen("127.0.0.1", lie, app=app)["client"][0] for _ in range(3)] == ["127.0.0.1"] * 3
    (record,) = caplog.records
    assert record.getMessage().startswith("The proxy 127.0.0.1 sends X-Forwarded-For: ")
    assert len(record.getMessage()) < 300
    assert record.getMessage().isprintable()


def test_the_scheme_is_one_of_http() -> None:
    """Of a trusted proxy, and only if it is known."""
    assert [seen("127.0.0.1", proto=one)["scheme"] for one in ("https", "http", "gopher")] == ["https", "http", "http"]
    assert seen("192.0.2.7", proto="https")["scheme"] == "http"
    assert seen(None, "192.0.2.1")["client"] is None


def test_a_network_of_ipv6_has_one_budget() -> None:
    """Whoever has a network has all its addresses, but another network is another client."""
    clients = {client_of(seen("127.0.0.1", f"2001:db8:2:{net}::{host}")) for net in (1, 2) for host in (1, 2, 3)}
    assert clients == {"2001:db8:2:1::/64", "2001:db8:2:2::/64"}
    assert client_of(seen(None)) == ""
