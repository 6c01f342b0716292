"""One finding of a report, as its page shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SEVERITIES = {"Violation": 0, "Warning": 1, "Info": 2}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding.

    Attributes:
        number: Its number in the report, from 0.
        severity: `Violation`, `Warning` or `Info`.
        message: What is wrong.
        fix: What to do; may be empty.
        rule: Name of the rule.
        value: The value that is wrong; empty where unknown.
        line: Line of the source, from 1, where known.
        column: Column, from 1, where known.
        sheet: Name of the sheet; empty where there is none.
        cell: The cell, such as `C7`; empty where there is none.
        excerpt: The source line as the reader saw it; empty where unknown.
    """

    number: int
    severity: str
    message: str
    fix: str
    rule: str
    value: str
    line: int | None
    column: int | None
    sheet: str
    cell: str
    excerpt: str


def found_of(result: Mapping[str, object], number: int) -> Found:
    """A finding of the report document.

    Args:
        result: One of its `results`.
        number: Its number among them.
    """
    source = result.get("source")
    place = source if isinstance(source, Mapping) else {}
    line, column = place.get("line"), place.get("column")
    return Found(
        number=number,
        severity=str(result.get("severity", "")),
        message=str(result.get("message", "")),
        fix=str(result.get("fix", "")),
        rule=str(result.get("rule", "")),
        value=str(result.get("value", "")),
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, int) else None,
        sheet=str(place.get("sheet", "")),
        cell=str(place.get("cell", "")),
        excerpt=str(place.get("excerpt", "")),
    )


def worst(findings: Iterable[Found]) -> str:
    """The worst severity; empty where nothing was found."""
    return min((one.severity for one in findings), key=lambda severity: SEVERITIES.get(severity, 3), default="")
