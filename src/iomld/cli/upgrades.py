"""Requests that would rather go on in another protocol (RFC 9110 section 7.8): answered as if they had not said so.

curl asks for HTTP/2 like that, and so does the HTTP client of Java, which Apache Jena uses. The parser takes what
comes behind such a head for the other protocol, body included.
"""

from collections.abc import Iterable, Iterator


def head_without_upgrade(method: bytes, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    r"""The head of a request without its wish for another protocol.

    Args:
        method: Method.
        url: Target, as it was sent.
        version: Of HTTP, `1.1`.
        headers: Names in small letters with values, in their order.

    >>> head_without_upgrade(b"GET", b"/", "1.1", [(b"connection", b"Upgrade, close"), (b"upgrade", b"h2c")])
    b'GET / HTTP/1.1\r\nconnection: close\r\n\r\n'
    """
    lines = b"".join(b"%b: %b\r\n" % pair for pair in _kept(headers))
    return b"%b %b HTTP/%b\r\n%b\r\n" % (method, url, version.encode("ascii"), lines)


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            if left := [option for option in options if option.lower() not in {b"upgrade", b"http2-settings"}]:
                yield name, b", ".join(left)
        elif name not in {b"upgrade", b"http2-settings"}:
            yield name, value
