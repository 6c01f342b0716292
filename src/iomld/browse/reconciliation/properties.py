"""Properties of entities: those that data extension offers for each type, their values, and conditions on them.

Those of projects are their fields, as records and tables have them; a text has a property for each language.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from iomld.browse.reconciliation.entities import Entity, EntityType, entity_by_id
from iomld.browse.reconciliation.names import named_codes
from iomld.browse.reconciliation.queries import Condition, Quantifier, ReconciliationError
from iomld.browse.search import projects_of
from iomld.browse.view import ReleaseView, project_document
from iomld.fields.declared import Field, FieldKind
from iomld.folding import fold
from iomld.formats.graph import SubjectGraph
from iomld.iris import IOMLD, SKOS
from iomld.messages import LocalizedText, Message, alternatives, message
from iomld.model import TEXT_LANGUAGES, FieldValue, Project, Text
from iomld.pipeline.conversion import Choices, load_converter
from iomld.pipeline.published import project_of
from iomld.pipeline.records import written

_MENTIONED = "mentionsFrameworks"  # the computed field that says what a project names
_NAME = "name_"  # and a language
_YEAR_DIGITS = 4
_TYPE_OF_SCHEME = {"framework": EntityType.FRAMEWORK, "region": EntityType.REGION, "type": EntityType.PROJECT_TYPE}


@dataclass(frozen=True, slots=True)
class CodeValue:
    """A code as a value.

    Attributes:
        scheme: The name of its scheme, or `country`.
        code: The code.
    """

    scheme: str
    code: str


PropertyValue = CodeValue | str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class EntityProperty:
    """A property of the entities of a type.

    Attributes:
        id: Its identifier, which is its column in tables.
        name: Its name.
        scheme: For codes, the name of their scheme, or `country`; otherwise empty.
        is_year: Whether its values are years.
        is_number: Whether its values are amounts.
    """

    id: str
    name: LocalizedText | Message
    scheme: str = ""
    is_year: bool = False
    is_number: bool = False

    @property
    def type(self) -> EntityType | None:
        """The type of its values; None if they are no entities."""
        return EntityType.COUNTRY if self.scheme == "country" else _TYPE_OF_SCHEME.get(self.scheme)


_IRI = EntityProperty("iri", message("IRI"))
_CODED: Mapping[EntityType, tuple[EntityProperty, ...]] = {
    EntityType.COUNTRY: (
        EntityProperty("iso3", message("ISO 3166-1 alpha-3 code")),
        EntityProperty("m49", message("M49 code")),
        EntityProperty("region", message("Region"), scheme="region"),
        EntityProperty("isMember", message("Is a member state")),
        EntityProperty("memberSince", message("Member since")),
        EntityProperty("exactMatch", message("The same in other datasets")),
    ),
    EntityType.FRAMEWORK: (
        EntityProperty("partOf", message("Part of"), scheme="framework"),
        EntityProperty("kind", message("Kind")),
        EntityProperty("issuingBody", message("Issuing body")),
        EntityProperty("documentSymbol", message("Document symbol")),
        EntityProperty("exactMatch", message("The same in other datasets")),
    ),
    EntityType.REGION: (),
    EntityType.PROJECT_TYPE: (),
}


def properties_of(view: ReleaseView, type_: EntityType) -> dict[str, EntityProperty]:
    """The properties of the entities of a type, by their identifiers."""
    if type_ is EntityType.PROJECT:
        fields = view.vocabulary.fields
        chosen = [*fields.given.values(), *filter(None, [fields.by_key.get(_MENTIONED)])]
        listed = [_IRI, *(one for field in chosen for one in _field_properties(field))]
    else:
        names = (
            EntityProperty(_NAME + language, message("Name ({language})", language=language))
            for language in TEXT_LANGUAGES
        )
        listed = [_IRI, EntityProperty("code", message("Code")), *names, *_CODED[type_]]
        listed.append(EntityProperty("projects", message("Number of projects"), is_number=True))
    return {one.id: one for one in listed}


def known_property(view: ReleaseView, types: Iterable[EntityType], identifier: str) -> EntityProperty:
    """The property with an identifier of one of some types.

    Raises:
        ReconciliationError: There is none.
    """
    known: dict[str, EntityProperty] = {}
    for type_ in types:
        known = properties_of(view, type_) | known
    if identifier in known:
        return known[identifier]
    close = get_close_matches(identifier[:100], known, n=3, cutoff=0.6)
    if close:
        detail = message(
            "There is no property '{name}'. Did you mean {names}?",
            name=identifier[:100],
            names=alternatives([LocalizedText({"en": one}) for one in close]),
        )
    else:
        detail = message(
            "There is no property '{name}'. /reconcile/suggest/property lists the properties.", name=identifier[:100]
        )
    raise ReconciliationError("unknown-property", detail)


def values_of(view: ReleaseView, entity: Entity, identifiers: Iterable[str]) -> dict[str, tuple[PropertyValue, ...]]:
    """The values of some properties of an entity; none for properties that its type does not have."""
    if entity.type is EntityType.PROJECT:
        project = project_of(project_document(view, entity.code) or (), entity.code, view.iris)
        schemes = {one.id: one.scheme for one in properties_of(view, entity.type).values()}
        return {name: tuple(_project_values(view, project, name, schemes.get(name, ""))) for name in identifiers}
    known = _coded_values(view, entity)
    return {name: known.get(name, ()) for name in identifiers}


def meets(view: ReleaseView, entity: Entity, condition: Condition, known: EntityProperty) -> bool:
    """Whether an entity meets a condition on a property."""
    values = values_of(view, entity, [known.id])[known.id]
    if known.scheme:
        have: set[object] = {value.code for value in values if isinstance(value, CodeValue)}
        found = [bool(have & _codes_named(view, known, text)) for text in condition.values]
    else:
        have = {_comparable(str(value), known) for value in values}
        found = [_comparable(text, known) in have for text in condition.values]
    match condition.quantifier:
        case Quantifier.ALL:
            return all(found)
        case Quantifier.NONE:
            return not any(found)
    return any(found)


def concept_name(view: ReleaseView, value: CodeValue) -> str:
    """The name of a code that is no entity."""
    concept = view.vocabulary.concepts.get(value.scheme, {}).get(value.code)
    return concept.name(view.language) if concept else value.code


def _field_properties(field: Field) -> Iterator[EntityProperty]:
    """The properties of a field of projects: one, or one for each language of a text."""
    name = LocalizedText({**field.names, "en": field.name()})
    if field.kind is FieldKind.TEXT:
        for language in TEXT_LANGUAGES:
            named = message("{name} ({language})", name=name, language=language)
            yield EntityProperty(f"{field.key}_{language}", named)
        return
    scheme = "country" if field.kind is FieldKind.COUNTRY else field.scheme
    is_number = field.kind in (FieldKind.MONEY, FieldKind.AMOUNT, FieldKind.INTEGER)
    yield EntityProperty(field.key, name, scheme, is_year=field.kind is FieldKind.YEAR, is_number=is_number)


def _project_values(view: ReleaseView, project: Project, name: str, scheme: str) -> Iterator[PropertyValue]:
    if name == _IRI.id:
        yield view.iris.project(project.key)
    elif name == _MENTIONED:
        yield from (CodeValue(scheme, code) for code in project.frameworks)
    else:
        key, _, language = name.partition("_")
        found = (value for value in project.of(key) if not isinstance(value, Text) or value.language == language)
        yield from (_typed(value, scheme) for value in found)


def _typed(value: FieldValue, scheme: str) -> PropertyValue:
    """A value of a field as a value of a property."""
    match value:
        case Text():
            return value.value
        case int() | Decimal():
            return value
        case str() if scheme:
            return CodeValue(scheme, value)
        case date():
            return value.isoformat()
    return written(value)


def _coded_values(view: ReleaseView, entity: Entity) -> dict[str, tuple[PropertyValue, ...]]:
    """The values of all properties of a country or a concept."""
    iri = entity.iri(view.iris)
    stated = SubjectGraph(view.reader.about(iri))[iri]
    values: dict[str, tuple[PropertyValue, ...]] = {
        "iri": (iri,),
        "code": (entity.code,),
        "projects": (projects_of(view).having(entity.type, entity.code).bit_count(),),
        "exactMatch": stated.iris(f"{SKOS}exactMatch"),
        **{name: stated.values(IOMLD + name) for name in ("iso3", "m49", "memberSince", "documentSymbol")},
    }
    if entity.type is EntityType.COUNTRY:
        country = view.vocabulary.countries[entity.code]
        values["isMember"] = (country.is_member,)
        values["region"] = (CodeValue("region", country.region),) if country.region else ()
        named = country.names
    else:
        concept = view.vocabulary.concepts[entity.type][entity.code]
        values["kind"] = (concept.kind,) if concept.kind else ()
        values["issuingBody"] = (concept.issuer,) if concept.issuer else ()
        values["partOf"] = (CodeValue(entity.type, concept.broader),) if concept.broader else ()
        named = concept.names
    names = {_NAME + language: (text,) for language, text in named.texts.items()}
    return values | names


def _codes_named(view: ReleaseView, known: EntityProperty, text: str) -> set[object]:
    """The codes that a text of a condition means: the identifier of an entity, a name or a code."""
    if known.type:
        entity = entity_by_id(view, text)
        found = {one.code for one in named_codes(view, text, [known.type])}
        return {entity.code} if entity and entity.type is known.type else {*found}
    table = load_converter(Choices(base=view.iris.base)).linker.lexicon.concepts.get(known.scheme)
    code = table.code(text) if table else None
    return {code} if code else set()


def _comparable(text: str, known: EntityProperty) -> object:
    """A value in a form that is equal for equal values: 2017 and 2017-01-01 are one year, 1e5 and 100000 one amount."""
    if known.is_year:
        return text[:_YEAR_DIGITS]
    if known.is_number:
        try:
            return Decimal(text[:40].replace(",", ""))
        except InvalidOperation:
            return text
    return fold(text)
