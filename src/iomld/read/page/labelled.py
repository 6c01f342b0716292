"""Read pages with labels: the values under the labels, the title above and the narrative below.

Fields are found by their labels, not by position. A label without a value is an empty field.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from iomld.folding import fold
from iomld.lexicon.words import Lexicon
from iomld.model import STATE_FIELDS
from iomld.read.page.labels import (
    SEPARATOR,
    Mark,
    closest_label,
    first_language,
    guessed_language,
    is_status_or_type,
    language_of,
)
from iomld.read.page.page import (
    LONGEST_VALUE,
    PageDraft,
    PageLine,
    PrintedField,
    UnknownLabel,
    are_countries,
    filled,
    is_prose,
)

_LONGEST_GAP = 3  # lines between two labels of a block of fields; countries may take more
_MOST_STATES = 300  # lines; the world has fewer countries
_LONGEST_UNKNOWN = 40  # lines of the value of a label that is not known
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
        unknown: The labels that are not known.
    """

    printed: tuple[PrintedField, ...]
    start: int
    end: int
    labels: tuple[str, ...]
    unknown: tuple[UnknownLabel, ...] = ()


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
        unknown=fields.unknown,
    )


def read_fields(lines: Sequence[PageLine], marks: Sequence[Mark], lexicon: Lexicon) -> FieldBlock:
    """Read the values under the labels of the longest block of fields.

    Args:
        lines: The lines of the page.
        marks: Its labels, at least one.
        lexicon: The words of our lists.
    """
    groups = list(_groups(lines, marks, lexicon))
    group = _block(lines, max(groups, key=_fields_of), lexicon)
    last, end = _last_values(lines, group[-1], lexicon)
    found = list(zip(group, [*(_values(lines, mark) for mark in group[:-1]), last], strict=True))
    printed = list(_with_status_and_type([PrintedField(m.field, v, m.label) for m, v in found if m.field], lexicon))
    for other in groups:
        if group[0] not in other and _fields_of(other) >= _FEWEST_REPEATED:
            printed += [
                PrintedField(mark.field, _values(lines, mark)[:1], mark.label) for mark in other[:-1] if mark.field
            ]
    unknown = tuple(
        UnknownLabel(mark.line, mark.label, " ".join(line.text for line in values), closest_label(mark.label))
        for mark, values in found
        if not mark.field
    )
    return FieldBlock(tuple(printed), group[0].start, end, tuple(mark.label for mark in group), unknown)


def _fields_of(group: Sequence[Mark]) -> int:
    """The number of different fields in a group of labels."""
    return len({mark.field for mark in group if mark.field})


def _block(lines: Sequence[PageLine], group: Sequence[Mark], lexicon: Lexicon) -> Sequence[Mark]:
    """The labels of a group from the first to the last of the fields.

    Before the first known label a menu has lines like labels, and after the last one a text has; an unknown label
    belongs to the fields if nothing but a value stands between it and them.
    """
    known = [index for index, mark in enumerate(group) if mark.field]
    first, last = known[0], known[-1]
    while first and _precedes(lines, group[first - 1], group[first]):
        first -= 1
    while last + 1 < len(group) and _follows(lines, group[last], group[last + 1], lexicon):
        last += 1
    return group[first : last + 1]


def _precedes(lines: Sequence[PageLine], mark: Mark, following: Mark) -> bool:
    """Whether an unknown label above the known ones is a field: its value is short, and the title stands above it."""
    below = [lines[index].text for index in filled(lines, mark.after, following.start)]
    is_menu = any(text.startswith((SEPARATOR, "•")) or fold(text).startswith(fold(mark.label)) for text in below)
    return len(below) <= _LONGEST_GAP and not is_menu and title_above(lines, mark.start) is not None


def _follows(lines: Sequence[PageLine], mark: Mark, unknown: Mark, lexicon: Lexicon) -> bool:
    """Whether an unknown label directly follows the values of a known one."""
    _, end = _last_values(lines, mark, lexicon)
    is_label = lines[unknown.start].text == SEPARATOR or (unknown.closed and any(_values(lines, unknown)))
    return unknown.start == end or (is_label and next(filled(lines, end, len(lines))) == unknown.start)


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
        if _is_cut(lines, mark, following, lexicon) and not _is_inside(lines, mark, following, group):
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


def _is_inside(lines: Sequence[PageLine], mark: Mark, following: Mark, group: Sequence[Mark]) -> bool:
    """Whether a label with a long value is inside the fields, since it is not known and a new field follows."""
    is_new = bool(following.field) and all(following.field != known.field for known in group)
    return not mark.field and is_new and len(list(filled(lines, mark.after, following.start))) <= _LONGEST_UNKNOWN


def _values(lines: Sequence[PageLine], mark: Mark) -> tuple[PageLine, ...]:
    """The values under a label: one on each line for countries, else a single value."""
    found = [lines[index] for index in filled(lines, mark.after, mark.until) if lines[index].text != SEPARATOR]
    found = [mark.inline, *found] if mark.inline else found
    if mark.field in STATE_FIELDS:
        return tuple(found)
    return (replace(found[0], text=" ".join(line.text for line in found)),) if found else ()


def _last_values(lines: Sequence[PageLine], mark: Mark, lexicon: Lexicon) -> tuple[tuple[PageLine, ...], int]:
    """The values of the last label, and where the narrative begins; only its wording distinguishes the two."""
    if mark.closed and len(list(filled(lines, mark.after, mark.until))) <= _MOST_STATES:
        return _values(lines, mark), mark.until
    if not mark.field:
        return _unknown_value(lines, mark)
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


def _unknown_value(lines: Sequence[PageLine], mark: Mark) -> tuple[tuple[PageLine, ...], int]:
    """The line under the last label if that is not known; the only line of a narrative is none."""
    if mark.inline:
        return (mark.inline,), mark.after
    index = next(filled(lines, mark.after, mark.until), None)
    if index is None or (is_prose(lines[index].text) and not any(filled(lines, index + 1, len(lines)))):
        return (), mark.after
    return (lines[index],), index + 1


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
