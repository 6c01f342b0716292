"""Where the records of one project differ: every field of every record against the value that is published.

Values are compared by what they mean, so that `100,000` and `100000.00`, or `Achevé` and `Completed`, agree.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from functools import partial

from iomld.lexicon.countries import Gazetteer
from iomld.lexicon.words import CONCEPT_FIELDS, ConceptTable
from iomld.link.project import Linker
from iomld.link.values import read_budget, read_day, read_year
from iomld.messages import message
from iomld.model import STATE_FIELDS, Finding, MergedRecord, Severity, Value

_Meaning = Callable[[Sequence[Value]], Hashable]


def disagreements(merged: MergedRecord, linker: Linker) -> Iterator[Finding]:
    """Find the fields in which two records of a project differ.

    Args:
        merged: The records, merged; the first record that has a field supplied its value.
        linker: The names.

    Yields:
        A Warning `sourcesDiffer` for each value that means something else than the published one, with both values and
        the places of both. What cannot be read means nothing here.
    """
    if len(merged.records) == 1:
        return
    for name, meaning in _meanings(linker):
        published = merged.values.get(name)
        if published is None:
            continue
        expected = meaning(published)
        for record in merged.records:
            values = record.values.get(name)
            found = meaning(values) if values and values is not published else None
            if values and found is not None and expected is not None and found != expected:
                yield _differs(name, published, values)


def _meanings(linker: Linker) -> Iterator[tuple[str, _Meaning]]:
    """For each field how its values are understood; None where they cannot be."""
    for name, scheme in CONCEPT_FIELDS.items():
        yield name, partial(_code, linker.lexicon.concepts[scheme])
    for name in ("startYear", "endYear", "allocationYear"):
        yield name, partial(_year, name)
    for name in ("startDate", "endDate"):
        yield name, partial(_day, name)
    yield "budgetUSD", lambda values: read_budget(values[0])[0]
    yield "primaId", lambda values: values[0].text
    for name in STATE_FIELDS:
        yield name, partial(_states, linker.lexicon.gazetteer)


def _code(table: ConceptTable, values: Sequence[Value]) -> str | None:
    return table.code(values[0].text)


def _year(field: str, values: Sequence[Value]) -> int | None:
    return read_year(values[0], field)[0]


def _day(field: str, values: Sequence[Value]) -> date | None:
    return read_day(values[0], field)[0]


def _states(gazetteer: Gazetteer, values: Sequence[Value]) -> frozenset[str]:
    return frozenset(code for value in values for code in gazetteer.states(value.text).codes)


def _differs(name: str, published: Sequence[Value], values: Sequence[Value]) -> Finding:
    first, other = (", ".join(value.text for value in side) for side in (published, values))
    place = published[0].place
    problem = (
        message(
            "Two records of the project differ: “{first}” in {place}, line {line}, “{other}” here.",
            first=first,
            place=place.file,
            line=place.line,
            other=other,
        )
        if place.line
        else message(
            "Two records of the project differ: “{first}” in {place}, “{other}” here.",
            first=first,
            place=place.file,
            other=other,
        )
    )
    return Finding(
        rule="sourcesDiffer",
        severity=Severity.WARNING,
        message=problem,
        fix=message("Correct one of them; “{first}” is published.", first=first),
        field=name,
        value=other,
        place=values[0].place,
    )
