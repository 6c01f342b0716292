"""Read a table of mentions, and assign its rows to the projects of the table of projects."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from iomld.messages import message
from iomld.model import Finding, GivenMention, Origin, Place, Record, Severity
from iomld.read.record.mentions import given_mention, is_spaced
from iomld.read.table.rows import CellFault, Layout, TableRow, cell_text

_SHOWN = 40  # characters of a project code that a finding quotes


@dataclass(frozen=True, slots=True)
class ProjectMentions:
    """The mentions of one project, their faults, and the rows' canonical text for the origin's hash."""

    mentions: tuple[GivenMention, ...] = ()
    findings: tuple[Finding, ...] = ()
    canonical: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(slots=True)
class MentionIndex:
    """The mentions of a source by the code of their project, else `prima-` and its PRIMA identifier.

    Attributes:
        layout: The columns of the table; None if there is no such table.
        rows: The rows of each project; those without a code under the empty string.
    """

    layout: Layout | None = None
    rows: dict[str, list[TableRow]] = field(default_factory=dict)

    def take(self, key: str) -> ProjectMentions:
        """Remove and return the mentions of a project."""
        rows = self.rows.pop(key, None) if key else None
        if rows is None or self.layout is None:
            return ProjectMentions()
        read = [_mention(row, self.layout) for row in rows]
        return ProjectMentions(
            tuple(mention for mention, _ in read if isinstance(mention, GivenMention)),
            tuple(mention for mention, _ in read if isinstance(mention, Finding)),
            tuple(cells for _, cells in read),
        )

    def remaining(self) -> Iterator[tuple[str, TableRow]]:
        """Each project whose mentions were not taken, with the first row that names it."""
        for key, rows in self.rows.items():
            yield key, rows[0]


def mention_index(layout: Layout, rows: Iterable[TableRow]) -> MentionIndex:
    """Read a table of mentions."""
    code = next((index for index, heading in layout.columns if heading.column == "projectCode"), None)
    index: dict[str, list[TableRow]] = {}
    for row in rows:
        if not row.is_empty:
            key = "" if code is None else cell_text(row.cell(code), "projectCode").strip()
            index.setdefault(key, []).append(row)
    return MentionIndex(layout, index)


def _mention(row: TableRow, layout: Layout) -> tuple[GivenMention | Finding, tuple[tuple[str, str], ...]]:
    """Read a row as a mention or its fault, with heading and text of each cell."""
    item: dict[str, object] = {}
    cells: list[tuple[str, str]] = []
    fault: Finding | None = None
    for index, heading in layout.columns:
        value = row.cell(index)
        if isinstance(value, CellFault):
            fault = value.finding("mentions", layout.place(row, index))
        text = cell_text(value, heading.column)
        if text:
            cells.append((layout.headings[index], text))
            item.setdefault(heading.column, text if is_spaced(heading.column) else text.strip())
    item = {key: text for key, text in item.items() if text != ""}

    def place_of(key: str) -> Place:
        return layout.place(row, layout.index_of(key))

    return fault or given_mention(item, place_of), tuple(cells)


def orphan_records(layout: Layout, mentions: MentionIndex) -> Iterator[Record]:
    """A refused record for each project that is only in the table of mentions."""
    for key, row in mentions.remaining():
        place = mentions.layout.place(row, mentions.layout.index_of("projectCode")) if mentions.layout else Place("")
        problem = message(
            "The mention belongs to project '{key}', which is not in the table of projects.", key=key[:_SHOWN]
        )
        if not key:
            problem = message("The project code of the mention is missing.")
        fix = message("Write a project code from the table of projects, or add the project to it.")
        finding = Finding(
            "mentionProject", Severity.VIOLATION, problem, fix, field="mentions", value=key[:_SHOWN], place=place
        )
        source = layout.source
        origin = Origin(source.name, canonical_digest((source.media_type, key, row.number)), source.media_type)
        yield Record({}, origin, place, findings=(finding,))


def canonical_digest(content: object) -> str:
    """SHA-256 of a value as JSON without spaces, in UTF-8."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
