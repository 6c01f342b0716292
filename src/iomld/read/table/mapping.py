"""Read a mapping for foreign tables: our column for each heading of theirs (`--mapping FILE`)."""

import json
from collections.abc import Iterable, Mapping
from json import JSONDecodeError
from pathlib import Path

from iomld.errors import SourceError
from iomld.model import ForeignText, message
from iomld.read.table.csv_rows import delimiters_of, read_rows
from iomld.read.table.encodings import decoded
from iomld.read.table.headings import IGNORED, closest_columns, heading_of, mention_heading_of

_FIX = 'Write {"Their heading": "projectCode"}, or two columns: their heading, ours.'
_COLUMNS_OF_A_MAPPING = 2
_MOST_BYTES = 1024 * 1024


def read_mapping(path: Path) -> Mapping[str, str]:
    """Read a mapping.

    Args:
        path: A JSON object, or a table of two columns without or with a header; `-` for ours passes theirs over.

    Raises:
        SourceError: The file cannot be read, is no mapping, or names a column that we do not have.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(
            message("{file}: cannot be read ({detail}).", file=path, detail=ForeignText(error.strerror))
        ) from error
    if len(data) > _MOST_BYTES:
        raise SourceError(f"{path}: too large for a mapping. {_FIX}")
    text, _ = decoded(data, str(path))
    pairs = _pairs_of_json(text, path) if text.lstrip().startswith(("{", "[")) else _pairs_of_table(text, path)
    return _checked(pairs, path)


def _pairs_of_json(text: str, path: Path) -> Iterable[tuple[str, str]]:
    try:
        content = json.loads(text)
    except JSONDecodeError as error:
        raise SourceError(
            f"{path}, line {error.lineno}, column {error.colno}: not valid JSON ({error.msg})."
        ) from error
    except RecursionError as error:
        raise SourceError(f"{path}: the JSON is nested too deeply. {_FIX}") from error
    if not (isinstance(content, dict) and all(isinstance(column, str) for column in content.values())):
        raise SourceError(f"{path}: no mapping. {_FIX}")
    return content.items()


def _pairs_of_table(text: str, path: Path) -> Iterable[tuple[str, str]]:
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    delimiter = next((mark for mark in delimiters_of(first) if len(first.split(mark)) == _COLUMNS_OF_A_MAPPING), ",")
    for number, row in enumerate(read_rows(text, delimiter, file=str(path))):
        if not any(row.cells):
            continue
        if len(row.cells) != _COLUMNS_OF_A_MAPPING:
            raise SourceError(f"{path}, line {row.line}: two columns are needed. {_FIX}")
        theirs, ours = (cell.strip() for cell in row.cells)
        if number > 0 or _is_column(ours):
            yield theirs, ours


def _checked(pairs: Iterable[tuple[str, str]], path: Path) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for theirs, ours in pairs:
        if not _is_column(ours):
            near = closest_columns(ours)
            hint = f"Did you mean '{near[0]}'?" if near else "See the list of columns in the documentation."
            raise SourceError(f"{path}: '{ours}' is none of our columns. {hint}")
        if mapping.setdefault(theirs, ours) != ours:
            raise SourceError(f"{path}: '{theirs}' stands twice, for '{mapping[theirs]}' and '{ours}'. Keep one.")
    if not mapping:
        raise SourceError(f"{path}: the mapping is empty. {_FIX}")
    return mapping


def _is_column(name: str) -> bool:
    return name == IGNORED or heading_of(name, {}) is not None or mention_heading_of(name, {}) is not None
