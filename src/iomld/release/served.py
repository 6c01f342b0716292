"""Which releases there are, by their names, and which was served when.

Each switch of the current release is a line that is appended to the file `log/served`: the time of the switch, a tab,
and the name of the release (`2026-11-30T11:20:33Z<TAB>RELEASENAME`). The lines are in the order of their times. A
folder of releases without this file is read as if each release on disk had been served from the time in its name.
"""

import json
import os
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from iomld.errors import NotFoundError, StoreError
from iomld.messages import message

RELEASES = "releases"
_NAME_TIME = "%Y%m%dT%H%M%SZ"
LEDGER = "log"
_SERVED = "served"
_MANIFEST = "manifest.json"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def release_folder(datadir: Path, name: str) -> Path:
    """The folder of a release; with an empty name that of all releases."""
    return datadir / RELEASES / name


def release_names(datadir: Path) -> tuple[str, ...]:
    """Names of all finished releases, oldest first."""
    folder = datadir / RELEASES
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")))


def release_name(moment: datetime, sha256: str) -> str:
    """The name of a release: its time, by which names are sorted, and the beginning of the hash of its dataset."""
    return f"{moment:{_NAME_TIME}}-{sha256[:8]}"


def moment_in_name(name: str) -> datetime | None:
    """The time in the name of a release; None if it is not a name that a publish gives."""
    try:
        return datetime.strptime(name.partition("-")[0], _NAME_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class ServedLine:
    """A switch of the current release.

    Attributes:
        moment: When it was made, in UTC and whole seconds.
        release: Name of the release that is served from then on.
    """

    moment: datetime
    release: str


def served_lines(datadir: Path) -> tuple[ServedLine, ...]:
    """All switches of the current release that are known, oldest first.

    Raises:
        StoreError: The file is damaged.
    """
    path = datadir / LEDGER / _SERVED
    try:
        state = path.stat()
    except FileNotFoundError:
        return _lines_by_name(datadir)
    return _read_lines(path, state.st_mtime_ns, state.st_size)


def served_at(datadir: Path, moment: datetime) -> str:
    """The name of the release that was served at a moment.

    Args:
        datadir: Folder of the releases.
        moment: A moment with a time zone. At one after the last switch, the current release is served.

    Raises:
        NotFoundError: Nothing was served then, as far as is known.
        StoreError: The file is damaged.
    """
    lines = served_lines(datadir)
    place = bisect_right(lines, moment, key=lambda line: line.moment)
    if place:
        return lines[place - 1].release
    if not lines:
        raise NotFoundError(message("No release was served yet."))
    raise NotFoundError(
        message(
            "Nothing is known to have been served at {moment}. The first time is {first}.",
            moment=f"{moment.astimezone(UTC):{_TIME}}",
            first=f"{lines[0].moment:{_TIME}}",
        )
    )


def note_served(datadir: Path, name: str, moment: datetime) -> None:
    """Append a line to the file, and wait until it is on disk; call under `publisher_lock`.

    The first line of a folder that has releases already is preceded by a line for each of these. A release that is
    served already gets no line, and no line is earlier than the one before it.

    Args:
        datadir: Folder of the releases.
        name: Name of the release that is served from now on.
        moment: The time now.
    """
    folder = datadir / LEDGER
    path = folder / _SERVED
    lines = served_lines(datadir)
    is_new = not path.exists()
    if is_new and lines and lines[-1].release == name:  # it was made just now
        lines = lines[:-1]
    if lines and not is_new and lines[-1].release == name:
        return
    moment = moment.astimezone(UTC).replace(microsecond=0)
    line = ServedLine(max(moment, lines[-1].moment) if lines else moment, name)
    added = (*lines, line) if is_new else (line,)
    folder.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.truncate(_whole_length(path))
        file.write("".join(f"{one.moment:{_TIME}}\t{one.release}\n" for one in added).encode())
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        for parent in (folder, datadir):
            sync(parent)


def removed_names(datadir: Path) -> frozenset[str]:
    """Names of releases that are known to have been made, and are not on disk any more."""
    present = frozenset(release_names(datadir))
    named = {line.release for line in served_lines(datadir)} | {*_previous_names(datadir)}
    return frozenset(named - present)


def _whole_length(path: Path) -> int:
    """The length of the file up to the end of its last whole line; a crash can leave a part of one."""
    return path.read_bytes().rfind(b"\n") + 1


@lru_cache(maxsize=4)
def _read_lines(path: Path, _changed: int, _size: int) -> tuple[ServedLine, ...]:
    """The lines of the file; cached for its time of change and its length, since servers ask again and again."""
    *whole, _ = path.read_text(encoding="utf-8", errors="replace").split("\n")
    try:
        rows = (line.split("\t") for line in whole)
        return tuple(ServedLine(datetime.fromisoformat(moment).astimezone(UTC), name) for moment, name in rows)
    except ValueError as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Copy it back from a backup.") from error


def _lines_by_name(datadir: Path) -> tuple[ServedLine, ...]:
    """A line for each release, from the time in its name.

    What was served before a release that is not there any more is not known: others may be missing too.
    """
    names = release_names(datadir)
    missing = max((*_previous_names(datadir) - {*names}, ""))
    lines = (ServedLine(moment, name) for name in (missing, *names) if (moment := moment_in_name(name)))
    return tuple(line for line in lines if line.release >= missing)


def _previous_names(datadir: Path) -> frozenset[str]:
    """Names of the releases that others were made from, by their manifests; damage is for whoever opens a release."""
    found: set[str] = set()
    for name in release_names(datadir):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found.add(json.loads((release_folder(datadir, name) / _MANIFEST).read_bytes())["previous"] or "")
    return frozenset(found - {""})


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
