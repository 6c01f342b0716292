"""Recognise RDF by its content; the suffix of the file's name only breaks ties."""

import re
from json import JSONDecodeError, JSONDecoder
from pathlib import PurePath

from iomld.formats.rdf import JSONLD, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE, Format, by_suffix
from iomld.iris import RDF
from iomld.read.record.framed import is_framed
from iomld.read.xml_safety import read_prolog

_HEAD = 65536  # bytes or characters that decide; a JSON text is read up to the end of its first value
_BLANK_OR_COMMENT = re.compile(r"(?:\s++|#[^\r\n]*+)*+")
_DIRECTIVE = re.compile(r"@(?:prefix|base|version)\b|(?:prefix\s+[\w.-]*:|base)\s*<|version\s*[\"']", re.IGNORECASE)
_TERM = r"<[^<>\"{}|^`\s]*>|_:[^\s<>\"]+"
_STATEMENT = re.compile(
    rf"(?:{_TERM})[ \t]*<[^<>\s]*>[ \t]*"
    rf"(?:{_TERM}|\"(?:[^\"\\]|\\.)*+\"(?:@[A-Za-z0-9-]+|\^\^<[^<>\s]*>)?)[ \t]*"
    rf"(?P<graph>{_TERM})?[ \t]*\.[ \t]*(?:#.*)?"
)
_TRIPLES_BEGIN = re.compile(
    r"(?:<[^<>\"{}|^`\s]*>|_:[^\s<>\"]+|\[[^\]\"{]*\])\s+(?:a\s|<[^<>\"{}|^`\s]*>|[\w.-]*:[^\s/])"
)
# Possessive throughout: a file of blanks must not cost more than its length.
_GRAPH_BEGINS = re.compile(
    r"^[ \t]*+(?:graph[ \t]++)?(?:<[^<>\"{}|^`\s]*>|[\w.-]*:[\w.%\\#-]*|_:\w+)?[ \t]*+(?:\r?\n[ \t]*+)?\{",
    re.MULTILINE | re.IGNORECASE,
)
_JSON_MARK = re.compile(r'"@(?:context|graph|id|type|value)"\s*:')
_RDF_ROOT = re.compile(r"(?:[^:]+:)?RDF")
_LINE_FORMATS = (NTRIPLES, NQUADS)


def rdf_format_of(data: bytes | str, name: str) -> Format | None:
    """The RDF format of a text, or None where it is none, or is JSON for the record reader.

    Args:
        data: The whole source.
        name: The file's name.
    """
    suffix = by_suffix(PurePath(name).suffix.lower().removeprefix("."))
    text = data if isinstance(data, str) else data[:_HEAD].decode("utf-8-sig", "replace")
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start and start in "{[" and suffix not in (TURTLE, TRIG):
        whole = data if isinstance(data, str) else data.decode("utf-8-sig", "replace")
        return JSONLD if _is_graph_json(whole) else None
    head = text[:_HEAD].removeprefix("\ufeff")
    if _is_rdf_xml(head):
        return RDFXML
    return _text_format(head, suffix)


def _is_graph_json(text: str) -> bool:
    """Say whether JSON is JSON-LD and not a record (or list, or lines of records) of our own."""
    if not _JSON_MARK.search(text):
        return False
    start = re.search(r"[\[{]", text)
    at = start.start() if start else 0
    if text[at] == "[":
        inner = re.compile(r"\[\s*").match(text, at)
        at = inner.end() if inner else at
    try:
        first, _ = JSONDecoder().raw_decode(text, at)
    except (JSONDecodeError, RecursionError, ValueError):  # ValueError: an integer of absurd length
        return False
    if not isinstance(first, dict) or is_framed(first):
        return False
    keys = {"@context", "@graph", "@id"} & first.keys()
    return bool(keys) or any(str(key).startswith(("http://", "https://")) for key in first)


def _is_rdf_xml(head: str) -> bool:
    root = read_prolog(head.encode("utf-8", "replace")).root
    return bool(_RDF_ROOT.fullmatch(root)) and RDF in head


def _text_format(head: str, suffix: Format | None) -> Format | None:
    match = _BLANK_OR_COMMENT.match(head)
    begin = head[match.end() if match else 0 :]
    lines = [line.strip() for line in begin.splitlines()[:-1] or begin.splitlines()][:50]
    statements = [_STATEMENT.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if statements and all(statements):
        if suffix is not None and suffix not in _LINE_FORMATS and suffix.engine in (TURTLE.engine, TRIG.engine):
            return suffix
        return NQUADS if suffix is NQUADS or any(one["graph"] for one in statements if one) else NTRIPLES
    if _DIRECTIVE.match(begin) or _TRIPLES_BEGIN.match(begin) or _GRAPH_BEGINS.match(begin):
        return TRIG if suffix is TRIG or _GRAPH_BEGINS.search(head) else TURTLE
    # Nothing is told by the content; a graph that is broken from its first line on is still named by its suffix.
    return suffix if suffix in (TURTLE, TRIG, NTRIPLES, NQUADS) and begin and not begin.startswith("<?xml") else None
