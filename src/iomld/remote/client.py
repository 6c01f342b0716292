"""An HTTP client for one address of a SPARQL server: time limits, credentials on demand, and no redirects.

Credentials are sent only when the server asks for them (RFC 7235), by Digest where it offers that, otherwise by Basic.
They are read from a file and never part of an address, a message or a log.
"""

import base64
import http.client
import os
import socket
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

from iomld import __version__
from iomld.errors import StoreError

_TEXT_BYTES = 4096  # of an error's body
_REST_BYTES = 1 << 20  # that are read so that a connection can be used again
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)


class RemoteFault(StrEnum):
    """Why a remote store gave no answer."""

    UNAVAILABLE = "unavailable"
    FORBIDDEN = "forbidden"
    TIMEOUT = "timeout"
    CUT = "cut"
    REFUSED = "refused"
    UNFIT = "unfit"


class RemoteError(StoreError):
    """A remote store gave no answer that can be used; the message is for whoever runs this program.

    Attributes:
        fault: The kind of fault.
        words: What the server said of the query, without its address.
    """

    def __init__(self, fault: RemoteFault, text: str, words: str = "") -> None:
        """Create an error."""
        super().__init__(text)
        self.fault, self.words = fault, words


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """How the addresses of a remote store are asked.

    Attributes:
        user: Name for servers that ask for one.
        password_file: The file whose first line is the password.
        connect_s: Seconds for a connection.
        timeout_s: Seconds for an answer, to its last byte.
    """

    user: str = ""
    password_file: str = ""
    connect_s: float = 3.0
    timeout_s: float = 60.0


class RemoteResponse:
    """A response, whose body is read as a stream until the deadline.

    Attributes:
        status: HTTP status.
        headers: The header fields.
        is_framed: Whether the transfer says where the body ends, so that one that breaks off is noticed.
    """

    def __init__(
        self, address: str, response: http.client.HTTPResponse, connected: socket.socket, deadline: float
    ) -> None:
        """Set up."""
        self._address, self._response, self._socket, self._deadline = address, response, connected, deadline
        self.status, self.headers = response.status, response.headers
        self._left = response.length
        self.is_framed = response.chunked or self._left is not None
        self.size = 0
        self.tail = b""  # the end of what was read

    @property
    def is_read(self) -> bool:
        """Whether the body was read to its end."""
        return self._response.isclosed()

    @property
    def media_type(self) -> str:
        """Media type of the body, without parameters."""
        return self.headers.get_content_type() if "content-type" in self.headers else ""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most so many; empty at the end.

        Raises:
            RemoteError: The time is up, or the transfer broke off.
        """
        remaining_s = self._deadline - time.monotonic()
        try:
            if not self._response.isclosed():
                self._socket.settimeout(max(remaining_s, 0.001))  # 0 would mean not to wait at all
            data = self._response.read1(size if size > 0 else 1 << 16)
        except TimeoutError as error:
            raise timed_out(self._address) from error
        except (OSError, http.client.HTTPException) as error:
            raise _broken_off(self._address) from error
        if self._left is not None:
            self._left -= len(data)
            if not data and self._left > 0:
                raise _broken_off(self._address)
            if self._left == 0:
                self._response.close()  # which the library does only where it meets the end of a transfer
        self.size += len(data)
        self.tail = (self.tail + data)[-_TEXT_BYTES:]
        return data

    def read_all(self, limit_bytes: int) -> bytes:
        """The whole body.

        Raises:
            RemoteError: It is larger than the limit, or cannot be read to its end.
        """
        parts: list[bytes] = []
        while data := self.read():
            parts.append(data)
            if self.size > limit_bytes:
                text = f"{self._address}: the answer is larger than expected. Check the address."
                raise RemoteError(RemoteFault.UNFIT, text)
        return b"".join(parts)

    def beginning(self) -> str:
        """The beginning of the body as a line of text, after all of it was read; empty if it cannot be read."""
        try:
            return " ".join(self.read_all(_REST_BYTES)[:_TEXT_BYTES].decode(errors="replace").split())[:300]
        except RemoteError:
            return ""

    def close(self) -> None:
        """Give up the rest of the body."""
        self._response.close()


class RemoteClient:
    """Sends requests to one address, over a connection that is kept; for one thread."""

    def __init__(self, address: str, access: RemoteAccess) -> None:
        """Set up; nothing is sent yet."""
        self.address, self._access = address, access
        self._parts = urlsplit(address)
        self._connection: http.client.HTTPConnection | None = None
        self._response: RemoteResponse | None = None  # the last one
        self._passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        self._digest = urllib.request.HTTPDigestAuthHandler(self._passwords)
        self._challenge = ""  # the last one of the server

    def send(
        self,
        method: str,
        parameters: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | BinaryIO | None = None,
    ) -> RemoteResponse:
        """Send a request, and once more with credentials if the server asks for them; the response before is given up.

        Args:
            method: A method that may be repeated.
            parameters: Parameters of the address, besides its own.
            headers: Header fields.
            body: The body; a file is sent from its beginning.

        Raises:
            RemoteError: There is no response, or it is a redirection or a refusal of the credentials.
        """
        query = "&".join(filter(None, (self._parts.query, urlencode(parameters or {}))))
        target = (self._parts.path or "/") + (f"?{query}" if query else "")
        fields = {"User-Agent": f"iomld/{__version__}", "Accept-Encoding": "identity", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            fields["Content-Length"] = str(os.fstat(body.fileno()).st_size)
        deadline = time.monotonic() + self._access.timeout_s
        self.release()
        response = self._exchange(method, target, fields, body, deadline)
        if response.status == HTTPStatus.UNAUTHORIZED and self._access.user:
            self._challenge = _chosen_challenge(response.headers.get_all("www-authenticate") or [])
            response.beginning()
            self.release()
            response = self._exchange(method, target, fields, body, deadline)
        if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise self._forbidden(response)
        if response.status in _REDIRECTS:
            raise self._redirected(response)
        return response

    def __del__(self) -> None:
        """Close the connection, which is kept for as long as the client is."""
        self.release()
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | BinaryIO | None, deadline: float
    ) -> RemoteResponse:
        """One request and its response; a kept connection may have been closed meanwhile, which a new one mends."""
        is_new = self._connection is None
        try:
            return self._exchange_once(method, target, fields, body, deadline)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if time.monotonic() >= deadline:
                raise timed_out(self.address) from error
            if is_new or not isinstance(error, _CLOSED):
                raise self._unavailable(error) from error
        return self._exchange(method, target, fields, body, deadline)

    def _exchange_once(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | BinaryIO | None, deadline: float
    ) -> RemoteResponse:
        connection, connected = self._connected()
        if body is not None and not isinstance(body, bytes):
            body.seek(0)
        authorization = self._authorization(method, target)
        all_fields = dict(fields) | ({"Authorization": authorization} if authorization else {})
        connected.settimeout(max(0.001, deadline - time.monotonic()))
        connection.request(method, target, body, all_fields)
        self._response = RemoteResponse(self.address, connection.getresponse(), connected, deadline)
        return self._response

    def _connected(self) -> tuple[http.client.HTTPConnection, socket.socket]:
        """The connection and its socket; the server may have closed the last one with its answer."""
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._access.connect_s)
        if self._connection.sock is None:
            self._connection.connect()
        return self._connection, self._connection.sock

    def release(self) -> None:
        """Be done with the last response; the connection can only be used again if all of it was read."""
        if self._response is not None and not self._response.is_read:
            self._response.close()
            self.close()
        self._response = None

    def _authorization(self, method: str, target: str) -> str:
        """The value of the header with the credentials; empty as long as the server did not ask for them."""
        scheme, _, rest = self._challenge.partition(" ")
        if scheme.lower() == "basic":
            pair = f"{self._access.user}:{self._password()}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        if scheme.lower() != "digest":
            return ""
        root = f"{self._parts.scheme}://{self._parts.netloc}"
        self._passwords.add_password(None, root, self._access.user, self._password())
        request = urllib.request.Request(root + target, method=method)  # noqa: S310  # for its parts, never opened
        challenge = urllib.request.parse_keqv_list([one for one in urllib.request.parse_http_list(rest) if one])
        try:
            return f"Digest {self._digest.get_authorization(request, challenge)}"
        except (KeyError, ValueError):  # another algorithm
            return ""

    def _password(self) -> str:
        """The password, read anew each time.

        Raises:
            RemoteError: Its file cannot be read.
        """
        try:
            return Path(self._access.password_file).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            file = self._access.password_file or "IOMLD_REMOTE_PASSWORD_FILE"
            text = f"{file}: the password of the remote store cannot be read. Write it on the first line of this file."
            raise RemoteError(RemoteFault.FORBIDDEN, text) from error

    def _unavailable(self, error: Exception) -> RemoteError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        text = f"{self.address}: the remote store cannot be reached ({reason}). Start it, or check the address."
        return RemoteError(RemoteFault.UNAVAILABLE, text)

    def _forbidden(self, response: RemoteResponse) -> RemoteError:
        self.close()
        text = (
            f"{self.address}: the remote store refuses this user (status {response.status}). Check IOMLD_REMOTE_USER, "
            "the password in the file that IOMLD_REMOTE_PASSWORD_FILE names, and what the user may do there."
        )
        return RemoteError(RemoteFault.FORBIDDEN, text)

    def _redirected(self, response: RemoteResponse) -> RemoteError:
        self.close()
        target = str(response.headers.get("location", ""))[:200]
        text = f"{self.address}: redirects to {target}. Redirections are not followed; write the address it leads to."
        return RemoteError(RemoteFault.UNFIT, text)


def timed_out(address: str) -> RemoteError:
    """The error of a request whose time is up."""
    return RemoteError(RemoteFault.TIMEOUT, f"{address}: the remote store did not answer in time. Try again later.")


def _broken_off(address: str) -> RemoteError:
    return RemoteError(
        RemoteFault.UNAVAILABLE, f"{address}: the answer of the remote store breaks off. Try again later."
    )


def _chosen_challenge(fields: list[str]) -> str:
    """The challenge to answer: Digest before Basic, of servers that give each its own field."""
    for scheme in ("digest ", "basic "):
        for field in fields:
            if field.lower().startswith(scheme):
                return field
    return ""
