"""Conditional requests (RFC 9110 section 13): entity tags, If-None-Match, If-Modified-Since and 304.

A response that may be compressed has a weak tag, which covers all its codings (section 8.8.1). Only downloads, which
are always sent byte for byte, have strong tags.
"""

import hashlib
import os
import re
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_OPAQUE = re.compile(r'"[^"]*"')
_TAG_DIGITS = 32


def strong_etag(content: bytes) -> str:
    """The tag of exactly these bytes; `content` may also be what determines them."""
    return f'"{hashlib.sha256(content).hexdigest()[:_TAG_DIGITS]}"'


def weak_etag(content: bytes) -> str:
    """The tag of these bytes, compressed or not."""
    return f"W/{strong_etag(content)}"


def http_date(moment: datetime) -> str:
    """A moment in the format of Last-Modified."""
    return format_datetime(moment, usegmt=True)


def is_not_modified(request: Headers, etag: str, modified: datetime | None = None) -> bool:
    """Say whether the client has the current representation already, so that 304 is enough (section 13.2.2).

    Args:
        request: Headers of a request with a safe method.
        etag: The tag of the current representation. Tags are compared weakly.
        modified: When the content last changed, if known; only used if the client names no tag.
    """
    tags = ", ".join(request.getlist("if-none-match"))
    if tags:
        return is_among(tags, etag)
    since = request.get("if-modified-since") if modified else None
    if since is None or modified is None:
        return False
    try:
        return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # not a date, or one without a time zone
        return False


def is_among(tags: str, etag: str) -> bool:
    """Say whether a value of If-None-Match names a tag; tags are compared weakly."""
    return tags.strip() == "*" or etag.removeprefix("W/") in _OPAQUE.findall(tags)


class ConditionalStaticFiles(StaticFiles):
    """Static files with weak tags, since they may be compressed, and with the conditions of all other responses."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Send a file, or 304."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["ETag"] = f"W/{response.headers['etag']}"
        return response

    def is_not_modified(self, response_headers: Headers, request_headers: Headers) -> bool:
        """Say whether the client has a file already."""
        modified = parsedate_to_datetime(response_headers["last-modified"])
        return is_not_modified(request_headers, response_headers["etag"], modified)
