"""Finds disagreements between the records of a project: each field of each record against the published value.

Values are compared by meaning: `100,000` agrees with `100000.00`, and `Achevé` with `Completed`.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from iomld.fields.declared import FieldKind
from iomld.lexicon.countries import Gazetteer
from iomld.lexicon.words import ConceptTable
from iomld.link.project import READERS, Linker
from iomld.messages import message
from iomld.model import Finding, MergedRecord, Severity, Value

_Reader = Callable[[Value, str], tuple[Hashable, tuple[Finding, ...]]]
_Meaning = Callable[[Sequence[Value]], Hashable]


def disagreements(merged: MergedRecord, linker: Linker) -> Iterator[Finding]:
    """Find the fields in which a record differs from the published values.

    Args:
        merged: The merged record; each value is from the first record that has the field.
        linker: The names of the vocabulary.

    Yields:
        A Warning `sourcesDiffer` for each value with another meaning than the published one, with both values and
        their places. Values that cannot be read are ignored.
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
    """The function of each field that gives the meaning of its values, or None if they cannot be read."""
    for key, field in linker.fields.given.items():
        if field.kind is FieldKind.CONCEPT:
            yield key, partial(_codes, linker.lexicon.concepts[field.scheme])
        elif field.kind is FieldKind.COUNTRY:
            yield key, partial(_states, linker.lexicon.gazetteer)
        elif field.kind in READERS:
            yield key, partial(_number, READERS[field.kind], key)
        elif field.kind is not FieldKind.TEXT and key != "projectCode":  # the same in all records of a project
            yield key, _strings


def _codes(table: ConceptTable, values: Sequence[Value]) -> frozenset[str] | None:
    codes = [table.code(value.text) for value in values]
    return None if None in codes else frozenset(code for code in codes if code)


def _number(read: _Reader, key: str, values: Sequence[Value]) -> Hashable:
    return read(values[0], key)[0]


def _strings(values: Sequence[Value]) -> frozenset[str]:
    return frozenset(value.text for value in values)


def _states(gazetteer: Gazetteer, values: Sequence[Value]) -> frozenset[str]:
    return frozenset(code for value in values for code in gazetteer.states(value.text).codes)


def _differs(name: str, published: Sequence[Value], values: Sequence[Value]) -> Finding:
    first, other = (", ".join(value.text for value in side) for side in (published, values))
    place = published[0].place
    sentence = (
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
        message=sentence,
        fix=message("Correct one of them; “{first}” is published.", first=first),
        field=name,
        value=other,
        place=values[0].place,
    )
