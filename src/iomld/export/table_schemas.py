"""Descriptions of the exported tables for programs: CSV on the Web metadata, and a Data Package.

Source: Metadata Vocabulary for Tabular Data (https://www.w3.org/TR/tabular-metadata/), Data Package
(https://datapackage.org/standard/data-package/).
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from iomld.assets import load_fields
from iomld.export.tables import TableForm, TextColumn
from iomld.fields.declared import Field, FieldKind
from iomld.read.table.columns import Column, column_field, mention_columns, project_columns, source_table_columns
from iomld.release.downloads import MENTIONS_FILE, PACKAGE_FILE, PROJECTS_FILE, SOURCES_FILE

SEPARATOR = "; "
ARCHIVE_METADATA_FILE = "csv-metadata.json"  # where programs look for the metadata of a table in the same folder
_CONTEXT = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
_DIALECT = {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True}
_CSVW_DATATYPES = {
    FieldKind.YEAR: "gYear",
    FieldKind.DAY: "date",
    FieldKind.AMOUNT: "decimal",
    FieldKind.MONEY: "decimal",
    FieldKind.INTEGER: "integer",
    FieldKind.MOMENT: "dateTime",
    FieldKind.HEX: "hexBinary",
}
_PACKAGE_TYPES = {
    FieldKind.YEAR: "year",
    FieldKind.DAY: "date",
    FieldKind.AMOUNT: "number",
    FieldKind.MONEY: "number",
    FieldKind.INTEGER: "integer",
}


def metadata_bytes(form: TableForm, base: str, *, url: str = PROJECTS_FILE) -> bytes:
    """CSV on the Web metadata of the table of projects.

    Args:
        form: The columns of the table.
        base: The data base, under which the codes of cells are named.
        url: The address of the table, relative to the metadata.
    """
    schema = {"columns": list(_columns(form, base))}
    return _json_bytes({"@context": _CONTEXT, "url": url, "dialect": _DIALECT, "tableSchema": schema})


def package_bytes(form: TableForm) -> bytes:
    """The description of the tables of projects and of mentions as a Data Package."""
    return _package(_resource(PROJECTS_FILE, _package_fields(form)), _mention_resource())


def archive_descriptions(form: TableForm, base: str, *, have_codes: bool) -> Mapping[str, bytes]:
    """The descriptions of all tables, for an archive that holds them: CSV on the Web metadata, and a Data Package.

    Args:
        form: The columns of the table of projects.
        base: The data base, under which the codes of cells are named.
        have_codes: Whether each project has a code, from which the IRI follows that the RDF of its row is about.
    """
    about = {"aboutUrl": f"{base}id/project/{{projectCode}}"} if have_codes else {}
    tables = (
        {"url": PROJECTS_FILE, "tableSchema": about | {"columns": list(_columns(form, base))}},
        _plain_table(MENTIONS_FILE, mention_columns()),
        _plain_table(SOURCES_FILE, source_table_columns()),
    )
    sources = _resource(SOURCES_FILE, map(_package_field, source_table_columns()))
    return {
        ARCHIVE_METADATA_FILE: _json_bytes({"@context": _CONTEXT, "dialect": _DIALECT, "tables": tables}),
        PACKAGE_FILE: _package(_resource(PROJECTS_FILE, _package_fields(form)), _mention_resource(), sources),
    }


def _plain_table(file: str, columns: Iterable[Column]) -> dict[str, object]:
    """A table whose rows are described in the graph by several nodes, which no template can name: it gives no RDF."""
    described = []
    for column in columns:
        one: dict[str, object] = {"name": column.name, "titles": column.name, "dc:description": column.meaning}
        key = column_field(column.name)
        if key is not None and key.kind in _CSVW_DATATYPES:
            one["datatype"] = _CSVW_DATATYPES[key.kind]
        described.append(one)
    return {"url": file, "suppressOutput": True, "tableSchema": {"columns": described}}


def _columns(form: TableForm, base: str) -> Iterator[dict[str, object]]:
    fields = load_fields().given
    for column, heading in zip(form.columns, form.header, strict=True):
        # Names are variables of URI templates (RFC 6570), which have no hyphens.
        described: dict[str, object] = {"name": heading.replace("-", "_"), "titles": heading}
        field = fields.get(column.field if isinstance(column, TextColumn) else column)
        if field is None:
            described |= {"dc:description": _meanings()[heading], "suppressOutput": True}
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
    described: dict[str, object] = {"propertyUrl": field.iri}
    if field.kind in _CSVW_DATATYPES:
        described["datatype"] = _CSVW_DATATYPES[field.kind]
    if field.many:
        described["separator"] = SEPARATOR
    elif field.path:
        described["valueUrl"] = f"{base}{field.path}{{{field.key}}}"
    if field.is_nested:  # the property of a node of its own is not one of the project
        del described["propertyUrl"]
    if field.is_nested or (field.many and field.kind is not FieldKind.TEXT and field.path):
        # In RDF the cell would say something else: a template gives one address for a cell, not one for each item.
        described["suppressOutput"] = True
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


def _package_field(column: Column) -> dict[str, object]:
    """The field of a column of a table of mentions or sources."""
    key = column_field(column.name)
    kind = _PACKAGE_TYPES.get(key.kind, "string") if key else "string"
    return {"name": column.name, "type": kind, "description": column.meaning}


def _mention_resource() -> dict[str, object]:
    return _resource(MENTIONS_FILE, map(_package_field, mention_columns()))


def _resource(file: str, fields: Iterable[dict[str, object]]) -> dict[str, object]:
    return {
        "name": file.removesuffix(".csv"),
        "path": file,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": list(fields)},
    }


def _package(*resources: dict[str, object]) -> bytes:
    profile = "https://datapackage.org/profiles/2.0/datapackage.json"
    return _json_bytes({"$schema": profile, "name": "projects", "resources": resources})


def _meanings() -> dict[str, str]:
    """The meaning of each column that is no field."""
    return {column.name: column.meaning for column in project_columns()}


def _json_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
