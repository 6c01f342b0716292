"""Takes the client and the scheme of a request from the X-Forwarded headers of a trusted proxy.

Other clients can send these headers too; theirs are ignored. A proxy that names no usable address is named in the log,
and its clients then count as one.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

_App = Callable[..., Awaitable[None]]
_Address = IPv4Address | IPv6Address
_LOG = logging.getLogger(__name__)
_LONGEST = 64  # of an address with a port
_SHOWN = 100  # characters of a header in the log


class ForwardedHeaders:
    """An application behind proxies, some of which are trusted."""

    def __init__(self, app: _App, proxies: str) -> None:
        """Wrap an application.

        Args:
            app: The ASGI application.
            proxies: Addresses and networks of the trusted proxies, separated by commas.
        """
        self._app = app
        self._networks = tuple(ip_network(part.strip()) for part in proxies.split(",") if part.strip())
        self._warned: set[_Address] = set()

    def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> Awaitable[None]:
        """Answer a request."""
        peer = parsed_address(scope["client"][0]) if scope.get("client") else None
        if peer is not None and self._is_trusted(peer):
            forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            if forwarded:
                self._take_client(scope, peer, b",".join(forwarded).decode("latin-1"))
            schemes = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
            if schemes and schemes[-1] in {b"http", b"https"}:
                scope["scheme"] = schemes[-1].decode()
        return self._app(scope, receive, send)

    def _take_client(self, scope: dict[str, Any], proxy: _Address, forwarded: str) -> None:
        """Set the client to the last address that is no trusted proxy; what is before it, the client may have made up.

        Each proxy appends the address that it was asked from.
        """
        client = None
        for text in reversed(forwarded.split(",")):
            client = parsed_address(text.strip())
            if client is None:
                self._warn(proxy, forwarded)
                return
            if not self._is_trusted(client):
                break
        scope["client"] = (str(client), 0)

    def _is_trusted(self, address: _Address) -> bool:
        return any(_is_in(address, network) for network in self._networks)

    def _warn(self, proxy: _Address, forwarded: str) -> None:
        if proxy not in self._warned:
            self._warned.add(proxy)
            _LOG.warning(
                "The proxy %s sends X-Forwarded-For: %r, which does not end with the address of a client. "
                "Its clients count as one until it does; deploy/ has examples.",
                proxy,
                forwarded[-_SHOWN:],
            )


@lru_cache(maxsize=4096)
def _is_in(address: _Address, network: IPv4Network | IPv6Network) -> bool:
    return address in network


def parsed_address(text: str) -> _Address | None:
    """The address in a text, which may have a port; an IPv4 address in the form of IPv6 is one of IPv4.

    >>> [str(parsed_address(text)) for text in ("192.0.2.1:99", "[2001:db8::1]:99", "::ffff:192.0.2.1", "unknown")]
    ['192.0.2.1', '2001:db8::1', '192.0.2.1', 'None']
    """
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
