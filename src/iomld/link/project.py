"""Links a project: turns the raw strings of a merged record into codes, numbers and mentions, or findings."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from iomld.fields.declared import Field, FieldKind, Fields
from iomld.lexicon.countries import Gazetteer
from iomld.lexicon.words import ConceptTable, Lexicon, build_lexicon
from iomld.link.countries import Beneficiaries, read_beneficiaries, read_countries
from iomld.link.evidence import link_mentions
from iomld.link.frameworks import FrameworkMatcher, build_matcher
from iomld.link.funders import FundTable, build_fund_table, read_funders
from iomld.link.money import read_money, read_sum
from iomld.link.values import garbled_texts, read_address, read_concept, read_day, read_year
from iomld.messages import message
from iomld.model import (
    BUDGET_FIELDS,
    REJECTED,
    STATE_FIELDS,
    UNDETERMINED,
    Finding,
    Funder,
    GivenMention,
    Mention,
    MergedRecord,
    Money,
    Project,
    Severity,
    Text,
    Value,
    project_arguments,
)
from iomld.vocab import Vocabulary

_DAYS: Mapping[str, str] = {"startYear": "startDate", "endYear": "endDate"}
_PREFIX = 2  # letters: the type in a project code, the office in a PRIMA identifier
# Reads one value: what it means, and the findings about it.
_Reader: TypeAlias = Callable[[Value], tuple[tuple[Any, ...], tuple[Finding, ...]]]
# How one value is read, for the kinds that need no list.
READERS: Mapping[FieldKind, Callable[[Value, str], tuple[Any, tuple[Finding, ...]]]] = {
    FieldKind.YEAR: read_year,
    FieldKind.DAY: read_day,
    FieldKind.AMOUNT: read_sum,
    FieldKind.LINK: read_address,
}
# The fields that are read with others.
_READ_TOGETHER = frozenset({*STATE_FIELDS, *BUDGET_FIELDS, "fundedBy"})
_NO_NAMES = ConceptTable({}, {})


@dataclass(frozen=True, slots=True)
class Linker:
    """The names that linking looks up; built once for a vocabulary.

    Attributes:
        lexicon: The names of concepts and countries.
        matcher: The names of policy frameworks.
        fields: The fields of a project.
        readers: How one value of each field is read that is read alone and is no text.
        funds: The names of funds, and the publisher's own fund.
        own_currency: The currency of amounts that name none; None if the publisher has no such currency.
    """

    lexicon: Lexicon
    matcher: FrameworkMatcher
    fields: Fields
    readers: Mapping[str, _Reader]
    funds: FundTable
    own_currency: str | None = None


def build_linker(vocabulary: Vocabulary) -> Linker:
    """Index a vocabulary for linking."""
    lexicon = build_lexicon(vocabulary)
    return Linker(
        lexicon=lexicon,
        matcher=build_matcher(vocabulary),
        fields=vocabulary.fields,
        readers={
            key: _reader(field, lexicon)
            for key, field in vocabulary.fields.given.items()
            if key not in _READ_TOGETHER and field.kind is not FieldKind.TEXT
        },
        funds=build_fund_table(vocabulary.funds, vocabulary.fund),
        own_currency=vocabulary.currency,
    )


def link_project(merged: MergedRecord, linker: Linker) -> tuple[Project, tuple[Finding, ...]]:
    """Turn a merged record into a project.

    A field that cannot be read is left empty, with a finding; missing fields are checked by the shapes.

    Args:
        merged: The merged record.
        linker: The names of the vocabulary.

    Returns:
        The project, and the findings of linking; those of the readers are in the merged record.
    """
    findings: list[Finding] = []
    values = _with_years(dict(_values(merged, linker, findings)))
    beneficiaries = _beneficiaries(merged, linker.lexicon.gazetteer, findings)
    funders, budget = _funding(merged, linker, findings)
    mentions, faults = link_mentions(
        values.get("narrative", ()),
        values.get("abstract", ()),
        [_with_codes(mention, linker, findings) if mention.others else mention for mention in merged.mentions],
        linker.matcher,
        _table(linker.lexicon, "framework"),
    )
    findings += faults
    prima_id = _text(_first(merged, "primaId"))
    project = Project(
        key=merged.key,
        budget=budget,
        funders=funders,
        member_states=beneficiaries.members,
        other_countries=beneficiaries.others,
        managing_office=_managing_office(prima_id, linker.lexicon.gazetteer),
        mentions=mentions,
        frameworks=mentioned_frameworks(mentions, linker.matcher.wholes),
        origins=tuple(dict.fromkeys(origin for record in merged.records for origin in record.origins)),
        **project_arguments(values),
    )
    return project, (*findings, *_garbled(merged, linker.fields.texts))


def _with_codes(mention: GivenMention, linker: Linker, findings: list[Finding]) -> GivenMention:
    """A mention with codes for the words of its concepts that no code knows by name; unknown ones are left out."""
    others: list[tuple[str, str]] = []
    for key, text in mention.others:
        field, code = linker.fields.mention_keys[key], text
        if field.kind is FieldKind.CONCEPT:
            table, rule = _table(linker.lexicon, field.scheme), unknown_word_rule(field.scheme)
            found, faults = read_concept(Value(text, mention.place), table, field="mentions", rule=rule)
            findings += faults
            code = found or ""
        others += [(key, code)] if code else []
    return replace(mention, others=tuple(others))


def _garbled(merged: MergedRecord, texts: Iterable[str]) -> Iterator[Finding]:
    """The findings about texts that were decoded wrongly."""
    for field in texts:
        yield from garbled_texts(merged.values.get(field, ()), field)


def _values(merged: MergedRecord, linker: Linker, findings: list[Finding]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The values of each field that is read alone, by the kind of the field."""
    readers, fields, texts = linker.readers, linker.fields.given, linker.fields.texts
    for key, values in merged.values.items():
        read = readers.get(key)
        if read is None:
            if key in texts:
                yield key, _texts(values)
            continue
        field = fields[key]
        found: tuple[Any, ...] = ()
        for value in _listed(values, field) if field.many else values[:1]:
            if value.text.strip():
                one, faults = read(value)
                if faults:
                    if key == "projectType":
                        one, faults = _type_of_code(merged, _table(linker.lexicon, field.scheme), faults[0])
                    findings += faults
                found += one
        if found:
            yield key, tuple(dict.fromkeys(found)) if field.many else found


def _with_years(values: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Values with the year of each day whose year is not stated by itself."""
    years = {year: (values[day][0].year,) for year, day in _DAYS.items() if day in values}
    return years | values


def _listed(values: tuple[Value, ...], field: Field) -> Sequence[Value]:
    """The values of a list, also of codes in one text with semicolons."""
    if field.kind is not FieldKind.CONCEPT:
        return values
    return [value._replace(text=text.strip()) for value in values for text in value.text.split(";")]


def _reader(field: Field, lexicon: Lexicon) -> _Reader:
    """The function that reads one value of a field; it gives nothing and a Violation for one that cannot be read."""
    if field.kind is FieldKind.STRING:
        return lambda value: ((value.text.strip(),), ())
    if field.kind is FieldKind.COUNTRY:
        return lambda value: read_countries((value,), lexicon.gazetteer, field.key)
    if field.kind is FieldKind.CONCEPT:
        table, rule = _table(lexicon, field.scheme), unknown_word_rule(field.scheme)
        return _alone(partial(read_concept, table=table, field=field.key, rule=rule))
    read = READERS[field.kind]
    return _alone(lambda value: read(value, field.key))


def _alone(read: Callable[[Value], tuple[Any, tuple[Finding, ...]]]) -> _Reader:
    def values(value: Value) -> tuple[tuple[Any, ...], tuple[Finding, ...]]:
        found, faults = read(value)
        return (() if found is None else (found,)), faults

    return values


def unknown_word_rule(scheme: str) -> str:
    """The rule that a word breaks which is not in a scheme.

    >>> unknown_word_rule("status")
    'unknownStatus'
    """
    return f"unknown{scheme[:1].upper()}{scheme[1:]}"


def _type_of_code(
    merged: MergedRecord, table: ConceptTable, unknown: Finding
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The type that the first two letters of the project code name, for a record whose word for it is not known.

    The fund names new types now and then, so an unknown word does not refuse the record.
    """
    letters = (_text(_first(merged, "projectCode")) or "")[:_PREFIX]
    code = table.code(letters)
    if code is None:
        return (), (replace(unknown, severity=Severity.WARNING),)
    fix = message(
        "The type in the project code, {name}, was published. Write that type, or ask the publisher to "
        "add the new word to the list.",
        name=table.names[code],
    )
    return (code,), (replace(unknown, severity=Severity.WARNING, fix=fix),)


def mentioned_frameworks(mentions: Iterable[Mention], wholes: Mapping[str, str]) -> tuple[str, ...]:
    """The frameworks in the order of the mentions that are not rejected; for a part, both the part and its framework.

    Args:
        mentions: The mentions of a project.
        wholes: The framework of each part.
    """
    right = (mention.framework for mention in mentions if mention.review != REJECTED)
    named = (code for framework in right for code in (framework, wholes.get(framework)))
    return tuple(dict.fromkeys(code for code in named if code))


def _table(lexicon: Lexicon, scheme: str) -> ConceptTable:
    """The names of a scheme; none if the vocabulary lacks the scheme."""
    return lexicon.concepts.get(scheme, _NO_NAMES)


def _funding(merged: MergedRecord, linker: Linker, findings: list[Finding]) -> tuple[tuple[Funder, ...], Money | None]:
    """Who pays, and how much."""
    funders, unlisted = read_funders(merged, linker.funds)
    budget, unread = read_money(merged.values, linker.own_currency)
    findings += (*unlisted, *unread)
    return funders, budget


def _beneficiaries(merged: MergedRecord, gazetteer: Gazetteer, findings: list[Finding]) -> Beneficiaries:
    states, countries = (merged.values.get(field, ()) for field in STATE_FIELDS)
    beneficiaries, faults = read_beneficiaries(states, countries, gazetteer)
    findings += faults
    return beneficiaries


def _first(merged: MergedRecord, field: str) -> Value | None:
    """The first value of a field, or None if it is missing or blank."""
    value = merged.first(field)
    return value if value and value.text.strip() else None


def _text(value: Value | None) -> str | None:
    """The text of a value, trimmed."""
    return value.text.strip() if value else None


def _texts(values: tuple[Value, ...]) -> tuple[Text, ...]:
    """The texts of a field, normalized."""
    return tuple([Text(normal_text(value.text), value.language or UNDETERMINED) for value in values])


def normal_text(text: str) -> str:
    r"""A text in the form that is published and that positions refer to: NFC, with paragraphs trimmed and joined.

    >>> normal_text(" One. \r\n\r\n Two.")
    'One.\nTwo.'
    """
    paragraphs = [paragraph.strip() for paragraph in unicodedata.normalize("NFC", text).splitlines()]
    return "\n".join(filter(None, paragraphs))


def _managing_office(prima_id: str | None, gazetteer: Gazetteer) -> str | None:
    """The country of the office that manages the project: the first two letters of the PRIMA identifier."""
    office = (prima_id or "")[:_PREFIX]
    return office if len(office) == _PREFIX and office in gazetteer.labels else None
