"""Read the rows of a table of projects as records, each with its mentions from a second table."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from json import JSONDecodeError

from iomld.assets import load_fields
from iomld.folding import fold
from iomld.messages import message
from iomld.model import AMOUNT_FIELDS, Finding, Origin, Place, Record, Severity, Value
from iomld.read.record.json_record import clean_text, control_character
from iomld.read.record.origins import bad_retrieval_time, bad_source_address, stated_origins
from iomld.read.table.headings import YEAR_OR_DAY, Heading
from iomld.read.table.mentions import MentionIndex, canonical_digest
from iomld.read.table.rows import CellFault, CellValue, Layout, Number, TableRow, cell_text
from iomld.read.text import has_forbidden_character, is_language_tag, is_web_address, plain_text, utc_moment

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SEPARATORS = re.compile(r"[;|\r\n]+")
_SOURCE_COLUMNS = frozenset({"sourceUrl", "retrievedAt", "sources"})
_IDENTIFIERS = frozenset({"projectCode", "primaId"})
_FEWEST_REPEATED = 2  # headings in a row below the header that make it a repeated header
_TOTAL = re.compile(
    r"(?:grand[ -]?|sub[ -]?|sous[ -]?)?(?:total|totaux|sum|somme|suma|summe|gesamt|average|moyenne|promedio)\b[^a-z]*$"
    r"|(?:(?:grand |sub-?|sous-?)?total|suma|summe) ",
    re.IGNORECASE,
)
_SHOWN = 80  # characters of a value that a finding quotes


@dataclass(slots=True)
class _RowDraft:
    """The cells of a row read so far: text and place by column and language, and the currencies outside of cells."""

    texts: dict[tuple[str, str | None], tuple[str, Place]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    canonical: list[tuple[str, str]] = field(default_factory=list)
    currencies: list[Value] = field(default_factory=list)


def table_records(
    layout: Layout, rows: Iterable[TableRow], mentions: MentionIndex, remarks: Iterable[Finding] = ()
) -> Iterator[Record]:
    """Read the rows of a table of projects.

    The origin's hash is the SHA-256 of the row's canonical text: the JSON array, without spaces, in UTF-8, of the
    media type, of a pair of heading and text for each cell that was read, and likewise of the rows of its mentions.

    Args:
        layout: The columns.
        rows: The rows below the header; empty ones are ignored.
        mentions: The mentions of the same source; those of a project go to its first record.
        remarks: Findings about the whole table; they go to the first record.
    """
    pending = [*remarks, *layout.findings]
    unnamed_reported = False
    last: Record | None = None  # delayed, since the last record carries the findings about the rows below it
    for row in rows:
        if row.is_empty:
            continue
        if _is_no_record(row, layout):
            pending.append(_no_record(row, layout))
            continue
        draft = _draft(row, layout)
        stray = _stray_cells(row, layout, report_unnamed=not unnamed_reported)
        unnamed_reported = unnamed_reported or any(finding.severity is Severity.WARNING for finding in stray)
        draft.findings += [*pending, *stray]
        pending = []
        if last:
            yield last
        last = _record(row, layout, draft, mentions)
    if last:
        yield replace(last, findings=(*last.findings, *pending))


def _is_no_record(row: TableRow, layout: Layout) -> bool:
    """Whether a row is no record: it repeats the headings, or it has no identifier and a total or a single note."""
    cells = {index: heading.column for index, heading in layout.columns if not _is_blank(row.cell(index) or "")}
    texts = {index: cell_text(row.cell(index), "").strip() for index in cells}
    if sum(fold(text) == fold(layout.headings[index]) for index, text in texts.items()) >= _FEWEST_REPEATED:
        return True
    is_total = any(map(_TOTAL.match, texts.values()))
    codes = [texts[index] for index, name in cells.items() if name in _IDENTIFIERS]
    has_identifier = any(" " not in code and not _TOTAL.match(code) for code in codes)
    filled = sum(not _is_blank(cell) for cell in row.cells if cell is not None)
    return not has_identifier and (is_total or filled == 1)


def _no_record(row: TableRow, layout: Layout) -> Finding:
    at = next((index for index, cell in enumerate(row.cells) if cell is not None and not _is_blank(cell)), 0)
    problem = message(
        "Row {number} looks like a total, a note or a repeated heading; it was not read.", number=row.number
    )
    fix = message("Delete it, or give it a project code if it is a project.")
    return Finding("noRecordRow", Severity.WARNING, problem, fix, place=layout.place(row, at))


def _draft(row: TableRow, layout: Layout) -> _RowDraft:
    draft = _RowDraft()
    if row.hidden:
        problem = message("Row {number} is hidden in the sheet; it was read all the same.", number=row.number)
        draft.findings.append(
            Finding("hiddenRow", Severity.INFO, problem, message("Delete it, or show it."), place=layout.place(row, 0))
        )
    for index, heading in layout.columns:
        value = row.cell(index)
        if value is None or value == "":
            continue
        if isinstance(value, CellFault):
            draft.findings.append(value.finding(_field(heading), layout.place(row, index)))
            continue
        text = cell_text(value, heading.column)
        text = text if heading.column in _SOURCE_COLUMNS else plain_text(text)
        place = layout.place(row, index, text)
        if has_forbidden_character(text):
            draft.findings.append(replace(control_character(layout.headings[index], place), field=_field(heading)))
        elif text.strip():
            draft.canonical.append((layout.headings[index], text))
            _add_cell(draft, heading, text, place)
            if heading.column in AMOUNT_FIELDS:
                _add_currencies(draft, heading, value, place)
    return draft


def _add_cell(draft: _RowDraft, heading: Heading, text: str, place: Place) -> None:
    """Add a cell to the draft; a text that differs from another cell of the same column is a fault."""
    names = YEAR_OR_DAY.get(heading.column, (heading.column,))
    if len(names) > 1:
        day = text.strip()
        cells = [(names[0], day[:4]), (names[1], day)] if _DAY.fullmatch(day) else [(names[0], day)]
    else:
        cells = [(heading.column, text if heading.language else text.strip())]
    for name, content in cells:
        key = (name, heading.language)
        known = draft.texts.get(key)
        if known is None:
            draft.texts[key] = (content, place)
        elif heading.piece > 1:
            draft.texts[key] = (known[0] + content, known[1])
        elif known[0].split() != content.split():
            draft.findings.append(_differing_cells(name, known, content, place))


def _add_currencies(draft: _RowDraft, heading: Heading, value: CellValue, place: Place) -> None:
    """Add the currency of a heading, and that of a number's format; linking compares them."""
    shown = value.currency if isinstance(value, Number) else None
    draft.currencies += [Value(currency, place) for currency in (heading.currency, shown) if currency]


def _differing_cells(name: str, known: tuple[str, Place], text: str, place: Place) -> Finding:
    return Finding(
        "duplicateColumn",
        Severity.VIOLATION,
        message(
            "Two columns give {name}: {cell} says '{one}', {other_cell} says '{other}'.",
            name=name,
            cell=known[1].cell,
            one=known[0][:_SHOWN],
            other_cell=place.cell,
            other=text[:_SHOWN],
        ),
        message("Keep the right one."),
        field=name,
        value=text[:_SHOWN],
        place=place,
    )


def _stray_cells(row: TableRow, layout: Layout, *, report_unnamed: bool) -> list[Finding]:
    """A Violation for cells to the right of the header; a Warning, once, for cells under an empty heading."""
    width = len(layout.headings)
    if len(row.cells) <= width and "" not in layout.headings:
        return []
    filled = [index for index, cell in enumerate(row.cells) if cell is not None and not _is_blank(cell)]
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


def _is_blank(cell: object) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _record(row: TableRow, layout: Layout, draft: _RowDraft, mentions: MentionIndex) -> Record:
    values: dict[str, tuple[Value, ...]] = {}
    fields = load_fields()
    for (name, language), (text, place) in draft.texts.items():
        if name in fields.texts:
            values[name] = (*values.get(name, ()), *_texts(name, text, place, language, draft.findings))
        elif name in fields.lists:
            parts = (part.strip() for part in _SEPARATORS.split(text))
            values[name] = tuple(Value(part, place) for part in parts if part)
        elif name not in _SOURCE_COLUMNS:
            values[name] = (Value(text, place),)
    values["budgetCurrency"] = (*draft.currencies, *values.get("budgetCurrency", ()))
    values = {name: found for name, found in values.items() if found}
    code, prima = values.get("projectCode"), values.get("primaId")
    key = code[0].text if code else f"prima-{prima[0].text}" if prima else ""
    given = mentions.take(key)
    canonical = (layout.source.media_type, draft.canonical, given.canonical)
    origin = Origin(layout.source.name, canonical_digest(canonical), layout.source.media_type)
    origin, stated = _with_source(origin, draft), _stated_origins(draft)  # both add to the draft's findings
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


def _with_source(origin: Origin, draft: _RowDraft) -> Origin:
    """The origin with the address and the retrieval time that the row states."""
    url, place = draft.texts.get(("sourceUrl", None), ("", None))
    if url and not is_web_address(url):
        draft.findings.append(bad_source_address(url[:_SHOWN], place))
        url = ""
    retrieved, place = draft.texts.get(("retrievedAt", None), ("", None))
    moment = utc_moment(retrieved) if retrieved else None
    if retrieved and moment is None:
        draft.findings.append(bad_retrieval_time(retrieved[:_SHOWN], place))
    return replace(origin, url=url or None, retrieved_at=moment)


def _stated_origins(draft: _RowDraft) -> tuple[Origin, ...]:
    """The sources that an exported row states."""
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
    """The field of a record that a column belongs to."""
    return YEAR_OR_DAY.get(heading.column, (heading.column,))[0]
