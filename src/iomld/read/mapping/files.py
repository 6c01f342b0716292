"""Read mappings from files: TOML, and for headings alone a JSON object or a table of two columns."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from json import JSONDecodeError
from pathlib import Path, PurePath
from typing import NamedTuple

from iomld.errors import SourceError
from iomld.messages import ForeignText, message
from iomld.read.mapping.rules import check_column, mapping_of_document
from iomld.read.mapping.toml import line_of, named_twice, read_toml
from iomld.read.record.json_faults import number_too_long
from iomld.read.table.columns import heading_key
from iomld.read.table.csv_rows import MOST_COLUMNS, decoded, delimiters_of, read_rows
from iomld.read.table.headings import is_our_column
from iomld.read.table.mapping import ColumnRule, TableMapping

MOST_BYTES = 1024 * 1024
_COLUMNS = 2  # of a table of headings
_TOML_LINE = re.compile(r"\s*+(?:\[[ \t]*+[A-Za-z\"'].*|[^,;\t|=]*=.*)")
_FORM = message("Write it in TOML with their headings under [columns], or as two columns: their heading, our column.")


class _Pair(NamedTuple):
    """A heading of theirs and our column; the line is looked for when it is needed."""

    theirs: str
    ours: str
    line: Callable[[], int | None]


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping.

    Args:
        path: A file in TOML; a JSON object of their headings and our columns; or a table of these two columns.

    Raises:
        SourceError: The file cannot be read, is no mapping, or says what cannot be meant.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(
            message("{file} cannot be read ({detail}).", file=path, detail=ForeignText(error.strerror))
        ) from error
    return mapping_of(data, str(path))


def mapping_of(data: bytes, name: str) -> TableMapping:
    """Read a mapping from its bytes; the name is for messages, and its suffix tells the format if it can.

    Raises:
        SourceError: It is too large, no mapping, or says what cannot be meant.
    """
    if len(data) > MOST_BYTES:
        raise SourceError(
            message("{file} is larger than {limit} bytes, too large for a mapping.", file=name, limit=MOST_BYTES)
        )
    text = decoded(data, name)[0].removeprefix("\ufeff")
    suffix = PurePath(name).suffix.lower()
    if suffix == ".toml" or (suffix not in (".json", ".csv", ".tsv") and _is_toml(text)):
        return mapping_of_document(read_toml(text, name))
    pairs = _pairs_of_json(text, name) if text.lstrip().startswith(("{", "[")) else _pairs_of_table(text, name)
    columns = _columns(islice(pairs, MOST_COLUMNS + 1), name)
    if len(columns) > MOST_COLUMNS:
        raise SourceError(message("{where}: more than {limit} columns.", where=line_of(name, None), limit=MOST_COLUMNS))
    if not columns:
        raise SourceError(message("{file}: the mapping is empty. {form}", file=name, form=_FORM))
    return TableMapping(columns)


def _is_toml(text: str) -> bool:
    """Whether the first line that is not a comment opens a table or sets a key."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return _TOML_LINE.fullmatch(next(lines, "")) is not None


def _pairs_of_json(text: str, file: str) -> Iterator[_Pair]:
    found: list[tuple[str, object]] = []

    def take(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found[:] = pairs  # with keys that stand twice; those of the outermost object come last
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=take)
    except JSONDecodeError as error:
        detail = ForeignText(error.msg)
        raise SourceError(
            message("{where}: not valid JSON ({detail}).", where=line_of(file, error.lineno), detail=detail)
        ) from error
    except ValueError as error:
        raise number_too_long(file, text) from error
    except RecursionError as error:
        raise SourceError(message("{file}: the JSON is nested too deeply.", file=file)) from error
    if not (isinstance(content, dict) and all(isinstance(column, str) for _, column in found)):
        raise SourceError(message("{file} is not a mapping. {form}", file=file, form=_FORM))
    for theirs, ours in found:
        yield _Pair(theirs, str(ours), partial(_last_line, text, json.dumps(theirs, ensure_ascii=False)))


def _last_line(text: str, word: str) -> int | None:
    """The line on which a word stands last; None if it is written in another way."""
    at = text.rfind(word)
    return text.count("\n", 0, at) + 1 if at >= 0 else None


def _pairs_of_table(text: str, file: str) -> Iterator[_Pair]:
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    delimiter = next((mark for mark in delimiters_of(first) if len(first.split(mark)) == _COLUMNS), ",")
    for number, row in enumerate(read_rows(text, delimiter, file=file)):
        if not any(row.cells):
            continue
        if len(row.cells) != _COLUMNS:
            where = line_of(file, row.line)
            raise SourceError(message("{where}: a mapping has two columns. {form}", where=where, form=_FORM))
        theirs, ours = (cell.strip() for cell in row.cells)
        if number > 0 or is_our_column(ours):
            yield _Pair(theirs, ours, partial(int, row.line))


def _columns(pairs: Iterable[_Pair], file: str) -> dict[str, ColumnRule]:
    """The rule of each heading."""
    columns: dict[str, ColumnRule] = {}
    known: dict[str, str] = {}
    for theirs, ours, line in pairs:
        key = heading_key(theirs)
        if not is_our_column(ours) or known.setdefault(key, ours) != ours:
            where = line_of(file, line())
            check_column(ours, where)
            raise named_twice(where, theirs)
        columns[theirs] = ColumnRule(ours)
    return columns
