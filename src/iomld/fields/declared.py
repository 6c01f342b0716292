"""The fields as values: the key, the property, the kind of values, and the texts that people read about each.

`iomld.assets.load_fields` reads them from the property shapes that have a `sh:codeIdentifier`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from iomld.iris import IOMLD

PROJECT, MENTION, SNAPSHOT = (IOMLD + name for name in ("Project", "FrameworkMention", "SourceSnapshot"))


class FieldKind(StrEnum):
    """What the values of a field are."""

    TEXT = "text"  # rdf:langString: one for each language
    STRING = "string"
    LANGUAGE = "language"  # a language tag
    YEAR = "year"
    DAY = "day"
    MOMENT = "moment"  # a day and a time, with a time zone
    AMOUNT = "amount"
    INTEGER = "integer"
    HEX = "hex"  # bytes in hexadecimal digits
    MONEY = "money"  # an amount and its currency: in the graph a schema:MonetaryAmount
    CURRENCY = "currency"  # the currency of that amount
    FUNDER = "funder"  # a fund, or another organization with its name
    CONCEPT = "concept"
    COUNTRY = "country"
    LINK = "link"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a project, or a key of another node.

    Attributes:
        key: Its key in records and JSON-LD, and its column in tables (`sh:codeIdentifier`).
        iri: The property (`sh:path`).
        kind: What its values are.
        given: Whether records state it (`prof:submission`); otherwise the publisher computes it.
        many: Whether it can have several values; a text has one for each language.
        required: Whether a record without it is refused (`sh:minCount` 1 and `sh:Violation`).
        scheme: For concepts, the name of their scheme.
        members: For countries, whether they must be member states.
        pattern: A regular expression for its values (`sh:pattern`), or empty.
        choices: The strings that its values can be (`sh:in`); none if there is no such list.
        most: The largest of its numbers (`sh:maxInclusive`), or empty.
        long: Whether its texts have several paragraphs (`dash:singleLine false`).
        example: A value as people write it (`skos:example`); of examples with a language, the English one.
        examples: The examples that have a language, by language.
        names: Its name by language (`sh:name`).
        meanings: What it holds, in one sentence by language (`sh:description`).
        notes: What people enter in a form or a table, by language (`skos:note`).
        labels: The labels of it that project pages print (`skos:altLabel`), each with its language; no language, any.
        headings: Further headings of it in tables (`skos:hiddenLabel`), with their languages.
        subject: The class of the nodes that have it; empty for nodes of several classes.
        steps: The properties from such a node to its values, the last one `iri`: several where a record says in one
            object what the graph says in several nodes.
        published: Whether documents have the key (`prof:published`); those of a project have all fields.
        reverse: Whether the property points from the value to the node (`sh:inversePath`).
        classes: The classes of its values (`sh:class`); for nodes with keys, the classes that have them.
    """

    key: str
    iri: str
    kind: FieldKind
    given: bool
    many: bool = False
    required: bool = False
    scheme: str = ""
    members: bool = False
    pattern: str = ""
    choices: tuple[str, ...] = ()
    most: str = ""
    long: bool = False
    example: str = ""
    examples: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[tuple[str, str], ...] = ()
    headings: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    steps: tuple[str, ...] = ()
    published: bool = True
    reverse: bool = False
    classes: tuple[str, ...] = ()

    @property
    def is_nested(self) -> bool:
        """Whether its values are described by, or belong to, a node of their own; code reads and writes these."""
        return self.kind in (FieldKind.MONEY, FieldKind.CURRENCY, FieldKind.FUNDER)

    @property
    def path(self) -> str:
        """The path of the IRIs of its values below the data base; empty if they are no codes."""
        if self.kind is FieldKind.COUNTRY:
            return "id/country/"
        return f"scheme/{self.scheme}/" if self.scheme else ""

    def name(self, language: str = "en") -> str:
        """The name in a language, else in English, else the key."""
        return self.names.get(language) or self.names.get("en") or self.key

    def meaning(self, language: str = "en") -> str:
        """Its contents described in a language, else in English, else nothing."""
        return self.meanings.get(language) or self.meanings.get("en") or ""

    def note(self, language: str = "en") -> str:
        """What people enter, in a language, else in English; its contents described if no note says it."""
        return self.notes.get(language) or self.notes.get("en") or self.meaning(language)


@dataclass(frozen=True, eq=False)  # without slots, for the cached properties
class Fields:
    """All fields and keys, in the order of `sh:order`.

    Attributes:
        declared: The fields of a project.
        others: The keys of the other nodes of documents, and of the objects in records that describe such nodes.

    >>> fields = Fields((Field("title", "http://purl.org/dc/terms/title", FieldKind.TEXT, given=True),))
    >>> sorted(fields.texts), fields.given["title"].name()
    (['title'], 'title')
    """

    declared: tuple[Field, ...] = ()
    others: tuple[Field, ...] = ()

    def __iter__(self) -> Iterator[Field]:
        return iter(self.declared)

    @property
    def all(self) -> tuple[Field, ...]:
        """The fields of a project, then the keys of other nodes."""
        return (*self.declared, *self.others)

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """Every field by its key."""
        return {field.key: field for field in self.declared}

    @cached_property
    def given(self) -> Mapping[str, Field]:
        """The fields that records state, by key."""
        return {field.key: field for field in self.declared if field.given}

    @cached_property
    def by_property(self) -> Mapping[str, Field]:
        """Every field by the IRI of its property."""
        return {field.iri: field for field in self.declared}

    @cached_property
    def texts(self) -> frozenset[str]:
        """The keys of the given texts, which have a language."""
        return self._keys(lambda field: field.kind is FieldKind.TEXT)

    @cached_property
    def lists(self) -> frozenset[str]:
        """The keys of the given fields that take several values."""
        return self._keys(lambda field: field.many)

    @cached_property
    def years(self) -> frozenset[str]:
        """The keys of the given years."""
        return self._keys(lambda field: field.kind is FieldKind.YEAR)

    @cached_property
    def days(self) -> frozenset[str]:
        """The keys of the given days."""
        return self._keys(lambda field: field.kind is FieldKind.DAY)

    @cached_property
    def sums(self) -> frozenset[str]:
        """The keys of the given sums of money."""
        return self._keys(lambda field: field.kind in (FieldKind.AMOUNT, FieldKind.MONEY))

    @cached_property
    def concepts(self) -> Mapping[str, str]:
        """The scheme of each given field of concepts."""
        return {key: field.scheme for key, field in self.given.items() if field.kind is FieldKind.CONCEPT}

    @cached_property
    def computed(self) -> frozenset[str]:
        """The keys of the fields that the publisher computes."""
        return frozenset(field.key for field in self.declared if not field.given)

    def name(self, key: str, language: str = "en") -> str:
        """The name of a field, or of what else records state about a project (`mentions`, `sources`); else the key."""
        known = self.by_key.get(key) or self.stated_about(PROJECT).get(key)
        return known.name(language) if known else key

    def of_class(self, name: str) -> tuple[Field, ...]:
        """The keys of the nodes of a class in documents."""
        return tuple(key for key in self.others if key.published and key.subject == name)

    def stated_about(self, name: str) -> Mapping[str, Field]:
        """The keys by which records describe a node of a class."""
        return {key.key: key for key in self.others if key.given and key.subject == name}

    @cached_property
    def mention_keys(self) -> Mapping[str, Field]:
        """The keys of a mention in records, which are the columns of a table of mentions."""
        return self.stated_about(MENTION)

    @cached_property
    def source_keys(self) -> Mapping[str, Field]:
        """The keys of a source in records."""
        return self.stated_about(SNAPSHOT)

    @cached_property
    def source_columns(self) -> Mapping[str, Field]:
        """The columns about the sources of a project in a table of projects."""
        return {name: key for name, key in self.stated_about(PROJECT).items() if not key.reverse}

    @cached_property
    def document_keys(self) -> Mapping[str, str]:
        """The key in documents of each property of a node that is no project."""
        return {key.iri: key.key for key in self.others if key.published and not key.reverse}

    def _keys(self, chosen: Callable[[Field], bool]) -> frozenset[str]:
        return frozenset(key for key, field in self.given.items() if chosen(field))


NO_FIELDS = Fields()
