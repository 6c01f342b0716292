"""Runs the HTTP server: opens the listening socket, raises the limit of open files, and starts uvicorn."""

import logging
import resource
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from errno import EADDRNOTAVAIL
from functools import partial
from math import ceil
from typing import Any

import uvicorn

from iomld.errors import IomldError, SettingsError
from iomld.server.connection import ConnectionLimits, LimitedConnection
from iomld.server.forwarded import ForwardedHeaders

_BACKLOG = 2048
_SHUTDOWN_S = 3
_OTHER_FILES = 512  # of the store, the workers, and the connections that are being refused
_FILES_PER_CONNECTION = 2  # the socket, and the file that is sent over it
_MIN_CONNECTIONS = 10
_STARTUP_FAILED = "Application startup failed"  # uvicorn's words; the error is raised here, and says more
_App = Callable[..., Awaitable[None]]


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


def bind_socket(host: str, port: int, patience_s: float) -> socket.socket:
    """Open a socket at an address, which is then taken; clients are refused until `start_listening`.

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
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def start_listening(listener: socket.socket) -> None:
    """Let clients connect; those that come before the workers are ready wait for their answer.

    Args:
        listener: From `bind_socket`.

    Raises:
        SettingsError: Another program has begun to listen at the address.
    """
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        listener.close()
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError) -> SettingsError:
    fix = "Choose another port with --port or IOMLD_PORT."
    if isinstance(error, socket.gaierror) or error.errno == EADDRNOTAVAIL:
        fix = "Choose an address of this machine with --host or IOMLD_HOST."
    return SettingsError(f"{host}:{port}: the server cannot listen there ({error.strerror}). {fix}")


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


class _StartedApp:
    """An application that says when it has started and ended, and keeps the error because of which it has not."""

    def __init__(self, app: _App, started: Callable[[], None], ended: Callable[[], None]) -> None:
        self._app, self._started, self._ended = app, started, ended
        self.error: IomldError | None = None

    def __call__(
        self, scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._live(scope, receive, send)
        return self._app(scope, receive, send)

    async def _live(self, scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        async def send_event(event: dict[str, Any]) -> None:
            if isinstance(sys.exc_info()[1], IomldError):
                event = {"type": event["type"]}  # without the traceback, which uvicorn would log
            await send(event)
            if event["type"] == "lifespan.startup.complete":
                self._started()

        try:
            await self._app(scope, receive, send_event)
        except IomldError as error:
            self.error = error
            raise
        finally:  # here, since uvicorn then raises the signal once more, which ends the process
            self._ended()


def run_server(
    app: _App,
    listener: socket.socket,
    options: ServerOptions,
    *,
    refused: Callable[[int, int, str], None],
    started: Callable[[], None],
    ended: Callable[[], None],
) -> None:
    """Serve an application until SIGINT or SIGTERM; running requests then have a few seconds to end.

    Args:
        app: The ASGI application.
        listener: The listening socket.
        options: How clients are treated.
        refused: Counts status, size and client of each refusal, which the application does not see.
        started: Called when the application has started.
        ended: Called when it has ended, and takes no requests any more; not if a second signal hurries it.

    Raises:
        IomldError: It cannot start.
    """
    if options.trusted_proxies:
        app = ForwardedHeaders(app, options.trusted_proxies)
    application = _StartedApp(app, started, ended)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not str(record.msg).startswith(_STARTUP_FAILED))
    # What is wrong with a form is in the answer; the library also logs it, with what the client has sent.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    limits = ConnectionLimits(options.patience_s, options.connections, refused)
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http=partial(LimitedConnection, limits=limits),  # type: ignore[arg-type]  # called with uvicorn's own arguments
        loop="uvloop",
        ws="none",
        log_level="warning",
        access_log=False,  # the application has its own
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        proxy_headers=False,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except SystemExit:  # by which uvicorn ends where the application does not start
        if application.error is None:
            raise
    if application.error:
        raise application.error
