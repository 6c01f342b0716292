"""The commands `iomld releases list` and `iomld releases rollback`."""

from pathlib import Path

import click

from iomld import release
from iomld.cli.options import datadir_option, settings


@click.group(invoke_without_command=True)
@click.pass_context
def releases_command(context: click.Context) -> None:
    """List the releases in a folder, or roll back to one of them.

    \b
    Example:
      iomld releases list
      iomld releases rollback 20261123T190000Z-ab12cd34
    """
    if context.invoked_subcommand is None:
        context.invoke(list_releases, datadir=None)


@releases_command.command("list")
@datadir_option
def list_releases(*, datadir: Path | None) -> None:
    """List the releases, oldest first; * marks the current one.

    \b
    Example:
      iomld releases list
    """
    folder = datadir or settings().data_dir
    current = release.current_release(folder)
    names = release.release_names(folder)
    if not names:
        click.echo(f"No releases in {folder}. Run 'iomld publish SOURCE…' first.")
    for name in names:
        manifest = release.open_release(folder, name).manifest
        star = "*" if current and current.manifest.name == name else " "
        gone = f"  {manifest.withdrawn} withdrawn" if manifest.withdrawn else ""
        click.echo(
            f"{star} {name}  {manifest.projects:>7} projects  {manifest.quads:>9} triples  {manifest.created}{gone}"
        )


@releases_command.command()
@click.argument("name")
@datadir_option
def rollback(*, name: str, datadir: Path | None) -> None:
    """Make release NAME the current one again. No release is deleted.

    \b
    Example:
      iomld releases rollback 20261123T190000Z-ab12cd34
    """
    folder = datadir or settings().data_dir
    with release.publisher_lock(folder):
        release.switch_to(folder, name)
    click.echo(f"{name} is served.")
