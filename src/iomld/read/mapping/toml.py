"""TOML with the lines of its keys, which `tomllib` does not return."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from iomld.errors import SourceError
from iomld.messages import ForeignText, Message, message
from iomld.model import Place
from iomld.read.record.json_faults import number_too_long

# The path of keys to a value, from the top.
KeyPath: TypeAlias = tuple[str, ...]

_PART = r"(?:\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|[A-Za-z0-9_-]++)"
_KEYS = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_LINE = re.compile(
    rf"[ \t]*+(?:\[[ \t]*+(?P<table>{_KEYS})[ \t]*+\]|(?P<key>{_KEYS})[ \t]*+=)|"
    rf"[ \t]*+\[\[[ \t]*+(?P<array>{_KEYS})[ \t]*+\]\]"
)
_WHERE = re.compile(r"(?P<problem>.*) \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)", re.DOTALL)
_TWICE = re.compile(r"Cannot (?:overwrite|declare|mutate)|Duplicate")
_LONGEST_EXCERPT = 160
_MOST_POINTS = 100  # on a line; the time for a key grows with the square of its parts
_MOST_LINES = 50_000  # that are looked through for a key


@dataclass(frozen=True)  # without slots, for the cached property
class TomlDocument:
    """A document in TOML.

    Attributes:
        content: Its values.
        text: Its text.
        file: Its name, for messages.
    """

    content: Mapping[str, Any]
    text: str
    file: str

    def where(self, *path: str) -> Message:
        """File and line of a key, for a message; of the table that contains it, if its own line is not known."""
        return line_of(self.file, self.place(*path).line)

    def place(self, *path: str) -> Place:
        """The place of a key."""
        known = (path[:length] for length in range(len(path), 0, -1))
        line = next((self._lines[keys] for keys in known if keys in self._lines), None)
        excerpt = self._text_lines[line - 1].strip()[:_LONGEST_EXCERPT] if line else None
        return Place(self.file, line=line, excerpt=excerpt)

    @cached_property
    def _text_lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def _lines(self) -> Mapping[KeyPath, int]:
        """The line of each key."""
        return {path: number for number, path in reversed(tuple(_keys_by_line(self._text_lines)))}


def line_of(file: str, line: int | None) -> Message:
    """File and line, for a message."""
    return message("{file}, line {line}", file=file, line=line) if line else message("{file}", file=file)


def named_twice(where: Message, name: str) -> SourceError:
    """The error that a name stands twice; `where` is its second place."""
    return SourceError(message("{where}: “{name}” is defined twice. Keep one.", where=where, name=name))


def read_toml(text: str, file: str) -> TomlDocument:
    """Read a document.

    Args:
        text: Its text.
        file: Its name, for messages.

    Raises:
        SourceError: It is no TOML, or names a key twice.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > _MOST_POINTS:
            raise SourceError(
                message(
                    "{where}: the line has more than {limit} dots.", where=line_of(file, number), limit=_MOST_POINTS
                )
            )
    try:
        return TomlDocument(tomllib.loads(text), text, file)
    except tomllib.TOMLDecodeError as error:
        raise _broken(str(error), text, file) from error
    except ValueError as error:
        raise number_too_long(file, text) from error
    except RecursionError as error:
        raise SourceError(message("{file}: the TOML is nested too deeply.", file=file)) from error


def _broken(detail: str, text: str, file: str) -> SourceError:
    match = _WHERE.fullmatch(detail)
    problem, line = (match["problem"], int(match["line"] or 0)) if match else (detail, 0)
    line = line or text.count("\n") + 1
    if _TWICE.match(problem):
        keys = next((path for number, path in _keys_by_line(text.splitlines()) if number == line), ())
        return named_twice(line_of(file, line), keys[-1] if keys else "")
    return SourceError(
        message("{where}: not valid TOML ({detail}).", where=line_of(file, line), detail=ForeignText(problem))
    )


def _keys_by_line(lines: list[str]) -> Iterator[tuple[int, KeyPath]]:
    """The lines that open a table or set a key, each with the whole path; texts of several lines may add some."""
    table: KeyPath = ()
    for number, line in enumerate(lines[:_MOST_LINES], start=1):
        match = _LINE.match(line)
        if match is None:
            continue
        opened = match["table"] or match["array"]
        path = _path(opened or match["key"])
        if opened:
            table = path
            yield number, path
        else:
            yield number, (*table, *path)


def _path(keys: str) -> KeyPath:
    """The names of dotted keys."""
    try:
        value: Any = tomllib.loads(f"{keys} = 0")
    except tomllib.TOMLDecodeError:  # an escape that is none
        return ()
    path: list[str] = []
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        path.append(name)
    return tuple(path)
