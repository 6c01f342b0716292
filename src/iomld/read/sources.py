"""Read a source: recognize its form (`iomld.read.detect`) and pass it to the reader of that form.

The reader of a form is imported with the first source of that form: a run reads few forms, and the readers with their
libraries take longer to import than all else that reads. A source is read by its units (`iomld.read.units`), each of
which can be read in any process.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import Origin, Record
from iomld.read.archives import SourceFile, files_of_bytes, files_of_path, not_workbook
from iomld.read.detect import Form, LoadedSource, form_of
from iomld.read.options import ReadOptions
from iomld.read.record.json_files import read_lines, read_records
from iomld.read.text import forbidden_line, is_web_address, utf8_text
from iomld.read.units import SourceUnit, source_units
from iomld.read.xml import utf8_xml


def read_source(source: SourceFile, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of a file or an entry of an archive, JSON Lines in bounded memory.

    Raises:
        SourceError: It is empty, binary, too large, or in an unknown form.
    """
    options = options or ReadOptions()
    for unit in source_units(source):
        yield from read_unit(unit, options)


def read_unit(unit: SourceUnit, options: ReadOptions) -> Iterator[Record]:
    """Read every record of a unit; raises as `read_source` does."""
    if options.url is not None and not is_web_address(options.url):
        raise SourceError(
            message(
                "'{address}' is not a web address. Give the page's full address, beginning with https://.",
                address=options.url,
            )
        )
    try:
        for record in _with_url(_records(unit, options), options.url):
            yield record if options.takes_sources else _without_chosen_names(record, unit.file)
    except RecursionError as error:
        raise SourceError(message("{file} is nested too deeply to be a project record.", file=unit.file)) from error


def _without_chosen_names(record: Record, file: str) -> Record:
    """A record whose source is the file that was given, also for an entry of an archive, which its sender named."""
    given = PurePath(file.partition("!")[0]).name
    return replace(record, origin=replace(record.origin, file=given), stated_origins=())


def read_file(path: Path, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of one file; raises as `read_source` does."""
    for source in files_of_path(path):
        yield from read_source(source, options)


def read_bytes(data: bytes, *, file: str, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of a source held in memory; `file` is its name for places. Raises as `read_source` does."""
    for source in files_of_bytes(data, file):
        yield from read_source(source, options)


def _records(unit: SourceUnit, options: ReadOptions) -> Iterator[Record]:
    name = LoadedSource(b"", unit.file).name
    if unit.lines:
        yield from read_lines(unit.lines, file=unit.file, name=name, first_line=unit.first_line)
    elif unit.mentions is not None:
        from iomld.read.table.csv import read_table_pair  # noqa: PLC0415  # see the top

        yield from read_table_pair(unit.data, unit.mentions, file=unit.file, name=name, options=options)
    else:
        source = LoadedSource(utf8_xml(unit.data, unit.file), unit.file, options.mapping)
        yield from _READERS[form_of(source)](source, options)


def _with_url(records: Iterator[Record], url: str | None) -> Iterator[Record]:
    for record in records:
        yield record if url is None else replace(record, origin=replace(record.origin, url=url))


def _read_nothing(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    del options
    raise SourceError(message("{file} is empty. Check that it was saved.", file=source.file))


def _read_binary(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    del options
    raise not_workbook(source.file) or SourceError(
        message("{file} is a binary file. Give a project page, a table, or records in JSON or RDF.", file=source.file)
    )


def _read_workbook(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    from iomld.read.table.workbook import read_workbook  # noqa: PLC0415  # see the top

    return read_workbook(source.data, file=source.file, options=options)


def _read_iati(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    from iomld.read.iati import read_iati  # noqa: PLC0415  # see the top

    return read_iati(source.data, file=source.file, options=options)


def _read_rdf(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    from iomld.read.graph.records import read_rdf  # noqa: PLC0415  # see the top

    if source.rdf_format is None:
        raise AssertionError(source.file)  # `form_of` has just found it
    return read_rdf(source.data, source.rdf_format, file=source.file, options=options)


def _read_html(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    from iomld.read.page.html import read_html  # noqa: PLC0415  # see the top

    yield read_html(source.data, _origin(source, "text/html"), file=source.file, lexicon=options.lexicon)


def _read_json_lines(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    del options
    return read_lines(source.data.split(b"\n"), file=source.file, name=source.name)


def _read_json(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    del options
    return read_records(_text(source), file=source.file, name=source.name)


def _read_table(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    from iomld.read.table.csv import read_table  # noqa: PLC0415  # see the top

    return read_table(source.data, file=source.file, name=source.name, options=options)


def _read_page(source: LoadedSource, options: ReadOptions) -> Iterator[Record]:
    from iomld.read.page.text import read_page  # noqa: PLC0415  # see the top

    origin = _origin(source, "text/plain")
    yield read_page(_text(source), origin, file=source.file, lexicon=options.lexicon)


def _origin(source: LoadedSource, media_type: str) -> Origin:
    return Origin(source.name, hashlib.sha256(source.data).hexdigest(), media_type)


def _text(source: LoadedSource) -> str:
    text = utf8_text(source.data, source.file)
    line_number = forbidden_line(text)
    if line_number is not None:
        raise SourceError(
            message(
                "{file}, line {line}: the text contains a control character. Remove it, or check that the file "
                "is a web page.",
                file=source.file,
                line=line_number,
            )
        )
    return text


_READERS: Mapping[Form, Callable[[LoadedSource, ReadOptions], Iterator[Record]]] = {
    Form.JSON_LINES: _read_json_lines,
    Form.EMPTY: _read_nothing,
    Form.WORKBOOK: _read_workbook,
    Form.BINARY: _read_binary,
    Form.IATI: _read_iati,
    Form.RDF: _read_rdf,
    Form.HTML: _read_html,
    Form.JSON: _read_json,
    Form.TABLE: _read_table,
    Form.PAGE: _read_page,
}
