"""The report as text for terminals."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from iomld.check.report import Basis, CheckReport, FindingGroup
from iomld.check.translation import (
    colon,
    counted_findings,
    counted_projects,
    counted_records,
    severity_word,
    version_words,
)
from iomld.i18n import ENGLISH, gettext, ngettext, worded
from iomld.iris import SHAPES
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read.record.locate import CUT, LEAD

_COLORS = {Severity.VIOLATION: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
_BOLD, _FAINT, _MARK = "1", "2", "32"
_MAX_PLACES = 10  # of a group
_INDENT = "    "
_FRENCH_SPACES = "\u00a0\u202f"


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes text with colours (ECMA-48 select graphic rendition) or without."""

    color: bool = False

    def write(self, text: str, code: str) -> str:
        """The text in a colour, if colours are used."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


def text_report(report: CheckReport) -> Iterator[str]:
    """The report as text without colours, in chunks."""
    return (f"{line}\n" for line in report_lines(report))


def report_lines(report: CheckReport, *, color: bool = False, group: bool = False) -> Iterator[str]:
    """The report as lines: each finding with its place, its marked source line and the fix; then the verdict.

    Args:
        report: The report.
        color: Write colours.
        group: Write each cause once, with its places.
    """
    pen = Pen(color)
    if group:
        for one in report.groups:
            yield from _group_lines(one, report.findings, pen, report.language)
    else:
        for finding in report.findings:
            yield from finding_lines(finding, pen, report.language)
    for warning in report.warnings:
        yield from finding_lines(warning, pen, report.language)
    if report.omitted:
        yield pen.write(cap_sentence(report), _BOLD)
    if report.focus_nodes:
        yield pen.write(focus_node_sentence(report), _FAINT)
    basis = message("Checked with {basis}.", basis=basis_words(report.basis, report.language))
    yield pen.write(worded(basis, report.language), _FAINT)
    yield verdict_line(report)


def verdict_line(report: CheckReport) -> str:
    """The verdict and the counts in one line."""
    language = report.language
    verdict = verdict_words(report)
    counts = (
        counted_records(report.records, language),
        counted_projects(report.projects, language),
        *(counted_findings(report.count(severity), severity, language) for severity in Severity),
    )
    warnings = ngettext(
        "{count} warning about the shapes", "{count} warnings about the shapes", len(report.warnings), language
    )
    about = (warnings.format(count=len(report.warnings)),) if report.warnings else ()
    return f"{verdict}{colon(language)} {', '.join((*counts, *about))}."


def focus_node_sentence(report: CheckReport) -> str:
    """How many resources (focus nodes) each shape checked; of many shapes, those with the same number together."""
    language = report.language
    shapes = [(_shape_name(shape), count) for shape, count in report.focus_nodes.items()]
    by_count: dict[int | None, list[str]] = {}
    for name, count in shapes:
        by_count.setdefault(count, []).append(name)
    (first, *others) = by_count
    if first is not None and not others and len(shapes) > 1:
        sentence = ngettext(
            "Each of {shapes} shapes checked {count} resource.",
            "Each of {shapes} shapes checked {count} resources.",
            first,
            language,
        )
        return sentence.format(shapes=len(shapes), count=first)
    if len(shapes) <= _MAX_PLACES:
        counts = [_counted_nodes(name, count, language) for name, count in shapes]
    else:
        groups = [(_and_more(names, language), count) for count, names in by_count.items()]
        counts = [_counted_nodes(names, count, language) for names, count in groups[:_MAX_PLACES]]
        counts += ["…"] if len(groups) > _MAX_PLACES else []
    return worded(message("Resources that each shape checked: {counts}.", counts="; ".join(counts)), language)


def _shape_name(shape: str) -> str:
    """The name of one of our shapes; other shapes as they are."""
    return visible(shape.removeprefix(f"<{SHAPES}").removesuffix(">") if shape.startswith(f"<{SHAPES}") else shape)


def _counted_nodes(name: str, count: int | None, language: str) -> str:
    number = gettext("not counted", language) if count is None else count
    return f"{number} ({name})"


def _and_more(names: Sequence[str], language: str) -> str:
    """The first name, and the number of the others."""
    if len(names) == 1:
        return names[0]
    more = message("and {number} more", number=len(names) - 1)
    return f"{names[0]} {worded(more, language)}"


def verdict_words(report: CheckReport) -> str:
    """The verdict; where nothing was checked, it says so instead of "conforms"."""
    if report.checked_nothing:
        return gettext("Nothing was checked", report.language)
    return gettext("Conforms", report.language) if report.conforms else gettext("Does not conform", report.language)


def said(finding: Finding) -> str:
    """What is wrong and what to do, in one line."""
    return f"{finding.message} {finding.fix or ''}".strip()


def basis_words(basis: Basis, language: str) -> str:
    """Profile, engine and versions in one line."""
    profile = worded(message("profile {name}", name=basis.profile), language)
    versions = version_words(basis.versions, language)
    return ", ".join((profile, f"{basis.engine} {basis.engine_version}", *versions))


def cap_sentence(report: CheckReport) -> str:
    """The sentence that says how many findings are listed of how many."""
    sentence = message(
        "Only the first {cap} of {total} findings are listed, but all are counted. Correct these first, "
        "or raise --max-findings.",
        cap=report.cap,
        total=report.total,
    )
    return worded(sentence, report.language)


def finding_lines(finding: Finding, pen: Pen | None = None, language: str = ENGLISH) -> Iterator[str]:
    """One finding as lines: place, severity and message; the source line with a mark under the value; the fix."""
    pen = pen or Pen()
    kind = f"{severity_word(finding.severity, language)}{colon(language)}"
    severity = pen.write(kind, _COLORS[finding.severity])
    rule = pen.write(f"[{finding.rule}]", _FAINT)
    sentence = _sentence(Message(unplaced(str(finding.message), finding.place)), finding)
    yield f"{pen.write(place_words(finding.place), _BOLD)}{severity} {sentence} {rule}"
    if finding.place and finding.place.excerpt:
        yield f"{_INDENT}{visible(finding.place.excerpt)}"
        mark = _mark(finding, finding.place)
        if mark:
            yield f"{_INDENT}{mark[0]}{pen.write(mark[1], _MARK)}"
    if finding.fix:
        yield f"{_INDENT}{_sentence(finding.fix, finding)}"


def all_lines(findings: Iterable[Finding], pen: Pen | None = None) -> Iterator[str]:
    """Several findings as lines."""
    for finding in findings:
        yield from finding_lines(finding, pen)


def place_words(place: Place | None) -> str:
    """A place as editors recognize it (`page.txt:22:1: `); empty for a whole file, which the message names."""
    if place is None or (place.line is None and place.cell is None):
        return ""
    if place.cell is not None:
        cell = f"{place.sheet}!{place.cell}" if place.sheet else place.cell
        return f"{visible(place.file)}:{f'{place.line}:' if place.line else ''}{visible(cell)}: "
    column = f":{place.column}" if place.column else ""
    return f"{visible(place.file)}:{place.line}{column}: "


def unplaced(sentence: str, place: Place | None) -> str:
    """A sentence to stand after `place_words`: without the place that it begins with, as that of an unreadable file.

    >>> unplaced("a.json, line 2: this is not JSON.", Place("a.json", line=2))
    'this is not JSON.'
    """
    if not place or not place.file or not place_words(place) or not sentence.startswith(place.file):
        return sentence
    _, colon_, rest = sentence.removeprefix(place.file).partition(": ")
    return rest if colon_ else sentence


def visible(text: str, *, spaces: str = "") -> str:
    r"""A text with control and direction characters escaped, safe for a terminal.

    Args:
        text: The text.
        spaces: Spaces that are not escaped, besides the usual one.

    >>> visible("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    escaped = (one.encode("unicode_escape").decode("ascii") for one in text)
    return "".join(one if one.isprintable() or one in spaces else code for one, code in zip(text, escaped, strict=True))


def _sentence(sentence: Message, finding: Finding) -> str:
    """A message or a fix, safe for a terminal; French sentences keep their no-break spaces."""
    return visible(str(sentence), spaces=_FRENCH_SPACES if finding.language == "fr" else "")


def _mark(finding: Finding, place: Place) -> tuple[str, str] | None:
    """The blanks and the carets under the value in the excerpt, or None if its position is unknown.

    The excerpt is the source line without leading blanks, so the column is only the latest position at which the value
    can begin; the value is searched for up to there.
    """
    text, value = place.excerpt or "", finding.value
    is_cut = text.startswith(CUT) and (place.column or 0) > LEAD
    start = -1
    if value:
        latest = place.column - 1 if place.column else len(text)
        found = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text)]
        if is_cut:  # the excerpt was cut around the value or its quotation mark
            latest = len(CUT) + LEAD + 1
        start = max((at for at in found if at <= latest), default=found[0] if found else -1)
    if start < 0 and is_cut:
        start, value = len(CUT) + LEAD, text[len(CUT) + LEAD :][:1]
    elif start < 0:
        start, value = 0, text[:1]
        if place.column not in {1, None} and text[:1] not in {"{", "["}:
            return None
    return " " * _width(visible(text[:start])), "^" * max(_width(visible(value or "")), 1)


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: two for East Asian wide characters, none for combining marks."""
    wide = sum(unicodedata.east_asian_width(one) in {"W", "F"} for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)


def _group_lines(group: FindingGroup, findings: Iterable[Finding], pen: Pen, language: str) -> Iterator[str]:
    example = group.example
    listed = [one for one in findings if (one.rule, one.severity) == (group.rule, group.severity)]
    noun = pen.write(counted_findings(group.count, group.severity, language), _COLORS[group.severity])
    # A sentence with values is about one of several findings.
    for_example = message("For example:") if len({str(one.message) for one in listed}) > 1 else None
    lead = f"{worded(for_example, language)} " if for_example else ""
    yield f"{pen.write(group.rule, _BOLD)}{colon(language)} {noun}. {lead}{_sentence(example.message, example)}"
    if example.fix:
        yield f"{_INDENT}{_sentence(example.fix, example)}"
    for value, count in group.values[:_MAX_PLACES]:
        yield f"{_INDENT}{visible(value)}{colon(language)} {count}"
    # A place that comes several times, for a value with several faults, is written once.
    places = [place for place, _ in groupby(place_words(one.place).removesuffix(": ") for one in listed) if place]
    for place in places[:_MAX_PLACES]:
        yield f"{_INDENT}{place}"
    more = group.count - len(listed) + len(places) - len(places[:_MAX_PLACES])
    if places and more:
        rest = message("and {number} more", number=more)
        yield f"{_INDENT}{worded(rest, language)}"
