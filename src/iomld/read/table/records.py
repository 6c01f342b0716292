"""From the rows of a table of projects to records; each with the mentions that a second table has of it."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from json import JSONDecodeError

from iomld.messages import message
from iomld.model import STATE_FIELDS, TEXT_FIELDS, Finding, GivenMention, Origin, Place, Record, Severity, Value
from iomld.read.record.json_record import clean_text, control_character
from iomld.read.record.mentions import given_mention
from iomld.read.record.origins import stated_origins
from iomld.read.table.headings import YEAR_OR_DAY, Heading
from iomld.read.table.rows import CellFault, Layout, TableRow, cell_text
from iomld.read.text import has_forbidden_character, is_language_tag, is_web_address, utc_moment

_WORDS = frozenset({"quote", "prefix", "suffix"})  # their spaces count
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STATES = re.compile(r"[;|\r\n]+")
_SOURCE_COLUMNS = frozenset({"sourceUrl", "retrievedAt", "sources"})


@dataclass(frozen=True, slots=True)
class ProjectMentions:
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
    rows: dict[str, list[TableRow]] = field(default_factory=dict)

    def take(self, key: str) -> ProjectMentions:
        """The mentions of a project; they are given once."""
        rows = self.rows.pop(key, None) if key else None
        if rows is None or self.layout is None:
            return ProjectMentions()
        read = [_mention(row, self.layout) for row in rows]
        return ProjectMentions(
            tuple(mention for mention, _ in read if isinstance(mention, GivenMention)),
            tuple(mention for mention, _ in read if isinstance(mention, Finding)),
            tuple(cells for _, cells in read),
        )

    def left(self) -> Iterator[tuple[str, TableRow]]:
        """Each project that was not asked for, with the first row that names it."""
        for key, rows in self.rows.items():
            yield key, rows[0]


def mention_index(layout: Layout, rows: Iterable[TableRow]) -> MentionIndex:
    """Read a table of mentions."""
    code = next((index for index, heading in layout.columns if heading.column == "projectCode"), None)
    index: dict[str, list[TableRow]] = {}
    for row in rows:
        if not row.is_empty:
            key = (
                cell_text(row.cells[code], "projectCode").strip() if code is not None and code < len(row.cells) else ""
            )
            index.setdefault(key, []).append(row)
    return MentionIndex(layout, index)


def _mention(row: TableRow, layout: Layout) -> tuple[GivenMention | Finding, tuple[tuple[str, str], ...]]:
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


@dataclass(slots=True)
class _RowDraft:
    """What a row says, while its cells are read: text and place by column and language."""

    texts: dict[tuple[str, str | None], tuple[str, Place]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    canonical: list[tuple[str, str]] = field(default_factory=list)


def table_records(
    layout: Layout, rows: Iterable[TableRow], mentions: MentionIndex, remarks: Iterable[Finding] = ()
) -> Iterator[Record]:
    """Read the rows of a table of projects.

    The origin's hash is the SHA-256 of the row's canonical text: the JSON array, without spaces, in UTF-8, of the
    media type, of a pair of heading and text for each cell that was read, and likewise of the rows of its mentions.

    Args:
        layout: What the columns are.
        rows: The rows below the header; empty ones are ignored.
        mentions: The mentions of the same source; those of a project go to its first record.
        remarks: Findings about the whole table; they go to the first record.
    """
    waiting = [*remarks, *layout.findings]
    unnamed_reported = False
    for row in rows:
        if row.is_empty:
            continue
        draft = _draft(row, layout)
        stray = _stray_cells(row, layout, report_unnamed=not unnamed_reported)
        unnamed_reported = unnamed_reported or any(finding.severity is Severity.WARNING for finding in stray)
        draft.findings += [*waiting, *stray]
        waiting = []
        yield _record(row, layout, draft, mentions)


def _draft(row: TableRow, layout: Layout) -> _RowDraft:
    draft = _RowDraft()
    if row.hidden:
        problem = message("Row {number} is hidden in the sheet; it was read all the same.", number=row.number)
        draft.findings.append(
            Finding("hiddenRow", Severity.INFO, problem, message("Delete it, or show it."), place=layout.place(row, 0))
        )
    for index, heading in layout.columns:
        value = row.cells[index] if index < len(row.cells) else None
        if value is None or value == "":
            continue
        if isinstance(value, CellFault):
            place = layout.place(row, index)
            fault = Finding(
                value.rule, Severity.VIOLATION, value.message, value.fix, field=_field(heading), place=place
            )
            draft.findings.append(fault)
            continue
        text = cell_text(value, heading.column)
        place = layout.place(row, index, text)
        if has_forbidden_character(text):
            draft.findings.append(replace(control_character(layout.headings[index], place), field=_field(heading)))
        elif text.strip():
            draft.canonical.append((layout.headings[index], text))
            _put(draft, heading, text, place)
    return draft


def _put(draft: _RowDraft, heading: Heading, text: str, place: Place) -> None:
    """Take a cell; one that says otherwise than another of its column is a fault."""
    names = YEAR_OR_DAY.get(heading.column, (heading.column,))
    if len(names) > 1:
        day = text.strip()
        cells = [(names[0], day[:4]), (names[1], day)] if _DAY.fullmatch(day) else [(names[0], day)]
    else:
        cells = [(heading.column, text if heading.column in TEXT_FIELDS else text.strip())]
    for name, content in cells:
        key = (name, heading.language)
        known = draft.texts.get(key)
        if known is None:
            draft.texts[key] = (content, place)
        elif heading.piece > 1:
            draft.texts[key] = (known[0] + content, known[1])
        elif known[0].split() != content.split():
            draft.findings.append(_differing(name, known, content, place))


def _differing(name: str, known: tuple[str, Place], text: str, place: Place) -> Finding:
    return Finding(
        "duplicateColumn",
        Severity.VIOLATION,
        message(
            "Two columns give {name}: {cell} says '{one}', {other_cell} says '{other}'.",
            name=name,
            cell=known[1].cell,
            one=known[0][:80],
            other_cell=place.cell,
            other=text[:80],
        ),
        message("Keep the right one."),
        field=name,
        value=text[:80],
        place=place,
    )


def _stray_cells(row: TableRow, layout: Layout, *, report_unnamed: bool) -> list[Finding]:
    """Cells to the right of the header refuse the row; those below an empty heading are reported once."""
    width = len(layout.headings)
    if len(row.cells) <= width and "" not in layout.headings:
        return []
    filled = [index for index, cell in enumerate(row.cells) if cell is not None and not _blank(cell)]
    beyond = next((index for index in filled if index >= width), None)
    findings: list[Finding] = []
    if beyond is not None:
        problem = message("The row has more cells than the header, which has {width} columns.", width=width)
        fix = message("Put quotation marks around a text that holds the delimiter, or give the column a heading.")
        findings.append(
            Finding("tooManyCells", Severity.VIOLATION, problem, fix, place=layout.place(row, beyond)),
        )
    unnamed = next((index for index in filled if index < width and not layout.headings[index]), None)
    if unnamed is not None and report_unnamed:
        problem = message("The column has no heading and was not read.")
        findings.append(
            Finding(
                "unknownColumn",
                Severity.WARNING,
                problem,
                message("Give it a heading."),
                place=layout.place(row, unnamed),
            )
        )
    return findings


def _blank(cell: object) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _record(row: TableRow, layout: Layout, draft: _RowDraft, mentions: MentionIndex) -> Record:
    values: dict[str, tuple[Value, ...]] = {}
    for (name, language), (text, place) in draft.texts.items():
        if name in TEXT_FIELDS:
            values[name] = (*values.get(name, ()), *_texts(name, text, place, language, draft.findings))
        elif name in STATE_FIELDS:
            parts = (part.strip() for part in _STATES.split(text))
            values[name] = tuple(Value(part, place) for part in parts if part)
        elif name not in _SOURCE_COLUMNS:
            values[name] = (Value(text, place),)
    values = {name: found for name, found in values.items() if found}
    code, prima = values.get("projectCode"), values.get("primaId")
    key = code[0].text if code else f"prima-{prima[0].text}" if prima else ""
    given = mentions.take(key)
    canonical = (layout.source.media_type, draft.canonical, given.canonical)
    origin = Origin(layout.source.name, canonical_digest(canonical), layout.source.media_type)
    origin, stated = _described(origin, draft), _stated(draft)
    return Record(
        values,
        origin,
        layout.place(row, 0),
        mentions=given.mentions,
        findings=(*draft.findings, *given.findings),
        stated_origins=stated,
    )


def _texts(name: str, text: str, place: Place, language: str | None, findings: list[Finding]) -> Iterator[Value]:
    if not is_language_tag(language or ""):
        fix = message("Use a language tag such as en, fr or es: title_en.")
        problem = message("'{language}' is no language tag.", language=language)
        findings.append(Finding("languageTag", Severity.VIOLATION, problem, fix, field=name, place=place))
        return
    yield Value(clean_text(name, text), place, language)


def _described(origin: Origin, draft: _RowDraft) -> Origin:
    """The origin with the address and the time that the row states."""
    url, place = draft.texts.get(("sourceUrl", None), ("", None))
    if url and not is_web_address(url):
        fix = message("Give the full address of the page, beginning with https://.")
        problem = message("The source address '{url}' is no web address.", url=url[:80])
        draft.findings.append(Finding("sourceAddress", Severity.VIOLATION, problem, fix, value=url[:80], place=place))
        url = ""
    retrieved, place = draft.texts.get(("retrievedAt", None), ("", None))
    moment = utc_moment(retrieved) if retrieved else None
    if retrieved and moment is None:
        problem = message("The retrieval time '{time}' is no date and time with a time zone.", time=retrieved[:80])
        fix = message("Write 2026-11-23T19:00:00Z.")
        draft.findings.append(
            Finding("retrievalTime", Severity.VIOLATION, problem, fix, value=retrieved[:80], place=place)
        )
    return replace(origin, url=url or None, retrieved_at=moment)


def _stated(draft: _RowDraft) -> tuple[Origin, ...]:
    """The sources that an exported row names."""
    text, place = draft.texts.get(("sources", None), ("", None))
    if not text or place is None:
        return ()
    try:
        given = json.loads(text)
    except (JSONDecodeError, RecursionError, ValueError):  # ValueError: a number of thousands of digits
        given = text
    origins, findings = stated_origins(given, place)
    draft.findings += findings
    return origins


def _field(heading: Heading) -> str:
    """The record's field that a column fills."""
    return YEAR_OR_DAY.get(heading.column, (heading.column,))[0]


def orphan_records(layout: Layout, mentions: MentionIndex) -> Iterator[Record]:
    """A refused record for each project that only the table of mentions names."""
    for key, row in mentions.left():
        place = mentions.layout.place(row, mentions.layout.index_of("projectCode")) if mentions.layout else Place("")
        problem = message("The mention is of project '{key}', which the table of projects does not have.", key=key[:40])
        if not key:
            problem = message("The mention does not say of which project it is.")
        fix = message("Write a project code of the table of projects, or add the project.")
        finding = Finding(
            "mentionProject", Severity.VIOLATION, problem, fix, field="mentions", value=key[:40], place=place
        )
        source = layout.source
        origin = Origin(source.name, canonical_digest((source.media_type, key, row.number)), source.media_type)
        yield Record({}, origin, place, findings=(finding,))


def canonical_digest(content: object) -> str:
    """SHA-256 of a value as JSON without spaces, in UTF-8."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
