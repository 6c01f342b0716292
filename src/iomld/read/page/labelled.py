"""Read pages with labels: the values under the labels, the title above and the narrative below.

Fields are found by their labels, not by position. A label without a value is an empty field.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from iomld.lexicon.words import Lexicon
from iomld.model import STATE_FIELDS
from iomld.read.page.labels import SEPARATOR, Mark, first_language, guessed_language, is_status_or_type, language_of
from iomld.read.page.page import LONGEST_VALUE, PageDraft, PageLine, PrintedField, are_countries, filled, is_prose

_LONGEST_GAP = 3  # lines between two labels of a block of fields; countries may take more
_MOST_STATES = 300  # lines; the world has fewer countries
_SHORTEST_DOUBLE = 10  # characters of a title that is printed twice; "Pago Pago" is one name
_WITH_DIGITS = frozenset({"projectCode", "primaId", "startYear", "endYear", "allocationYear"})
_FEWEST_REPEATED = 3  # labels that make a second block a description of another project, not part of the narrative


@dataclass(frozen=True, slots=True)
class FieldBlock:
    """The fields of a page, and the lines that they take.

    Attributes:
        printed: The fields in order.
        start: Index of the first line of the fields.
        end: Index of the line after the last value.
        labels: The labels as printed.
    """

    printed: tuple[PrintedField, ...]
    start: int
    end: int
    labels: tuple[str, ...]


def labelled_draft(lines: Sequence[PageLine], marks: Sequence[Mark], lexicon: Lexicon) -> PageDraft:
    """Read a text page with at least one label."""
    fields = read_fields(lines, marks, lexicon)
    title = title_above(lines, fields.start)
    body = tuple(lines[fields.end :])
    text = "\n".join(line.text for line in (*((title,) if title else ()), *body))
    return PageDraft(
        title=title,
        fields=fields.printed,
        body=body,
        first=next(mark for mark in marks if mark.start == fields.start).line.number,
        language=first_language((language_of(fields.labels), guessed_language(text))),
    )


def read_fields(lines: Sequence[PageLine], marks: Sequence[Mark], lexicon: Lexicon) -> FieldBlock:
    """Read the values under the labels of the longest block of fields.

    Args:
        lines: The lines of the page.
        marks: Its labels, at least one.
        lexicon: The words of our lists.
    """
    groups = list(_groups(lines, marks, lexicon))
    group = max(groups, key=lambda several: len({mark.field for mark in several}))
    last, end = _last_values(lines, group[-1], lexicon)
    inner = [_values(lines, mark) for mark in group[:-1]]
    printed = list(
        _with_status_and_type(
            [PrintedField(m.field, v, m.label) for m, v in zip(group, [*inner, last], strict=True)], lexicon
        )
    )
    for other in groups:
        if other is not group and len({mark.field for mark in other}) >= _FEWEST_REPEATED:
            printed += [PrintedField(mark.field, _values(lines, mark)[:1], mark.label) for mark in other[:-1]]
    return FieldBlock(tuple(printed), group[0].start, end, tuple(mark.label for mark in group))


def title_above(lines: Sequence[PageLine], before: int) -> PageLine | None:
    """The nearest line with text above the fields, unless it is a menu item."""
    above = list(filled(lines, 0, before))[-4:]
    if not above:
        return None
    title, *earlier = [lines[index].text for index in reversed(above)]
    is_double = bool(earlier) and earlier[0] == title
    rest = earlier[1:] if is_double else earlier
    is_menu = title.startswith((SEPARATOR, "•")) or rest[:1] == [SEPARATOR]
    # Menus print each item twice, so a repeated line under a repeated line is a menu item.
    is_menu = is_menu or (is_double and len(rest) > 1 and rest[0] == rest[1])
    return None if is_menu else once(lines[above[-1]])


def once(title: PageLine) -> PageLine:
    """The title once, if the page prints it twice on one line."""
    text = title.text
    for joint in ("", " "):
        half = (len(text) - len(joint)) // 2
        if half >= _SHORTEST_DOUBLE and text == text[:half] + joint + text[:half]:
            return replace(title, text=text[:half])
    return title


def _groups(lines: Sequence[PageLine], marks: Sequence[Mark], lexicon: Lexicon) -> Iterator[list[Mark]]:
    """The labels in groups, split where the gap between two is so long that the second belongs to other text."""
    group = [marks[0]]
    for mark, following in pairwise(marks):
        if _is_cut(lines, mark, following, lexicon):
            yield group
            group = []
        group.append(following)
    yield group


def _is_cut(lines: Sequence[PageLine], mark: Mark, following: Mark, lexicon: Lexicon) -> bool:
    between = [lines[index].text for index in filled(lines, mark.after, following.start)]
    if mark.field in STATE_FIELDS:
        return len(between) > _MOST_STATES or any(
            is_prose(text) and not are_countries(text, lexicon) for text in between
        )
    return len(between) > _LONGEST_GAP or any(map(is_prose, between[1:]))


def _values(lines: Sequence[PageLine], mark: Mark) -> tuple[PageLine, ...]:
    """The values under a label: one on each line for countries, else a single value."""
    found = [lines[index] for index in filled(lines, mark.after, mark.until) if lines[index].text != SEPARATOR]
    found = [mark.inline, *found] if mark.inline else found
    if mark.field in STATE_FIELDS:
        return tuple(found)
    return (replace(found[0], text=" ".join(line.text for line in found)),) if found else ()


def _last_values(lines: Sequence[PageLine], mark: Mark, lexicon: Lexicon) -> tuple[tuple[PageLine, ...], int]:
    """The values of the last label, and where the narrative begins; only its wording tells the two apart."""
    if mark.closed and len(list(filled(lines, mark.after, mark.until))) <= _MOST_STATES:
        return _values(lines, mark), mark.until
    found = [mark.inline] if mark.inline else []
    end = mark.after
    for index in filled(lines, mark.after, mark.until):
        if found and not _continues_countries(lines[index].text, mark.field, lexicon):
            break
        if not found and not _may_be_value(lines[index].text, mark.field, lexicon):
            break
        found.append(lines[index])
        end = index + 1
    return tuple(found), end


def _continues_countries(text: str, field: str, lexicon: Lexicon) -> bool:
    """Whether a line belongs to the countries above it, as a mistyped name does, so that it is reported."""
    return field in STATE_FIELDS and (are_countries(text, lexicon) or lexicon.resembles_country(text))


def _may_be_value(text: str, field: str, lexicon: Lexicon) -> bool:
    """Whether the line under the last label is its value and not the first line of the narrative."""
    if text == SEPARATOR or len(text) > LONGEST_VALUE:
        return False
    if field in lexicon.fields_of(text) or (field in STATE_FIELDS and are_countries(text, lexicon)):
        return True
    if field in _WITH_DIGITS and not any(map(str.isdigit, text)):
        return False
    # A line of unknown words counts as a value unless it is prose, so that a wrong name is reported and not lost.
    return not is_prose(text)


def _with_status_and_type(fields: list[PrintedField], lexicon: Lexicon) -> Iterator[PrintedField]:
    """The fields, with each of two Spanish 'Tipo de proyecto' read as status or type."""
    shared = [number for number, printed in enumerate(fields) if is_status_or_type(printed.label)]
    kinds = {number: _kind(fields[number], lexicon) for number in shared}
    known = set(kinds.values()) - {None}
    free = [field for field in ("status", "projectType") if field not in known]
    for number, printed in enumerate(fields):
        if number in kinds:
            field = kinds[number] or (free.pop(0) if free else printed.field)
            yield replace(printed, field=field)
        else:
            yield printed


def _kind(printed: PrintedField, lexicon: Lexicon) -> str | None:
    """Status or type, if the value shows it."""
    fields = lexicon.fields_of(printed.values[0].text) if printed.values else ()
    kinds = [field for field in ("status", "projectType") if field in fields]
    return kinds[0] if len(kinds) == 1 else None
