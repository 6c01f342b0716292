"""The commands `iomld serve` and `iomld demo`: the web application on an HTTP server."""

import hashlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import click

from iomld import __version__, release
from iomld.cli.options import WholeNumber, datadir_option, fund_option, served_release, settings
from iomld.config import MAX_PORT, Settings
from iomld.errors import StoreError
from iomld.fund_folder import root_folder
from iomld.server.run import ServerOptions, bind_socket, fitting_connections, run_server, start_listening
from iomld.server.supervised_process import SupervisedProcess
from iomld.web.app import create_app

if TYPE_CHECKING:
    from iomld.publish.report import PublishReport

_Command = TypeVar("_Command", bound=Callable[..., object])
_DATA = "data"  # the bundled records
# It needs no prefix, so its address is short.
_QUERY = "SELECT ?class (COUNT(*) AS ?number) { ?s a ?class } GROUP BY ?class ORDER BY DESC(?number)"
# What there is to try in `iomld demo`: what it is, and its path.
_TO_TRY = (
    ("a page", "/doc/project/PO.0105"),
    ("a query", "/query?" + urlencode({"run": 1, "query": _QUERY})),
    ("a validation", "/validate?example=csv"),
)


def _address_options(command: _Command) -> _Command:
    """Add `--host` and `--port`; without them, the settings count."""
    host = click.option("--host", help="Address to listen on.  [default: IOMLD_HOST, or 127.0.0.1]")
    port = click.option(
        "--port", type=WholeNumber(0, MAX_PORT), help="Port to listen on.  [default: IOMLD_PORT, or 8000]"
    )
    return host(port(command))


@click.command()
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@datadir_option
@fund_option
@_address_options
@click.option("--workers", type=WholeNumber(1, 64), help="Number of processes that run queries.  [default: 2]")
@click.option("--publish", is_flag=True, help="Also publish accepted submissions, as 'iomld work' does beside it.")
def serve_command(
    *,
    sources: tuple[Path, ...],
    datadir: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    publish: bool,
) -> None:
    """Serve the current release: web pages, linked data and a SPARQL endpoint.

    With SOURCES, publish them first; refused records are reported and do not keep the server from starting.

    \b
    Example:
      iomld serve data/
      iomld serve --port 8080
      iomld serve --publish
    """
    known = _addressed(settings(), host, port)
    if workers:
        known = replace(known, query_workers=workers)
    folder = datadir or known.data_dir
    listener = bind_socket(known.host, known.port, known.client_patience)
    if sources:
        from iomld.cli.publish import summary_lines  # noqa: PLC0415  # takes half a second to import

        for line in summary_lines(_published(sources, folder, known), dry_run=False):
            click.echo(line)
        from iomld.cli.remote import push_before_serving  # noqa: PLC0415  # as above

        push_before_serving(known, folder)
    _serve(folder, known, listener, publisher=_publisher(folder, known) if publish else None)


@click.command()
@_address_options
def demo_command(*, host: str | None, port: int | None) -> None:
    """Serve the records that come with iomld, to try it out.

    They are published into a cache folder of this user (~/.cache/iomld, or iomld in XDG_CACHE_HOME); the next demo
    finds them there. Settings about publishing do not count, and nothing in the current folder is read or changed.

    \b
    Example:
      iomld demo
      iomld demo --port 8080
    """
    known = replace(_addressed(settings(), host, port), remote_query=())
    listener = bind_socket(known.host, known.port, known.client_patience)
    folder = _demo_folder()
    if release.readable_release(folder) is None:
        click.echo(f"Publishing the bundled records into {folder}; the next demo finds them there.", err=True)
        report = _published((root_folder() / _DATA,), folder, Settings())
        projects = "1 project" if report.published == 1 else f"{report.published} projects"
        click.echo(f"Published {projects} in {report.seconds:.1f} s.", err=True)
    _serve(folder, known, listener, _TO_TRY)


def _demo_folder() -> Path:
    """The folder of the demo's releases, one for each version of the program and its data.

    Raises:
        StoreError: It cannot be made.
    """
    digest = hashlib.sha256(__version__.encode())
    package = Path(__file__).parents[1]
    for file in sorted((*package.rglob("*.py"), *(root_folder() / _DATA).iterdir(), *_lists_and_shapes())):
        digest.update(file.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():  # as the XDG Base Directory Specification has it
        cache = Path("~/.cache").expanduser()
    folder = cache / "iomld" / f"demo-{digest.hexdigest()[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be made ({error.strerror}). Set XDG_CACHE_HOME to a folder that you can write to."
        ) from error
    return folder


def _lists_and_shapes() -> list[Path]:
    return [file for name in ("ontology", "shapes") for file in (root_folder() / name).iterdir() if file.is_file()]


def _addressed(known: Settings, host: str | None, port: int | None) -> Settings:
    """The settings with the address that the options name."""
    return replace(known, host=host or known.host, port=known.port if port is None else port)


def _serve(
    folder: Path,
    known: Settings,
    listener: socket.socket,
    to_try: tuple[tuple[str, str], ...] = (),
    publisher: SupervisedProcess | None = None,
) -> None:
    """Serve the current release of a folder until Ctrl-C; name the addresses of what there is to try.

    A process that publishes submissions lives as long as the server.
    """
    base = served_release(folder).manifest.base
    start_listening(listener)
    options = ServerOptions(known.client_patience, _connections(known.connections), known.trusted_proxies)
    shown_host = f"[{known.host}]" if ":" in known.host else known.host
    address = f"http://{shown_host}:{listener.getsockname()[1]}"
    app = create_app(folder, known, base)

    def started() -> None:
        click.echo(f"Serving on {address} — stop with Ctrl-C.")
        for name, path in to_try:
            click.echo(f"  {name:<12}  {address}{path}")
        if publisher:
            publisher.start()

    def ended() -> None:
        if publisher:
            publisher.stop()

    run_server(app, listener, options, refused=app.log.refused, started=started, ended=ended)


def _publisher(folder: Path, known: Settings) -> SupervisedProcess:
    """The process of `iomld work`, with the settings of this one."""
    program = (sys.executable, "-P", "-c", "from iomld.cli.main import main; main()")
    fund = ("--fund", str(known.fund.path.absolute())) if known.fund else ()
    return SupervisedProcess(
        (*program, "work", "--until-eof", "--to", str(folder.absolute()), *fund),
        lambda end: click.echo(
            f"iomld: the process that publishes submissions has ended; what is accepted waits. {end}", err=True
        ),
    )


def _published(sources: tuple[Path, ...], folder: Path, known: Settings) -> "PublishReport":
    """Publish sources as `iomld publish` does; only then are its modules imported."""
    from iomld.cli.publish import publish_with_progress  # noqa: PLC0415
    from iomld.cli.stages import pipeline_choices  # noqa: PLC0415
    from iomld.publish.run import PublishRequest  # noqa: PLC0415

    request = PublishRequest(sources, folder, known.publisher, known.contact)
    return publish_with_progress(request, pipeline_choices(known, profile="published"))


def _connections(wanted: int) -> int:
    """The limit of simultaneous connections: fewer than wanted if the system allows too few open files."""
    fitting = fitting_connections(wanted)
    if fitting < wanted:
        click.echo(
            f"Takes {fitting} connections at once, not {wanted}: raise the limit of open files (ulimit -n).", err=True
        )
    return fitting
