"""A table of mentions, kept by project until the table of projects asks for them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from iomld.model import Finding, GivenMention, Place, Severity
from iomld.read.record.mentions import given_mention
from iomld.read.table.cell_text import CellFault, cell_text
from iomld.read.table.rows import Layout, Row

_WORDS = frozenset({"quote", "prefix", "suffix"})  # their spaces count


@dataclass(frozen=True, slots=True)
class ToldMentions:
    """What the table says of one project: mentions, faults, and the rows' canonical text for the origin's hash."""

    mentions: tuple[GivenMention, ...] = ()
    findings: tuple[Finding, ...] = ()
    canonical: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(slots=True)
class MentionIndex:
    """The mentions of a source by the code of their project, else `prima-` and its PRIMA identifier.

    Attributes:
        layout: The columns of the table; None where there is no such table.
        rows: For each project its rows; empty code for rows without one.
    """

    layout: Layout | None = None
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def take(self, key: str) -> ToldMentions:
        """The mentions of a project; they are given once."""
        rows = self.rows.pop(key, None) if key else None
        if rows is None or self.layout is None:
            return ToldMentions()
        read = [_mention(row, self.layout) for row in rows]
        return ToldMentions(
            tuple(mention for mention, _ in read if isinstance(mention, GivenMention)),
            tuple(mention for mention, _ in read if isinstance(mention, Finding)),
            tuple(cells for _, cells in read),
        )

    def left(self) -> Iterator[tuple[str, Row]]:
        """Each project that was not asked for, with the first row that names it."""
        for key, rows in self.rows.items():
            yield key, rows[0]


def mention_index(layout: Layout, rows: Iterable[Row]) -> MentionIndex:
    """Read a table of mentions."""
    code = next((index for index, heading in layout.columns if heading.column == "projectCode"), None)
    index: dict[str, list[Row]] = {}
    for row in rows:
        if not row.is_empty:
            key = (
                cell_text(row.cells[code], "projectCode").strip() if code is not None and code < len(row.cells) else ""
            )
            index.setdefault(key, []).append(row)
    return MentionIndex(layout, index)


def _mention(row: Row, layout: Layout) -> tuple[GivenMention | Finding, tuple[tuple[str, str], ...]]:
    """A row as a mention or its fault, and the texts of its cells."""
    item: dict[str, object] = {}
    cells: list[tuple[str, str]] = []
    fault: Finding | None = None
    for index, heading in layout.columns:
        value = row.cells[index] if index < len(row.cells) else None
        if isinstance(value, CellFault):
            place = layout.place(row, index)
            fault = Finding(value.rule, Severity.VIOLATION, value.message, value.fix, field="mentions", place=place)
        text = cell_text(value, heading.column)
        if text:
            cells.append((layout.headings[index], text))
            item.setdefault(heading.column, text if heading.column in _WORDS else text.strip())
    item = {key: text for key, text in item.items() if text != ""}

    def place_of(key: str) -> Place:
        return layout.place(row, layout.index_of(key))

    return fault or given_mention(item, place_of), tuple(cells)
