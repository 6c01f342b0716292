"""The folder of releases: begin a release, finish it, switch to it. After a crash at any time the old one is served.

A release is built in a temporary folder, synced and renamed, and only then is `current` switched; both are atomic
renames (POSIX rename(2)). The next publish removes the files that a crash leaves behind.

The manifest holds the SHA-256 of all other files, and `manifest.sha256` that of the manifest, in the form that
`sha256sum --check` reads.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from iomld.errors import NotFoundError, StoreError
from iomld.fund_folder import FundFolder, own_folder, read_fund_folder
from iomld.release.digests import KnownDigests, files_below, forget_removed
from iomld.release.nquads import FileFacts
from iomld.release.served import RELEASES, moment_in_name, note_served, release_names, sync

CURRENT = "current"
_BUILDING = ".building-"
REMOVING = ".removing-"  # begins the name of a release whose files are being removed
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})  # of file systems without symbolic links


@dataclass(frozen=True, slots=True)
class Files:
    """Names of the files in a release."""

    store: str = "store"
    query_store: str = "query-store"
    dataset: str = "dataset.nq.gz"
    history: str = "history.nq.gz"
    report: str = "report.json"
    description: str = "dataset.ttl"
    graphs: str = "graphs"
    shards: str = "shards"
    statistics: str = "statistics.jsonl.gz"
    contributions: str = "contributions.jsonl.gz"
    index: str = "index.jsonl.gz"
    projects: str = "projects.sqlite"
    tombstones: str = "withdrawn.json"
    reviews: str = "reviews.jsonl"
    fund: str = "fund"
    saved_queries: str = "saved-queries.json"
    manifest: str = "manifest.json"
    manifest_digest: str = "manifest.sha256"


FILES = Files()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a release.

    Attributes:
        name: `<UTC time>-<hash8>`.
        base: Data base of its IRIs.
        created: Time of its creation (xsd:dateTime, UTC).
        previous: Name of the release before it.
        projects: Number of projects.
        quads: Number of quads in the dataset file.
        content_sha256: Hash of the names and hashes of its graphs.
        files: SHA-256 of each file but the manifest itself and its digest.
        versions: Versions of iomld, its shapes and its vocabularies.
        withdrawn: Number of projects that are withdrawn.
        examples: Number of solutions of each example query, by its IRI; empty if they were not counted.
        repeated_triples: Number of quads whose triple stands in another graph too, one of each triple not counted; if
            there are any, the release has a store for queries.
        sizes: Length of each of the files in bytes. Empty in a release of an earlier version, whose `files` lack the
            stores, and whose manifest has no digest.
        fund: Hash of the fund folder that it was published with, which it has a copy of; empty for the project's own.
        uncompressed_files: SHA-256 of the content of compressed files that can be downloaded uncompressed, by name.
        uncompressed_sizes: Its length in bytes. Both are empty in a release of an earlier version, which holds fewer
            files for download.
        ledger: SHA-256 of its entry in the ledger; empty in a release of an earlier version, which has no entry.
        crc32: CRC-32 of each file of which a publish copies parts, so that it notices damage without a second reading.
            Empty in a release of an earlier version.
        submissions: The newest hash in the receipt of each submission that it publishes, by name.
    """

    name: str
    base: str
    created: str
    previous: str | None
    projects: int
    quads: int
    content_sha256: str
    files: Mapping[str, str]
    versions: Mapping[str, str]
    withdrawn: int = 0
    examples: Mapping[str, int] = field(default_factory=dict)
    repeated_triples: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    fund: str = ""
    uncompressed_files: Mapping[str, str] = field(default_factory=dict)
    uncompressed_sizes: Mapping[str, int] = field(default_factory=dict)
    ledger: str = ""
    crc32: Mapping[str, int] = field(default_factory=dict)
    submissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A finished release."""

    path: Path
    manifest: Manifest

    def file(self, name: str) -> Path:
        """The path of one of its files (see `FILES`)."""
        return self.path / name

    @property
    def query_store(self) -> Path:
        """The folder of the store that answers queries: the one in which the default graph is a set."""
        return self.file(FILES.query_store if self.manifest.repeated_triples else FILES.store)

    @property
    def fund_folder(self) -> FundFolder:
        """The fund folder that it was published with.

        Raises:
            StoreError: The copy is damaged.
        """
        if not self.manifest.fund:
            return own_folder()
        folder = read_fund_folder(self.file(FILES.fund))
        if folder.digest != self.manifest.fund:
            raise StoreError(f"{folder.path}: not the fund folder of the release. Restore it or roll back.")
        return folder


@contextmanager
def publisher_lock(datadir: Path) -> Iterator[None]:
    """Lock the folder for one publisher at a time.

    Raises:
        StoreError: Another publisher has the lock, or the folder cannot be created.
    """
    try:
        is_new = not datadir.exists()
        (datadir / RELEASES).mkdir(parents=True, exist_ok=True)
        lock = (datadir / ".lock").open("w")
    except OSError as error:
        raise StoreError(
            f"{datadir}: cannot be written ({error.strerror}). Choose another folder with --to."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{datadir}: another publish is running there. Wait for it, then try again.") from error
        try:
            yield
        finally:
            if is_new:
                _remove_unused(datadir)


def _remove_unused(datadir: Path) -> None:
    """Remove a folder in which nothing was published; a publisher that has just opened it fails, and can try again."""
    with suppress(OSError):  # something was published
        (datadir / RELEASES).rmdir()
        (datadir / ".lock").unlink()
        datadir.rmdir()


def begin_release(datadir: Path) -> Path:
    """Remove what a crash left behind and create an empty folder to build in; call under `publisher_lock`."""
    for beginning in (_BUILDING, REMOVING):
        for leftover in (datadir / RELEASES).glob(f"{beginning}*"):
            shutil.rmtree(leftover)
    forget_removed(datadir / RELEASES)
    building = datadir / RELEASES / f"{_BUILDING}{os.getpid()}"
    building.mkdir()
    return building


def finish_release(
    datadir: Path,
    building: Path,
    manifest: Manifest,
    *,
    written: Mapping[str, FileFacts] = MappingProxyType({}),
    commit_entry: Callable[[], None] = lambda: None,
) -> Release:
    """Complete a built folder (`place_release`), and make it the current release.

    Args:
        datadir: Folder of the releases.
        building: The folder, with all other files.
        manifest: The manifest; its files and sizes are filled in.
        written: Length and hash of files that were computed while they were written.
        commit_entry: Makes the entry of the release part of the ledger; called when only the name is missing, so that
            no release is ever served without an entry.
    """
    made = place_release(datadir, building, manifest, written=written, commit_entry=commit_entry)
    try:
        switch_to(datadir, manifest.name, datetime.fromisoformat(manifest.created))
    except (OSError, StoreError):
        if current_name(datadir) != manifest.name:
            shutil.rmtree(made.path, ignore_errors=True)  # otherwise a release would be listed that nobody was told of
        raise
    return made


def place_release(
    datadir: Path,
    building: Path,
    manifest: Manifest,
    *,
    written: Mapping[str, FileFacts],
    commit_entry: Callable[[], None] = lambda: None,
) -> Release:
    """Write the manifest of a built folder, sync it, and give it its name; the arguments are those of `finish_release`.

    The release that is served stays the same.
    """
    known = KnownDigests()
    if manifest.previous in release_names(datadir):  # most files of the store are shared with it
        before = open_release(datadir, manifest.previous)
        known = KnownDigests.of_release(before.path, before.manifest.files.values())
    names = tuple(files_below(building))
    for name in written.keys() & set(names):
        known.remember(building / name, written[name].sha256)
    sizes = {name: (building / name).stat().st_size for name in names}
    manifest = replace(manifest, files={name: known.of(building / name) for name in names}, sizes=sizes)
    content = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    (building / FILES.manifest).write_bytes(content)
    digest = f"{hashlib.sha256(content).hexdigest()}  {FILES.manifest}\n"
    (building / FILES.manifest_digest).write_text(digest, encoding="ascii")
    _sync_tree(building)
    commit_entry()
    place = datadir / RELEASES / manifest.name
    building.rename(place)
    try:
        sync(place.parent)
        known.keep(place, map(place.joinpath, names))
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return Release(place, manifest)


def switch_to(datadir: Path, name: str, moment: datetime) -> Path | None:
    """Make a release the current one, and note when; call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        name: Name of the release.
        moment: The time from which it is served.

    Returns:
        The new place of what stood in the place of the link, as after copying without links; None if nothing did.

    Raises:
        NotFoundError: There is no such release.
        StoreError: Its manifest is damaged, or the file system has no links.
    """
    open_release(datadir, name)
    place, link = datadir / CURRENT, datadir / f".{CURRENT}-{os.getpid()}"
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(Path(RELEASES) / name)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise StoreError(
            f"{datadir}: no symbolic link can be made here ({error.strerror}). "
            "Move the folder to a file system that has them."
        ) from error
    aside = None
    if place.exists() and not place.is_symlink():
        aside = _unused(datadir, f"{CURRENT}.old")
        place.rename(aside)
    link.replace(place)
    sync(datadir)
    note_served(datadir, name, moment)
    return aside


def _unused(folder: Path, name: str) -> Path:
    """A path in a folder that is not in use: the name, else with a number."""
    path, number = folder / name, 1
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{name}-{number}"
    return path


def rising_clock(names: Iterable[str], clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """A clock in whole seconds for one run; its times are later than those in names, and never go back.

    If the newest name has this second already, or the clock was set back, times stay at the second after it.

    Args:
        names: Names of all releases and entries of the ledger; call it under `publisher_lock`.
        clock: The clock of the machine.
    """
    last = max((found for name in names if (found := moment_in_name(name))), default=None)
    earliest = datetime.min.replace(tzinfo=UTC) if last is None else last + timedelta(seconds=1)

    def now() -> datetime:
        nonlocal earliest
        earliest = max(earliest, clock().astimezone(UTC).replace(microsecond=0))
        return earliest

    return now


def current_release(datadir: Path) -> Release | None:
    """The release that is served, or None if nothing was published yet.

    Raises:
        StoreError: There are releases and no link to one of them, or the manifest of the release is damaged.
    """
    name = served_name(datadir)
    return open_release(datadir, name) if name is not None else None


def served_name(datadir: Path) -> str | None:
    """The name of the release that is served, or None if nothing was published yet.

    Raises:
        StoreError: There are releases and no link to one of them.
    """
    link, name, names = datadir / CURRENT, current_name(datadir), release_names(datadir)
    if name in names:
        return name
    if name is not None:
        fault = f"'{CURRENT}' links to the release '{name}', which is not there."
    elif link.exists():
        kind = "folder" if link.is_dir() else "file"
        fault = f"'{CURRENT}' is a {kind}, not a link to the served release, as after copying without links."
    elif any(map(moment_in_name, names)):
        fault = f"'{CURRENT}', the link to the served release, is missing, as after copying without links."
    else:
        return None
    raise StoreError(f"{datadir}: {fault} {way_out(datadir)}")


def current_name(datadir: Path) -> str | None:
    """The name of the release that the link points to, whether it exists or not; None if there is no link."""
    link = datadir / CURRENT
    return link.readlink().name if link.is_symlink() else None


def way_out(datadir: Path, *damaged: str) -> str:
    """A sentence that says what to do when a release cannot be used.

    Args:
        datadir: Folder of the releases.
        damaged: Names of releases that cannot be used.
    """
    others = [name for name in release_names(datadir) if name not in damaged and moment_in_name(name)]
    if others:
        return f"Choose the release to serve with 'iomld releases rollback {others[-1]} --from {datadir}'."
    return "There is no other release here; publish into another folder with --to."


def open_release(datadir: Path, name: str) -> Release:
    """A release by its name.

    Raises:
        NotFoundError: There is no such release.
        StoreError: Its manifest cannot be read, or does not have its digest.
    """
    if name not in release_names(datadir):
        raise NotFoundError(f"{datadir}: no release '{name}'. See 'iomld releases list --from {datadir}'.")
    path = datadir / RELEASES / name
    manifest, fault = read_manifest(path)
    if manifest is None:
        raise StoreError(
            f"{path}: the release is damaged. {fault} Copy the file back from a backup. {way_out(datadir, name)}"
        )
    return Release(path, manifest)


def read_manifest(path: Path) -> tuple[Manifest | None, str]:
    """The manifest in a folder; None, and what is wrong with it, if it is damaged."""
    try:
        content = (path / FILES.manifest).read_bytes()
        manifest = Manifest(**json.loads(content))
        fault = manifest_fault(path, content, manifest)
    except FileNotFoundError:
        return None, f"{FILES.manifest} is missing."
    except OSError as error:
        return None, f"{FILES.manifest} cannot be read ({error.strerror})."
    except (ValueError, TypeError):
        return None, f"{FILES.manifest} {'is not a manifest in JSON' if content.strip() else 'is empty'}."
    return (None, fault) if fault else (manifest, "")


def manifest_fault(path: Path, content: bytes, manifest: Manifest) -> str:
    """What is wrong with the digest of a manifest; empty if nothing is, or if it is too old to have one.

    Args:
        path: The release.
        content: The bytes of its manifest.
        manifest: The manifest.
    """
    try:
        recorded = (path / FILES.manifest_digest).read_bytes().split()
    except FileNotFoundError:
        return f"{FILES.manifest_digest} is missing." if manifest.sizes else ""
    if recorded != [hashlib.sha256(content).hexdigest().encode(), FILES.manifest.encode()]:
        return f"{FILES.manifest} does not have the SHA-256 in {FILES.manifest_digest}."
    return ""


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)
