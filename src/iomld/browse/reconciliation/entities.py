"""Entities of the Reconciliation API: projects, countries, frameworks, regions and project types, by identifier.

The identifier of an entity is its IRI without the base: `id/country/CN`, `scheme/framework/gcm`.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from iomld.browse.search import projects_of
from iomld.browse.view import ReleaseView
from iomld.iris import Iris
from iomld.messages import Message, message
from iomld.release.project_index import ProjectEntry
from iomld.vocab import Concept, Country

_BETWEEN = " · "
_MOST_COUNTRIES = 3  # in the description of a project


class EntityType(StrEnum):
    """The types of entities; those but projects are also the names of facets."""

    PROJECT = "project"
    COUNTRY = "country"
    FRAMEWORK = "framework"
    REGION = "region"
    PROJECT_TYPE = "type"


TYPE_NAMES: dict[EntityType, Message] = {
    EntityType.PROJECT: message("Project"),
    EntityType.COUNTRY: message("Country"),
    EntityType.FRAMEWORK: message("Policy framework"),
    EntityType.REGION: message("Region"),
    EntityType.PROJECT_TYPE: message("Project type"),
}
CODED_TYPES = tuple(one for one in EntityType if one is not EntityType.PROJECT)


@dataclass(frozen=True, slots=True)
class Entity:
    """A project, or a country or concept of the controlled lists.

    Attributes:
        type: Its type.
        code: Its code; of a project, its key.
        name: Its name in the view's language; of a project, its title.
        description: What tells it from others of a similar name; may be empty.
    """

    type: EntityType
    code: str
    name: str
    description: str = ""

    def iri(self, iris: Iris) -> str:
        """Its IRI."""
        return iri_of(iris, self.type, self.code)

    def id(self, iris: Iris) -> str:
        """Its identifier: the IRI without the base."""
        return self.iri(iris).removeprefix(iris.base)


def iri_of(iris: Iris, type_: EntityType, code: str) -> str:
    """The IRI of an entity.

    >>> iri_of(Iris(), EntityType.COUNTRY, "CN"), iri_of(Iris(), EntityType.PROJECT_TYPE, "PO")
    ('https://w3id.org/iomld/id/country/CN', 'https://w3id.org/iomld/scheme/type/PO')
    """
    match type_:
        case EntityType.PROJECT:
            return iris.project(code)
        case EntityType.COUNTRY:
            return iris.country(code)
    return iris.concept(type_, code)


def entity_by_id(view: ReleaseView, identifier: str) -> Entity | None:
    """The entity with an identifier, or with an IRI; None if there is none."""
    path = identifier.removeprefix(view.iris.base)
    for type_ in EntityType:
        start = iri_of(view.iris, type_, "").removeprefix(view.iris.base)
        if path.startswith(start):
            return entity_by_code(view, type_, unquote(path[len(start) :]))
    return None


def entity_by_code(view: ReleaseView, type_: EntityType, code: str) -> Entity | None:
    """The entity of a type with a code; of a project, its key. None if there is none."""
    match type_:
        case EntityType.PROJECT:
            reader = projects_of(view)
            number = reader.number(view.iris.project(code))
            return None if number is None else project_entity(view, next(reader.entries([number])))
        case EntityType.COUNTRY:
            country = view.vocabulary.countries.get(code)
            return _country_entity(view, country) if country else None
    concept = view.vocabulary.concepts.get(type_, {}).get(code)
    return _concept_entity(view, type_, concept) if concept else None


def project_entity(view: ReleaseView, entry: ProjectEntry) -> Entity:
    """A project as an entity; its code, its years and its countries tell it from others with the same title."""
    years = "–".join(dict.fromkeys(f"{year:04}" for year in (entry.start_year, entry.end_year) if year))
    codes = entry.codes["country"]
    countries = view.vocabulary.countries
    names = [countries[code].name(view.language) for code in codes[:_MOST_COUNTRIES] if code in countries]
    listed = ", ".join((*names, *(["…"] if len(codes) > _MOST_COUNTRIES else [])))
    title = entry.title(view.language).text
    return Entity(EntityType.PROJECT, entry.key, title, _BETWEEN.join(filter(None, (entry.key, years, listed))))


def _country_entity(view: ReleaseView, country: Country) -> Entity:
    regions = view.vocabulary.concepts.get("region", {})
    region = regions.get(country.region or "")
    about = _BETWEEN.join(filter(None, (country.code, region.name(view.language) if region else "")))
    return Entity(EntityType.COUNTRY, country.code, country.name(view.language), about)


def _concept_entity(view: ReleaseView, type_: EntityType, concept: Concept) -> Entity:
    whole = view.vocabulary.concepts[type_].get(concept.broader or "")
    told = (whole.name(view.language),) if whole else (concept.symbol, concept.issuer)
    about = _BETWEEN.join(filter(None, (concept.code, *told)))
    return Entity(type_, concept.code, concept.name(view.language), about)
