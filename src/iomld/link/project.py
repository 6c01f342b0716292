"""Links a project: turns the raw strings of a merged record into codes, numbers and mentions, or findings."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from iomld.lexicon.countries import Gazetteer
from iomld.lexicon.words import CONCEPT_FIELDS, ConceptTable, Lexicon, build_lexicon
from iomld.link.countries import Beneficiaries, read_beneficiaries
from iomld.link.evidence import link_mentions
from iomld.link.frameworks import FrameworkMatcher, build_matcher
from iomld.link.funders import FundTable, build_fund_table, read_funders
from iomld.link.money import read_money
from iomld.link.values import garbled_texts, read_concept, read_day, read_year
from iomld.messages import message
from iomld.model import (
    DATE_FIELDS,
    STATE_FIELDS,
    TEXT_FIELDS,
    UNDETERMINED,
    YEAR_FIELDS,
    Finding,
    Funder,
    Mention,
    MergedRecord,
    Money,
    Project,
    Severity,
    Text,
    Value,
)
from iomld.vocab import Vocabulary

# The rule for an unknown word in each field of a concept.
UNKNOWN_WORD_RULES = {
    "status": "unknownStatus",
    "projectType": "unknownType",
    "coverage": "unknownCoverage",
    "region": "unknownRegion",
}
_PREFIX = 2  # letters: the type in a project code, the office in a PRIMA identifier
_NO_NAMES = ConceptTable({}, {})


@dataclass(frozen=True, slots=True)
class Linker:
    """The names that linking looks up; built once for a vocabulary.

    Attributes:
        lexicon: The names of concepts and countries.
        matcher: The names of policy frameworks.
        funds: The names of funds, and the publisher's own fund.
    """

    lexicon: Lexicon
    matcher: FrameworkMatcher
    funds: FundTable

    @property
    def own_currency(self) -> str | None:
        """The currency of amounts that name none; None if the publisher has no such currency."""
        return self.funds.own.currency if self.funds.own else None


def build_linker(vocabulary: Vocabulary) -> Linker:
    """Index a vocabulary for linking."""
    return Linker(
        lexicon=build_lexicon(vocabulary),
        matcher=build_matcher(vocabulary),
        funds=build_fund_table(vocabulary.funds, vocabulary.fund),
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
    codes = _concepts(merged, linker.lexicon.concepts, findings)
    years = _years(merged, findings)
    days = _days(merged, findings)
    beneficiaries = _beneficiaries(merged, linker.lexicon.gazetteer, findings)
    narratives, abstracts = _texts(merged, "narrative"), _texts(merged, "abstract")
    funders, budget = _funding(merged, linker, findings)
    mentions = _mentions(merged, narratives, abstracts, linker, findings)
    prima_id = _text(_first(merged, "primaId"))
    project = Project(
        key=merged.key,
        code=_text(_first(merged, "projectCode")),
        prima_id=prima_id,
        titles=_texts(merged, "title"),
        abstracts=abstracts,
        narratives=narratives,
        status=codes["status"],
        project_type=codes["projectType"],
        coverage=codes["coverage"],
        region=codes["region"],
        start_year=years["startYear"],
        end_year=years["endYear"],
        allocation_year=years["allocationYear"],
        start_date=days["startDate"],
        end_date=days["endDate"],
        budget=budget,
        funders=funders,
        member_states=beneficiaries.members,
        other_countries=beneficiaries.others,
        managing_office=_managing_office(prima_id, linker.lexicon.gazetteer),
        mentions=mentions,
        frameworks=_frameworks(mentions, linker.matcher.wholes),
        origins=tuple(dict.fromkeys(origin for record in merged.records for origin in record.origins)),
    )
    return project, (*findings, *_garbled(merged))


def _garbled(merged: MergedRecord) -> Iterator[Finding]:
    """The findings about texts that were decoded wrongly."""
    for field in TEXT_FIELDS:
        yield from garbled_texts(merged.values.get(field, ()), field)


def _concepts(
    merged: MergedRecord, tables: Mapping[str, ConceptTable], findings: list[Finding]
) -> dict[str, str | None]:
    codes: dict[str, str | None] = {}
    for field, scheme in CONCEPT_FIELDS.items():
        value = _first(merged, field)
        table = _table(tables, scheme)
        codes[field], faults = (
            read_concept(value, table, field=field, rule=UNKNOWN_WORD_RULES[field]) if value else (None, ())
        )
        if field == "projectType" and faults:
            codes[field], faults = _type_of_code(merged, table, faults[0])
        findings += faults
    return codes


def _type_of_code(
    merged: MergedRecord, table: ConceptTable, unknown: Finding
) -> tuple[str | None, tuple[Finding, ...]]:
    """The type that the first two letters of the project code name, for a record whose word for it is not known.

    The fund names new types now and then, so an unknown word does not refuse the record.
    """
    letters = (_text(_first(merged, "projectCode")) or "")[:_PREFIX]
    code = table.code(letters)
    if code is None:
        return None, (replace(unknown, severity=Severity.WARNING),)
    fix = message(
        "The type of the project code is published: {name}. Write it, or ask for the new word.", name=table.names[code]
    )
    return code, (replace(unknown, severity=Severity.WARNING, fix=fix),)


def _frameworks(mentions: Iterable[Mention], wholes: Mapping[str, str]) -> tuple[str, ...]:
    """The mentioned frameworks in the order of the mentions; for a part, both the part and its framework."""
    named = (code for mention in mentions for code in (mention.framework, wholes.get(mention.framework)))
    return tuple(dict.fromkeys(code for code in named if code))


def _table(tables: Mapping[str, ConceptTable], scheme: str) -> ConceptTable:
    """The names of a scheme; none if the vocabulary lacks the scheme."""
    return tables.get(scheme, _NO_NAMES)


def _years(merged: MergedRecord, findings: list[Finding]) -> dict[str, int | None]:
    years: dict[str, int | None] = {}
    for field in YEAR_FIELDS:
        value = _first(merged, field)
        years[field], faults = read_year(value, field) if value else (None, ())
        findings += faults
    return years


def _days(merged: MergedRecord, findings: list[Finding]) -> dict[str, date | None]:
    days: dict[str, date | None] = {}
    for field in DATE_FIELDS:
        value = _first(merged, field)
        days[field], faults = read_day(value, field) if value else (None, ())
        findings += faults
    return days


def _mentions(
    merged: MergedRecord,
    narratives: tuple[Text, ...],
    abstracts: tuple[Text, ...],
    linker: Linker,
    findings: list[Finding],
) -> tuple[Mention, ...]:
    frameworks = _table(linker.lexicon.concepts, "framework")
    mentions, faults = link_mentions(narratives, abstracts, merged.mentions, linker.matcher, frameworks)
    findings += faults
    return mentions


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


def _texts(merged: MergedRecord, field: str) -> tuple[Text, ...]:
    """The texts of a field, normalised."""
    return tuple(
        Text(normal_text(value.text), value.language or UNDETERMINED) for value in merged.values.get(field, ())
    )


def normal_text(text: str) -> str:
    r"""A text in the form that is published and that positions refer to: NFC, with paragraphs trimmed and joined.

    >>> normal_text(" One. \r\n\r\n Two.")
    'One.\nTwo.'
    """
    paragraphs = (paragraph.strip() for paragraph in unicodedata.normalize("NFC", text).splitlines())
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def _managing_office(prima_id: str | None, gazetteer: Gazetteer) -> str | None:
    """The country of the office that manages the project: the first two letters of the PRIMA identifier."""
    office = (prima_id or "")[:_PREFIX]
    return office if len(office) == _PREFIX and office in gazetteer.labels else None
