"""What a client is told whose request does not reach the application."""

from http import HTTPStatus

_WORDS = {
    400: "This is no request of HTTP.",
    408: "The request did not come to its end in time.",
    431: "The head of the request is too large.",
    503: "All connections of the server are in use. Try again in a few seconds.",
}


def refusal(status: int) -> bytes:
    """A whole answer, after which the connection is closed."""
    body = _WORDS[status].encode("ascii")
    later = ("retry-after: 5",) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    fields = ("content-type: text/plain", f"content-length: {len(body)}", *later, "connection: close", "", "")
    return "\r\n".join((f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *fields)).encode("ascii") + body
