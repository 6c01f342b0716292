"""Finds disagreements between the records of a project: each field of each record against the published value.

Values are compared by meaning: `100,000` agrees with `100000.00`, and `Achevé` with `Completed`. A value without a
meaning cannot be read, and another record supplies the field.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial

from iomld.fields.declared import FieldKind
from iomld.lexicon.countries import Gazetteer
from iomld.lexicon.words import ConceptTable
from iomld.link.money import read_money
from iomld.link.project import READERS, Linker
from iomld.messages import Message, message
from iomld.model import BUDGET_FIELDS, Finding, MergedRecord, Severity, Value

_Reader = Callable[[Value, str], tuple[Hashable, tuple[Finding, ...]]]
_Meaning = Callable[[Sequence[Value]], Hashable]


def disagreements(merged: MergedRecord, linker: Linker) -> Iterator[Finding]:
    """Find the fields in which a record differs from the published values.

    Args:
        merged: The merged record; each value is from the first record that has the field.
        linker: The names of the vocabulary.

    Yields:
        A Warning `sourcesDiffer` for each value with another meaning than the published one, and a Warning
        `unreadableCopy` for each that cannot be read, with both values and their places.
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
            found = meaning(values) if values else None
            if not values or values is published or expected is None or found == expected:
                continue
            yield _unreadable(name, published, values) if found is None else _differs(name, published, values)
    yield from _other_budgets(merged, linker.own_currency)


def _other_budgets(merged: MergedRecord, own_currency: str | None) -> Iterator[Finding]:
    """The budgets of records that differ from the published one in their amount or currency, or cannot be read."""
    expected = read_money(merged.values, own_currency)[0]
    for record in merged.records if expected else ():
        found = read_money(record.values, own_currency)[0]
        name = "budgetUSD" if "budgetUSD" in record.values else "budget"
        if found == expected or name not in record.values:
            continue
        published, other = _as_written(merged.values), _as_written(record.values)
        yield _differs(name, published, other) if found else _unreadable(name, published, other)


def _as_written(values: Mapping[str, tuple[Value, ...]]) -> tuple[Value, ...]:
    """The amount of a budget as written, with its currency unless the field implies it."""
    if "budgetUSD" in values:
        return values["budgetUSD"][:1]
    amount = values["budget"][0]
    currency = "".join(f" {value.text}" for value in values.get("budgetCurrency", ())[:1])
    return (amount._replace(text=amount.text + currency),)


def is_readable(linker: Linker, field: str, values: Mapping[str, tuple[Value, ...]]) -> bool:
    """Whether a field of a record can be read; texts always can, and an amount only with its currency."""
    if field in BUDGET_FIELDS:
        return read_money(values, linker.own_currency)[0] is not None
    meaning = dict(_meanings(linker)).get(field)
    return meaning is None or meaning(values[field]) is not None


def _meanings(linker: Linker) -> Iterator[tuple[str, _Meaning]]:
    """The function of each field that returns the meaning of its values, or None if they cannot be read."""
    for key, field in linker.fields.given.items():
        if key in BUDGET_FIELDS:
            continue  # compared together
        if field.kind is FieldKind.CONCEPT:
            yield key, partial(_codes, linker.lexicon.concepts[field.scheme])
        elif field.kind is FieldKind.COUNTRY:
            yield key, partial(_states, linker.lexicon.gazetteer)
        elif field.kind in READERS:
            yield key, partial(_number, READERS[field.kind], key)
        elif field.kind is FieldKind.STRING and key != "projectCode":  # the same in all records of a project
            yield key, _strings


def _codes(table: ConceptTable, values: Sequence[Value]) -> frozenset[str] | None:
    codes = [table.code(value.text) for value in values]
    return None if None in codes else frozenset(code for code in codes if code)


def _number(read: _Reader, key: str, values: Sequence[Value]) -> Hashable:
    return read(values[0], key)[0]


def _strings(values: Sequence[Value]) -> frozenset[str]:
    return frozenset(value.text for value in values)


def _states(gazetteer: Gazetteer, values: Sequence[Value]) -> frozenset[str] | None:
    found = [gazetteer.states(value.text) for value in values]
    is_read = not any(states.leftovers or states.rivals for states in found)
    return frozenset(code for states in found for code in states.codes) if is_read else None


def _unreadable(name: str, published: Sequence[Value], values: Sequence[Value]) -> Finding:
    sentences = (
        message("“{other}” cannot be read here; “{first}” in {place} is published instead."),
        message("“{other}” cannot be read here; “{first}” in {place}, line {line}, is published instead."),
    )
    fix = message("Correct it so that both copies agree.")
    return _of_two_records("unreadableCopy", sentences, fix, name, published, values)


def _differs(name: str, published: Sequence[Value], values: Sequence[Value]) -> Finding:
    sentences = (
        message("Two records of this project differ: “{first}” in {place}, “{other}” here."),
        message("Two records of this project differ: “{first}” in {place}, line {line}, “{other}” here."),
    )
    fix = message("Correct one of them. For now “{first}” is published.", first=_joined(published))
    return _of_two_records("sourcesDiffer", sentences, fix, name, published, values)


def _of_two_records(  # the parts of a finding, and the two sides
    rule: str,
    sentences: tuple[Message, Message],
    fix: Message,
    name: str,
    published: Sequence[Value],
    values: Sequence[Value],
) -> Finding:
    """A warning at the values of a record; of the two sentences, the second names the line of the published values."""
    place, other = published[0].place, _joined(values)
    filled: dict[str, str | int] = {"first": _joined(published), "place": place.file, "other": other}
    if place.line:
        filled["line"] = place.line
    return Finding(
        rule=rule,
        severity=Severity.WARNING,
        message=Message(sentences[bool(place.line)].id, filled),
        fix=fix,
        field=name,
        value=other,
        place=values[0].place,
    )


def _joined(values: Sequence[Value]) -> str:
    return ", ".join(value.text for value in values)
