"""The projects as a Parquet file: a row for each, with its mentions and sources as lists inside.

The columns are all fields that records state, whether the projects have values or not, so that files of different
selections have the same schema. Needs PyArrow, which is the extra `iomld[parquet]`.
"""

import shutil
import tempfile
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from iomld.assets import load_fields
from iomld.errors import IomldError
from iomld.export.tables import ProjectSource
from iomld.fields.declared import Field, FieldKind
from iomld.messages import message
from iomld.model import Mention, Project, Text
from iomld.pipeline.records import mention_value, sources_json, written

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 500  # of a group, which is in memory; about a megabyte
_DIGITS, _DECIMALS = 38, 12  # of amounts; records have at most 18 digits before the point, and 12 after it


def write_parquet(source: ProjectSource, output: BinaryIO) -> None:
    """Write projects, one group of rows at a time; equal projects result in equal bytes.

    Raises:
        IomldError: PyArrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise IomldError(
            message(
                "The Parquet format needs PyArrow, which is not installed where iomld runs: {command}. Choose another "
                "format.",
                command="pip install 'iomld[parquet]'",
            )
        ) from error
    schema = _schema(pa)
    rows = map(_row, source.projects())
    with tempfile.TemporaryFile() as file:  # the library wants to know the position, which not all outputs have
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            while group := list(islice(rows, _ROWS)):
                writer.write_table(pa.Table.from_pylist(group, schema))
        file.seek(0)
        shutil.copyfileobj(file, output)


def _schema(pa: Any) -> "pa.Schema":  # noqa: ANN401  # the module, which is imported late
    fields = load_fields()
    mention = pa.struct([(key, _type(pa, field)) for key, field in fields.mention_keys.items()])
    origin = pa.struct([(key, pa.string()) for key in fields.source_keys])
    return pa.schema(
        [
            *((key, _type(pa, field)) for key, field in fields.given.items()),
            ("mentions", pa.list_(mention)),
            ("sources", pa.list_(origin)),
        ]
    )


def _type(pa: Any, field: Field) -> "pa.DataType":  # noqa: ANN401
    match field.kind:
        case FieldKind.TEXT:
            return pa.map_(pa.string(), pa.string())  # by language
        case FieldKind.YEAR:
            value = pa.int16()
        case FieldKind.DAY:
            value = pa.date32()
        case FieldKind.AMOUNT | FieldKind.MONEY:
            value = pa.decimal128(_DIGITS, _DECIMALS)
        case FieldKind.INTEGER:
            value = pa.int64()
        case _:
            value = pa.string()
    return pa.list_(value) if field.many else value


def _row(project: Project) -> dict[str, object]:
    row: dict[str, object] = {key: _value(field, project) for key, field in load_fields().given.items()}
    row["mentions"] = [_mention(mention) for mention in project.mentions]
    row["sources"] = sources_json(project.origins)
    return row


def _value(field: Field, project: Project) -> object:
    values = project.of(field.key)
    if field.kind is FieldKind.TEXT:
        return [(text.language, text.value) for text in values if isinstance(text, Text)]
    converted = [_typed(field, written(value)) for value in values]
    if field.many:
        return converted
    return next(iter(converted), None)


def _mention(mention: Mention) -> Mapping[str, object]:
    values = ((key, field, mention_value(mention, key)) for key, field in load_fields().mention_keys.items())
    return {key: None if value is None else _typed(field, str(value)) for key, field, value in values}


def _typed(field: Field, text: str) -> object:
    """The value of a column from the form that records have."""
    match field.kind:
        case FieldKind.YEAR | FieldKind.INTEGER:
            return int(text)
        case FieldKind.DAY:
            return date.fromisoformat(text)
        case FieldKind.AMOUNT | FieldKind.MONEY:
            return Decimal(text)
        case _:
            return text
