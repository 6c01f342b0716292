"""The properties of the two JSON Schemas that are fields: of records as people write them, and of our documents.

The rest of the schemas (mentions, sources, `$defs`) is written by hand in `ontology/record.schema.json` and
`ontology/project.schema.json`; `make fields` puts both together.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from iomld.fields.declared import Field, FieldKind, Fields

Schema: TypeAlias = Mapping[str, Any]

_RECORD_DEFINITIONS = {FieldKind.TEXT: "texts", FieldKind.YEAR: "year", FieldKind.AMOUNT: "amount"}
_PROJECT_DEFINITIONS = {
    FieldKind.TEXT: "languageMap",
    FieldKind.STRING: "text",
    FieldKind.YEAR: "year",
    FieldKind.DAY: "day",
    FieldKind.AMOUNT: "decimal",
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
    written = schema["properties"]
    properties = {
        key: written[key] if _is_written(field, schema) else _record_property(field)
        for key, field in fields.given.items()
    }
    return {**schema, "properties": _with_others(properties, schema, fields)}


def project_schema(schema: Schema, fields: Fields) -> dict[str, Any]:
    """The schema of a document, with a property for each field; nodes that links embed stay as they are."""
    written = schema["properties"]
    properties = {
        field.key: written[field.key] if _is_written(field, schema) else _project_property(field)
        for field in fields
        if field.kind is not FieldKind.CURRENCY  # it is part of the amount
    }
    return {**schema, "properties": _with_others(properties, schema, fields)}


def _is_written(field: Field, schema: Schema) -> bool:
    """Whether the property is written by hand, as its values can be nodes."""
    return field.kind in (FieldKind.LINK, FieldKind.MONEY, FieldKind.FUNDER) and field.key in schema["properties"]


def _with_others(properties: Mapping[str, Any], schema: Schema, fields: Fields) -> dict[str, Any]:
    """The properties of fields, then those in the schema that are no fields."""
    return {**properties, **{key: one for key, one in schema["properties"].items() if key not in fields.by_key}}


def _record_property(field: Field) -> dict[str, Any]:
    definition = "codes" if field.many else _RECORD_DEFINITIONS.get(field.kind, "code")
    example: Any = field.example
    if field.kind is FieldKind.TEXT:
        example = {"en": field.example}
    elif field.many:
        example = [one.strip() for one in field.example.split(";")]
    return {"$ref": f"#/$defs/{definition}", "description": field.meaning(), "examples": [example]}


def _project_property(field: Field) -> dict[str, Any]:
    definition = _PROJECT_DEFINITIONS[field.kind]
    if not field.many:
        return {"$ref": f"#/$defs/{definition}"}
    if definition in _SEVERAL:
        return {"$ref": f"#/$defs/{_SEVERAL[definition]}"}
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"$ref": f"#/$defs/{definition}"}}
