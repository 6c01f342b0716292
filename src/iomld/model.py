"""The immutable values that flow through the pipeline, from a source to a release.

A reader yields `Record`s: raw strings with their places. `iomld.merge` combines the records of one project into a
`MergedRecord`. `iomld.link` turns it into a typed `Project`, and reports what it cannot read as `Finding`s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from iomld.messages import Message


class Severity(StrEnum):
    """The severity of a finding, by the local names of SHACL (section 2.1.4)."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


class Place(NamedTuple):
    """A position in a source. It is a tuple, since a record has dozens, and a tuple takes a third of the time to make.

    Attributes:
        file: The file's name as the caller gave it.
        line: Line, from 1.
        column: Column in characters, from 1.
        pointer: JSON Pointer (RFC 6901) into the file, for JSON sources.
        sheet: Name of the sheet, for workbooks.
        cell: Cell such as `C7`, for tables.
        excerpt: The source line, shortened.
    """

    file: str
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    sheet: str | None = None
    cell: str | None = None
    excerpt: str | None = None


class ValidationResult(NamedTuple):
    """A validation result (SHACL section 3.6.2); its terms are in N-Triples syntax.

    Attributes:
        focus_node: The focus node.
        severity: IRI of the severity, which the shapes may define themselves.
        component: IRI of the constraint component.
        path: The result path in SPARQL syntax, `<iri>` or `(<iri>/(<iri>)*)`, where the result has one.
        value: The value node, where the result has one.
        source_shape: The source shape; a blank node has its label in the shapes graph.
        messages: Values of `sh:message` in the shapes, variables filled in; without the engines' own sentences.
    """

    focus_node: str
    severity: str
    component: str
    path: str | None = None
    value: str | None = None
    source_shape: str | None = None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in a record, or a remark about it.

    Attributes:
        rule: Name of the rule: the local name of a shape (`budget`, `nationalOne`), or of a reading or linking rule.
        severity: A record with a Violation is refused; Warnings and Infos are only reported.
        message: What is wrong, in one sentence.
        fix: What to do, in one sentence; None if the message says it.
        field: The record's field at fault (`budgetUSD`), if there is one.
        value: The value at fault, as in the source.
        focus_node: IRI of the focus node, for results of a shape.
        path: IRI of the result path, for results of a shape.
        place: The position in the source; readers and `iomld.pipeline` fill it in.
        language: Language of message and fix: English until they are translated; empty if unknown, as for shapes of the
            caller.
        results: The validation results that it stands for: one for each constraint that fails; none for findings of
            readers and the linker.
    """

    rule: str
    severity: Severity
    message: Message
    fix: Message | None = None
    field: str | None = None
    value: str | None = None
    focus_node: str | None = None
    path: str | None = None
    place: Place | None = None
    language: str = "en"
    results: tuple[ValidationResult, ...] = ()

    def at(self, place: Place) -> "Finding":
        """The same finding, with its place."""
        return replace(self, place=place)


def is_refused(findings: tuple[Finding, ...]) -> bool:
    """Whether a record with these findings is refused: one of them is a Violation.

    >>> is_refused((Finding("title", Severity.WARNING, Message("Odd.")),))
    False
    """
    return any(finding.severity is Severity.VIOLATION for finding in findings)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its language (BCP 47)."""

    value: str
    language: str


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole units of a currency (ISO 4217), with the decimals of the source."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Funder:
    """A fund of our list, by its code, or another organization, by its identifier in IATI and its name."""

    identifier: str
    name: str | None = None
    is_fund: bool = False

    def __str__(self) -> str:
        """The funder as a value of the field `fundedBy`: `idf`, `USAID [US-GOV-1]`."""
        return self.identifier if self.is_fund else f"{self.name or ''} [{self.identifier}]".strip()


class Value(NamedTuple):
    """A raw string of a field, as in the source; a tuple for the same reason as `Place`.

    Attributes:
        text: The string, trimmed.
        place: Its position.
        language: The language of a title or a text; None for codes and numbers.
    """

    text: str
    place: Place
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The exact bytes that a record was read from.

    Attributes:
        file: Name of the file, without its folder.
        sha256: Hash of the bytes, 64 hexadecimal digits.
        media_type: RFC 6838 type of the bytes.
        url: Address of the web page of the record, if known.
        retrieved_at: When the bytes were retrieved (xsd:dateTime), if known.
    """

    file: str
    sha256: str
    media_type: str
    url: str | None = None
    retrieved_at: str | None = None


# Codes in the review scheme: whether a person has looked at a mention.
UNREVIEWED, ACCEPTED, REJECTED = "unreviewed", "accepted", "rejected"


@dataclass(frozen=True, slots=True)
class GivenMention:
    """A framework mention that the record itself states, since its narrative may not be redistributed.

    Attributes:
        framework: Code of the framework or of one of its parts (`gcm`, `sdg-target-3.8`).
        quote: The words that name it.
        prefix: A few words before the quote.
        suffix: A few words after it.
        language: Language of the narrative.
        position: Offset of the quote in the text, in code points from 0, if known.
        place: Position of the mention in the record.
        field: The text that it is from: `narrative`, `abstract` or `title`.
        method: Code in the method scheme, if the record states it.
        confidence: From 0 to 1, if the record states it.
        review: Code in the review scheme.
        others: The values of keys that no code knows by name, with their keys.
    """

    framework: str
    quote: str
    prefix: str
    suffix: str
    language: str
    position: int | None
    place: Place
    field: str = "narrative"
    method: str | None = None
    confidence: Decimal | None = None
    review: str = UNREVIEWED
    others: tuple[tuple[str, str], ...] = ()


# IATI reports the same activity at second hand: it fills gaps and never overrides the page.
WORKBOOK_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IATI_MEDIA_TYPE = "application/xml"
PARQUET_MEDIA_TYPE = "application/vnd.apache.parquet"

# Languages of the texts (BCP 47), the preferred one first; a text that does not state its language is undetermined.
TEXT_LANGUAGES = ("en", "fr", "es")
UNDETERMINED = "und"

# The lists of beneficiaries, which pages and spreadsheets print as runs of names (`iomld.link.countries`).
STATE_FIELDS = ("benefitingMemberStates", "benefitingCountries")
NO_FUNDER = "-"  # the value of `fundedBy` in a source that names nobody, and is not to have the default
AMOUNT_FIELDS = ("budgetUSD", "budget")
# The fields of one statement about money: records are not mixed, and a fault of one is a fault of the budget.
BUDGET_FIELDS = (*AMOUNT_FIELDS, "budgetCurrency")
DOLLARS = "USD"  # what `budgetUSD` and the property of that name hold


def language_rank(language: str | None) -> tuple[int, str]:
    """Sort key of the languages of texts: the preferred ones first.

    >>> sorted(["de", "es", "en"], key=language_rank)
    ['en', 'es', 'de']
    """
    rank = TEXT_LANGUAGES.index(language) if language in TEXT_LANGUAGES else len(TEXT_LANGUAGES)
    return rank, language or ""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a source: raw strings with their places.

    Attributes:
        values: The values of each field, by its key, in the order of the source; missing fields have no entry.
        origin: The source that the record was read from.
        place: The record's first line.
        raw: The text of the record, for computing exact places when they are needed.
        mentions: Mentions that the record states.
        findings: Findings of the reader, with places.
        stated_origins: Sources that the record itself states with their hashes, as our own exports do; they are
            published instead of the file that was read.
    """

    values: Mapping[str, tuple[Value, ...]]
    origin: Origin
    place: Place
    raw: str = ""
    mentions: tuple[GivenMention, ...] = ()
    findings: tuple[Finding, ...] = ()
    stated_origins: tuple[Origin, ...] = ()

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The sources to publish: the stated ones, else the file that was read."""
        return self.stated_origins or (self.origin,)


@dataclass(frozen=True, slots=True)
class MergedRecord:
    """The records of one project, merged.

    Attributes:
        key: Project code (`PO.0105`), else `prima-` and the PRIMA identifier; empty if the records have neither.
        values: As in `Record`; a text field has one value for each language.
        records: The records it was merged from, best first.
        mentions: Mentions of all records, without duplicates.
        findings: Findings of the readers.
        supplied: The fields whose values come from a source, by the hash of the source.
    """

    key: str
    values: Mapping[str, tuple[Value, ...]]
    records: tuple[Record, ...]
    mentions: tuple[GivenMention, ...] = ()
    findings: tuple[Finding, ...] = ()
    supplied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def first(self, name: str) -> Value | None:
        """The first value of a field, or None."""
        values = self.values.get(name, ())
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Mention:
    """A passage of a project's text that names a policy framework.

    Attributes:
        framework: Code of the framework or part in the framework scheme (`gcm`, `gcm-objective-23`).
        quote: The words.
        prefix: Words just before (at most 32 characters).
        suffix: Words just after (at most 32 characters).
        field: The text that it is in: `narrative`, `abstract` or `title`.
        language: Language of that text.
        start: Offset of the quote in that text, in code points from 0; None if unknown.
        method: Code in the method scheme: `exact-label`, `variant-label`, `acronym`, `manual`.
        confidence: 0 to 1, meaningful together with the method.
        review: Code in the review scheme: `unreviewed`, `accepted`, `rejected`.
        others: The values of keys that no code knows by name, with their keys.
    """

    framework: str
    quote: str
    prefix: str
    suffix: str
    field: str
    language: str
    start: int | None
    method: str
    confidence: Decimal
    review: str = UNREVIEWED
    others: tuple[tuple[str, str], ...] = ()


def canonical_decimal(value: Decimal) -> str:
    """The canonical form of a decimal: no exponent, no trailing zeros (XSD 1.1 part 2, section 3.3.3, as Oxigraph).

    >>> canonical_decimal(Decimal("100000.00")), canonical_decimal(Decimal("0.90"))
    ('100000', '0.9')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# A value of a field of a project.
FieldValue: TypeAlias = Text | str | int | date | Decimal | Funder


def lexical_form(value: FieldValue) -> Text | str:
    """A year, day or amount in the lexical form of its datatype, a funder as records write it; others unchanged.

    >>> lexical_form(987), lexical_form(date(2017, 3, 1)), lexical_form("PO")
    ('0987', '2017-03-01', 'PO')
    """
    match value:
        case int():
            return f"{value:04}"
        case date():
            return value.isoformat()
        case Decimal():
            return canonical_decimal(value)
        case Funder():
            return str(value)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Project:
    """A project as typed values: codes of our schemes, ISO codes, numbers, dates. Unknown values are None or empty.

    Attributes:
        key: Last segment of the project's IRI: the project code, else `prima-…`.
        funders: Who allocated the amount.
        member_states: Codes of benefiting member states, in the order of the source.
        other_countries: Codes of other benefiting countries.
        start_date: First day, if a source states it.
        end_date: Last day, if a source states it.
        budget: The amount allocated, in the currency of the source.
        managing_office: ISO code of the office's country, from the PRIMA identifier.
        frameworks: Codes of the mentioned frameworks; for a part, both the part and its framework.
        origins: The sources, best first.
        values: The values of fields that no code knows by name, by key: texts, codes, or lexical forms.
    """

    key: str
    code: str | None = None
    prima_id: str | None = None
    titles: tuple[Text, ...] = ()
    abstracts: tuple[Text, ...] = ()
    narratives: tuple[Text, ...] = ()
    status: str | None = None
    project_type: str | None = None
    coverage: str | None = None
    region: str | None = None
    start_year: int | None = None
    end_year: int | None = None
    allocation_year: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    budget: Money | None = None
    funders: tuple[Funder, ...] = ()
    member_states: tuple[str, ...] = ()
    other_countries: tuple[str, ...] = ()
    managing_office: str | None = None
    mentions: tuple[Mention, ...] = ()
    frameworks: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    values: Mapping[str, tuple[Text | str, ...]] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal | None:
        """The amount of the budget, in its currency."""
        return self.budget.amount if self.budget else None

    @property
    def currency(self) -> str | None:
        """The currency of the budget."""
        return self.budget.currency if self.budget else None

    @property
    def amount_in_dollars(self) -> Decimal | None:
        """The amount of a budget in US dollars; nothing is converted."""
        return self.amount if self.currency == DOLLARS else None

    def of(self, key: str) -> tuple[FieldValue, ...]:
        """The values of a field, by its key in records; empty if they are unknown."""
        attribute = ATTRIBUTES.get(key)
        if attribute is None:
            return self.values.get(key, ())
        value = getattr(self, attribute)
        if isinstance(value, tuple):
            return value
        return () if value is None else (value,)


# The fields that code knows by name: their attributes of `Project`. All others are in `Project.values`.
ATTRIBUTES: Mapping[str, str] = {
    "projectCode": "code",
    "primaId": "prima_id",
    "title": "titles",
    "abstract": "abstracts",
    "narrative": "narratives",
    "status": "status",
    "projectType": "project_type",
    "coverage": "coverage",
    "region": "region",
    "startYear": "start_year",
    "endYear": "end_year",
    "allocationYear": "allocation_year",
    "startDate": "start_date",
    "endDate": "end_date",
    "budget": "amount",
    "budgetCurrency": "currency",
    "budgetUSD": "amount_in_dollars",
    "fundedBy": "funders",
    "benefitingMemberStates": "member_states",
    "benefitingCountries": "other_countries",
}
_SEVERAL = frozenset({"titles", "abstracts", "narratives", "member_states", "other_countries"})


def project_arguments(values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The arguments of `Project` for the values of fields.

    Args:
        values: The typed values of each field, by its key in records.

    >>> project_arguments({"startYear": [2017], "sector": ["15190"]})
    {'start_year': 2017, 'values': {'sector': ('15190',)}}
    """
    arguments: dict[str, Any] = {}
    others: dict[str, tuple[Text | str, ...]] = {}
    for key, found in values.items():
        attribute = ATTRIBUTES.get(key)
        if attribute is None and found:
            others[key] = tuple(map(lexical_form, found))
        elif attribute and found:
            arguments[attribute] = tuple(found) if attribute in _SEVERAL else found[0]
    return {**arguments, "values": others} if others else arguments
