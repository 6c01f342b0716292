"""SHA-256 of the files of a release, each computed once as long as its file stays in the state in which it was seen.

A file that is neither replaced nor written keeps its inode, length and time of modification, and a hard link shares
them. So the files of a store, of which most are links to those of the release before, are read once in their life. The
digests are kept beside the releases, in `.verified/NAME`; where this file is missing or cannot be written, they are
computed again.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from iomld.release.nquads import file_digest

_FOLDER = ".verified"


class FileState(NamedTuple):
    """The state of a file, by which a change of its content is noticed."""

    inode: int
    size_bytes: int
    modified_ns: int


def file_state(path: Path) -> FileState:
    """The state of a regular file.

    Raises:
        OSError: There is none.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise FileNotFoundError(f"{path}: not a file")
    return FileState(found.st_ino, found.st_size, found.st_mtime_ns)


class KnownDigests:
    """Digests by the state of the file that they were computed from; may be used from several threads."""

    def __init__(self) -> None:
        """Begin without any."""
        self._digests: dict[FileState, str] = {}

    @classmethod
    def of_release(cls, release: Path, published: Iterable[str]) -> Self:
        """Those that were kept for a release, as far as they can be read and are the ones in its manifest.

        Args:
            release: Its folder.
            published: The digests in its manifest.
        """
        known, wanted = cls(), frozenset(published)
        with suppress(OSError):
            for line in _kept(release).read_text(encoding="ascii", errors="replace").splitlines():
                *state, digest = line.split() or [""]
                if digest in wanted and len(state) == len(FileState._fields) and all(map(str.isdecimal, state)):
                    known._digests[FileState(*map(int, state))] = digest
        return known

    def get(self, state: FileState) -> str | None:
        """The digest of a file in this state; None if it was not computed."""
        return self._digests.get(state)

    def remember(self, path: Path, digest: str) -> None:
        """Remember a digest that was computed while the file was written."""
        self._digests[file_state(path)] = digest

    def compute(self, path: Path) -> str:
        """Read a file, and remember its digest.

        Raises:
            OSError: It cannot be read.
        """
        state = file_state(path)
        digest = file_digest(path)
        if file_state(path) == state:  # nobody wrote to it meanwhile
            self._digests[state] = digest
        return digest

    def of(self, path: Path) -> str:
        """The digest of a file, which is read only if its state is new.

        Raises:
            OSError: It cannot be read.
        """
        return self.get(file_state(path)) or self.compute(path)

    def keep(self, release: Path, files: Iterable[Path]) -> None:
        """Keep what is known of the files of a release for later commands; ignored where nothing can be written."""
        with suppress(OSError):
            states = sorted({file_state(path) for path in files} & self._digests.keys())
            text = "".join(f"{' '.join(map(str, state))} {self._digests[state]}\n" for state in states)
            place = _kept(release)
            if place.exists() and place.read_bytes() == text.encode():
                return
            place.parent.mkdir(exist_ok=True)
            beside = place.with_name(f".{place.name}-{os.getpid()}")
            beside.write_text(text, encoding="ascii")
            beside.replace(place)


def files_below(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder, relative to it, sorted."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return iter(sorted(path.relative_to(folder).as_posix() for path in found))


def forget_removed(releases: Path) -> None:
    """Remove what is kept for releases that are gone."""
    with suppress(OSError):
        for kept in (releases.parent / _FOLDER).iterdir():
            if not (releases / kept.name).exists():
                kept.unlink()


def _kept(release: Path) -> Path:
    """The file of digests of a release in `DATADIR/releases/NAME`."""
    return release.parent.parent / _FOLDER / release.name
