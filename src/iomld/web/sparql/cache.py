"""Cache of answers: a release does not change, so neither do the answers to queries over it."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import NamedTuple

_ENTRY_BYTES = 500  # memory of an entry besides its body and its query, approximately
_MAX_SHARE = 8  # an answer may fill one eighth of the cache


class CachedAnswer(NamedTuple):  # quicker to make than a dataclass, and one is made for every lookup
    """A whole answer in memory.

    Attributes:
        body: The bytes.
        media_type: Their type.
        etag: Weak entity tag (RFC 9110 section 8.8.3), quotes included.
    """

    body: bytes
    media_type: str
    etag: str

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.body)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in one chunk."""
        yield self.body

    def close(self) -> None:
        """Do nothing: unlike a large answer, this keeps no file open."""


class AnswerCache:
    """The answers used last, up to a number of bytes, of one release at a time."""

    def __init__(self, limit_bytes: int) -> None:
        """Start empty."""
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[Hashable, tuple[CachedAnswer, int]] = OrderedDict()
        self._release = ""
        self.size_bytes = self.hits = self.misses = 0

    def fits(self, size_bytes: int) -> bool:
        """Say whether an answer of this size may be cached."""
        return size_bytes <= self._limit_bytes // _MAX_SHARE

    def get(self, release: str, key: Hashable) -> CachedAnswer | None:
        """The answer of this release to this request, if it is cached; another release empties the cache."""
        if release != self._release:
            self._entries.clear()
            self._release, self.size_bytes = release, 0
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, release: str, key: Hashable, answer: CachedAnswer, query_bytes: int) -> None:
        """Add an answer of the release served now; the least recently used ones make room for it."""
        size = len(answer.body) + query_bytes + _ENTRY_BYTES
        if release != self._release or not self.fits(size) or key in self._entries:
            return
        self._entries[key] = answer, size
        self.size_bytes += size
        while self.size_bytes > self._limit_bytes:
            _, (_, removed_bytes) = self._entries.popitem(last=False)
            self.size_bytes -= removed_bytes
