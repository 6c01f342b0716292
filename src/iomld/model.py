"""The values that flow from a source to a release; none of them changes after it is made.

A reader gives `Record`s: raw strings with their places. `iomld.merge` joins the records of one project into a
`MergedRecord`. `iomld.link` turns a merged record into a typed `Project` and says in `Finding`s what it could not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from iomld.messages import Message, message_from_json, message_to_json


class Severity(StrEnum):
    """How bad a finding is; the local names of the SHACL severities (SHACL section 2.1.4)."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


class Place(NamedTuple):
    """Where something stands in a source. A tuple, since a record has dozens: they are made in a third of the time.

    Attributes:
        file: The file's name as the caller gave it.
        line: Line, from 1.
        column: Column in characters, from 1.
        pointer: JSON pointer (RFC 6901) into the file, for JSON sources.
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault or remark about a record.

    Attributes:
        rule: Name of the rule: the local name of a shape (`budget`, `nationalOne`), or of a reading or linking rule.
        severity: A Violation refuses the record; Warning and Info are published and shown.
        message: What is wrong, one sentence. It keeps its identifier and its values until a face words it.
        fix: What to do, one sentence; None where the message says it.
        field: The record's field (`budgetUSD`), where one is to blame.
        value: What was found, as it stands in the source.
        focus_node: IRI of the node, for results of a shape.
        path: IRI of the property, for results of a shape.
        place: Where it stands; readers and `check` fill it in.
        language: Language of the identifiers of message and fix: English for ours, which can be worded in others; that
            of the text for a finding already worded; empty where it is not known, as for shapes that are not ours.
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

    def at(self, place: Place) -> "Finding":
        """The same finding, with its place."""
        return replace(self, place=place)


def is_refused(findings: tuple[Finding, ...]) -> bool:
    """Say whether any finding refuses the record.

    >>> is_refused((Finding("title", Severity.WARNING, Message("Odd.")),))
    False
    """
    return any(finding.severity is Severity.VIOLATION for finding in findings)


def finding_to_json(finding: Finding) -> dict[str, object]:
    """A finding as a JSON object, for another process; its messages are not translated yet."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": message_to_json(finding.message),
        "fix": message_to_json(finding.fix) if finding.fix else None,
        "field": finding.field,
        "value": finding.value,
        "focus_node": finding.focus_node,
        "path": finding.path,
        "place": finding.place,
        "language": finding.language,
    }


def finding_from_json(written: Mapping[str, Any]) -> Finding:
    """The finding that `finding_to_json` wrote."""
    fix, place = written["fix"], written["place"]
    return Finding(
        rule=written["rule"],
        severity=Severity(written["severity"]),
        message=message_from_json(written["message"]),
        fix=message_from_json(fix) if fix else None,
        field=written["field"],
        value=written["value"],
        focus_node=written["focus_node"],
        path=written["path"],
        place=Place(*place) if place else None,
        language=written["language"],
    )


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its language (BCP 47)."""

    value: str
    language: str


class Value(NamedTuple):
    """A raw string of a field as it stands in the source. A tuple for the reason that `Place` is one.

    Attributes:
        text: The string, trimmed.
        place: Where it stands.
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
        url: Address of the page the record describes itself by, if known.
        retrieved_at: When the bytes were received (xsd:dateTime), if the source says so.
    """

    file: str
    sha256: str
    media_type: str
    url: str | None = None
    retrieved_at: str | None = None


@dataclass(frozen=True, slots=True)
class GivenMention:
    """A framework mention that the record itself carries, since its narrative cannot be shipped.

    Attributes:
        framework: Code of the framework or of one of its parts (`gcm`, `sdg-target-3.8`).
        quote: The words that name it.
        prefix: A few words before the quote, as they stand.
        suffix: A few words after it.
        language: Language of the narrative.
        position: Offset of the quote in the text, in code points from 0, if known.
        place: Where the mention stands in the record.
        field: The text it stands in: `narrative`, `abstract` or `title`.
        method: How it was found (code in the method scheme), where the record says so.
        confidence: From 0 to 1, where the record says so.
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


# The fields of a record, by their JSON keys; texts carry a language, states come in several values.
TEXT_FIELDS = ("title", "abstract", "narrative")
STATE_FIELDS = ("benefitingMemberStates", "benefitingCountries")
SINGLE_FIELDS = (
    "projectCode",
    "primaId",
    "status",
    "projectType",
    "coverage",
    "region",
    "startYear",
    "endYear",
    "allocationYear",
    "startDate",
    "endDate",
    "budgetUSD",
)
FIELDS = TEXT_FIELDS + SINGLE_FIELDS + STATE_FIELDS


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a source: raw strings with their places.

    Attributes:
        values: For each field name (one of `FIELDS`) its values, in the order of the source; absent fields are absent.
        origin: The bytes the record came from.
        place: The record's first line.
        raw: The record's own text, from which exact places are found when they are needed.
        mentions: Mentions the record carries.
        findings: What the reader had to say; places included.
        stated_origins: Sources that the record itself names with their hashes, as our own exports do; they then stand
            in the published record in place of the file that was read.
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
        """The sources to publish."""
        return self.stated_origins or (self.origin,)


@dataclass(frozen=True, slots=True)
class MergedRecord:
    """All that the sources say of one project: the records of one key, merged.

    Attributes:
        key: Project code (`PO.0105`), else `prima-` and the PRIMA identifier; empty where the record has neither.
        values: As in `Record`; each text field holds one value a language.
        records: The records it was merged from, best first.
        mentions: Mentions of all records, doubles removed.
        findings: What readers and merging had to say.
        supplied: For each source, by its hash, the fields that it gave the value of.
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
    """A stretch of a project text that names a policy framework.

    Attributes:
        framework: Code of the framework or part in the framework scheme (`gcm`, `gcm-objective-23`).
        quote: The words.
        prefix: Words just before (at most 32 characters).
        suffix: Words just after (at most 32 characters).
        field: The text it stands in: `narrative`, `abstract` or `title`.
        language: Language of that text.
        start: Offset of the quote in that text in code points from 0, or None if not known.
        method: Code in the method scheme: `exact-label`, `variant-label`, `acronym`, `manual`.
        confidence: 0 to 1, meaningful together with the method.
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


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its links: codes of our schemes, ISO codes, numbers. What is not known is None or empty.

    Attributes:
        key: Last segment of the project's IRI: the project code, else `prima-…`.
        member_states: Codes of benefiting member states, in the order of the source.
        other_countries: Codes of other benefiting countries.
        start_date: Exact first day, where a source gives the day.
        end_date: Exact last day, likewise.
        budget_usd: US dollars, whole and cents as printed.
        managing_office: ISO code read from the PRIMA identifier.
        frameworks: Codes of the frameworks that the mentions name; for a part, the part and its whole.
        origins: The sources, best first.
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
    budget_usd: Decimal | None = None
    member_states: tuple[str, ...] = ()
    other_countries: tuple[str, ...] = ()
    managing_office: str | None = None
    mentions: tuple[Mention, ...] = ()
    frameworks: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
