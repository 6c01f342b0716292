"""The preview of an entity, which clients of the Reconciliation API show in a frame."""

from collections.abc import Iterator
from typing import NamedTuple

from iomld.browse.reconciliation.entities import TYPE_NAMES, Entity, EntityType, entity_by_code
from iomld.browse.reconciliation.properties import CodeValue, PropertyValue, concept_name, properties_of, values_of
from iomld.browse.view import ReleaseView
from iomld.i18n import worded
from iomld.web.i18n import value_text
from iomld.web.reconciliation.answers import name_of
from iomld.web.templating import local_path, render

# The header Content-Security-Policy of a preview, instead of that of all other responses.
FRAME_POLICY = "default-src 'self'; frame-ancestors *; base-uri 'none'; form-action 'none'"
# The properties in a preview, in the order of `properties_of`.
_SHOWN = frozenset(
    {
        "status",
        "projectType",
        "region",
        "startYear",
        "endYear",
        "benefitingMemberStates",
        "mentionsFrameworks",
        "iso3",
        "partOf",
        "issuingBody",
        "documentSymbol",
        "projects",
    }
)
_YEARS = frozenset({"startYear", "endYear"})
_MOST_VALUES = 6


class ShownProperty(NamedTuple):
    """A property with its values, as text."""

    name: str
    values: str


def preview_page(view: ReleaseView, entity: Entity) -> bytes:
    """A page of the size that the manifest states: what the entity is, its main properties, and a link to its page."""
    return render(
        "reconcile_preview.html",
        entity=entity,
        type_name=worded(TYPE_NAMES[entity.type], view.language),
        path=local_path(entity.iri(view.iris), view.iris.base) or "/",
        properties=tuple(_shown(view, entity)),
    )


def _shown(view: ReleaseView, entity: Entity) -> Iterator[ShownProperty]:
    known = {name: one for name, one in properties_of(view, entity.type).items() if name in _SHOWN}
    for name, values in values_of(view, entity, known).items():
        if values:
            texts = [_text(view, value, is_year=name in _YEARS) for value in values[:_MOST_VALUES]]
            more = ["…"] if len(values) > _MOST_VALUES else []
            yield ShownProperty(name_of(known[name].name, view.language), ", ".join((*texts, *more)))


def _text(view: ReleaseView, value: PropertyValue, *, is_year: bool) -> str:
    if isinstance(value, CodeValue):
        entity = entity_by_code(view, EntityType(value.scheme), value.code) if value.scheme in set(EntityType) else None
        return entity.name if entity else concept_name(view, value)
    return str(value) if is_year else value_text(value)
