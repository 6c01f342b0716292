"""The two tables of projects and mentions, and where they take projects from.

The two tables: one row a project, one row a mention; they read back to the same graphs.

Where tables take their projects from: a release, or projects that were just made and wait on disk.
"""

import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO, TypeAlias

from pyoxigraph import Literal, NamedNode

from iomld import store
from iomld.convert import canonical_decimal
from iomld.export.records import language_rank, plain_fields, project_texts, released_projects, sources_json
from iomld.iris import DCTERMS, Iris
from iomld.model import Mention, Project
from iomld.read.table.columns import MENTION_COLUMNS, PROJECT_COLUMNS
from iomld.release import FILES, Release

# Field and language of a text, and the most characters that one has: what the columns of a table are made by.
TextLengths: TypeAlias = Mapping[tuple[str, str], int]
_TERMS = {"title": "title", "abstract": "abstract", "narrative": "description"}
UNDETERMINED = "und"  # BCP 47: the language of a text that does not say it


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """Projects for tables.

    Attributes:
        projects: Gives them anew each time, one after the other.
        text_lengths: Gives the languages of their texts with the longest text of each.
    """

    projects: Callable[[], Iterator[Project]]
    text_lengths: Callable[[], TextLengths]


def released(release: Release) -> ProjectSource:
    """The projects of a release, sorted by their IRIs."""
    return ProjectSource(lambda: released_projects(release), lambda: _released_lengths(release))


def spooled(projects: Iterable[Project], file: BinaryIO) -> ProjectSource:
    """Projects that can be gone through once, kept in a file, so that memory does not grow with their number.

    Args:
        projects: The projects; they are read to their end.
        file: An empty file of ours alone, which nobody else can write to; it stays open while the source is used.
    """
    lengths: dict[tuple[str, str], int] = {}
    for project in projects:
        pickle.dump(project, file, pickle.HIGHEST_PROTOCOL)
        for field, texts in project_texts(project).items():
            for text in texts:
                lengths[field, text.language] = max(lengths.get((field, text.language), 1), len(text.value))
    end = file.tell()

    def again() -> Iterator[Project]:
        file.seek(0)
        while file.tell() < end:
            yield pickle.load(file)  # noqa: S301  # this process wrote it into a file without a name

    return ProjectSource(again, lambda: lengths)


def _released_lengths(release: Release) -> TextLengths:
    """Asked of the store, which is quicker than to make every project."""
    opened = store.open_read_only(release.file(FILES.store))
    start = Iris(release.manifest.base).record("")
    lengths: dict[tuple[str, str], int] = {}
    for field, term in _TERMS.items():
        for quad in opened.quads_for_pattern(None, NamedNode(DCTERMS + term), None, None):
            graph, text = quad.graph_name, quad.object
            if isinstance(graph, NamedNode) and graph.value.startswith(start) and isinstance(text, Literal):
                key = field, text.language or UNDETERMINED
                lengths[key] = max(lengths.get(key, 1), len(text.value))
    return lengths


MENTION_HEADER = tuple(column.name for column in MENTION_COLUMNS)
_TEXTS = ("title", "abstract", "narrative")


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of texts in one language; a text that is longer than a cell goes on in the next piece, from 1."""

    field: str
    language: str
    piece: int = 1

    @property
    def heading(self) -> str:
        """Its heading: `narrative_en`, `narrative_en (2)`."""
        return f"{self.field}_{self.language}" + (f" ({self.piece})" if self.piece > 1 else "")


@dataclass(frozen=True, slots=True)
class TableForm:
    """The columns of a table of projects.

    Attributes:
        columns: Names of columns, and columns of texts.
        cell_length: Most characters of a cell, or None.
    """

    columns: tuple[str | TextColumn, ...]
    cell_length: int | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The headings."""
        return tuple(column if isinstance(column, str) else column.heading for column in self.columns)

    def cells(self, project: Project) -> Iterator[str]:
        """The texts of a project's row; what is not known is empty."""
        plain = plain_fields(project)
        texts = {
            (field, text.language): text.value
            for field, versions in project_texts(project).items()
            for text in versions
        }
        others = _other_fields(project)
        for column in self.columns:
            if isinstance(column, str):
                yield plain[column] if column in plain else others[column]
            else:
                text = texts.get((column.field, column.language), "")
                length = self.cell_length or len(text) or 1
                yield text[(column.piece - 1) * length : column.piece * length]


def table_form(source: ProjectSource, *, cell_length: int | None = None) -> TableForm:
    """The columns that projects need: one for each language that a text has.

    Args:
        source: The projects.
        cell_length: Most characters of a cell; longer texts take several.
    """
    lengths = source.text_lengths()
    columns: list[str | TextColumn] = []
    for name in (column.name for column in PROJECT_COLUMNS):
        if name not in _TEXTS:
            columns.append(name)
            continue
        longest = {"en": 1} if name == "title" else {}
        longest |= {language: length for (field, language), length in lengths.items() if field == name}
        for language in sorted(longest, key=language_rank):
            pieces = -(-longest[language] // cell_length) if cell_length else 1
            columns += [TextColumn(name, language, piece) for piece in range(1, pieces + 1)]
    return TableForm(tuple(columns), cell_length)


def mention_cells(project: Project, mention: Mention) -> Sequence[str]:
    """The texts of a mention's row, in the order of `MENTION_HEADER`."""
    return (
        project.key,
        mention.framework,
        mention.quote,
        mention.prefix,
        mention.suffix,
        mention.language,
        mention.field,
        "" if mention.start is None else str(mention.start),
        mention.method,
        canonical_decimal(Decimal(mention.confidence)),
    )


def _other_fields(project: Project) -> dict[str, str]:
    """The columns of states and sources."""
    first = next((origin for origin in project.origins if origin.url), None)
    return {
        "benefitingMemberStates": "; ".join(project.member_states),
        "benefitingCountries": "; ".join(project.other_countries),
        "sourceUrl": (first.url or "") if first else "",
        "retrievedAt": (first.retrieved_at or "") if first else "",
        "sources": json.dumps(sources_json(project.origins), ensure_ascii=False),
    }
