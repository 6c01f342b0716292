"""The tables of projects, mentions and sources as rows of texts, and where their projects come from.

They read back to the same graphs.
"""

import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import BinaryIO, TypeAlias

from iomld.assets import load_fields
from iomld.export.stored_quads import StoredQuads, stored_projects
from iomld.fields.declared import Field, FieldKind
from iomld.fund_folder import cached
from iomld.model import NO_FUNDER, UNDETERMINED, Mention, Origin, Project, canonical_decimal, language_rank
from iomld.pipeline.records import mention_value, project_texts, sources_json, written
from iomld.read.table.columns import (
    MENTIONS,
    PROJECTS,
    SOURCES,
    mention_columns,
    project_columns,
    source_table_columns,
)

# The length of the longest text in each field and language; it decides which columns a table has.
TextLengths: TypeAlias = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """A source of projects for tables.

    Attributes:
        projects: Iterates over the projects; can be called repeatedly.
        text_lengths: Gives the length of the longest text in each field and language.
        base: Data base of the IRIs.
    """

    projects: Callable[[], Iterator[Project]]
    text_lengths: Callable[[], TextLengths]
    base: str


def stored_source(stored: StoredQuads) -> ProjectSource:
    """The projects of a release, sorted by IRI."""
    return ProjectSource(lambda: stored_projects(stored), cache(lambda: _stored_lengths(stored)), stored.base)


def spooled_source(projects: Iterable[Project], file: BinaryIO, base: str) -> ProjectSource:
    """Projects from an iterator, spooled to a file, so that memory does not grow with their number.

    Args:
        projects: The projects; the iterator is consumed.
        file: An empty file that no other process can write to; it must stay open while the source is used.
        base: Data base of the IRIs.
    """
    lengths: dict[tuple[str, str], int] = {}
    for project in projects:
        pickle.dump(project, file, pickle.HIGHEST_PROTOCOL)
        for field, text in project_texts(project):
            lengths[field, text.language] = max(lengths.get((field, text.language), 1), len(text.value))
    end = file.tell()

    def read_spool() -> Iterator[Project]:
        file.seek(0)
        while file.tell() < end:
            yield pickle.load(file)  # noqa: S301  # this process wrote the file, which has no name

    return ProjectSource(read_spool, lambda: lengths, base)


def _stored_lengths(stored: StoredQuads) -> TextLengths:
    """The lengths from the lines of the texts alone, which is faster than reading every project."""
    given = load_fields().given
    names = {given[name].iri: name for name in load_fields().texts}
    lengths: dict[tuple[str, str], int] = {}
    for predicate, text in stored.literals_of_records(names):
        key = names[predicate], text.language or UNDETERMINED
        lengths[key] = max(lengths.get(key, 1), len(text.value))
    return lengths


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of texts in one language; longer texts than a cell can hold continue in the column of the next part."""

    field: str
    language: str
    part: int = 1

    @property
    def heading(self) -> str:
        """The heading: `narrative_en`, `narrative_en (2)`."""
        return f"{self.field}_{self.language}" + (f" ({self.part})" if self.part > 1 else "")


@dataclass(frozen=True, slots=True)
class TableForm:
    """The columns of a table of projects.

    Attributes:
        columns: Columns by name, and columns of texts.
        cell_length: Maximum length of a cell in characters, or None.
    """

    columns: tuple[str | TextColumn, ...]
    cell_length: int | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The headings."""
        return tuple(column if isinstance(column, str) else column.heading for column in self.columns)

    def cells(self, project: Project) -> Iterator[str]:
        """The cells of a project's row; unknown values are empty."""
        texts = {(field, text.language): text.value for field, text in project_texts(project)}
        sources, fields = _source_cells(project), load_fields().given
        for column in self.columns:
            if isinstance(column, str):
                yield sources[column] if column in sources else _cell(fields[column], project)
            else:
                text = texts.get((column.field, column.language), "")
                length = self.cell_length or len(text) or 1
                yield text[(column.part - 1) * length : column.part * length]


def table_form(source: ProjectSource, *, cell_length: int | None = None) -> TableForm:
    """The columns for projects: one for each language of each text.

    Args:
        source: The projects.
        cell_length: Maximum length of a cell in characters; longer texts take several columns.
    """
    return columns_for(source.text_lengths(), cell_length=cell_length)


def columns_for(lengths: TextLengths, *, cell_length: int | None = None) -> TableForm:
    """The columns for texts of these lengths; as `table_form`."""
    columns: list[str | TextColumn] = []
    texts = load_fields().texts
    for name in (column.name for column in project_columns()):
        if name not in texts:
            columns.append(name)
            continue
        longest = {"en": 1} if name == "title" else {}
        longest |= {language: length for (field, language), length in lengths.items() if field == name}
        for language in sorted(longest, key=language_rank):
            parts = -(-longest[language] // cell_length) if cell_length else 1
            columns += [TextColumn(name, language, part) for part in range(1, parts + 1)]
    return TableForm(tuple(columns), cell_length)


@cached
def mention_header() -> tuple[str, ...]:
    """The headings of a table of mentions."""
    return tuple(column.name for column in mention_columns())


def mention_cells(project: Project, mention: Mention) -> Sequence[str]:
    """The cells of a mention's row, in the order of `mention_header`."""
    return (project.key, *[_mention_cell(mention_value(mention, key)) for key in load_fields().mention_keys])


@cached
def source_header() -> tuple[str, ...]:
    """The headings of a table of sources."""
    return tuple(column.name for column in source_table_columns())


def source_cells(project: Project, origin: Origin) -> Sequence[str]:
    """The cells of a source's row, in the order of `source_header`."""
    (stated,) = sources_json([origin])
    return (project.key, *[stated.get(key, "") for key in load_fields().source_keys])


def table_headers(form: TableForm) -> Mapping[str, Sequence[str]]:
    """The headings of each table by its name: projects, mentions, sources.

    Args:
        form: The columns of the table of projects.
    """
    return {PROJECTS: form.header, MENTIONS: mention_header(), SOURCES: source_header()}


def table_rows(form: TableForm, project: Project) -> Mapping[str, Iterable[Iterable[str]]]:
    """The rows that a project has in each table, by the name of the table."""
    return {
        PROJECTS: (form.cells(project),),
        MENTIONS: (mention_cells(project, mention) for mention in project.mentions),
        SOURCES: (source_cells(project, origin) for origin in project.origins),
    }


def _mention_cell(value: str | int | Decimal | None) -> str:
    if value is None:
        return ""
    return canonical_decimal(value) if isinstance(value, Decimal) else str(value)


def _cell(field: Field, project: Project) -> str:
    text = "; ".join(map(written, project.of(field.key)))
    return text or (NO_FUNDER if field.kind is FieldKind.FUNDER else "")


def _source_cells(project: Project) -> dict[str, str]:
    """The columns of the sources."""
    first = next((origin for origin in project.origins if origin.url), None)
    return {
        "sourceUrl": (first.url or "") if first else "",
        "retrievedAt": (first.retrieved_at or "") if first else "",
        "sources": json.dumps(sources_json(project.origins), ensure_ascii=False),
    }
