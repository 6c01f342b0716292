"""Ask one address over and over on several connections and say how fast it answers; `run.py` starts this by itself."""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
_CHUNKED = b"transfer-encoding: chunked"
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(slots=True)
class _Tally:
    """What all connections have seen."""

    until: float
    seconds: list[float] = field(default_factory=list)
    refused: int = 0


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last is whole."""

    def __init__(self, requests: Iterator[bytes], tally: _Tally) -> None:
        self._requests, self._tally = requests, tally
        self._received = bytearray()
        self._sent_at = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._is_whole():
            return
        now = time.perf_counter()
        self._tally.seconds.append(now - self._sent_at)
        self._tally.refused += not self._received.startswith(b"HTTP/1.1 200")
        self._received.clear()
        if now < self._tally.until:
            self._send()
        elif self._transport:
            self._transport.close()

    def _is_whole(self) -> bool:
        """Whether the answer has arrived to its end: by its length, or by its last chunk (RFC 9112 section 6)."""
        head = self._received.find(_END_OF_HEAD)
        if head < 0:
            return False
        headers = self._received[:head].lower()
        start = headers.find(_LENGTH)
        if start < 0:
            return _CHUNKED in headers and self._received.endswith(_LAST_CHUNK)
        length = int(headers[start + len(_LENGTH) :].partition(b"\r\n")[0])
        return len(self._received) >= head + len(_END_OF_HEAD) + length

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(exc)

    def _send(self) -> None:
        if self._transport:
            self._sent_at = time.perf_counter()
            self._transport.write(next(self._requests))


def _requests(host: str, path: str, codes: list[str], *, vary: bool) -> Iterator[bytes]:
    """Lookups of a project by its code; each has a number in it where the answer must not come from memory."""
    for number, code in zip(itertools.count(), itertools.cycle(codes), strict=False):
        query = (
            f'SELECT ?p ?title {{ ?p <https://w3id.org/iomld/ns#projectCode> "{code}" ; '
            f"<http://purl.org/dc/terms/title> ?title }} # {number if vary else 0}"
        )
        head = f"GET {path}?query={quote(query)} HTTP/1.1\r\nHost: {host}\r\nAccept: application/sparql-results+json"
        yield f"{head}\r\n\r\n".encode()


async def _measure(address: str, requests: Iterator[bytes], connections: int, seconds: float) -> dict[str, float]:
    parts = urlsplit(address)
    begun = time.perf_counter()
    tally = _Tally(begun + seconds)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(requests, tally), parts.hostname or "", parts.port or 80)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.closed for _, connection in opened))
    took = time.perf_counter() - begun
    ordered = sorted(tally.seconds)
    return {
        "per_second": len(ordered) / took,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[len(ordered) * 99 // 100],
        "refused": tally.refused,
    }


def main() -> None:
    """Measure as the arguments say and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--path", default="/sparql", help="of the endpoint (default: /sparql)")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--vary", action="store_true", help="ask a new query each time")
    options = parser.parse_args()
    codes = sys.stdin.read().split()
    asked = codes if options.vary else codes[:1]
    requests = _requests(urlsplit(options.address).netloc, options.path, asked, vary=options.vary)
    print(json.dumps(asyncio.run(_measure(options.address, requests, options.connections, options.seconds))))


if __name__ == "__main__":
    main()
