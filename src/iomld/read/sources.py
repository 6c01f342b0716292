"""From files to records: find the files, decode them, recognise the form by content, never by name."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from iomld.errors import SourceError
from iomld.model import Origin, Record
from iomld.read.options import ReadOptions
from iomld.read.pages import read_page
from iomld.read.plain_text import forbidden_line, is_web_address
from iomld.read.records import read_records

# What a folder is searched for; a file that is named is read whatever its name.
_SUFFIXES = frozenset({".txt", ".json", ".jsonl", ".ndjson"})


def expand_sources(sources: Iterable[Path]) -> Iterator[Path]:
    """The files that the sources name: files as they are, folders by their record files, sorted.

    Raises:
        SourceError: A source does not exist, or a folder holds no record file.
    """
    for source in sources:
        if source.is_dir():
            files = sorted(path for path in source.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
            if not files:
                names = ", ".join(sorted(_SUFFIXES))
                raise SourceError(f"{source}: no record files here. Looked for {names}.")
            yield from files
        elif source.exists():
            yield source
        else:
            raise SourceError(f"{source}: no such file. Check the name.")


def read_file(path: Path, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of one file.

    Args:
        path: The file.
        options: What readers are told besides.

    Raises:
        SourceError: The file is missing, empty, binary, or in no form that we know.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
    yield from read_bytes(data, file=str(path), options=options)


def read_bytes(data: bytes, *, file: str, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of a source held in memory; `file` is its name for places. Raises as `read_file` does."""
    options = options or ReadOptions()
    if options.url is not None and not is_web_address(options.url):
        raise SourceError(f"'{options.url}' is no web address. Give the page's full address, beginning with https://.")
    text = _decoded(data, file)
    name = Path(file).name
    if text.lstrip()[:1] in ("{", "["):
        records = read_records(text, file=file, name=name)
    else:
        origin = Origin(name, hashlib.sha256(data).hexdigest(), "text/plain")
        records = iter([read_page(text, origin, file=file)])
    try:
        yield from _with_url(records, options.url)
    except RecursionError as error:
        raise SourceError(f"{file}: the JSON is nested too deeply to be a project record.") from error


def _with_url(records: Iterator[Record], url: str | None) -> Iterator[Record]:
    for record in records:
        yield record if url is None else replace(record, origin=replace(record.origin, url=url))


def _decoded(data: bytes, file: str) -> str:
    if not data.strip():
        raise SourceError(f"{file}: the file is empty. Nothing was read.")
    if b"\0" in data[:8192]:
        raise SourceError(f"{file}: this is a binary file. Give the text of a project page, or records in JSON.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{file}, line {line}: not UTF-8 text. Save the file as UTF-8.") from error
    line_number = forbidden_line(text)
    if line_number is not None:
        raise SourceError(
            f"{file}, line {line_number}: holds a control character. Remove it, or check the file's kind."
        )
    return text
