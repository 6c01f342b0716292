"""Find the places of values in RDF text, by subject and predicate.

The place is the object itself in Turtle and its relatives, the value of the key in JSON-LD, and the line of the element
in RDF/XML. A value that is not found (of a node without a name, or of a key of another context) has the place of the
subject's first value.
"""

import io
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from iomld.assets import load_fields
from iomld.formats.jsonld_terms import document_keys
from iomld.formats.rdf import JSONLD, NQUADS, NTRIPLES, RDFXML, Format
from iomld.fund_folder import cached
from iomld.iris import RDF, local_name
from iomld.model import Place
from iomld.read.graph.turtle_places import Offsets, line_offsets, resolved_iri, turtle_offsets
from iomld.read.record.locate import excerpt, pointer_step
from iomld.read.xml import not_xml, safe_events

_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_JSON_TOKEN = re.compile(r'"(?P<string>(?:[^"\\]|\\.)*+)"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@cached
def _key_names() -> dict[str, str]:
    """The JSON key of each property."""
    return {key.iri: key.name for key in document_keys(load_fields()).rows if not key.reverse}


@dataclass(frozen=True, slots=True)
class ValuePlaces:
    """The places of the values in one text.

    Attributes:
        file: The file's name for places.
        text: The whole text.
        offsets: Offsets of the objects of each subject and predicate, in the order of the text.
        pointers: The JSON pointer at each offset, for JSON-LD.
        by_key: Whether predicates are named by JSON keys, and subjects as the author wrote them.
    """

    file: str
    text: str
    offsets: Offsets
    pointers: dict[int, str] = field(default_factory=dict)
    by_key: bool = False
    _lines: list[int] = field(default_factory=list)
    _subjects: dict[str, int] = field(default_factory=dict)

    def of(self, subject: str, predicate: str, number: int = 0) -> Place:
        """The place of the nth object, from 0, of a subject and a predicate."""
        found = next((self.offsets[key] for key in self._keys(subject, predicate) if key in self.offsets), None)
        return self._at(found[min(number, len(found) - 1)]) if found else self.of_subject(subject)

    def of_subject(self, subject: str) -> Place:
        """The place of the first object of a subject; the file alone if the subject is not found."""
        if not self._subjects:
            for (name, _), offsets in self.offsets.items():
                self._subjects.setdefault(name, offsets[0])
                if self.by_key:
                    self._subjects.setdefault(f"*{_tail(name)}", offsets[0])
        offset = self._subjects.get(subject, self._subjects.get(f"*{_tail(subject)}"))
        return Place(self.file) if offset is None else self._at(offset)

    def _keys(self, subject: str, predicate: str) -> Iterator[tuple[str, str]]:
        yield subject, predicate
        if self.by_key:
            for key in (_key_names().get(predicate, ""), f"*{local_name(predicate)}"):
                yield subject, key
                yield f"*{_tail(subject)}", key

    def _at(self, offset: int) -> Place:
        if not self._lines:
            self._lines.append(0)
            self._lines.extend(match.end() for match in re.finditer("\n", self.text))
        line = bisect_right(self._lines, offset)
        start = self._lines[line - 1]
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        column = offset - start + 1
        return Place(
            self.file,
            line=line,
            column=column,
            pointer=self.pointers.get(offset),
            excerpt=excerpt(self.text[start : min(end, offset + 4096)], column),
        )


def find_places(text: str, format_: Format, *, file: str, base: str) -> ValuePlaces:
    """Scan a text for values. Except for RDF/XML, the format's parser must have accepted it.

    Raises:
        SourceError: The XML is not well-formed, or nested so deeply that the RDF parser would take very long.
    """
    if format_ is JSONLD:
        offsets, pointers = _json_offsets(text)
        return ValuePlaces(file, text, offsets, pointers, by_key=True)
    if format_ is RDFXML:
        try:
            return ValuePlaces(file, text, _xml_offsets(text, base))
        except etree.XMLSyntaxError as error:
            raise not_xml(file, error) from error
    in_lines = format_ in (NTRIPLES, NQUADS)
    return ValuePlaces(file, text, line_offsets(text) if in_lines else turtle_offsets(text, base=base))


def _tail(subject: str) -> str:
    """The end of an IRI, which is also that of a relative or prefixed name for it."""
    return re.split(r"[/:]", subject)[-1]


@dataclass(slots=True)
class _JsonNode:
    """An open object or array; the members of an object are collected until its `@id` is known."""

    pointer: str
    is_object: bool
    key: str = ""
    count: int = 0
    name: str = ""
    members: list[tuple[str, int]] = field(default_factory=list)

    @property
    def member(self) -> str:
        """Pointer of the member or item that is being read."""
        step = pointer_step(self.key) if self.is_object else str(self.count)
        return f"{self.pointer}/{step}"


def _json_offsets(text: str) -> tuple[Offsets, dict[int, str]]:
    """Offsets of the members of each object that has an `@id` (or `id`); items of an array by their order."""
    offsets: Offsets = {}
    pointers: dict[int, str] = {}
    stack: list[_JsonNode] = []
    previous = ""
    for match in _JSON_TOKEN.finditer(text):
        symbol, top = match[0], stack[-1] if stack else None
        if symbol in (",", ":"):
            if symbol == "," and top:
                top.count, top.key = top.count + 1, ""
        elif symbol in ("}", "]"):
            _end_node(stack.pop() if stack else None, offsets)
        elif top and top.is_object and previous in ("{", ","):
            top.key = match["string"] or ""
        else:
            _begin_value(stack, match, pointers)
            if symbol in ("{", "["):
                stack.append(_JsonNode(top.member if top else "", symbol == "{"))
        previous = symbol
    return offsets, pointers


def _begin_value(stack: list[_JsonNode], match: re.Match[str], pointers: dict[int, str]) -> None:
    """Record the beginning of a value: of a member, or of an item in an array that is a member's value."""
    top = stack[-1] if stack else None
    if top is None:
        return
    pointers[match.start()] = top.member
    if top.is_object:
        top.members.append((top.key, match.start()))
        if top.key in ("@id", "id") and match["string"]:
            top.name = match["string"]
    elif len(stack) > 1 and stack[-2].is_object:
        owner = stack[-2]
        if owner.members and top.count == 0:
            owner.members.pop()  # the array itself
        owner.members.append((owner.key, match.start()))


def _end_node(node: _JsonNode | None, offsets: Offsets) -> None:
    """Record the offsets of the members of an object that has a name."""
    if node is None or not node.is_object or not node.name:
        return
    for key, offset in node.members:
        for name in (node.name, f"*{_tail(node.name)}"):
            offsets.setdefault((name, key), []).append(offset)
            if not key.startswith("@"):
                offsets.setdefault((name, f"*{local_name(key.replace(':', '/'))}"), []).append(offset)


def _xml_offsets(text: str, base: str) -> Offsets:
    """Offsets of the lines of property elements, by the node elements that contain them (RDF/XML section 2)."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    offsets: Offsets = {}
    stack: list[str | None] = []  # the subject of a node element; None for a property element
    bases = [base]
    for event, element in safe_events(io.BytesIO(text.encode("utf-8")), ("start", "end"), encoding="utf-8"):
        if event == "end":
            stack.pop()
            bases.pop()
            element.clear()
            continue
        bases.append(resolved_iri(bases[-1], element.get(_XML_BASE, "")))
        is_node = not stack or stack[-1] is None
        offset = lines[min((element.sourceline or 1), len(lines)) - 1]
        if is_node and not (len(stack) == 0 and element.tag == f"{{{RDF}}}RDF"):
            subject = _subject(element, bases[-1])
            for name in element.attrib:
                offsets.setdefault((subject, _iri(str(name))), []).append(offset)
            offsets.setdefault((subject, f"{RDF}type"), []).append(offset)
            stack.append(subject)
        elif is_node:
            stack.append(None)
        else:
            offsets.setdefault((stack[-1] or "", _iri(str(element.tag))), []).append(offset)
            stack.append("" if element.get(f"{{{RDF}}}parseType") in ("Resource", "Literal") else None)
    return offsets


def _subject(element: etree._Element, base: str) -> str:
    about, name, blank = (element.get(f"{{{RDF}}}{key}") for key in ("about", "ID", "nodeID"))
    if about is not None:
        return resolved_iri(base, about)
    return resolved_iri(base, f"#{name}") if name is not None else f"_:{blank or ''}"


def _iri(tag: str) -> str:
    return tag.removeprefix("{").replace("}", "", 1)
