"""`iomld withdraw`."""

from pathlib import Path

import click

from iomld import __version__
from iomld.cli.options import settings
from iomld.publish.run import Withdrawal, withdraw_projects


@click.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODES...")
@click.option("--reason", metavar="TEXT", required=True, help="Why, a sentence for people; it is published.")
@click.option("--replaced-by", metavar="CODE", help="Code of the published project that stands for them now.")
@click.option("--to", "datadir", type=click.Path(path_type=Path), help="Folder of the releases.  [default: iomld-data]")
@click.option("--dry-run", is_flag=True, help="Say what would be withdrawn, and change nothing.")
def command(
    *, codes: tuple[str, ...], reason: str, replaced_by: str | None, datadir: Path | None, dry_run: bool
) -> None:
    """Withdraw the records of projects: a new release without them, which says when and why.

    CODES are project codes, or prima-IDENTIFIER for projects without a code. Earlier releases still hold the
    records. Publishing a project again brings it back.

    \b
    Example:
      iomld withdraw PO.0201 --reason "Published by mistake."
      iomld withdraw PO.0201 --reason "The same project as PO.0216." --replaced-by PO.0216
    """
    if not reason.strip():
        raise click.UsageError("--reason is empty. Say why in a sentence; it is published.")
    known = settings()
    order = Withdrawal(
        keys=tuple(dict.fromkeys(codes)),
        reason=reason.strip(),
        replaced_by=replaced_by,
        datadir=datadir or known.data_dir,
        license=known.license,
        publisher=known.publisher,
        contact=known.contact,
        version=__version__,
        dry_run=dry_run,
    )
    served = withdraw_projects(order)
    click.echo(f"withdrawn  {', '.join(order.keys)}")
    click.echo("dry run: nothing was changed" if dry_run else f"release    {served.manifest.name}")
