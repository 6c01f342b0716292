"""Descriptions of the exported tables for programs: CSV on the Web metadata, and a Data Package.

Source: Metadata Vocabulary for Tabular Data (https://www.w3.org/TR/tabular-metadata/), Data Package
(https://datapackage.org/standard/data-package/).
"""

import json
from collections.abc import Iterator, Mapping

from iomld.assets import load_fields
from iomld.export.tables import TableForm, TextColumn
from iomld.fields.declared import Field, FieldKind
from iomld.read.table.columns import Column, mention_columns, project_columns
from iomld.release.downloads import MENTIONS_FILE, PROJECTS_FILE

SEPARATOR = "; "
_CSVW_DATATYPES = {
    FieldKind.YEAR: "gYear",
    FieldKind.DAY: "date",
    FieldKind.AMOUNT: "decimal",
    FieldKind.MONEY: "decimal",
}
_PACKAGE_TYPES = {
    FieldKind.YEAR: "year",
    FieldKind.DAY: "date",
    FieldKind.AMOUNT: "number",
    FieldKind.MONEY: "number",
    FieldKind.INTEGER: "integer",
}


def metadata_bytes(form: TableForm, base: str) -> bytes:
    """CSV on the Web metadata of the table of projects.

    Args:
        form: The columns of the table.
        base: The data base, under which the codes of cells are named.
    """
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": PROJECTS_FILE,
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True},
        "tableSchema": {"columns": list(_columns(form, base))},
    }
    return _json_bytes(metadata)


def package_bytes(form: TableForm) -> bytes:
    """The description of both tables as a Data Package."""
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "projects",
        "resources": [
            _resource(PROJECTS_FILE, list(_package_fields(form))),
            _resource(MENTIONS_FILE, [_package_mention_field(column) for column in mention_columns()]),
        ],
    }
    return _json_bytes(package)


def _columns(form: TableForm, base: str) -> Iterator[dict[str, object]]:
    fields = load_fields().given
    for column, heading in zip(form.columns, form.header, strict=True):
        # Names are variables of URI templates (RFC 6570), which have no hyphens.
        described: dict[str, object] = {"name": heading.replace("-", "_"), "titles": heading}
        field = fields.get(column.field if isinstance(column, TextColumn) else column)
        if field is None:
            described["dc:description"] = _meanings()[heading]
        else:
            described |= {"dc:title": _texts(field.names), "dc:description": _texts(field.meanings)}
            described |= _csvw_column(field, base)
        if isinstance(column, TextColumn):
            described["lang"] = column.language
        yield described


def _texts(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Texts by language as values of a common property (section 5.8)."""
    return [{"@value": text, "@language": language} for language, text in texts.items()]


def _csvw_column(field: Field, base: str) -> dict[str, object]:
    # The property of a node of its own is not one of the project.
    described: dict[str, object] = {} if field.is_nested else {"propertyUrl": field.iri}
    if field.kind in _CSVW_DATATYPES:
        described["datatype"] = _CSVW_DATATYPES[field.kind]
    if field.many:
        described["separator"] = SEPARATOR
    elif field.path:  # a template gives one address for a cell, not one for each of its items
        described["valueUrl"] = f"{base}{field.path}{{{field.key}}}"
    if field.required and field.kind is not FieldKind.TEXT:
        described["required"] = True
    return described


def _package_fields(form: TableForm) -> Iterator[dict[str, object]]:
    fields = load_fields().given
    for column, heading in zip(form.columns, form.header, strict=True):
        field = fields.get(column.field if isinstance(column, TextColumn) else column)
        if field is None:
            yield {"name": heading, "type": "string", "description": _meanings()[heading]}
            continue
        kind = "string" if field.many else _PACKAGE_TYPES.get(field.kind, "string")
        described: dict[str, object] = {"name": heading, "type": kind, "title": field.name()}
        described["description"] = field.meaning()
        yield described if field.is_nested else described | {"rdfType": field.iri}


def _package_mention_field(column: Column) -> dict[str, object]:
    key = load_fields().mention_keys.get(column.name)
    kind = _PACKAGE_TYPES.get(key.kind, "string") if key else "string"
    return {"name": column.name, "type": kind, "description": column.meaning}


def _resource(file: str, fields: list[dict[str, object]]) -> dict[str, object]:
    return {
        "name": file.removesuffix(".csv"),
        "path": file,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields},
    }


def _meanings() -> dict[str, str]:
    """The meaning of each column that is no field."""
    return {column.name: column.meaning for column in project_columns()}


def _json_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
