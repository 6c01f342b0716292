"""Running the HTTP server: the listening socket, the limit of open files, and uvicorn."""

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
_OTHER_FILES = 512  # the store, workers, and connections that are about to be closed
_FILES_EACH = 2  # a connection, and the file that is sent over it
_MIN_CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server treats its clients.

    Attributes:
        patience_s: Seconds for a request to come whole, and for a client that reads nothing.
        connections: Connections at once.
        trusted_proxies: Addresses whose forwarding headers are believed, separated by commas; empty for none.
    """

    patience_s: float
    connections: int
    trusted_proxies: str


def listen(host: str, port: int, patience_s: float) -> socket.socket:
    """Open the listening socket.

    Args:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        patience_s: After so many seconds in which a client takes nothing of its answer, the kernel ends the
            connection, on systems that have TCP_USER_TIMEOUT (Linux).

    Raises:
        SettingsError: The address is taken or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ceil(patience_s * 1000))
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # clients that come before the workers are ready wait, and are answered
    except OSError as error:
        listener.close()
        raise SettingsError(f"{host}:{port}: cannot listen there ({error.strerror}). Choose another --port.") from error
    return listener


def fitting_connections(wanted: int) -> int:
    """How many connections there are files for, at most those wanted; raises the limit of open files if it may."""
    needed = _OTHER_FILES + _FILES_EACH * wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_below(soft, needed):
        with suppress(OSError, ValueError):  # some systems have another limit below this one
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard if _is_below(hard, needed) else needed, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_MIN_CONNECTIONS, (soft - _OTHER_FILES) // _FILES_EACH) if _is_below(soft, needed) else wanted


def _is_below(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed


def run_server(
    app: Callable[..., Awaitable[None]],
    listener: socket.socket,
    options: ServerOptions,
    refused: Callable[[int, int, str], None],
) -> None:
    """Serve an application until SIGINT or SIGTERM; then let running requests end for a few seconds.

    Args:
        app: The ASGI application.
        listener: The listening socket.
        options: How clients are treated.
        refused: Counts status, size and client of each answer that the application does not see.
    """
    limits = ConnectionLimits(options.patience_s, options.connections, refused)
    config = uvicorn.Config(
        app,
        http=partial(LimitedConnection, limits=limits),  # type: ignore[arg-type]  # called with uvicorn's own arguments
        loop="uvloop",
        ws="none",
        log_level="warning",
        access_log=False,  # the application writes its own
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=options.trusted_proxies,
    )
    uvicorn.Server(config).run(sockets=[listener])
