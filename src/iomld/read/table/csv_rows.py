"""Decode delimited text (RFC 4180) and split it into rows.

A byte order mark decides the encoding; without one it is UTF-8, else Windows-1252 with a Warning. Rows are split
lazily; quoted cells may hold line ends and delimiters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import Finding, Place, Severity
from iomld.read.text import BOMS

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 1000
LONGEST_CELL = 1024 * 1024  # characters
_LINE_END = re.compile(r"\r\n|\n|\r")


def decoded(data: bytes, file: str) -> tuple[str, tuple[Finding, ...]]:
    """Decode a table.

    Args:
        data: The bytes.
        file: The file's name, for messages.

    Returns:
        The text, and a Warning `encodingGuessed` if it is not UTF-8 and has no byte order mark.

    Raises:
        SourceError: The bytes are not text.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise SourceError(
                    message(
                        "{file}: the text is not valid {encoding}. Save the file again.",
                        file=file,
                        encoding=encoding.removesuffix("-sig").upper(),
                    )
                ) from error
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise SourceError(
            message(
                "{file}, line {line}: the text is neither UTF-8 nor Windows-1252. Save the file as UTF-8.",
                file=file,
                line=line,
            )
        ) from error
    problem = message("The file is not UTF-8 (see line {line}); it was read as Windows-1252.", line=line)
    fix = message("Check that accented letters are right, and save the file as UTF-8.")
    return text, (Finding("encodingGuessed", Severity.WARNING, problem, fix, place=Place(file, line=line)),)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row.

    Attributes:
        number: Its number as spreadsheets count, from 1, including empty rows and the header.
        line: The line of the file on which it begins, from 1.
        cells: The texts of its cells, unquoted.
        badly_quoted: Numbers, from 0, of the cells whose quotation marks do not match.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    badly_quoted: tuple[int, ...] = ()


def delimiters_of(line: str) -> tuple[str, ...]:
    """The delimiters that occur in a line, the most frequent first."""
    found = [mark for mark in DELIMITERS if mark in line]
    return tuple(sorted(found, key=line.count, reverse=True))


def read_rows(text: str, delimiter: str, *, file: str) -> Iterator[CsvRow]:
    """Read the rows of a text, including empty ones.

    Args:
        text: The whole text.
        delimiter: One of `DELIMITERS`.
        file: The file's name, for messages.

    Raises:
        SourceError: A row has more than 1000 cells, or a cell more than 1 MB.
    """
    cell = _cell_pattern(delimiter)
    at, line, number = 0, 1, 1
    while at < len(text):
        end = _LINE_END.search(text, at)
        stop = end.start() if end else len(text)
        if text.find('"', at, stop) < 0:
            if text.count(delimiter, at, stop) >= MOST_COLUMNS:
                raise _too_many(file, line)
            row = CsvRow(number, line, tuple(text[at:stop].split(delimiter)))
            at, lines = (end.end() if end else len(text)), 1
        else:
            row, at, lines = _quoted_row(text, at, cell, CsvRow(number, line, ()), file)
        if max(map(len, row.cells)) > LONGEST_CELL:
            raise SourceError(
                message(
                    "{file}, line {line}: a cell is longer than {limit} characters. Shorten it.",
                    file=file,
                    line=line,
                    limit=LONGEST_CELL,
                )
            )
        yield row
        line, number = line + lines, number + 1


def _quoted_row(text: str, start: int, cell: re.Pattern[str], row: CsvRow, file: str) -> tuple[CsvRow, int, int]:
    """The row that begins at an offset, the offset of the next row, and the number of lines of the row."""
    cells: list[str] = []
    bad: list[int] = []
    at = start
    while True:
        match = cell.match(text, at)
        if match is None:  # impossible: the second branch of the pattern matches anything, even nothing
            raise SourceError(
                message(
                    "{file}, line {line}: the line cannot be read as a row of a table. Check the delimiter and the "
                    "quotes.",
                    file=file,
                    line=row.line,
                )
            )
        quoted, plain = match["quoted"], match["plain"]
        if quoted is None and plain.lstrip().startswith('"'):
            bad.append(len(cells))
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        at = match.end()
        if len(cells) > MOST_COLUMNS:
            raise _too_many(file, row.line)
        if not match["more"]:
            break
    lines = len(_LINE_END.findall(text, start, at))
    return CsvRow(row.number, row.line, tuple(cells), tuple(bad)), at, lines


def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    """A pattern of a cell and its end; possessive, so that no text causes backtracking."""
    mark = re.escape(delimiter)
    end = rf"(?:(?P<more>{mark})|\r\n|\n|\r|\Z)"
    return re.compile(rf'(?: *"(?P<quoted>[^"]*+(?:""[^"]*+)*+)" *|(?P<plain>[^{mark}\r\n]*+)){end}')


def _too_many(file: str, line: int) -> SourceError:
    return SourceError(
        message(
            "{file}, line {line}: more than {limit} columns. Check the delimiter and the quotes.",
            file=file,
            line=line,
            limit=MOST_COLUMNS,
        )
    )
