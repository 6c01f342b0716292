"""Runs the HTTP server: opens the listening socket, raises the limit of open files, and starts uvicorn."""

import resource
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import ceil

import uvicorn

from iomld.errors import SettingsError
from iomld.server.connection import ConnectionLimits, LimitedConnection

_BACKLOG = 2048
_SHUTDOWN_S = 3
_OTHER_FILES = 512  # of the store, the workers, and the connections that are being refused
_FILES_PER_CONNECTION = 2  # the socket, and the file that is sent over it
_MIN_CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server treats its clients.

    Attributes:
        patience_s: Seconds for a request to arrive completely, and for a client to read some of its response.
        connections: Connections at the same time.
        trusted_proxies: Addresses whose forwarding headers are trusted, separated by commas; empty for none.
    """

    patience_s: float
    connections: int
    trusted_proxies: str


def listen(host: str, port: int, patience_s: float) -> socket.socket:
    """Open the listening socket.

    Args:
        host: Address to listen on.
        port: Port; 0 for any free one.
        patience_s: The kernel ends a connection whose client has read nothing of its response for so many seconds,
            on systems with TCP_USER_TIMEOUT (Linux).

    Raises:
        SettingsError: The address is in use, or does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ceil(patience_s * 1000))
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # clients that connect before the workers are ready wait for their answer
    except OSError as error:
        listener.close()
        raise SettingsError(f"{host}:{port}: cannot listen there ({error.strerror}). Choose another --port.") from error
    return listener


def fitting_connections(wanted: int) -> int:
    """Raise the limit of open files if possible, and return the number of connections it allows, at most `wanted`."""
    needed = _OTHER_FILES + _FILES_PER_CONNECTION * wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_below(soft, needed):
        with suppress(OSError, ValueError):  # some systems have another, lower limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard if _is_below(hard, needed) else needed, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_MIN_CONNECTIONS, (soft - _OTHER_FILES) // _FILES_PER_CONNECTION) if _is_below(soft, needed) else wanted


def _is_below(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed


def run_server(
    app: Callable[..., Awaitable[None]],
    listener: socket.socket,
    options: ServerOptions,
    refused: Callable[[int, int, str], None],
) -> None:
    """Serve an application until SIGINT or SIGTERM; running requests then have a few seconds to end.

    Args:
        app: The ASGI application.
        listener: The listening socket.
        options: How clients are treated.
        refused: Counts status, size and client of each refusal, which the application does not see.
    """
    limits = ConnectionLimits(options.patience_s, options.connections, refused)
    config = uvicorn.Config(
        app,
        http=partial(LimitedConnection, limits=limits),  # type: ignore[arg-type]  # called with uvicorn's own arguments
        loop="uvloop",
        ws="none",
        log_level="warning",
        access_log=False,  # the application has its own
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=options.trusted_proxies,
    )
    uvicorn.Server(config).run(sockets=[listener])
