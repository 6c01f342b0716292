"""Answers packed with zstd or gzip for who accepts that (RFC 9110 section 8.4): one layer around the application.

A packed answer has an entity tag of its own, the plain one with `-zstd` or `-gzip` in it; asked again with any, it is
304. zstd (RFC 8878) takes a half to a quarter of gzip's time for the same size; it is there where its package is.
Left as they are: short bodies, what is packed by its nature, parts of a file, and downloads, which keep their length
and their ranges.
"""

import asyncio
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, Protocol

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.web.problems import problem
from iomld.web.sparql.cache import AnswerCache, CachedAnswer

try:
    import zstandard
except ImportError:  # it belongs to the extra `fast`
    _HAS_ZSTD = False
else:
    _HAS_ZSTD = True

Coding = Literal["zstd", "gzip"]

SMALLEST_BYTES = 1024
_IN_THREAD_BYTES = 64 * 1024  # more than this is packed beside the event loop
_LEVEL = 5
_GZIP_WINDOW = 31  # zlib's number for a window of 32 KiB in a gzip wrapper, with no time in it
_ZSTD_LEVEL = 4
_CODINGS: tuple[Coding, ...] = ("zstd", "gzip") if _HAS_ZSTD else ("gzip",)
_PACKED_TAG = re.compile(r'-(?:zstd|gzip)"')
_WITHOUT_BODY = frozenset({204, 205, 206, 304})
_PACKABLE = re.compile(
    r"text/.*|image/svg\+xml|application/(?:.*[+/-])?(?:json|xml|javascript|trig|n-quads|n-triples|x-ndjson)"
)
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants.

    Attributes:
        coding: How it wants answers packed; None for not packed.
        plain_too: Whether it takes them not packed.
    """

    coding: Coding | None
    plain_too: bool


@lru_cache(maxsize=256)
def wish_of(accept_encoding: str | None) -> Wish | None:
    """What a client wants by its Accept-Encoding (RFC 9110 section 12.5.3); None where it refuses all that there is.

    Who takes anything (`*`) gets gzip, which all know.

    >>> wish_of("gzip;q=0.5, *;q=0")
    Wish(coding='gzip', plain_too=False)
    """
    if accept_encoding is None:
        return Wish(None, plain_too=True)
    liked: dict[str, float] = {}
    for element in accept_encoding.lower().split(","):
        name, _, parameter = (part.strip() for part in element.partition(";"))
        weight = _QUALITY.fullmatch(parameter.replace(" ", "")) if parameter else None
        if name and (weight or not parameter):
            liked["gzip" if name == "x-gzip" else name] = float(weight[1]) if weight else 1.0
    anything = liked.get("*")
    plain = liked.get("identity", 0.001 if anything is None else anything)
    weights = {"zstd": liked.get("zstd", 0.0), "gzip": liked.get("gzip", anything or 0.0)}
    coding = max(_CODINGS, key=weights.__getitem__)  # of two that are liked alike the first
    if weights[coding] == plain == 0:
        return None
    return Wish(coding if weights[coding] >= plain and weights[coding] > 0 else None, plain > 0)


class Compression:
    """Packs the answers of an application; keeps the packed form of answers that may be asked again."""

    def __init__(self, app: ASGIApp, kept_bytes: int) -> None:
        """Wrap an application.

        Args:
            app: The application.
            kept_bytes: Memory for packed answers. They are kept under path and tag, which name the bytes.
        """
        self._app = app
        self._kept: AnswerCache[CachedAnswer] = AnswerCache(kept_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _joined(scope)
        wish = wish_of(headers.get(b"accept-encoding"))
        if wish is None:
            detail = "Answers come packed with gzip or not packed; Accept-Encoding refuses both. Allow one of them."
            await problem(406, "Not Acceptable", detail, kind="coding")(scope, receive, send)
            return
        held = headers.get(b"if-none-match", "")
        if _PACKED_TAG.search(held):
            scope = {**scope, "headers": _with_plain_tags(scope)}
        packer = _Packer(scope, send, self._kept, held, wish)
        await self._app(scope, receive, packer.send)


class _Packing(Protocol):
    """Packs pieces, as zlib and zstandard do."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a piece; some of the packed bytes."""
        ...

    def flush(self) -> bytes:
        """The rest."""
        ...


class _Packer:
    """Sends one answer on, packed or as it is."""

    def __init__(self, scope: Scope, send: Send, kept: AnswerCache[CachedAnswer], held: str, wish: Wish) -> None:
        self._is_head, self._path = scope["method"] == "HEAD", scope["path"]
        self._send, self._kept, self._held, self._wish = send, kept, held, wish
        self._start: Message = {}
        self._packs = False

    async def send(self, message: Message) -> None:
        """Send a message of the application on."""
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            self._start = {**message, "headers": headers}
            self._packs = self._wants(headers, message["status"])
            if message["status"] == 304:  # noqa: PLR2004  # Not Modified
                self._tag_known(MutableHeaders(raw=headers))
            if not self._packs:
                await self._send(self._start)
        elif self._packs:
            await self._send_packed(message)
        else:
            await self._send(message)

    def _wants(self, headers: list[tuple[bytes, bytes]], status: int) -> bool:
        """Whether this answer is packed; says in its headers that others may get it otherwise."""
        found = dict(headers)
        if (
            status in _WITHOUT_BODY
            or b"content-encoding" in found
            or b"content-disposition" in found
            or not _is_packable(found.get(b"content-type", b""))
        ):
            return False
        size = found.get(b"content-length")
        is_small = size is not None and int(size) < SMALLEST_BYTES
        _add_vary(headers)
        return self._wish.coding is not None and not (is_small and self._wish.plain_too)

    def _tag_known(self, headers: MutableHeaders) -> None:
        """The tag of a 304 is the one that the client holds; where it named none, the one of what it would get."""
        headers.add_vary_header("Accept-Encoding")
        tag = headers.get("etag", "")
        held = next((coding for coding in _CODINGS if tag and _packed_tag(tag, coding) in self._held), None)
        coding = held or (None if tag in self._held else self._wish.coding)
        if tag and coding:
            headers["etag"] = _packed_tag(tag, coding)

    async def _send_packed(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start:
            start, self._start = self._start, {}
            headers = MutableHeaders(raw=start["headers"])
            tag = headers.get("etag", "")
            _mark_packed(headers, tag, self._wish.coding or "gzip")
            if not more and not self._is_head:
                body = await self._whole(tag, body)
                headers["content-length"] = str(len(body))
                await self._send(start)
                await self._send({"type": "http.response.body", "body": body})
                return
            await self._send(start)
        if self._is_head:
            await self._send(message)
            return
        piece = await self._packed(body, last=not more)
        if piece or not more:
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _whole(self, tag: str, body: bytes) -> bytes:
        """A whole body packed: the one that is kept, or made now and kept where it has a tag."""
        key = (self._path, tag, self._wish.coding)
        kept = self._kept.get("", key) if tag else None
        if kept is None:
            kept = CachedAnswer(await self._packed(body, last=True), "", tag)
            if tag:
                self._kept.put("", key, kept, len(self._path))
        return kept.body

    async def _packed(self, body: bytes, *, last: bool) -> bytes:
        if len(body) > _IN_THREAD_BYTES:
            return await asyncio.to_thread(self._pack, body, last)
        return self._pack(body, last)

    @cached_property
    def _packing(self) -> _Packing:
        """Made when it is needed: it takes a quarter of a megabyte and a tenth of the time of a lookup."""
        if self._wish.coding == "zstd":
            return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
        return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def _pack(self, body: bytes, last: bool) -> bytes:  # noqa: FBT001  # called in a thread
        piece = self._packing.compress(body)
        return piece + self._packing.flush() if last else piece


@lru_cache(maxsize=256)
def _is_packable(content_type: bytes) -> bool:
    """Whether bodies of this type get shorter."""
    return _PACKABLE.fullmatch(content_type.decode("latin-1").partition(";")[0].strip().lower()) is not None


def _add_vary(headers: list[tuple[bytes, bytes]]) -> None:
    """Say that the answer depends on Accept-Encoding; the same as `MutableHeaders.add_vary_header`, but cheap."""
    names = [value for name, value in headers if name == b"vary"]
    if len(names) != 1:
        MutableHeaders(raw=headers).add_vary_header("Accept-Encoding")
    else:
        headers[headers.index((b"vary", names[0]))] = (b"vary", names[0] + b", Accept-Encoding")


def _packed_tag(tag: str, coding: Coding) -> str:
    """The tag of the packed form of an answer: `"abc"` is `"abc-gzip"`."""
    plain = tag.removesuffix('"')
    return f'{plain}-{coding}"'


def _mark_packed(headers: MutableHeaders, tag: str, coding: Coding) -> None:
    headers["content-encoding"] = coding
    for name in ("content-length", "accept-ranges"):
        if name in headers:
            del headers[name]
    if tag:
        headers["etag"] = _packed_tag(tag, coding)


def _joined(scope: Scope) -> Mapping[bytes, str]:
    """The headers that count here; several of one name joined."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in (b"accept-encoding", b"if-none-match"):
            text = value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _with_plain_tags(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of a request with the tags that the application gave."""
    return [
        (name, _PACKED_TAG.sub('"', value.decode("latin-1")).encode("latin-1") if name == b"if-none-match" else value)
        for name, value in scope["headers"]
    ]
