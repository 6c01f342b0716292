"""The two tables of a release: one row a project, one row a mention; they read back to the same graphs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from iomld import store
from iomld.convert import canonical_decimal
from iomld.export.records import language_rank, plain_fields, sources_json
from iomld.iris import DCTERMS, Iris
from iomld.model import Mention, Project
from iomld.read.table.columns import MENTION_COLUMNS, PROJECT_COLUMNS
from iomld.release import FILES, Release

MENTION_HEADER = tuple(column.name for column in MENTION_COLUMNS)
_TERMS = {"title": "title", "abstract": "abstract", "narrative": "description"}


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
            for field, versions in (
                ("title", project.titles),
                ("abstract", project.abstracts),
                ("narrative", project.narratives),
            )
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


def table_form(release: Release, *, cell_length: int | None = None) -> TableForm:
    """The columns that the projects of a release need: one for each language that a text has.

    Args:
        release: The release.
        cell_length: Most characters of a cell; longer texts take several.
    """
    opened = store.open_read_only(release.file(FILES.store))
    start = Iris(release.manifest.base).record("")
    columns: list[str | TextColumn] = []
    for name in (column.name for column in PROJECT_COLUMNS):
        if name not in _TERMS:
            columns.append(name)
            continue
        longest = {"en": 1} if name == "title" else {}
        for quad in opened.quads_for_pattern(None, NamedNode(DCTERMS + _TERMS[name]), None, None):
            graph, text = quad.graph_name, quad.object
            if isinstance(graph, NamedNode) and graph.value.startswith(start) and isinstance(text, Literal):
                language = text.language or "und"
                longest[language] = max(longest.get(language, 1), len(text.value))
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
