"""The folder of releases: begin a release, finish it, switch to it. After a crash at any time the old one is served.

A release is built in a temporary folder, synced and renamed, and only then is `current` switched; both are atomic
renames (POSIX rename(2)). The next publish removes the files that a crash leaves behind.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iomld.errors import NotFoundError, StoreError

CURRENT = "current"
_RELEASES = "releases"
_BUILDING = ".building-"
_NAME_TIME = "%Y%m%dT%H%M%SZ"
_NAMED = re.compile(r"(\d{8}T\d{6}Z)-")


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
    index: str = "index.jsonl.gz"
    tombstones: str = "withdrawn.json"
    manifest: str = "manifest.json"


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
        content_sha256: Hash of the dataset's N-Quads before compression.
        files: SHA-256 of each file.
        versions: Versions of iomld, its shapes and its vocabularies.
        withdrawn: Number of projects that are withdrawn.
        examples: Number of solutions of each example query, by its IRI; empty if they were not counted.
        repeated_triples: Number of quads whose triple stands in another graph too, one of each triple not counted; if
            there are any, the release has a store for queries.
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
        """The folder of the store that queries are asked of: the one in which the default graph is a set."""
        return self.file(FILES.query_store if self.manifest.repeated_triples else FILES.store)


@contextmanager
def publisher_lock(datadir: Path) -> Iterator[None]:
    """Lock the folder for one publisher at a time.

    Raises:
        StoreError: Another publisher has the lock, or the folder cannot be created.
    """
    try:
        (datadir / _RELEASES).mkdir(parents=True, exist_ok=True)
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
        yield


def begin_release(datadir: Path) -> Path:
    """Remove what a crash left behind and create an empty folder to build in; call under `publisher_lock`."""
    for leftover in (datadir / _RELEASES).glob(f"{_BUILDING}*"):
        shutil.rmtree(leftover)
    building = datadir / _RELEASES / f"{_BUILDING}{os.getpid()}"
    building.mkdir()
    return building


def finish_release(datadir: Path, building: Path, manifest: Manifest) -> Release:
    """Sync a built folder, give it its name, and make it the current release."""
    content = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True)
    (building / FILES.manifest).write_text(content + "\n", encoding="utf-8")
    _sync_tree(building)
    place = datadir / _RELEASES / manifest.name
    building.rename(place)
    _sync(place.parent)
    switch_to(datadir, manifest.name)
    return Release(place, manifest)


def switch_to(datadir: Path, name: str) -> None:
    """Make a release the current one.

    Raises:
        NotFoundError: There is no such release.
    """
    open_release(datadir, name)
    link = datadir / f".{CURRENT}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(_RELEASES) / name)
    link.replace(datadir / CURRENT)
    _sync(datadir)


def release_names(datadir: Path) -> tuple[str, ...]:
    """Names of all finished releases, oldest first."""
    folder = datadir / _RELEASES
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")))


def rising_clock(datadir: Path, clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """A clock in whole seconds for one run; its times are later than the newest release, and never go back.

    If the newest release has this second already, or the clock was set back, times stay at the second after that
    release. Call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        clock: The clock of the machine.
    """
    last = max((found[1] for name in release_names(datadir) if (found := _NAMED.match(name))), default=None)
    earliest = datetime.min.replace(tzinfo=UTC)
    if last is not None:
        earliest = datetime.strptime(last, _NAME_TIME).replace(tzinfo=UTC) + timedelta(seconds=1)

    def now() -> datetime:
        nonlocal earliest
        earliest = max(earliest, clock().astimezone(UTC).replace(microsecond=0))
        return earliest

    return now


def release_name(moment: datetime, sha256: str) -> str:
    """The name of a release: its time, by which names are sorted, and the beginning of the hash of its dataset."""
    return f"{moment:{_NAME_TIME}}-{sha256[:8]}"


def current_release(datadir: Path) -> Release | None:
    """The release that is served, or None if nothing was published yet.

    Raises:
        StoreError: The link is dangling or the release is damaged.
    """
    link = datadir / CURRENT
    if not link.is_symlink():
        return None
    return open_release(datadir, link.readlink().name)


def open_release(datadir: Path, name: str) -> Release:
    """A release by its name.

    Raises:
        NotFoundError: There is no such release.
        StoreError: Its manifest cannot be read.
    """
    if name not in release_names(datadir):
        raise NotFoundError(f"{datadir}: no release '{name}'. See 'iomld releases list'.")
    path = datadir / _RELEASES / name
    try:
        content = json.loads((path / FILES.manifest).read_text(encoding="utf-8"))
        return Release(path, Manifest(**content))
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{path}: the manifest cannot be read ({error}). Restore it or roll back.") from error


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
