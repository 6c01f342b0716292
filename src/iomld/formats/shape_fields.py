"""Reads the fields of a project, and the keys of other nodes, from the property shapes that have a `sh:codeIdentifier`.

What a key belongs to follows from the node shapes that list it (`sh:property`): the class that they target, or a
project, as a property shape that no node shape lists is one of a project.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pyoxigraph import Literal, Quad

from iomld.fields.declared import PROJECT, Field, FieldKind, Fields
from iomld.iris import DASH, DCTERMS, FOAF, IOMLD, RDF, RDFS, SCHEMA, SH, SKOS, XSD, local_name

# What a shape says: RDF terms by property. Shapes have blank nodes, which `SubjectGraph` does not take.
_Shape: TypeAlias = Mapping[str, list[Any]]
_KINDS = {
    f"{RDF}langString": FieldKind.TEXT,
    f"{XSD}string": FieldKind.STRING,
    f"{XSD}language": FieldKind.LANGUAGE,
    f"{XSD}gYear": FieldKind.YEAR,
    f"{XSD}date": FieldKind.DAY,
    f"{XSD}dateTime": FieldKind.MOMENT,
    f"{XSD}decimal": FieldKind.AMOUNT,
    f"{XSD}integer": FieldKind.INTEGER,
    f"{XSD}hexBinary": FieldKind.HEX,
}
_CLASS_KINDS = {
    f"{IOMLD}MemberState": FieldKind.COUNTRY,
    f"{SCHEMA}Country": FieldKind.COUNTRY,
    f"{SCHEMA}MonetaryAmount": FieldKind.MONEY,
    f"{FOAF}Organization": FieldKind.FUNDER,
}
_CURRENCY = f"{SCHEMA}currency"
# What rules say about findings, and no declaration: a third of all statements.
_OF_RULES = {f"{SH}message", f"{RDFS}comment", f"{SH}select", f"{SH}sparql", f"{SH}prefixes"}
_OTHER_TARGETS = {f"{SH}targetNode", f"{SH}targetSubjectsOf", f"{SH}targetObjectsOf", f"{SH}target"}


def declared_fields(quads: Iterable[Quad]) -> Fields:
    """The fields and keys that a shapes graph declares, in the order of `sh:order`."""
    return _ShapesReader(quads).fields()


class _ShapesReader:
    """Reads one shapes graph."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._shapes: dict[Any, dict[str, list[Any]]] = {}
        for quad in quads:
            predicate = quad.predicate.value
            if predicate not in _OF_RULES:
                self._shapes.setdefault(quad.subject, {}).setdefault(predicate, []).append(quad.object)
        # The node shapes of each class, and the classes of the node shapes that list each property shape.
        self._of_class: dict[str, list[_Shape]] = {}
        self._subjects: dict[Any, list[str]] = {}
        for shape in self._shapes.values():
            classes = [term.value for term in shape.get(f"{SH}targetClass", ())]
            listed = [str(term) for term in shape.get(f"{SH}property", ())]
            if not classes and not shape.keys() & _OTHER_TARGETS:
                continue  # it only describes values of other shapes
            for one in classes or ("",):
                self._of_class.setdefault(one, []).append(shape)
                for listed in shape.get(f"{SH}property", ()):
                    self._subjects.setdefault(listed, []).append(one)

    def fields(self) -> Fields:
        found = [
            (float(_first(shape, f"{SH}order", "inf")), self._field(shape, subject))
            for name, shape in self._shapes.items()
            if f"{SH}codeIdentifier" in shape
            for subject in self._subjects_of(name)
        ]
        found.sort(key=lambda one: (one[0], one[1].key))
        fields = [field for _, field in found]
        return Fields(
            tuple(field for field in fields if _is_field_of_project(field)),
            tuple(field for field in fields if not _is_field_of_project(field)),
        )

    def _subjects_of(self, name: object) -> list[str]:
        """The classes that have a key; an empty one for nodes that are found otherwise than by a class."""
        found = dict.fromkeys(self._subjects.get(name, ()))
        return [one for one in found if one] or list(found) or [PROJECT]

    def _field(self, shape: _Shape, subject: str) -> Field:
        steps, reverse = self._path(shape)
        profiles = {local_name(term.value) for term in shape.get(f"{DCTERMS}isPartOf", ())}
        classes = self._classes(shape)
        scheme = next(self._schemes(shape, classes), "")
        choices = tuple(term.value for term in self._terms(shape, "in") if isinstance(term, Literal))
        kind = _kind(shape, classes, scheme, choices)
        if kind is FieldKind.STRING and steps[-1] == _CURRENCY and subject == PROJECT:
            kind = FieldKind.CURRENCY
        examples = {language: text for text, language in _texts(shape, f"{SKOS}example") if language}
        return Field(
            key=_first(shape, f"{SH}codeIdentifier"),
            iri=steps[-1],
            kind=kind,
            given="submission" in profiles,
            many=kind is not FieldKind.TEXT and _first(shape, f"{SH}maxCount") != "1",
            required=_first(shape, f"{SH}minCount", "0") != "0"
            and local_name(_first(shape, f"{SH}severity", "Violation")) == "Violation",
            scheme=scheme,
            members=f"{IOMLD}MemberState" in classes,
            pattern=_first(shape, f"{SH}pattern"),
            choices=choices,
            most=_first(shape, f"{SH}maxInclusive"),
            long=_first(shape, f"{DASH}singleLine") == "false",
            example=examples.get("en") or _first(shape, f"{SKOS}example"),
            examples=examples,
            names={language: text for text, language in _texts(shape, f"{SH}name")},
            meanings={language: text for text, language in _texts(shape, f"{SH}description")},
            notes={language: text for text, language in _texts(shape, f"{SKOS}note")},
            labels=_texts(shape, f"{SKOS}altLabel"),
            headings=_texts(shape, f"{SKOS}hiddenLabel"),
            subject=subject,
            steps=steps,
            published="published" in profiles,
            reverse=reverse,
            classes=classes,
        )

    def _path(self, shape: _Shape) -> tuple[tuple[str, ...], bool]:
        """The properties of a path, a sequence or one, and whether it is an inverse path (SHACL section 2.3.1)."""
        path = next(iter(shape.get(f"{SH}path", ())), None)
        inverse = self._shapes.get(path, {}).get(f"{SH}inversePath", ())
        if inverse:
            return (inverse[0].value,), True
        return tuple(term.value for term in self._members(path)) or (_first(shape, f"{SH}path"),), False

    def _classes(self, shape: _Shape) -> tuple[str, ...]:
        """The classes of the values: each value has all of them, or one of those under `sh:or`."""
        either = (self._shapes.get(part, {}) for part in self._terms(shape, "or"))
        return tuple(term.value for one in (shape, *either) for term in one.get(f"{SH}class", ()))

    def _schemes(self, shape: _Shape, classes: Iterable[str]) -> Iterator[str]:
        """The scheme of the concepts, as the shape of the values or of their class requires it.

        `sh:node [ sh:property [ sh:path skos:inScheme ; sh:hasValue SCHEME ] ]`, or the same in a node shape that
        targets the class.
        """
        nodes = [self._shapes.get(node, {}) for node in shape.get(f"{SH}node", ())]
        for node in (*nodes, *(one for name in classes for one in self._of_class.get(name, ()))):
            for rule in node.get(f"{SH}property", ()):
                about = self._shapes.get(rule, {})
                if _first(about, f"{SH}path") == f"{SKOS}inScheme":
                    yield from (local_name(term.value) for term in about.get(f"{SH}hasValue", ()))

    def _terms(self, shape: _Shape, name: str) -> Iterator[Any]:
        """The members of the RDF list that is the value of a property of SHACL."""
        for head in shape.get(SH + name, ()):
            yield from self._members(head)

    def _members(self, head: object) -> Iterator[Any]:
        seen: set[Any] = set()
        while (node := self._shapes.get(head)) and f"{RDF}first" in node and head not in seen:
            seen.add(head)  # a list that is a ring is no list
            yield node[f"{RDF}first"][0]
            head = next(iter(node.get(f"{RDF}rest", ())), None)


def _is_field_of_project(field: Field) -> bool:
    return field.subject == PROJECT and len(field.steps) == 1 and not field.reverse


def _kind(shape: _Shape, classes: Iterable[str], scheme: str, choices: tuple[str, ...]) -> FieldKind:
    kind = _KINDS.get(_first(shape, f"{SH}datatype"))
    if kind is not None:
        return kind
    if scheme:
        return FieldKind.CONCEPT
    if choices:
        return FieldKind.STRING
    return next((_CLASS_KINDS[one] for one in classes if one in _CLASS_KINDS), FieldKind.LINK)


def _first(shape: _Shape, predicate: str, default: str = "") -> str:
    return next((str(term.value) for term in shape.get(predicate, ())), default)


def _texts(shape: _Shape, predicate: str) -> tuple[tuple[str, str], ...]:
    """Texts with their languages, or an empty language."""
    return tuple((term.value, term.language or "") for term in shape.get(predicate, ()))
