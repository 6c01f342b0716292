"""Read activities of the organization from IATI 2.0x files: the exact dates, the status and the states they give.

Accepted are whole files, single activities, and those two inside the wrappers of data stores. An activity is joined
to its project by the code in its identifier; those of other organizations are counted and skipped. The hash of a
record's origin is that of the activity alone, written again as UTF-8 without its surroundings, so that it stays the
same when other activities of the file change.

| field | element |
|---|---|
| projectCode | `iati-identifier` after `XM-DAC-47066-` |
| primaId | `other-identifier[@type="A1"]/@ref` of the form of a PRIMA identifier |
| title, narrative | `title`, `description` of type 1 (or of any type where none is) |
| startDate, startYear | `activity-date` of type 2 (actual start), else 1 (planned) |
| endDate, endYear | `activity-date` of type 4 (actual end), else 3 (planned) |
| status, coverage | `activity-status`, `activity-scope` |
| benefitingMemberStates | `recipient-country/@code` of the activity |
| projectType | `sector` of vocabulary 99 with a code of two letters |
| budgetUSD | `budget/value`, where there is one budget alone and it is in US dollars |
| address of the page | `document-link` to a page of iom.int |

A budget of IATI is the sum of one year at most. A project of several years has several, and adding them up gives
another sum than the one that the fund allocated; so several budgets are not read. Nothing else is read, contacts least
of all.

Source: IATI Standard 2.03, activity standard and its embedded code lists.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from urllib.parse import urlsplit

from lxml import etree

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import Finding, Origin, Place, Record, Severity, Value
from iomld.read.options import ReadOptions
from iomld.read.text import (
    check_xml,
    has_forbidden_character,
    is_language_tag,
    is_web_address,
    lines_of,
    normalised,
    not_xml,
    safe_events,
)

IDENTIFIER_PREFIX = "XM-DAC-47066-"

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PRIMA = re.compile(r"[A-Z]{2}[0-9]{2}P[0-9]{4}")
_DAY = re.compile(r"(?P<day>(?P<year>[0-9]{4})-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2}|T.*)?")
_TYPE = re.compile(r"[A-Z]{2}")
# IATI code lists ActivityStatus and ActivityScope; those without a code of ours are named in the message.
_STATUSES = {"2": "active", "4": "completed"}
_STATUS_NAMES = {"1": "Pipeline/identification", "3": "Finalisation", "5": "Cancelled", "6": "Suspended"}
_SCOPES = {"1": "global", "2": "regional", "3": "multi-regional", "4": "national"}
_SCOPE_NAMES = {
    "5": "Sub-national: Multi-first-level administrative areas",
    "6": "Sub-national: Single first-level administrative area",
    "7": "Sub-national: Single second-level administrative area",
    "8": "Single location",
}
_WORDS = {word.id: word for word in (message("status"), message("coverage"), message("start"), message("end"))}
# Field, the code list ActivityDate of its actual and its planned day.
_DATES = (("start", "2", "1"), ("end", "4", "3"))
_XML = "application/xml"


@dataclass(slots=True)
class Activity:
    """What was read of an activity.

    Attributes:
        values: As in `Record`.
        page: Address of the project's page.
        findings: What is to say.
    """

    values: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    page: str | None = None
    findings: list[Finding] = field(default_factory=list)


def read_activity(element: etree._Element, file: str) -> Activity:
    """Read an activity of the organization.

    Args:
        element: An `iati-activity` whose identifier begins with `IDENTIFIER_PREFIX`.
        file: The file's name for places.
    """
    reader = _ActivityReader(element, file)
    reader.identifiers()
    reader.texts()
    reader.dates()
    reader.code("status", "activity-status", _STATUSES, _STATUS_NAMES)
    reader.code("coverage", "activity-scope", _SCOPES, _SCOPE_NAMES)
    reader.states()
    reader.project_type()
    reader.budget()
    reader.activity.page = next(reader.pages(), None)
    return reader.activity


class _ActivityReader:
    def __init__(self, element: etree._Element, file: str) -> None:
        self.activity = Activity()
        self._element = element
        self._file = file
        self._default_language = _language(element.get(_LANGUAGE))

    def identifiers(self) -> None:
        """The code, and the PRIMA identifier where a file gives it."""
        identifier = self._element.find("iati-identifier")
        if identifier is not None:
            self._put("projectCode", _text(identifier).removeprefix(IDENTIFIER_PREFIX), identifier)
        for other in self._element.iterfind("other-identifier"):
            ref = other.get("ref", "").strip()
            if other.get("type") == "A1" and _PRIMA.fullmatch(ref):
                self._put("primaId", ref, other)

    def texts(self) -> None:
        """Title and narrative in each language."""
        general = [one for one in self._element.iterfind("description") if one.get("type", "1") == "1"]
        self._narratives("title", list(self._element.iterfind("title")))
        self._narratives("narrative", general or list(self._element.iterfind("description")))

    def _narratives(self, name: str, elements: list[etree._Element]) -> None:
        found: dict[str, tuple[list[str], etree._Element]] = {}
        for narrative in (narrative for element in elements for narrative in element.iterfind("narrative")):
            language = _language(narrative.get(_LANGUAGE)) or self._default_language or "en"
            text = _text(narrative)
            if text and has_forbidden_character(text):
                self._say(narrative, _control_character(name))
            elif text:
                found.setdefault(language, ([], narrative))[0].append(text)
        values = tuple(
            Value(
                normalised(lines_of("\n".join(texts))) if name == "narrative" else " ".join(texts[0].split()),
                self._place(narrative),
                language,
            )
            for language, (texts, narrative) in found.items()
        )
        if values:
            self.activity.values[name] = values

    def dates(self) -> None:
        """The first and the last day, and their years."""
        by_type: dict[str, etree._Element] = {}
        for element in self._element.iterfind("activity-date"):
            if element.get("iso-date", "").strip():
                by_type.setdefault(element.get("type", "").strip(), element)
        for name, actual, planned in _DATES:
            date = by_type.get(actual, by_type.get(planned))
            if date is None:
                continue
            if actual not in by_type:
                problem = message("The {name} is the planned day; the activity gives no actual one.", name=_WORDS[name])
                self._say(date, Finding("plannedDate", Severity.INFO, problem, field=f"{name}Date"))
            text = date.get("iso-date", "").strip()
            match = _DAY.fullmatch(text)
            self._put(f"{name}Date", match["day"] if match else text, date)
            if match:
                self._put(f"{name}Year", match["year"], date)

    def code(self, name: str, tag: str, codes: Mapping[str, str], names: Mapping[str, str]) -> None:
        """A code of IATI as one of ours; a Warning where we have none."""
        element = self._element.find(tag)
        if element is None:
            return
        code = element.get("code", "").strip()
        if code in codes:
            self._put(name, codes[code], element)
            return
        rule = "statusNotMapped" if name == "status" else "scopeNotMapped"
        problem = message(
            "The IATI code {code} ({meaning}) has no {name} of ours.",
            code=code or "(none)",
            meaning=names.get(code, "unknown"),
            name=_WORDS[name],
        )
        fix = message("Give the {name} in another source of the project.", name=_WORDS[name])
        self._say(element, Finding(rule, Severity.WARNING, problem, fix, field=name, value=code))

    def states(self) -> None:
        """The recipient countries; linking sorts out those that are no member states."""
        values = {
            code: Value(code, self._place(country))
            for country in self._element.iterfind("recipient-country")
            if (code := country.get("code", "").strip().upper())
        }
        if values:
            self.activity.values["benefitingMemberStates"] = tuple(values.values())

    def project_type(self) -> None:
        """The organization's own sector code."""
        for sector in self._element.iterfind("sector"):
            code = sector.get("code", "").strip().upper()
            if sector.get("vocabulary", "").strip() == "99" and _TYPE.fullmatch(code):
                self._put("projectType", code, sector)

    def budget(self) -> None:
        """The sum, where it can only be the one of the whole project."""
        budgets = list(self._element.iterfind("budget"))
        if not budgets:
            return
        value = budgets[0].find("value")
        default = self._element.get("default-currency", "")
        if len(budgets) == 1 and value is not None and value.get("currency", default).strip() == "USD" and _text(value):
            self._put("budgetUSD", _text(value), value)
            problem = message(
                "The sum is that of the one IATI budget of the activity; the fund's allocation may differ."
            )
            finding = Finding("budgetFromIati", Severity.INFO, problem, field="budgetUSD", value=_text(value))
            self._say(value, finding)
            return
        problem = message(
            "The activity has {number} IATI budgets that give no one sum in US dollars; they were not read.",
            number=len(budgets),
        )
        self._say(budgets[0], Finding("budgetNotRead", Severity.INFO, problem, field="budgetUSD"))

    def pages(self) -> Iterator[str]:
        """Addresses of web pages of the organization among the documents."""
        for link in self._element.iterfind("document-link"):
            url = link.get("url", "").strip()
            if link.get("format", "text/html").strip() == "text/html" and is_web_address(url) and _is_own_host(url):
                yield url

    def _put(self, name: str, text: str, element: etree._Element) -> None:
        """Set a field; of two different values the first stands and a Warning names the other."""
        if has_forbidden_character(text):
            self._say(element, _control_character(name))
            return
        known = self.activity.values.setdefault(name, (Value(text, self._place(element)),))[0]
        if known.text != text:
            problem = message(
                "'{key}' has several values: '{one}' and '{other}'; the first was read.",
                key=name,
                one=known.text,
                other=text[:80],
            )
            fix = message("Keep the right one.")
            self._say(element, Finding("repeatedField", Severity.WARNING, problem, fix, field=name, value=text))

    def _say(self, element: etree._Element, finding: Finding) -> None:
        self.activity.findings.append(finding.at(self._place(element)))

    def _place(self, element: etree._Element) -> Place:
        return Place(self._file, line=element.sourceline)


def _control_character(name: str) -> Finding:
    problem = message("'{name}' holds a control character.", name=name)
    return Finding("controlCharacter", Severity.VIOLATION, problem, message("Remove it."), field=name)


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def _language(tag: str | None) -> str | None:
    """A language tag in lower case, or None where it is none."""
    language = (tag or "").strip().lower()
    return language if is_language_tag(language) else None


def _is_own_host(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # an address that urllib cannot take apart
        return False
    return host == "iom.int" or host.endswith(".iom.int")


def read_iati(data: bytes | str, *, file: str, options: ReadOptions) -> Iterator[Record]:
    """Read the activities of the organization, one by one, in bounded memory.

    Args:
        data: The whole source.
        file: The file's name for places.
        options: The address of the page, for a source of one record.

    Raises:
        SourceError: The XML is broken or harmful, of IATI 1, or holds no activity of the organization.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    check_xml(raw, file)
    encoding = None if isinstance(data, bytes) else "utf-8"
    skipped = _Skipped()
    last: Record | None = None  # kept back, since it carries what is to say of the activities skipped
    try:
        for element, version in _activities(raw, encoding):
            identifier = (element.findtext("iati-identifier") or "").strip()
            if version.startswith("1"):
                place = f"{file}, line {element.sourceline}"
                raise _old_version(place, version)
            if not identifier.startswith(IDENTIFIER_PREFIX) or identifier == IDENTIFIER_PREFIX:
                skipped.add(identifier, Place(file, line=element.sourceline))
                continue
            if last:
                yield last
            last = _record(element, file, options)
    except etree.XMLSyntaxError as error:
        raise not_xml(file, error) from error
    if last is None:
        raise SourceError(
            message(
                "{file}: {count} activities, none with an identifier that begins with {start}. Give a file of the "
                "organization's activities.",
                file=file,
                count=skipped.count,
                start=IDENTIFIER_PREFIX,
            )
        )
    yield replace(last, findings=(*last.findings, *skipped.findings()))


def _old_version(place: str, version: str) -> SourceError:
    return SourceError(
        message(
            "{place}: IATI {version} is not read. Export the activities as IATI 2.03.", place=place, version=version
        )
    )


@dataclass(slots=True)
class _Skipped:
    """The activities of other organizations."""

    count: int = 0
    first: str = ""
    place: Place | None = None

    def add(self, identifier: str, place: Place) -> None:
        if not self.count:
            self.first, self.place = identifier[:80], place
        self.count += 1

    def findings(self) -> tuple[Finding, ...]:
        if not self.count:
            return ()
        problem = message(
            "Activities whose identifier does not begin with {prefix} were skipped: {number}, the first '{first}'.",
            prefix=IDENTIFIER_PREFIX,
            number=self.count,
            first=self.first,
        )
        return (Finding("foreignActivity", Severity.INFO, problem, value=self.first, place=self.place),)


def _activities(data: bytes, encoding: str | None) -> Iterator[tuple[etree._Element, str]]:
    """Each activity with the version of the standard that it or its list names; elements are freed as we go."""
    names = ("iati-activities", "iati-activity")
    parser = safe_events(io.BytesIO(data), ("start", "end"), tag=names, encoding=encoding)
    version = ""
    for event, element in parser:
        if element.tag == "iati-activities":
            version = element.get("version", "") if event == "start" else ""
        elif event == "end" and next(element.iterancestors("iati-activity"), None) is None:
            yield element, (element.get("version") or version).strip()
            _free(element)


def _free(element: etree._Element) -> None:
    """Forget an element and all that stands before it."""
    element.clear()
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        while parent is not None and parent[0] is not node:
            del parent[0]
        node = parent


def _record(element: etree._Element, file: str, options: ReadOptions) -> Record:
    activity = read_activity(element, file)
    own_bytes = etree.tostring(element, encoding="unicode", with_tail=False).encode("utf-8")
    return Record(
        values=activity.values,
        origin=Origin(
            file=PurePath(file).name,
            sha256=hashlib.sha256(own_bytes).hexdigest(),
            media_type=_XML,
            url=options.url or activity.page,
        ),
        place=Place(file, line=element.sourceline),
        findings=tuple(activity.findings),
    )
