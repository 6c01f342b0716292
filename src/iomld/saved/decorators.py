"""Reads the comments at the beginning of a saved query that describe it (`#+ title: …`), as grlc writes them.

grlc takes these comments together as YAML. Of YAML, only what such comments need is read: keys with a text, and lists
of texts, of keys with a text, or of keys with a list of texts. A text may be in quotes.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from iomld.errors import QueryError
from iomld.messages import Message, message

MARK = "#+"
TITLE, SUMMARY, DEFAULTS, ENUMERATE, TAGS = "title", "summary", "defaults", "enumerate", "tags"
_EXAMPLE = f"{MARK} {TITLE}: …"
_READ = (TITLE, SUMMARY, DEFAULTS, ENUMERATE, TAGS)
# What grlc reads besides; none of it changes the answer here.
_IGNORED = frozenset({"description", "endpoint", "endpoint_in_url", "licence", "license", "method"})
_PAIR = re.compile(r"([^\s:\"'#]+)\s*:(?:\s+(.*))?")
_OTHER_YAML = frozenset("'|>[{&*!%@`")  # what begins a value of YAML that is no plain text


class QueryFileError(QueryError):
    """A file with a saved query cannot be used.

    Attributes:
        file: Its name.
        line: The line of the fault, counted from 1; 0 for the whole file.
        fault: What is wrong and what to do.
    """

    def __init__(self, file: str, line: int, fault: Message) -> None:
        """Word the message."""
        super().__init__(
            message("{file}, line {line}: {fault}", file=file, line=line, fault=fault)
            if line
            else message("{file}: {fault}", file=file, fault=fault)
        )
        self.file, self.line, self.fault = file, line, fault


class LineFaultError(Exception):
    """A fault in a line of a saved query; whoever knows the file makes a `QueryFileError` of it."""

    def __init__(self, line: int, fault: Message) -> None:
        """Take the line, counted from 1, and the sentence."""
        super().__init__(str(fault))
        self.line, self.fault = line, fault


@dataclass(frozen=True, slots=True)
class DecoratorEntry:
    """An entry in the list of a decorator.

    Attributes:
        line: Its line in the file, counted from 1.
        indent: Number of blanks before it.
        key: The word before the colon; empty if it is a text alone.
        text: The text.
        texts: The list of texts under the key.
    """

    line: int
    indent: int
    key: str
    text: str
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator of a query: `#+ NAME: TEXT`, or `#+ NAME:` and a list.

    Attributes:
        line: Its line in the file, counted from 1.
        text: The text; empty if there is a list.
        entries: The list.
    """

    line: int
    text: str
    entries: tuple[DecoratorEntry, ...] = ()


def read_decorators(comments: Iterable[tuple[int, str]]) -> Mapping[str, Decorator]:
    """The decorators among the comments of a query, by name.

    Args:
        comments: The line of each comment that begins with `#+`, and its text.

    Raises:
        LineFaultError: A comment cannot be read, or its name is unknown or given twice.

    >>> read_decorators([(1, "#+ title: Two ports"), (2, "#+ tags:"), (3, "#+   - ports")])["title"].text
    'Two ports'
    """
    found: dict[str, Decorator] = {}
    name, base = "", None
    for line, comment in comments:
        content = comment.removeprefix(MARK).rstrip()
        indent = len(content) - len(content.lstrip())
        words = content.strip()
        if not words or words.startswith("#"):
            continue
        base = indent if base is None else base
        if indent > base or words.startswith("-"):
            if not name:
                raise LineFaultError(
                    line, message("This line belongs to no name. Begin with {example}.", example=_EXAMPLE)
                )
            found[name] = _with_entry(found[name], line, indent, words)
            continue
        name, text = _pair(line, words)
        _check_name(line, name, found)
        found[name] = Decorator(line, text)
    return {name: decorator for name, decorator in found.items() if name in _READ}


def _check_name(line: int, name: str, found: Mapping[str, Decorator]) -> None:
    if name in found:
        raise LineFaultError(line, message("“{name}” is given twice. Keep one of them.", name=name))
    if name in _READ or name in _IGNORED:
        return
    close = get_close_matches(name, _READ, n=1)
    if close:
        fault = message("“{name}” is not known. Did you mean “{close}”?", name=name[:40], close=close[0])
        raise LineFaultError(line, fault)
    fault = message(
        "“{name}” is not known. Use {names}, or an ordinary comment.", name=name[:40], names=", ".join(_READ)
    )
    raise LineFaultError(line, fault)


def _with_entry(decorator: Decorator, line: int, indent: int, words: str) -> Decorator:
    """The decorator with one more entry, or one more text in the list of its last entry."""
    if decorator.text:
        raise LineFaultError(line, message("A text is written on one line. Join this line with the one before."))
    content = words.removeprefix("-").strip()
    last = decorator.entries[-1] if decorator.entries else None
    if _PAIR.fullmatch(content):
        key, text = _pair(line, content)
        return replace(decorator, entries=(*decorator.entries, DecoratorEntry(line, indent, key, text)))
    text = _text(line, content)
    if last and last.key and not last.text and indent > last.indent:
        longer = replace(last, texts=(*last.texts, text))
        return replace(decorator, entries=(*decorator.entries[:-1], longer))
    return replace(decorator, entries=(*decorator.entries, DecoratorEntry(line, indent, "", text)))


def _pair(line: int, words: str) -> tuple[str, str]:
    pair = _PAIR.fullmatch(words)
    if pair is None:
        raise LineFaultError(
            line, message("A name with a colon is missing here. Write it like {example}.", example=_EXAMPLE)
        )
    return pair[1], _text(line, pair[2] or "")


def _text(line: int, written: str) -> str:
    """The text of a value on one line, without its quotes and without a comment behind it."""
    return " ".join(_unquoted(line, written.strip()).split())


def _unquoted(line: int, written: str) -> str:
    """The text of a value: a plain one ends where a comment begins."""
    if written.startswith('"'):
        try:
            text, end = json.JSONDecoder().raw_decode(written)
        except ValueError:
            text, end = None, 0
        if isinstance(text, str) and written[end:].strip()[:1] in {"", "#"}:
            return text
    elif quoted := re.fullmatch(r"'((?:[^']|'')*)'(?:\s+#.*)?", written):
        return quoted[1].replace("''", "'")
    elif written[:1] not in _OTHER_YAML:
        return "" if written.startswith("#") else re.sub(r"\s+#.*", "", written)
    fault = message("The text {text} cannot be read. Put it in double quotes, on one line.", text=written[:60])
    raise LineFaultError(line, fault)
