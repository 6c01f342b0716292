"""Which dataset of a remote store is served, as a file in the folder of the releases, and who is using a dataset.

The folder `remote` there holds::

    pointer.json     the release that is served and its dataset; replaced atomically
    0.graphs         what the first dataset holds: graphs with their hashes; 1.graphs likewise
    owner            a random name by which other publishers tell this folder from theirs
    lock             one push at a time
    0.lock, 1.lock   held by whoever reads or changes that dataset
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from iomld import release
from iomld.errors import StoreError
from iomld.release.nquads import GraphState, read_graphs, write_graphs
from iomld.release.served import sync

DATASETS = 2
UNKNOWN = "-"  # in place of a hash: a push that did not end may have changed the graph
_FOLDER, _POINTER = "remote", "pointer.json"
_POLL_S = 0.2


def owner_of(datadir: Path) -> str:
    """A name of this folder of releases for other publishers; call under `push_lock`."""
    path = datadir / _FOLDER / "owner"
    if not path.exists():
        path.write_text(f"{uuid4()}\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class Pointer:
    """What is served from a remote store.

    Attributes:
        release: Name of the release.
        dataset: Number of the dataset that holds it; None if its queries are answered by the local store.
        excluded: Graphs of the server itself, which queries must leave out.
    """

    release: str
    dataset: int | None
    excluded: tuple[str, ...] = ()


def read_pointer(datadir: Path) -> Pointer | None:
    """The pointer in a folder of releases; None if nothing was pushed yet.

    Raises:
        StoreError: The file is damaged.
    """
    path = datadir / _FOLDER / _POINTER
    try:
        values = json.loads(path.read_bytes())
        return Pointer(values["release"], values["dataset"], tuple(values["excluded"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Remove it and run 'iomld remote push'.") from error


def write_pointer(datadir: Path, pointer: Pointer) -> None:
    """Replace the pointer; servers follow within a second."""
    path = datadir / _FOLDER / _POINTER
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(pointer)) + "\n", encoding="utf-8")
    _replace(new, path)


def dataset_graphs(datadir: Path, dataset: int) -> Mapping[str, str] | None:
    """The graphs that were last put into a dataset, with the hash of each or `UNKNOWN`; None if nothing was ever.

    Raises:
        StoreError: The file is damaged.
    """
    path = _file(datadir, dataset, "graphs")
    return {name: state.digest for name, state in read_graphs(path).items()} if path.exists() else None


def record_graphs(datadir: Path, dataset: int, graphs: Mapping[str, str]) -> None:
    """Write down what a dataset holds."""
    path = _file(datadir, dataset, "graphs")
    new = path.with_suffix(".new")
    write_graphs({name: GraphState(digest, 0) for name, digest in graphs.items()}, new)
    _replace(new, path)


@contextmanager
def push_lock(datadir: Path) -> Iterator[None]:
    """Lock the remote store for one push from this folder at a time.

    Raises:
        StoreError: Another push is running, or the folder cannot be written.
    """
    folder = datadir / _FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for dataset in range(DATASETS):
            _file(datadir, dataset, "lock").touch()
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}). Make it writable.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"{datadir}: another push to the remote store is running. Wait for it, then run 'iomld remote push'."
            ) from error
        yield


@contextmanager
def unread_dataset(datadir: Path, dataset: int, *, patience_s: float) -> Iterator[None]:
    """Wait until no server of this folder reads a dataset, and keep them from it.

    Raises:
        StoreError: One still does after these seconds.
    """
    deadline = time.monotonic() + patience_s
    with _file(datadir, dataset, "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"{datadir}: a server still answers from dataset {dataset + 1} of the remote store, which has "
                        "to be changed. Restart that server, then run 'iomld remote push'."
                    ) from error
            time.sleep(_POLL_S)
        yield


class DatasetUse:
    """Says to publishers that a server reads a dataset, until it ends; the kernel ends it with the process."""

    def __init__(self, datadir: Path) -> None:
        """Begin to use the dataset that the pointer names; `pointer` is then what it says.

        Raises:
            StoreError: Nothing was pushed yet, or the pointer is damaged.
        """
        self._lock: int | None = None
        while True:
            pointer = read_pointer(datadir)
            if pointer is None:
                raise _nothing_pushed(datadir)
            self.pointer = pointer
            if pointer.dataset is None:
                return
            self._lock = os.open(_file(datadir, pointer.dataset, "lock"), os.O_RDONLY)
            with suppress(BlockingIOError):
                fcntl.flock(self._lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                if read_pointer(datadir) == pointer:
                    return
            self.end()  # a push has just switched to the other dataset, and is changing this one

    def end(self) -> None:
        """End the use."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def pushed_release(datadir: Path) -> release.Release:
    """The release that the pointer names.

    Raises:
        StoreError: Nothing was pushed yet, or the pointer is damaged.
        NotFoundError: The release is gone.
    """
    pointer = read_pointer(datadir)
    if pointer is None:
        raise _nothing_pushed(datadir)
    return release.open_release(datadir, pointer.release)


def _nothing_pushed(datadir: Path) -> StoreError:
    return StoreError(
        f"{datadir}: no release is in the remote store yet. Run 'iomld remote push --from {datadir}' first."
    )


def _file(datadir: Path, dataset: int, kind: str) -> Path:
    return datadir / _FOLDER / f"{dataset}.{kind}"


def _replace(new: Path, path: Path) -> None:
    sync(new)
    new.replace(path)
    sync(path.parent)
