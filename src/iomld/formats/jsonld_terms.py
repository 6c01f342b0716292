"""The keys of our JSON-LD documents: the property of each, and the values that it can have.

The keys of a project are its fields; those of its mentions, texts, record and sources are declared by shapes as well
(`iomld.fields.declared`). Only those of runs and of the lists, which are not part of a project, are named here. The
published context (`ontology/context-v1.jsonld`) is generated from all (`iomld.formats.jsonld_context`). Keys can be
added to a published context, but are never removed or changed. A key has the same meaning everywhere, since processors
disagree on keys redefined in scoped contexts. Decimals, years and dates are JSON strings: a JSON number becomes an
invalid decimal in most processors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, lru_cache

from iomld.fields.declared import Field, FieldKind, Fields
from iomld.iris import DCTERMS, FOAF, IOMLD, OA, OWL, PROV, RDF, RDFS, SCHEMA, SKOS, XSD


class KeyKind(Enum):
    """How the values of a key are written."""

    LANGUAGE = auto()  # a map from language to text
    STRING = auto()  # xsd:string
    TYPED = auto()  # the lexical form of one datatype, as a string
    CODE = auto()  # the rest of an IRI after a fixed start
    LINK = auto()  # a whole IRI, or the node itself if the frame embeds it


@dataclass(frozen=True, slots=True)
class Key:
    """A key of our documents.

    Attributes:
        name: The JSON key.
        iri: The property.
        kind: The form of its values.
        scope: For TYPED the datatype; for CODE the start of the IRIs, an absolute IRI or a path below the base.
        many: Whether the value is always an array; for LANGUAGE, the value of each language.
        reverse: Whether the property points from the value to the node (JSON-LD 1.1 section 4.8).
    """

    name: str
    iri: str
    kind: KeyKind
    scope: str = ""
    many: bool = False
    reverse: bool = False


def _language(name: str, iri: str, *, many: bool = False) -> Key:
    return Key(name, iri, KeyKind.LANGUAGE, many=many)


def _string(name: str, iri: str) -> Key:
    return Key(name, iri, KeyKind.STRING)


def _typed(name: str, iri: str, datatype: str) -> Key:
    return Key(name, iri, KeyKind.TYPED, scope=XSD + datatype)


def _code(name: str, iri: str, start: str, *, many: bool = False) -> Key:
    return Key(name, iri, KeyKind.CODE, scope=start, many=many)


def _link(name: str, iri: str, *, many: bool = False) -> Key:
    return Key(name, iri, KeyKind.LINK, many=many)


# The keys of nodes that belong to no project. Most are terms of SKOS, which no shape declares: shapes only check some
# properties of lists. The order of the rows is the order of the keys in every document.
_OTHER_KEYS: tuple[Key, ...] = (
    # Runs and their software
    _typed("startedAt", PROV + "startedAtTime", "dateTime"),
    _typed("endedAt", PROV + "endedAtTime", "dateTime"),
    _link("used", PROV + "used", many=True),
    _link("associatedWith", PROV + "wasAssociatedWith", many=True),
    _string("agentName", FOAF + "name"),
    _language("fundName", FOAF + "name"),
    _string("softwareVersion", SCHEMA + "softwareVersion"),
    # Countries
    _language("name", SCHEMA + "name"),
    _language("alternateName", SCHEMA + "alternateName", many=True),
    _string("iso2", IOMLD + "iso2"),
    _string("iso3", IOMLD + "iso3"),
    _string("m49", IOMLD + "m49"),
    _code("inRegion", IOMLD + "inRegion", "scheme/region/"),
    _typed("memberSince", IOMLD + "memberSince", "date"),
    # Concepts and frameworks
    _language("prefLabel", SKOS + "prefLabel"),
    _language("altLabel", SKOS + "altLabel", many=True),
    _language("hiddenLabel", SKOS + "hiddenLabel", many=True),
    _string("notation", SKOS + "notation"),
    _language("definition", SKOS + "definition", many=True),
    _language("note", SKOS + "note", many=True),
    _language("scopeNote", SKOS + "scopeNote", many=True),
    _language("changeNote", SKOS + "changeNote", many=True),
    _language("editorialNote", SKOS + "editorialNote", many=True),
    _string("frameworkKind", IOMLD + "frameworkKind"),
    _string("issuingBody", IOMLD + "issuingBody"),
    _typed("issuedYear", DCTERMS + "issued", "gYear"),
    _typed("issuedDate", DCTERMS + "issued", "date"),
    _string("documentSymbol", IOMLD + "documentSymbol"),
    _string("partNumber", IOMLD + "partNumber"),
    _string("partRole", IOMLD + "partRole"),
    _string("assumedCurrency", IOMLD + "assumedCurrency"),
    _string("iatiCode", IOMLD + "iatiCode"),
    _typed("budgetFloor", IOMLD + "budgetFloor", "decimal"),
    _typed("budgetCeiling", IOMLD + "budgetCeiling", "decimal"),
    _link("inScheme", SKOS + "inScheme", many=True),
    _link("topConceptOf", SKOS + "topConceptOf", many=True),
    _link("hasTopConcept", SKOS + "hasTopConcept", many=True),
    _link("broader", SKOS + "broader", many=True),
    _link("narrower", SKOS + "narrower", many=True),
    _link("related", SKOS + "related", many=True),
    _link("exactMatch", SKOS + "exactMatch", many=True),
    _link("closeMatch", SKOS + "closeMatch", many=True),
    _link("broadMatch", SKOS + "broadMatch", many=True),
    _link("narrowMatch", SKOS + "narrowMatch", many=True),
    _link("relatedMatch", SKOS + "relatedMatch", many=True),
    # Anything
    _language("label", RDFS + "label"),
    _language("comment", RDFS + "comment", many=True),
    _link("seeAlso", RDFS + "seeAlso", many=True),
    _link("isDefinedBy", RDFS + "isDefinedBy"),
    _typed("deprecated", OWL + "deprecated", "boolean"),
    _link("isReplacedBy", DCTERMS + "isReplacedBy"),
)

CLASSES: dict[str, str] = {
    IOMLD + "Project": "Project",
    IOMLD + "MemberState": "MemberState",
    IOMLD + "Region": "Region",
    IOMLD + "PolicyFramework": "PolicyFramework",
    IOMLD + "FrameworkMention": "FrameworkMention",
    IOMLD + "ProjectRecord": "ProjectRecord",
    IOMLD + "SourceSnapshot": "SourceSnapshot",
    IOMLD + "Ingestion": "Ingestion",
    IOMLD + "Submission": "Submission",
    IOMLD + "Review": "Review",
    SCHEMA + "Country": "Country",
    SCHEMA + "MonetaryAmount": "MonetaryAmount",
    SKOS + "Concept": "Concept",
    SKOS + "ConceptScheme": "ConceptScheme",
    OA + "Annotation": "Annotation",
    OA + "SpecificResource": "SpecificResource",
    OA + "TextPositionSelector": "TextPositionSelector",
    OA + "TextQuoteSelector": "TextQuoteSelector",
    PROV + "Activity": "Activity",
    PROV + "Entity": "Entity",
    PROV + "SoftwareAgent": "SoftwareAgent",
    FOAF + "Document": "Document",
    FOAF + "Organization": "Organization",
}

PREFIXES: dict[str, str] = {
    "iomld": IOMLD,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "oa": OA,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "skos": SKOS,
    "xsd": XSD,
}

ALIASES: dict[str, str] = {"id": "@id", "type": "@type", "included": "@included"}

_KEY_KINDS = {
    FieldKind.TEXT: (KeyKind.LANGUAGE, ""),
    FieldKind.STRING: (KeyKind.STRING, ""),
    FieldKind.YEAR: (KeyKind.TYPED, f"{XSD}gYear"),
    FieldKind.DAY: (KeyKind.TYPED, f"{XSD}date"),
    FieldKind.MOMENT: (KeyKind.TYPED, f"{XSD}dateTime"),
    FieldKind.AMOUNT: (KeyKind.TYPED, f"{XSD}decimal"),
    FieldKind.INTEGER: (KeyKind.TYPED, f"{XSD}integer"),
    FieldKind.HEX: (KeyKind.TYPED, f"{XSD}hexBinary"),
    FieldKind.LANGUAGE: (KeyKind.TYPED, f"{XSD}language"),
    FieldKind.MONEY: (KeyKind.LINK, ""),
    FieldKind.FUNDER: (KeyKind.LINK, ""),
    FieldKind.LINK: (KeyKind.LINK, ""),
}


@dataclass(frozen=True, eq=False)  # without slots, for the cached properties
class DocumentKeys:
    """The keys of documents about one set of fields.

    Attributes:
        rows: The keys, in the order of every document.
    """

    rows: tuple[Key, ...]

    @cached_property
    def ranks(self) -> Mapping[str, tuple[int, ...]]:
        """The indexes of the keys of each property, except for reverse keys."""
        found: dict[str, tuple[int, ...]] = {}
        for rank, key in enumerate(self.rows):
            if not key.reverse:
                found[key.iri] = (*found.get(key.iri, ()), rank)
        return found

    @cached_property
    def reverse_ranks(self) -> tuple[int, ...]:
        """The indexes of the reverse keys."""
        return tuple(rank for rank, key in enumerate(self.rows) if key.reverse)

    @cached_property
    def terms(self) -> frozenset[str]:
        """All terms of the context.

        A code equal to one of these would be read as the term (JSON-LD 1.1 API section 5.2.2), so its whole IRI is
        written.
        """
        return frozenset({*PREFIXES, *ALIASES, *CLASSES.values()} | {key.name for key in self.rows})


@lru_cache(maxsize=8)
def document_keys(fields: Fields) -> DocumentKeys:
    """The keys of documents: those of the fields of a project, in their order, then all others."""
    own: dict[str, Key] = {}
    for field in (*fields, *(key for key in fields.others if key.published)):
        if field.kind is not FieldKind.CURRENCY:  # it is part of the amount of money, as `currency`
            own.setdefault(field.key, _field_key(field))
    return DocumentKeys((*own.values(), *_OTHER_KEYS))


def _field_key(field: Field) -> Key:
    if field.path:
        return Key(field.key, field.iri, KeyKind.CODE, scope=field.path, many=field.many)
    if field.kind is FieldKind.LINK and field.pattern:  # the start of all of its IRIs
        return Key(field.key, field.iri, KeyKind.CODE, scope=field.pattern.removeprefix("^"), many=field.many)
    kind, scope = _KEY_KINDS[field.kind]
    many = field.many and field.kind is not FieldKind.FUNDER  # which the first context published as a single link
    return Key(field.key, field.iri, kind, scope=scope, many=many, reverse=field.reverse)
