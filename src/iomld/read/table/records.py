"""Read the rows of a table of projects as records, each with its mentions from a second table."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from json import JSONDecodeError
from typing import NamedTuple

from iomld.assets import load_fields
from iomld.messages import message
from iomld.model import AMOUNT_FIELDS, Finding, Origin, Place, Record, Severity, Value
from iomld.read.record.json_record import clean_text, control_character
from iomld.read.record.origins import bad_retrieval_time, bad_source_address, stated_origins
from iomld.read.table.headings import YEAR_OR_DAY, Heading
from iomld.read.table.mapped_cells import SEPARATORS, mapped_items
from iomld.read.table.mapping import ColumnRule
from iomld.read.table.mentions import MentionIndex, canonical_digest
from iomld.read.table.row_remarks import differing_cells, is_no_record, no_record, stray_cells
from iomld.read.table.rows import CellFault, CellValue, Layout, Number, TableRow, cell_text
from iomld.read.text import has_forbidden_character, is_language_tag, is_web_address, plain_text, utc_moment

_KEY = re.compile(r"prima-(?P<prima>[A-Z]{2}[0-9]{2}P[0-9]{4})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHOWN = 80  # characters of a value that a finding quotes


class _Cell(NamedTuple):
    """The text of a cell and its place; its items if a mapping has split and named them."""

    text: str
    place: Place
    items: tuple[str, ...] = ()


@dataclass(slots=True)
class _RowDraft:
    """The cells of a row read so far, by column and language, and the currencies outside of cells."""

    texts: dict[tuple[str, str | None], _Cell] = field(default_factory=dict)
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
        if is_no_record(row, layout):
            pending.append(no_record(row, layout))
            continue
        draft = _draft(row, layout)
        stray = stray_cells(row, layout, report_unnamed=not unnamed_reported)
        unnamed_reported = unnamed_reported or any(finding.severity is Severity.WARNING for finding in stray)
        draft.findings += [*pending, *stray]
        pending = []
        if last:
            yield last
        last = _record(row, layout, draft, mentions)
    if last:
        yield replace(last, findings=(*last.findings, *pending))


def _draft(row: TableRow, layout: Layout) -> _RowDraft:
    draft = _RowDraft()
    if row.hidden:
        problem = message("Row {number} is hidden in the sheet, but it was read.", number=row.number)
        draft.findings.append(
            Finding("hiddenRow", Severity.INFO, problem, message("Delete it, or show it."), place=layout.place(row, 0))
        )
    for index, heading in layout.columns:
        value, rule = row.cell(index), layout.rules.get(index)
        if (value is None or value == "") and not (rule and rule.default):
            continue
        if isinstance(value, CellFault):
            draft.findings.append(value.finding(_field(heading), layout.place(row, index)))
            continue
        text = _text_of(value, heading, rule)
        text = text if heading.column in load_fields().source_columns else plain_text(text)
        place = layout.place(row, index, text)
        if has_forbidden_character(text):
            draft.findings.append(replace(control_character(layout.headings[index], place), field=_field(heading)))
        elif text.strip() or rule:
            if text.strip():
                draft.canonical.append((layout.headings[index], text))
            cell = _Cell(text, place) if rule is None else _mapped(value, _Cell(text, place), heading, rule)
            if not cell.text.strip():
                continue
            _add_cell(draft, heading, cell)
            if heading.column in AMOUNT_FIELDS:
                _add_currencies(draft, heading, value, place)
    _add_constants(draft, layout)
    return draft


def _text_of(value: CellValue, heading: Heading, rule: ColumnRule | None) -> str:
    """The text of a cell; an amount whose form a mapping states is left as it is."""
    is_stated = rule is not None and bool(rule.decimal_char) and heading.column in load_fields().sums
    return cell_text(value, "" if is_stated else heading.column)


def _mapped(value: CellValue, cell: _Cell, heading: Heading, rule: ColumnRule) -> _Cell:
    """A cell by the rule of a mapping; without text if it says nothing."""
    items = mapped_items(value, cell.text, heading.column, rule)
    if heading.column in load_fields().lists:
        return _Cell("; ".join(items), cell.place, items)
    return _Cell(items[0] if items else "", cell.place)


def _add_constants(draft: _RowDraft, layout: Layout) -> None:
    """Add the constants of a mapping that no cell of the row states."""
    for heading, constant in layout.constants:
        names = YEAR_OR_DAY.get(heading.column, (heading.column,))
        if not any((name, heading.language) in draft.texts for name in names):
            _add_cell(draft, heading, _Cell(constant.text, constant.place))


def _add_cell(draft: _RowDraft, heading: Heading, cell: _Cell) -> None:
    """Add a cell to the draft; a text that differs from another cell of the same column is a fault."""
    names = YEAR_OR_DAY.get(heading.column, (heading.column,))
    text, place, items = cell
    if len(names) > 1:
        day = text.strip()
        cells = [(names[0], day[:4]), (names[1], day)] if _DAY.fullmatch(day) else [(names[0], day)]
    else:
        cells = [(heading.column, text if heading.language else text.strip())]
    for name, content in cells:
        key = (name, heading.language)
        known = draft.texts.get(key)
        if known is None:
            draft.texts[key] = _Cell(content, place, items)
        elif heading.piece > 1:
            draft.texts[key] = _Cell(known.text + content, known.place)
        elif known.text.split() != content.split():
            draft.findings.append(differing_cells(name, (known.text, known.place), (content, place)))


def _add_currencies(draft: _RowDraft, heading: Heading, value: CellValue, place: Place) -> None:
    """Add the currency of a heading, and that of a number's format; linking compares them."""
    shown = value.currency if isinstance(value, Number) else None
    draft.currencies += [Value(currency, place) for currency in (heading.currency, shown) if currency]


def _record(row: TableRow, layout: Layout, draft: _RowDraft, mentions: MentionIndex) -> Record:
    values: dict[str, tuple[Value, ...]] = {}
    fields = load_fields()
    for (name, language), (text, place, items) in draft.texts.items():
        if name in fields.texts:
            values[name] = (*values.get(name, ()), *_texts(name, text, place, language, draft.findings))
        elif name in fields.lists:
            parts = items or (part.strip() for part in SEPARATORS.split(text))
            values[name] = tuple(Value(part, place) for part in parts if part)
        elif name not in fields.source_columns:
            values[name] = (Value(text, place),)
    values["budgetCurrency"] = (*draft.currencies, *values.get("budgetCurrency", ()))
    values = _identified({name: found for name, found in values.items() if found})
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


def _identified(values: dict[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
    """The values with a key such as `prima-CN10P0002`, which our lists have in place of a code, as PRIMA identifier."""
    key = _KEY.fullmatch(values["projectCode"][0].text) if "projectCode" in values else None
    if key is None or "primaId" in values:
        return values
    named = (values["projectCode"][0]._replace(text=key["prima"]),)
    return {name: found for name, found in values.items() if name != "projectCode"} | {"primaId": named}


def _texts(name: str, text: str, place: Place, language: str | None, findings: list[Finding]) -> Iterator[Value]:
    if not is_language_tag(language or ""):
        fix = message("Use a language tag such as en, fr or es: title_en.")
        problem = message("'{language}' is not a language tag.", language=language)
        findings.append(Finding("languageTag", Severity.VIOLATION, problem, fix, field=name, place=place))
        return
    yield Value(clean_text(name, text), place, language)


def _with_source(origin: Origin, draft: _RowDraft) -> Origin:
    """The origin with the address and the retrieval time that the row states."""
    page, retrieved = draft.texts.get(("sourceUrl", None)), draft.texts.get(("retrievedAt", None))
    if page and not is_web_address(page.text):
        draft.findings.append(bad_source_address(page.text[:_SHOWN], page.place))
        page = None
    moment = utc_moment(retrieved.text) if retrieved else None
    if retrieved and moment is None:
        draft.findings.append(bad_retrieval_time(retrieved.text[:_SHOWN], retrieved.place))
    return replace(origin, url=page.text if page else None, retrieved_at=moment)


def _stated_origins(draft: _RowDraft) -> tuple[Origin, ...]:
    """The sources that an exported row states."""
    cell = draft.texts.get(("sources", None))
    if cell is None:
        return ()
    try:
        given = json.loads(cell.text)
    except (JSONDecodeError, RecursionError, ValueError):  # ValueError: a number of thousands of digits
        given = cell.text
    origins, findings = stated_origins(given, cell.place)
    draft.findings += findings
    return origins


def _field(heading: Heading) -> str:
    """The field of a record that a column belongs to."""
    return YEAR_OR_DAY.get(heading.column, (heading.column,))[0]
