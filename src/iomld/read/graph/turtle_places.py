"""Find the places of values in Turtle, TriG, N-Triples and N-Quads.

The parser of pyoxigraph gives terms without places. This scanner reads the same text again, in just enough detail to
know the subject and predicate of each object. Both keep the order of the text, so that the nth object of a subject and
predicate here is that of the nth quad there. The scanner reports no errors: it stops at a token that it does not know.

Source: RDF 1.1 Turtle section 6.5, TriG section 4.5, N-Triples section 7 (grammars).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

from iomld.iris import RDF

# Offsets of the objects of a subject and a predicate, in the order of the text. Blank nodes are written `_:label`.
Offsets = dict[tuple[str, str], list[int]]

_LINE = re.compile(
    r"^[ \t]*(?:<(?P<iri>[^<>\s]*)>|(?P<blank>_:[^\s<]+))[ \t]*<(?P<predicate>[^<>\s]*)>[ \t]*", re.MULTILINE
)
_TOKEN = re.compile(
    r"""
    (?: [ \t\r\n]++ | \#[^\r\n]*+ )*+
    (?:
      (?P<literal>  \"{3} (?:\"{0,2}(?:[^\"\\]|\\.))*+ \"{3} | '{3} (?:'{0,2}(?:[^'\\]|\\.))*+ '{3}
                  | \" (?:[^\"\\\r\n]|\\.)*+ \" | ' (?:[^'\\\r\n]|\\.)*+ '
                  | [+-]?(?:[0-9]+(?:\.[0-9]*(?=[eE]))?(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)? (?![\w:]) )
    | (?P<iri>      < (?:[^<>\s\\]|\\[uU][0-9A-Fa-f]+)*+ > )
    | (?P<blank>    _: \w (?:[\w-]|\.(?=[\w.-]))*+ )
    | (?P<name>     (?P<prefix>\w(?:[\w-]|\.(?=[\w.-]))*+)? :
                    (?P<local>(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.|\.(?=[\w:.%\\-]))*+) )
    | (?P<tag>      @[A-Za-z]+(?:-[A-Za-z0-9]+)*+ )
    | (?P<word>     [A-Za-z]+ )
    | (?P<mark>     \^\^ | [.;,\[\](){}] )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_BACKSLASHED = re.compile(r"\\(.)")
_DIRECTIVES = ("prefix", "base", "version")
_LAST_CHARACTER = 0x10FFFF


def line_offsets(text: str) -> Offsets:
    """Offsets of the objects in N-Triples or N-Quads, where a statement is a line."""
    offsets: Offsets = {}
    for match in _LINE.finditer(text):
        subject = match["blank"] or _unescaped(match["iri"])
        offsets.setdefault((subject, _unescaped(match["predicate"])), []).append(match.end())
    return offsets


def turtle_offsets(text: str, *, base: str) -> Offsets:
    """Offsets of the objects in Turtle or TriG; relative IRIs are resolved against the base."""
    scanner = _Scanner(base)
    for kind, match in _tokens(text):
        scanner.add_token(kind, match)
    return scanner.offsets


def resolved_iri(base: str, iri: str) -> str:
    """An IRI reference resolved against a base; unchanged if urllib cannot parse it, so that no subject has it."""
    try:
        return urljoin(base, iri)
    except ValueError:
        return iri


def _tokens(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    at = 0
    while match := _TOKEN.match(text, at):
        at = match.end()
        yield match.lastgroup or "", match


@dataclass(slots=True)
class _Frame:
    """One level of nesting: a statement, a `[ … ]`, or a `( … )`, whose items have no predicate.

    Attributes:
        expects: `subject`, `predicate`, `object`, `end` (of an object), or `item`.
    """

    expects: str
    subject: str | None = None
    predicate: str = ""


@dataclass(slots=True)
class _Scanner:
    """Collects the offsets of objects from tokens."""

    base: str
    offsets: Offsets = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    frames: list[_Frame] = field(default_factory=lambda: [_Frame("subject")])
    directive: str = ""
    prefix: str = ""
    is_datatype: bool = False

    def add_token(self, kind: str, match: re.Match[str]) -> None:
        """Process the next token."""
        if self.is_datatype:
            self.is_datatype = False
        elif self.directive:
            self._directive(kind, match)
        elif kind == "mark":
            self._punctuation(match[kind], match.start(kind))
        elif kind == "tag" or (kind == "word" and match[kind] not in ("a", "true", "false")):
            word = match[kind].lower().removeprefix("@")
            # A language tag follows an object; GRAPH only introduces the name of a graph.
            self.directive = word if self.frames[-1].expects == "subject" and word in _DIRECTIVES else ""
        else:
            self._term(kind, match)

    def _directive(self, kind: str, match: re.Match[str]) -> None:
        """Process the next token of `@prefix p: <iri>` or `@base <iri>`."""
        if kind == "name":
            self.prefix = match["prefix"] or ""
        elif kind == "iri":
            iri = self._iri(kind, match)
            if self.directive == "base":
                self.base = iri
            else:
                self.prefixes[self.prefix] = iri
            self.directive = ""
        else:
            self.directive = ""

    def _term(self, kind: str, match: re.Match[str]) -> None:
        frame = self.frames[-1]
        if frame.expects == "subject":
            frame.subject, frame.expects = self._iri(kind, match), "predicate"
        elif frame.expects == "predicate":
            frame.predicate, frame.expects = self._iri(kind, match), "object"
        elif frame.expects == "object":
            self._object(frame, match.start(kind))

    def _object(self, frame: _Frame, offset: int) -> None:
        if frame.subject is not None:
            self.offsets.setdefault((frame.subject, frame.predicate), []).append(offset)
        frame.expects = "end"

    def _punctuation(self, mark: str, offset: int) -> None:
        frame = self.frames[-1]
        if mark == "^^":
            self.is_datatype = True
        elif mark in "[(":
            if frame.expects == "object":
                self._object(frame, offset)
            self.frames.append(_Frame("predicate" if mark == "[" else "item"))
        elif mark in "])":
            self._end_frame()
        elif mark in "{}" or (mark == "." and len(self.frames) == 1):
            self.frames = [_Frame("subject")]
        elif mark == ";":
            frame.expects = "predicate"
        elif mark == ",":
            frame.expects = "object"

    def _end_frame(self) -> None:
        """End a `[ … ]` or `( … )`; if it was a subject, its predicates follow."""
        if len(self.frames) > 1:
            self.frames.pop()
        if self.frames[-1].expects == "subject":
            self.frames[-1].expects = "predicate"

    def _iri(self, kind: str, match: re.Match[str]) -> str:
        if kind == "iri":
            iri = _unescaped(match[kind][1:-1])
            return iri if iri.startswith(("http://", "https://")) else resolved_iri(self.base, iri)
        if kind == "name":
            local = match["local"]
            start = self.prefixes.get(match["prefix"] or "", "")
            return start + (_BACKSLASHED.sub(r"\1", local) if "\\" in local else local)
        return f"{RDF}type" if match[kind] == "a" else match[kind]


def _unescaped(iri: str) -> str:
    return _ESCAPED.sub(_character, iri) if "\\" in iri else iri


def _character(match: re.Match[str]) -> str:
    number = int(match[1] or match[2], 16)
    return chr(number) if number <= _LAST_CHARACTER else match[0]
