"""Zip archives that are the same bytes for the same content: fixed dates, order and rights."""

import shutil
import zipfile
from typing import BinaryIO

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that zip can write
_RIGHTS = 0o644 << 16
_UNIX = 3
_LARGE = 2**31 - 1


def add_entry(archive: zipfile.ZipFile, name: str, content: BinaryIO, size_bytes: int) -> None:
    """Write a stream as one entry.

    Args:
        archive: Open for writing.
        name: Name of the entry.
        content: Where its bytes come from, from the present place on.
        size_bytes: About how many they are; large ones need another form of header.
    """
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _RIGHTS
    entry.create_system = _UNIX
    with archive.open(entry, "w", force_zip64=size_bytes > _LARGE) as target:
        shutil.copyfileobj(content, target)
