"""The check of a release: whether each of its files is as it was published.

A release is checked before anything is made from it, exported or served. A command stops at the first damage; a server
goes on checking, since files can be damaged while they are served.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from iomld.errors import StoreError
from iomld.messages import ForeignText, Message, Quantity, message
from iomld.release.digests import FileState, KnownDigests, file_state
from iomld.release.folder import FILES, Release, current_release, manifest_fault, open_release, switch_to, way_out

# What a command reads at most of files in a new state, a quarter of a second. There is more only after a large store
# was copied; then the lengths of the rest are compared, and the store itself checks each block that a query reads.
READ_BYTES = 256 << 20
_STORES = (f"{FILES.store}/", f"{FILES.query_store}/")


@dataclass(frozen=True, slots=True)
class Damage:
    """The damage of one file of a release.

    Attributes:
        file: Its name in the release.
        message: What is wrong with it.
    """

    file: str
    message: Message


class DamagedReleaseError(StoreError):
    """A release is not as it was published.

    Attributes:
        damage: The first damage.
    """

    def __init__(self, damage: Damage, number: int, release: Release) -> None:
        """Word the message.

        Args:
            damage: The first damage.
            number: Number of damaged files.
            release: The release.
        """
        datadir = release.path.parent.parent
        more = f" {number - 1} more of its files are damaged." if number > 1 else ""
        super().__init__(
            f"{release.path}: the release is damaged. {damage.message}{more} Copy the file back from a backup. "
            f"{way_out(datadir, release.manifest.name)}"
        )
        self.damage = damage


class ReleaseCheck:
    """Checks files of one release, and reads each only when its state is new; may be used from several threads."""

    def __init__(self, release: Release) -> None:
        """Begin with the digests that earlier commands kept."""
        self.release = release
        self._known = KnownDigests.of_release(release.path, release.manifest.files.values())
        self.unread: frozenset[str] = frozenset()

    def damage_of(self, name: str, *, read_again: bool = False) -> Damage | None:
        """The damage of a file; None if it is as it was published.

        Args:
            name: Its name in the release.
            read_again: Whether to read it also if its digest is known.
        """
        path = self.release.file(name)
        try:
            state = file_state(path)
            if fault := self._length_fault(name, state):
                return Damage(name, fault)
            digest = self._known.compute(path) if read_again else self._known.of(path)
        except OSError as error:
            return _unreadable(name, error)
        if digest == self.release.manifest.files[name]:
            return None
        return Damage(name, message("The file {file} does not have the SHA-256 of its manifest.", file=name))

    def damages(
        self, *, read_again: Callable[[str], bool] = lambda _: False, read_bytes: int | None = None
    ) -> tuple[Damage, ...]:
        """The damages of all files, and of the manifest, which was whole when the release was opened.

        Args:
            read_again: Whether to read a file although its digest is known.
            read_bytes: How many bytes to read at most, for files whose digest is not known; None for no limit. Those
                that are left are then named by `unread`, and only their lengths were compared.
        """
        found = [damage] if (damage := self._manifest_damage()) else []
        unread: list[str] = []
        for name in self.release.manifest.files:
            size = self._size_to_read(name)
            if read_bytes is not None and size > read_bytes:
                unread.append(name)
                continue
            if read_bytes is not None:
                read_bytes -= size
            if damage := self.damage_of(name, read_again=read_again(name)):
                found.append(damage)
        self.unread = frozenset(unread)
        return tuple(found)

    def keep(self) -> None:
        """Keep the digests for later commands."""
        self._known.keep(self.release.path, map(self.release.file, self.release.manifest.files))

    def _manifest_damage(self) -> Damage | None:
        name = FILES.manifest
        try:
            content = self.release.file(name).read_bytes()
            if not manifest_fault(self.release.path, content, self.release.manifest):
                return None
        except OSError as error:
            return _unreadable(name, error)
        text = message(
            "The file {file} does not have the SHA-256 in {digest_file}.", file=name, digest_file=FILES.manifest_digest
        )
        return Damage(name, text)

    def _size_to_read(self, name: str) -> int:
        """The length of a file whose digest is not known; nothing if it can be checked without reading."""
        try:
            state = file_state(self.release.file(name))
        except OSError:
            return 0
        return 0 if self._known.get(state) or self._length_fault(name, state) else state.size_bytes

    def _length_fault(self, name: str, state: FileState) -> Message | None:
        size = self.release.manifest.sizes.get(name, state.size_bytes)
        if size == state.size_bytes:
            return None
        return message(
            "The file {file} has {length} bytes instead of {published}.",
            file=name,
            length=Quantity(state.size_bytes),
            published=Quantity(size),
        )


def _unreadable(name: str, error: OSError) -> Damage:
    """The damage of a file that is missing or cannot be read."""
    if isinstance(error, FileNotFoundError):
        return Damage(name, message("The file {file} is missing.", file=name))
    reason = ForeignText(error.strerror or error)
    return Damage(name, message("The file {file} cannot be read ({reason}).", file=name, reason=reason))


def whole_release(datadir: Path) -> Release | None:
    """The current release, to make another one from; None if nothing was published yet.

    Its files are read again, but for the stores, which make up nine tenths of it, and the files of which a publish
    copies parts: these are read while they are copied, and here only if their state is new, as those of the stores.

    Raises:
        DamagedReleaseError: A file is not as it was published.
        StoreError: There are releases and no link to one of them, or the manifest is damaged.
    """
    current = current_release(datadir)
    if current:
        copied = current.manifest.crc32
        require_whole(current, read_again=lambda name: _is_not_of_store(name) and name not in copied)
    return current


def readable_release(datadir: Path) -> Release | None:
    """The current release, to query or export it; None if nothing was published yet.

    Only files in a new state are read, and at most `READ_BYTES`.

    Raises:
        DamagedReleaseError: A file is not as it was published.
        StoreError: There are releases and no link to one of them, or the manifest is damaged.
    """
    current = current_release(datadir)
    if current:
        require_whole(current, read_bytes=READ_BYTES)
    return current


def open_whole_release(datadir: Path, name: str) -> Release:
    """A release by its name, to serve it or to make another one from it.

    Raises:
        NotFoundError: There is no such release.
        StoreError: It is damaged.
    """
    opened = open_release(datadir, name)
    require_whole(opened, read_again=_is_not_of_store)
    return opened


def roll_back(datadir: Path, name: str, moment: datetime) -> Path | None:
    """Make a release the current one if it is whole; call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        name: Name of the release.
        moment: The time now.

    Returns:
        As `switch_to`.

    Raises:
        NotFoundError: There is no such release.
        StoreError: It is damaged, or the file system has no links.
    """
    open_whole_release(datadir, name)
    return switch_to(datadir, name, moment)


def require_whole(
    release: Release, *, read_again: Callable[[str], bool] = lambda _: False, read_bytes: int | None = None
) -> ReleaseCheck:
    """Check a release, with the options of `ReleaseCheck.damages`, and keep what was computed for later commands.

    Raises:
        DamagedReleaseError: A file is not as it was published.
    """
    check = ReleaseCheck(release)
    damages = check.damages(read_again=read_again, read_bytes=read_bytes)
    check.keep()
    if damages:
        raise DamagedReleaseError(damages[0], len(damages), release)
    return check


def _is_not_of_store(name: str) -> bool:
    return not name.startswith(_STORES)
