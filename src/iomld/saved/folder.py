"""The saved queries of a folder of releases: a file for each in `queries/`, and one for each version that is pinned.

A pin keeps a release from being pruned, since the answer of a query in it is cited. It is made by whoever runs the
folder, never by a request. Its file has the text of the query, so that a query can be cited from a release that was
made before the query was saved.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from iomld.errors import NotFoundError, StoreError
from iomld.messages import ForeignText, message
from iomld.release import Release
from iomld.release.served import sync
from iomld.saved.answers import SavedAnswer, answers_from_json, answers_of, answers_to_json
from iomld.saved.decorators import QueryFileError
from iomld.saved.query import MOST_BYTES, NAME, SavedQuery, check_name, parse_saved_query

FOLDER, SUFFIX = "queries", ".rq"
_PINS = "pins"
_PIN_FILE = re.compile(rf"(?P<name>{NAME.pattern})@(?P<release>[^/]+)\.json")


@dataclass(frozen=True, slots=True)
class SavedQueries:
    """The saved queries of a folder.

    Attributes:
        queries: Those that can be used, by name.
        faults: Why others cannot.
    """

    queries: tuple[SavedQuery, ...]
    faults: tuple[QueryFileError, ...]

    def find(self, name: str) -> SavedQuery | None:
        """The query with a name, or None.

        Raises:
            QueryFileError: There is a file for it, which cannot be used.
        """
        for fault in self.faults:
            if fault.file == f"{name}{SUFFIX}":
                raise fault
        return next((query for query in self.queries if query.name == name), None)


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """A version of a query that is kept: its name, and the release."""

    query: str
    release: str


def query_file(datadir: Path, name: str) -> Path:
    """The file of a query."""
    return datadir / FOLDER / f"{name}{SUFFIX}"


def saved_queries(datadir: Path) -> SavedQueries:
    """The saved queries of a folder, by name; a file that cannot be used does not hide the others.

    Files are parsed again only when they change.
    """
    found: list[SavedQuery] = []
    faults: list[QueryFileError] = []
    for path in sorted((datadir / FOLDER).glob(f"[!.]*{SUFFIX}")):
        try:
            state = path.stat()
            if not S_ISREG(state.st_mode):
                raise IsADirectoryError(0, "it is no regular file")
            parsed = _parsed(path, state.st_mtime_ns, state.st_size, state.st_ino)
        except OSError as error:
            fault = message("The file cannot be read ({reason}).", reason=ForeignText(error.strerror or error))
            parsed = QueryFileError(path.name, 0, fault)
        if isinstance(parsed, SavedQuery):
            found.append(parsed)
        else:
            faults.append(parsed)
    return SavedQueries(tuple(found), tuple(faults))


@lru_cache(maxsize=1024)
def _parsed(path: Path, _changed: int, size: int, _inode: int) -> SavedQuery | QueryFileError:
    """The query in a file; cached for the state of the file, since servers ask again and again."""
    try:
        check_name(path.stem)
        if size > MOST_BYTES:
            fault = message("The file is longer than {limit} bytes.", limit=MOST_BYTES)
            return QueryFileError(path.name, 0, fault)
        return parse_saved_query(path.stem, path.read_bytes())
    except QueryFileError as error:
        return error


def save_query(datadir: Path, query: SavedQuery) -> None:
    """Write the file of a query, in one step.

    Raises:
        StoreError: The folder cannot be written.
    """
    _write(query_file(datadir, query.name), query.text.encode())


def remove_query(datadir: Path, name: str) -> None:
    """Remove the file of a query; releases and pins keep the versions that they have.

    Raises:
        NotFoundError: There is no such query.
    """
    path = query_file(datadir, name)
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFoundError(no_such_query(datadir, name))
    path.unlink()


def no_such_query(datadir: Path, name: str) -> str:
    """The sentence for a name that no query has."""
    names = ", ".join(query.name for query in saved_queries(datadir).queries)
    known = f"Those of {datadir} are: {names}." if names else f"{datadir} has none."
    return f"There is no saved query '{name[:80]}'. {known}"


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written ({error.strerror}).") from error


# -- versions and pins -------------------------------------------------------------------------------------------------


def version_in(datadir: Path, release: Release, name: str) -> SavedAnswer | None:
    """A query as it was when a release was made, or as it was pinned to it later; None if it is neither.

    Raises:
        StoreError: A file cannot be read.
    """
    recorded = answers_of(release).get(name)
    return recorded or (pinned_version(datadir, Pin(name, release.manifest.name)) if NAME.fullmatch(name) else None)


def pinned_version(datadir: Path, pin: Pin) -> SavedAnswer | None:
    """The version in the file of a pin; None if there is no such pin.

    Raises:
        StoreError: The file cannot be read.
    """
    if pin not in pins(datadir):  # a name from outside never becomes a part of a path
        return None
    path = _pin_file(datadir, pin)
    try:
        (version,) = answers_from_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}). Copy the file back from a backup.") from error
    return version


def pins(datadir: Path) -> tuple[Pin, ...]:
    """All pins of a folder, sorted."""
    return tuple(sorted(_pins(datadir / FOLDER / _PINS)))


def _pins(folder: Path) -> Iterator[Pin]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if match := _PIN_FILE.fullmatch(path.name):
            yield Pin(match["name"], match["release"])


def add_pin(datadir: Path, release: Release, version: SavedAnswer) -> Pin:
    """Keep a version of a query; call under `publisher_lock`, so that its release is not being pruned.

    Raises:
        StoreError: The folder cannot be written.
    """
    pin = Pin(version.name, release.manifest.name)
    if pin not in pins(datadir):
        _write(_pin_file(datadir, pin), answers_to_json([version]))
    return pin


def remove_pin(datadir: Path, pin: Pin) -> None:
    """Keep a version no longer.

    Raises:
        NotFoundError: There is no such pin.
    """
    if pin not in pins(datadir):
        raise NotFoundError(f"{pin.query}@{pin.release} is not pinned. 'iomld queries list' names what is.")
    _pin_file(datadir, pin).unlink()


def _pin_file(datadir: Path, pin: Pin) -> Path:
    return datadir / FOLDER / _PINS / f"{pin.query}@{pin.release}.json"
