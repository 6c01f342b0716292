"""The commands `iomld remote push` and `status`: bring the current release into a remote store, and look into it."""

from pathlib import Path

import click

from iomld.cli.options import datadir_option, served_release, settings
from iomld.cli.progress import shown_progress
from iomld.config import Settings
from iomld.errors import SettingsError, StoreError
from iomld.release import Release, open_release
from iomld.remote.client import RemoteAccess
from iomld.remote.dataset import RemoteStore
from iomld.remote.pointer import Pointer, read_pointer
from iomld.remote.projection import Push, dataset_fault, push_release

_TIMEOUT_S = 600.0  # for one request: counting all triples of a large store takes its time
_PATIENCE_S = 20.0  # beside the time limit of queries; a server follows within a second


@click.group()
def remote_command() -> None:
    """Bring releases into a remote store, a SPARQL server that answers the queries in place of iomld.

    IOMLD_REMOTE_QUERY and IOMLD_REMOTE_UPDATE name its datasets. Where both are set, `publish`, `withdraw`,
    `releases rollback` and `serve SOURCE` push by themselves.

    \b
    Example:
      iomld remote push
      iomld remote status
    """


@remote_command.command()
@datadir_option
@click.option("--replace", "replaces", is_flag=True, help="Put all graphs again, and remove what others put there.")
def push(*, datadir: Path | None, replaces: bool) -> None:
    """Bring the current release into the remote store; servers serve it from then on.

    The dataset that no server reads is changed: only graphs that differ. Then all its graphs are counted.

    \b
    Example:
      iomld remote push
    """
    known = settings()
    click.echo(_push_line(_push(known, datadir or known.data_dir, replaces=replaces)))


@remote_command.command()
@datadir_option
def status(*, datadir: Path | None) -> None:
    """Say which release is served from the remote store, and count whether all of it is there.

    \b
    Example:
      iomld remote status
    """
    known = settings()
    folder = datadir or known.data_dir
    store = _remote_store(known)
    pointer = read_pointer(folder)
    current = served_release(folder)
    click.echo(f"current  {current.manifest.name}")
    if pointer is None:
        raise StoreError(f"{folder}: no release is in the remote store yet. Run 'iomld remote push'.")
    click.echo(f"served   {pointer.release}{_place(pointer, store)}")
    if pointer.dataset is not None:
        fault = dataset_fault(_served(folder, current, pointer), store.dataset(pointer.dataset))
        if fault:
            raise StoreError(fault)
        click.echo("whole    all graphs are there with all their triples")
    if pointer.release != current.manifest.name:
        raise StoreError(f"{folder}: the current release is not in the remote store. Run 'iomld remote push'.")


def push_current(known: Settings, datadir: Path) -> None:
    """Push the current release of a folder, if the settings name a remote store to push to.

    Raises:
        StoreError: It could not be pushed; the sentence says what is served.
    """
    if not known.remote_update:
        return
    try:
        done = _push(known, datadir)
    except StoreError as error:
        before = read_pointer(datadir)
        served = f"{before.release} is still served." if before else "Nothing is served from it yet."
        raise StoreError(f"{error} The release is published here, but not in the remote store. {served}") from error
    click.echo(_push_line(done), err=True)


def push_before_serving(known: Settings, datadir: Path) -> None:
    """Push as `push_current`, but go on where an earlier release can be served; why it is that one is printed.

    Raises:
        StoreError: Nothing can be served.
    """
    try:
        push_current(known, datadir)
    except StoreError as error:
        if read_pointer(datadir) is None:
            raise
        click.echo(f"iomld: {error}", err=True)


def _push(known: Settings, datadir: Path, *, replaces: bool = False) -> Push:
    store, current = _remote_store(known), served_release(datadir)
    patience_s = known.query_timeout + _PATIENCE_S
    with shown_progress() as progress:
        return push_release(datadir, current, store, replaces=replaces, patience_s=patience_s, progress=progress)


def _remote_store(known: Settings) -> RemoteStore:
    """The remote store that the settings name.

    Raises:
        SettingsError: They name none, or only where to read from it.
    """
    if not known.remote_update:
        raise SettingsError(
            "IOMLD_REMOTE_QUERY and IOMLD_REMOTE_UPDATE name the datasets of the remote store. Set both; "
            "docs/REMOTE-STORE.md says how."
        )
    access = RemoteAccess(known.remote_user, known.remote_password_file, timeout_s=_TIMEOUT_S)
    return RemoteStore(known.remote_query, known.remote_update, access)


def _served(folder: Path, current: Release, pointer: Pointer) -> Release:
    return current if pointer.release == current.manifest.name else open_release(folder, pointer.release)


def _push_line(done: Push) -> str:
    if done.pointer.dataset is None:
        return (
            f"remote     {done.pointer.release} repeats triples in several graphs, which a remote store would count "
            "twice: its queries are answered here."
        )
    changes = f"{done.put} graphs put, {done.dropped} removed" if done.is_new else "nothing to change"
    return f"remote     {done.pointer.release} in dataset {done.pointer.dataset + 1}: {changes}"


def _place(pointer: Pointer, store: RemoteStore) -> str:
    return "  from this machine" if pointer.dataset is None else f"  from {store.queries[pointer.dataset]}"
