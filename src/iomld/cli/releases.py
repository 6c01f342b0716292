"""The commands `iomld releases list`, `diff`, `verify`, `rollback`, `erase`, `restore` and `prune`."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iomld import __version__, release
from iomld.cli.options import WholeNumber, datadir_option, settings
from iomld.errors import NotFoundError, StoreError
from iomld.fund_folder import use_folder
from iomld.release import READ_BYTES, Release, ReleaseCheck
from iomld.release.choice import release_by_name
from iomld.release.pruning import pruned_names
from iomld.remote.pointer import read_pointer

if TYPE_CHECKING:
    from iomld.config import Settings
    from iomld.export.differences import ReleaseDifference

_DIFFERENCE_FORMATS = ("text", "json", "csv", "nquads", "rdf-patch")


@click.group(invoke_without_command=True)
@click.pass_context
def releases_command(context: click.Context) -> None:
    """List the releases in a folder, compare two, check their files, roll back to one, or remove old ones.

    \b
    Example:
      iomld releases list
      iomld releases diff 20261123T190000Z-ab12cd34
      iomld releases verify --all
      iomld releases rollback 20261123T190000Z-ab12cd34
      iomld releases prune --keep 5
    """
    if context.invoked_subcommand is None:
        context.invoke(list_releases, datadir=None)


@releases_command.command("list")
@datadir_option
def list_releases(*, datadir: Path | None) -> None:
    """List the releases, oldest first.

    * marks the current one, - those that were pruned and can be restored.

    \b
    Example:
      iomld releases list
    """
    folder = datadir or settings().data_dir
    names = release.release_names(folder)
    if not names:
        click.echo(f"No releases in {folder}. Run 'iomld publish SOURCE… --to {folder}' first.")
    served = release.current_name(folder)
    damaged = []
    for name in names:
        line, is_whole = _listed(folder, name, is_served=name == served)
        click.echo(f"{'*' if name == served else ' '} {name}  {line}")
        damaged += [] if is_whole else [name]
    for name in pruned_names(folder):
        click.echo(f"- {name}  pruned; 'iomld releases restore {name}' makes it again")
    release.served_name(folder)  # after the names, from which one is chosen if there is none
    if damaged:
        raise StoreError(_damaged_sentence(folder, damaged, is_served=served in damaged))


def _listed(folder: Path, name: str, *, is_served: bool) -> tuple[str, bool]:
    """What the list says of a release, and whether it seems whole: of most files only the lengths are compared."""
    try:
        opened = release.open_release(folder, name)
    except StoreError:
        return "damaged", False
    if ReleaseCheck(opened).damages(read_bytes=READ_BYTES if is_served else 0):
        return "damaged", False
    manifest = opened.manifest
    gone = f"  {manifest.withdrawn} withdrawn" if manifest.withdrawn else ""
    return f"{manifest.projects:>7} projects  {manifest.quads:>9} triples  {manifest.created}{gone}", True


def _damaged_sentence(folder: Path, damaged: Sequence[str], *, is_served: bool) -> str:
    """How many releases are damaged, and what to do."""
    names = damaged[0] if len(damaged) == 1 else "--all"
    files = f"'iomld releases verify {names} --from {folder}' names the files to copy back from a backup."
    return f"{folder}: {_are_damaged(damaged)}; {files}" + (
        f" {release.way_out(folder, *damaged)}" if is_served else ""
    )


def _are_damaged(damaged: Sequence[str]) -> str:
    return f"The release {damaged[0]} is damaged" if len(damaged) == 1 else f"{len(damaged)} releases are damaged"


@releases_command.command("diff", short_help="Show what differs between two releases.")
@click.argument("old", metavar="A")
@click.argument("new", metavar="[B]", required=False)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_DIFFERENCE_FORMATS),
    default="text",
    show_default=True,
    help="Output format; csv has the fields of projects, nquads and rdf-patch have every quad.",
)
@click.option(
    "--only",
    type=click.Choice(["removed", "added"]),
    help="With --format nquads: write only one of the two parts, to be loaded into a store.",
)
@datadir_option
def diff_releases(*, old: str, new: str | None, format_name: str, only: str | None, datadir: Path | None) -> None:
    """Show what differs from release A to release B, or to the current one: projects, field by field.

    An RDF patch (--format rdf-patch) applied to the quads of A gives those of B.

    \b
    Example:
      iomld releases diff 20261123T190000Z-ab12cd34
      iomld releases diff 20261123T190000Z-ab12cd34 20261130T112033Z-12ab34cd --format json
    """
    if only and format_name != "nquads":
        raise click.UsageError("--only goes with --format nquads.")
    folder = datadir or settings().data_dir
    for chunk in _chunks(_difference(folder, old, new), format_name, only):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _difference(folder: Path, old: str, new: str | None) -> "ReleaseDifference":
    # The stages take longer to import than most commands of the group run.
    from iomld.export.differences import ReleaseDifference  # noqa: PLC0415

    served = new or release.served_name(folder)
    if served is None:
        raise NotFoundError(f"{folder}: nothing is published here. Run 'iomld publish SOURCE… --to {folder}' first.")
    opened = [release_by_name(folder, name) for name in (old, served)]
    for one in opened:
        release.require_whole(one, read_bytes=release.READ_BYTES)
    use_folder(opened[1].fund_folder)
    return ReleaseDifference(*opened)


def _chunks(difference: "ReleaseDifference", format_name: str, only: str | None) -> Iterator[bytes]:
    from iomld.export import difference_formats  # noqa: PLC0415  # as above

    match only:
        case "removed":
            return difference_formats.removed_lines(difference)
        case "added":
            return difference_formats.added_lines(difference)
        case _:
            return difference_formats.DIFFERENCE_FORMATS[format_name].chunks(difference)


@releases_command.command(short_help="Compare the files of a release with their checksums.")
@click.argument("name", required=False)
@click.option("--all", "is_all", is_flag=True, help="Check all releases and the ledger, not only the current release.")
@datadir_option
def verify(*, name: str | None, is_all: bool, datadir: Path | None) -> None:
    """Read all files of the current release, or of release NAME, and compare them with their checksums.

    \b
    Example:
      iomld releases verify
      iomld releases verify 20261123T190000Z-ab12cd34
      iomld releases verify --all
    """
    if name and is_all:
        raise click.UsageError("Give either a NAME or --all.")
    folder = datadir or settings().data_dir
    damaged = [one for one in _to_verify(folder, name, is_all=is_all) if not _verify(folder, one)]
    if is_all:
        _verify_ledger(folder)
    if damaged:
        raise StoreError(
            f"{folder}: {_are_damaged(damaged)}. Copy the files back from a backup. {release.way_out(folder, *damaged)}"
        )
    if is_all:
        release.current_release(folder)


def _verify_ledger(folder: Path) -> None:
    """Check the ledger and say what was found.

    Raises:
        StoreError: It is damaged.
    """
    from iomld.ledger.verification import check_ledger  # noqa: PLC0415  # with the library of compression

    found = check_ledger(folder)
    state = "damaged" if found.faults else "whole  "
    click.echo(f"{state}  ledger  {found.entries:>5} entries, {found.revisions} revisions")
    if found.faults:
        for fault in found.faults:
            click.echo(f"  {fault}")
        raise StoreError(f"{folder / 'log'}: the ledger is damaged. Copy the files back from a backup.")


def _to_verify(folder: Path, name: str | None, *, is_all: bool) -> tuple[str, ...]:
    if is_all:
        names = release.release_names(folder)
    else:
        served = name or release.served_name(folder)
        names = (served,) if served else ()
    if not names:
        raise NotFoundError(f"{folder}: nothing is published here. Run 'iomld publish SOURCE… --to {folder}' first.")
    return names


def _verify(folder: Path, name: str) -> bool:
    """Check a release, say what was found, and return whether it is whole."""
    try:
        opened = release.open_release(folder, name)
    except StoreError as error:
        click.echo(f"damaged  {name}\n  {error}")
        return False
    check = ReleaseCheck(opened)
    damages = check.damages(read_again=lambda _: True)
    check.keep()
    for line in _result(opened, [str(damage.message) for damage in damages]):
        click.echo(line)
    return not damages


def _result(opened: Release, faults: list[str]) -> Iterator[str]:
    manifest = opened.manifest
    yield f"{'damaged' if faults else 'whole  '}  {manifest.name}  {len(manifest.files):>5} files"
    yield from (f"  {fault}" for fault in faults)
    if not manifest.sizes:
        yield "  Its stores and its manifest were not checked: an earlier version published it without their checksums."


@releases_command.command()
@click.argument("name")
@click.option(
    "--at-once",
    is_flag=True,
    help="Serve the release NAME itself, and make no new one. For emergencies: later releases seem not to have been.",
)
@datadir_option
def rollback(*, name: str, at_once: bool, datadir: Path | None) -> None:
    """Publish the content of release NAME again, as a new release. No release is deleted, and history goes on.

    If the current release is damaged or missing, release NAME itself is served, as with --at-once.

    \b
    Example:
      iomld releases rollback 20261123T190000Z-ab12cd34
      iomld releases rollback 20261123T190000Z-ab12cd34 --at-once
    """
    known = settings()
    folder = datadir or known.data_dir
    release_by_name(folder, name)  # which says of a pruned one that it can be restored
    if at_once or not _is_usable(folder):
        _switch(folder, name)
    else:
        _roll_forward(folder, name, known)
    if known.remote_update:
        from iomld.cli.remote import push_current  # noqa: PLC0415  # with the library of the store

        push_current(known, folder)


def _is_usable(folder: Path) -> bool:
    """Whether the current release can be gone on from."""
    try:
        return release.whole_release(folder) is not None
    except StoreError:
        return False


def _switch(folder: Path, name: str) -> None:
    with release.publisher_lock(folder):
        aside = release.roll_back(folder, name, datetime.now(UTC))
    click.echo(f"{name} is served.")
    if aside:
        click.echo(f"What stood in the place of the link is now {aside}; remove it if you do not need it.")


def _roll_forward(folder: Path, name: str, known: "Settings") -> None:
    from iomld.cli.queries import drift_lines  # noqa: PLC0415  # with the library of the store
    from iomld.cli.stages import publishing_settings  # noqa: PLC0415  # with the readers
    from iomld.publish.rollback import Rollback, roll_forward  # noqa: PLC0415  # as above

    served = release.current_name(folder)
    made = roll_forward(Rollback(name, publishing_settings(known, folder)))
    if made.manifest.name == served:
        click.echo(f"{served} is served; it has the content of {name} already.")
    else:
        click.echo(f"{made.manifest.name} is served, with the content of {name}.")
        for line in drift_lines(folder, made.manifest.name):
            click.echo(line, err=True)


@releases_command.command()
@click.argument("revision")
@click.option("--reason", required=True, help="Why, in a sentence; it stays in the ledger.")
@datadir_option
def erase(*, revision: str, reason: str, datadir: Path | None) -> None:
    """Erase the content of a REVISION from the ledger.

    It is named by its path, such as PO.0105/rev/2. Its number and hash stay.

    \b
    Example:
      iomld releases erase PO.0105/rev/2 --reason "It named a person."
    """
    from iomld.publish.erasure import erase_revision  # noqa: PLC0415  # with the library of the store

    if not reason.strip():
        raise click.UsageError("--reason is empty. Say why in a sentence; it stays in the ledger.")
    folder = datadir or settings().data_dir
    others = erase_revision(folder, revision, reason.strip())
    click.echo(f"erased     {revision}")
    if others:
        numbers = ", ".join(map(str, others))
        click.echo(f"The same content is in the revisions {numbers} of this record. To remove it, erase them too.")


@releases_command.command()
@click.argument("name")
@datadir_option
def restore(*, name: str, datadir: Path | None) -> None:
    """Make a pruned release NAME again.

    The current release stays the current one. The content comes from the ledger. A release with a content that was
    erased cannot be restored.

    \b
    Example:
      iomld releases prune --keep 5
      iomld releases restore 20261123T190000Z-ab12cd34
    """
    from iomld.publish.restore import restore_release  # noqa: PLC0415  # with the library of the store

    folder = datadir or settings().data_dir
    made = restore_release(folder, name, __version__)
    click.echo(f"restored {name}  {made.manifest.projects} projects")


@releases_command.command("prune")
@click.option("--keep", required=True, type=WholeNumber(min=1), help="Number of the newest releases that stay.")
@click.option("--dry-run", is_flag=True, help="Name the releases that would be removed, and remove none.")
@datadir_option
def prune_releases(*, keep: int, dry_run: bool, datadir: Path | None) -> None:
    """Remove old releases.

    The current one stays, and so do those that a server has open or is to serve, and pinned ones. A removed release
    can be made again with 'iomld releases restore NAME'.

    \b
    Example:
      iomld releases prune --keep 5 --dry-run
      iomld releases prune --keep 5
    """
    folder = datadir or settings().data_dir
    if not release.release_names(folder):
        raise NotFoundError(f"{folder}: nothing is published here. Run 'iomld publish SOURCE… --to {folder}' first.")
    from iomld.saved.folder import pins  # noqa: PLC0415  # with the library of the store

    pointer = read_pointer(folder)
    served = (pointer.release,) if pointer else ()
    with release.publisher_lock(folder):
        old, pinned = release.release_names(folder)[:-keep], pins(folder)
        kept = {*served, *(pin.release for pin in pinned)}
        plan = release.pruning_plan(folder, keep, kept=kept) if dry_run else release.prune(folder, keep, kept=kept)
    for pin in pinned:
        if pin.release in old:
            click.echo(f"pinned   {pin.release}  stays, because {pin.query}@{pin.release} is pinned to be cited")
    for name in plan.used:
        click.echo(f"in use   {name}  stays, because a running server has it open")
    restorable = frozenset(plan.removed if dry_run else pruned_names(folder))
    for name in plan.removed:
        fate = "" if name in restorable else "  cannot be restored"
        click.echo(f"{'would go' if dry_run else 'removed '} {name}{fate}")
    click.echo(_freed(plan, dry_run=dry_run))


def _freed(plan: release.PruningPlan, *, dry_run: bool) -> str:
    """A sentence with the disk space that pruning frees."""
    if not plan.removed:
        return "Nothing to remove: the newest releases, the current one and those in use stay."
    return f"{'This would free' if dry_run else 'Freed'} {plan.freed_bytes / 1e6:,.1f} MB."
