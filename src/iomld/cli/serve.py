"""The command `iomld serve`: the web application on an HTTP server."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from iomld.cli.options import datadir_option, fund_option, served_release, settings
from iomld.config import Settings
from iomld.server.run import ServerOptions, fitting_connections, listen, run_server
from iomld.web.app import create_app


@click.command()
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@datadir_option
@fund_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Number of processes that run queries.  [default: 2]")
def serve_command(
    *, sources: tuple[Path, ...], datadir: Path | None, host: str, port: int, workers: int | None
) -> None:
    """Serve the current release: web pages, linked data and a SPARQL endpoint.

    With SOURCES, publish them first; refused records are reported and do not keep the server from starting.

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
        _publish(sources, folder, known)
    base = served_release(folder).manifest.base
    listener = listen(host, port, known.client_patience)
    options = ServerOptions(known.client_patience, _connections(known.connections), known.trusted_proxies)
    shown_host = f"[{host}]" if ":" in host else host
    address = f"http://{shown_host}:{listener.getsockname()[1]}"
    app = create_app(folder, known, base)
    started = partial(click.echo, f"Serving on {address} — stop with Ctrl-C.")
    run_server(app, listener, options, refused=app.log.refused, started=started)


def _publish(sources: tuple[Path, ...], folder: Path, known: Settings) -> None:
    """Publish sources as `iomld publish` does; only then are its modules imported, which takes half a second."""
    from iomld.cli.publish import publish_with_progress, summary_lines  # noqa: PLC0415
    from iomld.cli.stages import pipeline_choices  # noqa: PLC0415
    from iomld.publish.run import PublishRequest  # noqa: PLC0415

    request = PublishRequest(sources, folder, known.publisher, known.contact)
    report = publish_with_progress(request, pipeline_choices(known, profile="published"))
    for line in summary_lines(report, dry_run=False):
        click.echo(line)


def _connections(wanted: int) -> int:
    """The limit of simultaneous connections: fewer than wanted if the system allows too few open files."""
    fitting = fitting_connections(wanted)
    if fitting < wanted:
        click.echo(
            f"Takes {fitting} connections at once, not {wanted}: raise the limit of open files (ulimit -n).", err=True
        )
    return fitting
