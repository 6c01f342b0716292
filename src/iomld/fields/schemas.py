"""The two JSON Schemas as far as shapes declare them: of records as people write them, and of our documents.

The rest of the schemas (the language and the source of a record, `@context`, definitions of kinds of values) is written
by hand in `ontology/record.schema.json` and `ontology/project.schema.json`; `make fields` puts both together.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from iomld.fields.declared import PROJECT, Field, FieldKind, Fields
from iomld.iris import SCHEMA, local_name

Schema: TypeAlias = Mapping[str, Any]

_AMOUNT_OF_MONEY = f"{SCHEMA}MonetaryAmount"
_RECORD_DEFINITIONS = {
    FieldKind.TEXT: "texts",
    FieldKind.YEAR: "year",
    FieldKind.AMOUNT: "amount",
    FieldKind.MONEY: "amount",
}
_OBJECT_DEFINITIONS = {FieldKind.LANGUAGE: "language", FieldKind.LINK: "address", FieldKind.MOMENT: "moment"}
_NUMBERS = {FieldKind.AMOUNT: "number", FieldKind.INTEGER: "integer"}
_PROJECT_DEFINITIONS = {
    FieldKind.TEXT: "languageMap",
    FieldKind.STRING: "text",
    FieldKind.LANGUAGE: "text",
    FieldKind.YEAR: "year",
    FieldKind.DAY: "day",
    FieldKind.MOMENT: "moment",
    FieldKind.AMOUNT: "decimal",
    FieldKind.INTEGER: "offset",
    FieldKind.HEX: "text",
    FieldKind.CONCEPT: "code",
    FieldKind.COUNTRY: "country",
    FieldKind.MONEY: "iri",
    FieldKind.FUNDER: "iri",
    FieldKind.LINK: "iri",
}
# Definitions of several values: one for each definition of a single value.
_SEVERAL = {"code": "codes", "country": "countries"}


def record_schema(schema: Schema, fields: Fields) -> dict[str, Any]:
    """The schema of a record, with a property for each field that records state."""
    properties = {key: _record_property(field, fields) for key, field in fields.given.items()}
    nested = [key for key in fields.stated_about(PROJECT).values() if key.classes]
    properties |= {key.key: _list_property(key) for key in nested}
    definitions = {
        local_name(name): _object(_required(own), {key: _object_property(one) for key, one in own.items()})
        | {"additionalProperties": False}
        for name in (name for key in nested for name in key.classes)
        if (own := fields.stated_about(name))
    }
    return _completed(schema, properties, definitions)


def project_schema(schema: Schema, fields: Fields) -> dict[str, Any]:
    """The schema of a document, with a property for each field; nodes are defined by their class."""
    own = (field for field in fields if field.kind is not FieldKind.CURRENCY)  # it is part of the amount
    keys = (*own, *fields.of_class(PROJECT))
    properties = {key.key: _project_property(key, fields, frozenset({PROJECT})) for key in keys}
    definitions: dict[str, Any] = {}
    for key in keys:
        _define(key, fields, frozenset({PROJECT}), definitions)
    return _completed(schema, properties, definitions)


def _completed(schema: Schema, properties: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with these properties first, then those in it that no shape declares; the same of definitions."""
    kinds = {name: one for name, one in schema["$defs"].items() if not name[0].isupper()}
    others = {name: one for name, one in schema["properties"].items() if name not in properties}
    return {**schema, "properties": {**properties, **others}, "$defs": {**kinds, **definitions}}


def _required(keys: Mapping[str, Field]) -> list[str]:
    return [name for name, key in keys.items() if key.required]


def _object(required: list[str], properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": dict(properties)}


def _reference(definition: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{definition}"}


# -- records --


def _record_property(field: Field, fields: Fields) -> dict[str, Any]:
    definition = "codes" if field.many else _RECORD_DEFINITIONS.get(field.kind, "code")
    example: Any = field.example
    if field.kind is FieldKind.TEXT:
        example = {"en": field.example}
    elif field.many:
        example = [one.strip() for one in field.example.split(";")]
    said = {"description": field.meaning(), "examples": [example]}
    if field.kind is FieldKind.MONEY:
        money = fields.of_class(_AMOUNT_OF_MONEY)
        parts = {key.key: _reference(_RECORD_DEFINITIONS.get(key.kind, "code")) for key in money}
        return {"anyOf": [_reference(definition), {"type": "object", "properties": parts}]} | said
    return _reference(definition) | said


def _list_property(key: Field) -> dict[str, Any]:
    items = _reference(local_name(key.classes[0]))
    return {"type": ["array", "null"], "items": items, "description": key.meaning()}


def _object_property(key: Field) -> dict[str, Any]:
    """The value of a key of an object; one that need not be stated can be null."""
    if key.choices:
        forms: list[dict[str, Any]] = [{"enum": list(key.choices)}]
    elif key.pattern:
        forms = [{"type": "string", "pattern": key.pattern}]
    else:
        forms = [_reference(_OBJECT_DEFINITIONS.get(key.kind, "text")) | ({"minLength": 1} if key.required else {})]
    if key.kind in _NUMBERS:
        forms.append({"type": _NUMBERS[key.kind], "minimum": 0} | ({"maximum": int(key.most)} if key.most else {}))
    if not key.required:
        forms.append({"type": "null"})
    return _any_of(forms) | {"description": key.meaning(), "examples": [key.example]}


# -- documents --


def _project_property(key: Field, fields: Fields, above: frozenset[str]) -> dict[str, Any]:
    nodes = _nodes(key, fields, above)
    definition = _PROJECT_DEFINITIONS[key.kind]
    value = _value(key, definition) if not nodes else _any_of([_reference(local_name(name)) for name in nodes])
    if key.kind is FieldKind.FUNDER:  # a single one stands alone, as the first context published it
        return {"anyOf": [value, {"type": "array", "minItems": 2, "uniqueItems": True, "items": value}]}
    if not key.many:
        return value
    if definition in _SEVERAL:
        return _reference(_SEVERAL[definition])
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": value}


def _value(key: Field, definition: str) -> dict[str, Any]:
    if key.choices:
        return {"enum": list(key.choices)}
    if key.kind is FieldKind.HEX:
        return {"type": "string", "pattern": key.pattern}
    if key.kind is FieldKind.LINK and key.pattern:
        return _reference("code")
    return _reference(definition)


def _any_of(forms: list[dict[str, Any]]) -> dict[str, Any]:
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _nodes(key: Field, fields: Fields, above: frozenset[str]) -> list[str]:
    """The classes of the nodes that stand under a key, as in the frame."""
    return [name for name in key.classes if name not in above and fields.of_class(name)]


def _define(key: Field, fields: Fields, above: frozenset[str], definitions: dict[str, Any]) -> None:
    """Add the definitions of the nodes under a key, and of those below them."""
    for name in _nodes(key, fields, above):
        inside = above | {name}
        keys = [one for one in fields.of_class(name) if not (key.reverse and one.iri == key.iri)]
        properties = {"id": _reference("iri"), "type": {"const": local_name(name)}}
        properties |= {one.key: _project_property(one, fields, inside) for one in keys}
        definitions[local_name(name)] = _object(["id", "type", *(one.key for one in keys if one.required)], properties)
        for one in keys:
            _define(one, fields, inside, definitions)
