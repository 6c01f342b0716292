"""`iomld serve`."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click
import uvicorn

from iomld.cli.open_files import fitting_connections
from iomld.cli.options import choices, datadir_option, served_release, settings
from iomld.cli.publish import run, table
from iomld.errors import SettingsError
from iomld.publish.run import PublishRequest
from iomld.web.app import create_app

_BACKLOG = 2048


@click.command()
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@datadir_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer queries.  [default: 2]")
def command(*, sources: tuple[Path, ...], datadir: Path | None, host: str, port: int, workers: int | None) -> None:
    """Serve the current release. Given SOURCES, publish them first and serve despite refusals, naming them.

    \b
    Example:
      iomld serve data/
      iomld serve --port 8080
    """
    known = settings()
    if workers:
        known = replace(known, query_workers=workers)
    folder = datadir or known.data_dir
    if sources:
        report = run(
            PublishRequest(sources, folder, known.publisher, known.contact), choices(known, profile="published")
        )
        for line in table(report, dry_run=False):
            click.echo(line)
    base = served_release(folder).manifest.base
    listener = _listen(host, port)
    connections = _connections(known.connections)
    click.echo(f"Serving on http://{_shown(host)}:{listener.getsockname()[1]} — stop with Ctrl-C.")
    app = create_app(folder, known, base)
    config = uvicorn.Config(
        app,
        http=_protocol(known.client_patience, connections, app.log.refused),
        ws="none",
        limit_concurrency=None if _has_fast_parser() else connections,
        log_level="warning",
        access_log=False,  # we write our own
        server_header=False,
        timeout_graceful_shutdown=3,
        proxy_headers=bool(known.trusted_proxies),
        forwarded_allow_ips=known.trusted_proxies,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _has_fast_parser() -> bool:
    return find_spec("httptools") is not None


def _protocol(
    patience_s: float, connections: int, refused: Callable[[int, int, str], None]
) -> type[asyncio.Protocol] | Literal["h11"]:
    """How HTTP is spoken: our way with the fast parser; where that is not installed, by h11, which bounds heads too."""
    if not _has_fast_parser():
        return "h11"
    from iomld.cli.connection import bounded  # noqa: PLC0415  # needs what may not be there

    return bounded(patience_s, connections, refused)


def _connections(wanted: int) -> int:
    """How many there may be at once; fewer than wanted where the system allows too few open files."""
    fitting = fitting_connections(wanted)
    if fitting < wanted:
        click.echo(
            f"Takes {fitting} connections at once, not {wanted}: raise the limit of open files (ulimit -n).", err=True
        )
    return fitting


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SettingsError: The address is taken or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # who comes before the workers are ready waits, and is answered
    except OSError as error:
        listener.close()
        raise SettingsError(f"{host}:{port}: cannot listen there ({error.strerror}). Choose another --port.") from error
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
