"""One activity of an IATI 2.0x file as field values: exact dates, status, countries, budget.

| field | element |
|---|---|
| projectCode | `iati-identifier` after the publisher's prefix (`XM-DAC-47066-`) |
| primaId | `other-identifier[@type="A1"]/@ref` of the form of a PRIMA identifier |
| title, narrative | `title`, `description` of type 1 (or of any type where none is) |
| startDate, startYear | `activity-date` of type 2 (actual start), else 1 (planned) |
| endDate, endYear | `activity-date` of type 4 (actual end), else 3 (planned) |
| status, coverage | `activity-status`, `activity-scope`: the concept of the list that states the code |
| benefitingMemberStates | `recipient-country/@code` of the activity |
| projectType | `sector` of vocabulary 99 with a code of the list, or with one of two letters |
| budget | `budget/value`, where there is one budget alone; a revised one replaces the original of its period |
| budgetCurrency | `budget/value/@currency`, else `@default-currency` |
| fundedBy | `participating-org` of role 1 with a `ref`; nobody is assumed |
| address of the page | `document-link` to a page on the publisher's host |
| any other field | `ext:field` with the key of the field, as our own files have it; it counts before other elements |

An IATI budget covers one year at most. A project of several years has several, and their total differs from the amount
that the fund allocated, so several budgets are ignored. No other element is read, least of all contacts.

In our own files, `ext:field` of a description is the field that it holds, and an `activity-date` with the
`ext:precision` of a year says no day.

Source: IATI Standard 2.03, activity standard and its embedded code lists.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml import etree

from iomld.assets import load_fields
from iomld.iris import IATI_EXTENSION
from iomld.messages import message
from iomld.model import STATE_FIELDS, UNDETERMINED, Finding, Place, Severity, Value
from iomld.read.options import ReadOptions
from iomld.read.text import has_forbidden_character, is_language_tag, is_web_address, lines_of, normalized, plain_text

_FIELD, _PRECISION = f"{{{IATI_EXTENSION}}}field", f"{{{IATI_EXTENSION}}}precision"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PRIMA = re.compile(r"[A-Z]{2}[0-9]{2}P[0-9]{4}")
_DAY = re.compile(r"(?P<day>(?P<year>[0-9]{4})-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2}|T.*)?")
_TYPE = re.compile(r"[A-Z]{2}")
_OWN_VOCABULARY = "99"  # IATI code list SectorVocabulary: the reporting organization's own list
_FUNDING = "1"  # IATI code list OrganisationRole
_REVISED = "2"  # IATI code list BudgetType
# IATI code lists ActivityStatus and ActivityScope; the names are for messages about codes that no concept states.
_STATUSES = {
    "1": "Pipeline/identification",
    "2": "Implementation",
    "3": "Finalisation",
    "4": "Closed",
    "5": "Cancelled",
    "6": "Suspended",
}
_SCOPES = {
    "1": "Global",
    "2": "Regional",
    "3": "Multi-national",
    "4": "National",
    "5": "Sub-national: Multi-first-level administrative areas",
    "6": "Sub-national: Single first-level administrative area",
    "7": "Sub-national: Single second-level administrative area",
    "8": "Single location",
}
_WORDS = {word.id: word for word in (message("status"), message("coverage"), message("start"), message("end"))}
# Field, and the codes of its actual and its planned day in the IATI code list ActivityDate.
_DATES = (("start", "2", "1"), ("end", "4", "3"))


@dataclass(slots=True)
class Activity:
    """The field values of an activity.

    Attributes:
        values: As in `Record`.
        page: Address of the project's page.
        findings: Faults and remarks.
    """

    values: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    page: str | None = None
    findings: list[Finding] = field(default_factory=list)


def read_activity(element: etree._Element, file: str, *, options: ReadOptions) -> Activity:
    """Read an activity of the organization.

    Args:
        element: An `iati-activity` whose identifier begins with the prefix.
        file: The file's name for places.
        options: The start of the identifiers of the publisher's activities, the words of its lists, and its host.
    """
    reader = _ActivityReader(element, file, options)
    reader.identifiers()
    reader.texts()
    reader.dates()
    reader.code("status", "activity-status", _STATUSES)
    reader.code("coverage", "activity-scope", _SCOPES)
    reader.states()
    reader.project_type()
    reader.budget()
    reader.funders()
    reader.own_fields()
    reader.activity.page = next(reader.pages(), None)
    return reader.activity


class _ActivityReader:
    def __init__(self, element: etree._Element, file: str, options: ReadOptions) -> None:
        self.activity = Activity()
        self._element = element
        self._file = file
        self._options = options
        self._default_language = _language(element.get(_LANGUAGE))

    def identifiers(self) -> None:
        """Read the project code, and the PRIMA identifier if there is one."""
        identifier = self._element.find("iati-identifier")
        if identifier is not None:
            self._set_field("projectCode", _text(identifier).removeprefix(self._options.iati_prefix), identifier)
        for other in self._element.iterfind("other-identifier"):
            ref = other.get("ref", "").strip()
            if other.get("type") == "A1" and _PRIMA.fullmatch(ref):
                self._set_field("primaId", ref, other)

    def texts(self) -> None:
        """Read title and narrative in each language."""
        self._narratives("title", list(self._element.iterfind("title")))
        descriptions = [element for element in self._element.iterfind("description") if element.get(_FIELD) is None]
        general = [element for element in descriptions if element.get("type", "1") == "1"]
        self._narratives("narrative", general or descriptions)
        self._narratives(
            "abstract", [one for one in self._element.iterfind("description") if one.get(_FIELD) == "abstract"]
        )

    def _narratives(self, name: str, elements: list[etree._Element]) -> None:
        found: dict[str, tuple[list[str], etree._Element]] = {}
        for narrative in (narrative for element in elements for narrative in element.iterfind("narrative")):
            language = _language(narrative.get(_LANGUAGE)) or self._default_language or "en"
            text = plain_text(_text(narrative))
            if text and has_forbidden_character(text):
                self._add(narrative, _control_character(name))
            elif text:
                found.setdefault(language, ([], narrative))[0].append(text)
        values = tuple(
            Value(
                normalized(lines_of("\n".join(texts))) if name == "narrative" else " ".join(texts[0].split()),
                self._place(narrative),
                language,
            )
            for language, (texts, narrative) in found.items()
        )
        if values:
            self.activity.values[name] = values

    def dates(self) -> None:
        """Read the first and the last day, and their years."""
        by_type: dict[str, etree._Element] = {}
        for element in self._element.iterfind("activity-date"):
            if element.get("iso-date", "").strip():
                by_type.setdefault(element.get("type", "").strip(), element)
        for name, actual, planned in _DATES:
            date = by_type.get(actual, by_type.get(planned))
            if date is None:
                continue
            text = date.get("iso-date", "").strip()
            match = _DAY.fullmatch(text)
            if match and date.get(_PRECISION) == "year":
                self._set_field(f"{name}Year", match["year"], date)
                continue
            if actual not in by_type:
                problem = message(
                    "The {name} is the planned date; the activity gives no actual one.", name=_WORDS[name]
                )
                self._add(date, Finding("plannedDate", Severity.INFO, problem, field=f"{name}Date"))
            self._set_field(f"{name}Date", match["day"] if match else text, date)
            if match:
                self._set_field(f"{name}Year", match["year"], date)

    def code(self, name: str, tag: str, meanings: Mapping[str, str]) -> None:
        """Read an IATI code as the concept of the list that states it; a Warning where none does."""
        element = self._element.find(tag)
        if element is None:
            return
        code = element.get("code", "").strip()
        table = self._options.lexicon.concepts.get(name)
        if table is not None and code in table.by_iati_code:
            self._set_field(name, table.by_iati_code[code], element)
            return
        rule = "statusNotMapped" if name == "status" else "scopeNotMapped"
        problem = message(
            "The IATI code {code} ({meaning}) has no equivalent in our list ({name}).",
            code=code or "(none)",
            meaning=meanings.get(code, "unknown"),
            name=_WORDS[name],
        )
        fix = message("State the {name} in another source of the project.", name=_WORDS[name])
        self._add(element, Finding(rule, Severity.WARNING, problem, fix, field=name, value=code))

    def states(self) -> None:
        """Read the recipient countries; linking separates those that are not member states."""
        values = {
            code: Value(code, self._place(country))
            for country in self._element.iterfind("recipient-country")
            if (code := country.get("code", "").strip().upper())
        }
        if values:
            self.activity.values["benefitingMemberStates"] = tuple(values.values())

    def project_type(self) -> None:
        """Read the organization's own sector code."""
        types = self._options.lexicon.concepts.get("type")
        for sector in self._element.iterfind("sector"):
            if _given(sector, "vocabulary") != _OWN_VOCABULARY:
                continue
            code = _given(sector, "code")
            if (types is not None and code in types.names) or _TYPE.fullmatch(code := code.upper()):
                self._set_field("projectType", code, sector)

    def budget(self) -> None:
        """Read the amount and its currency if the activity has a single budget that counts, else add an Info."""
        budgets = list(self._element.iterfind("budget"))
        if not budgets:
            return
        counting = _without_replaced(budgets)
        value = counting[0].find("value")
        currency = _given(value, "currency") or _given(self._element, "default-currency")
        if len(counting) == 1 and value is not None and currency and _text(value):
            self._set_field("budget", _text(value), value)
            self._set_field("budgetCurrency", currency, value)
            problem = message("The amount is the activity's only IATI budget; the fund's allocation may differ.")
            self._add(value, Finding("budgetFromIati", Severity.INFO, problem, field="budget", value=_text(value)))
            return
        problem = message(
            "The activity has {number} IATI budgets that cannot be added up to one amount in one currency; "
            "they were not read.",
            number=len(budgets),
        )
        self._add(budgets[0], Finding("budgetNotRead", Severity.INFO, problem, field="budget"))

    def funders(self) -> None:
        """Read the participating organizations of role 1 (Funding); one without an identifier is an Info."""
        values: dict[str, Value] = {}
        for element in self._element.iterfind("participating-org"):
            if _given(element, "role") != _FUNDING:
                continue
            ref = _given(element, "ref")
            name = " ".join((element.findtext("narrative") or "").split())
            if has_forbidden_character(f"{ref}{name}"):
                self._add(element, _control_character("fundedBy"))
            elif ref and not set(ref) & set("[]"):
                values.setdefault(ref, Value(f"{name} [{ref}]".strip(), self._place(element)))
            else:
                problem = message(
                    "The activity names the funder '{name}' without an identifier, so it was not read.", name=name
                )
                fix = message("Give the organization's identifier as participating-org/@ref.")
                self._add(element, Finding("funderNotRead", Severity.INFO, problem, fix, field="fundedBy", value=name))
        if values:
            self.activity.values["fundedBy"] = tuple(values.values())

    def own_fields(self) -> None:
        """Read the fields that our own files state by their keys; they count before what other elements say."""
        given = load_fields().given
        found: dict[str, list[Value]] = {}
        for element in self._element.iterfind(f"{{{IATI_EXTENSION}}}field"):
            key, text = _given(element, "key"), "".join(str(part) for part in element.itertext())
            language = _language(element.get(_LANGUAGE)) or self._default_language or UNDETERMINED
            if key in given and has_forbidden_character(text):
                self._add(element, _control_character(key))
            elif key in given and text.strip():
                value = Value(text.strip(), self._place(element), language if key in load_fields().texts else None)
                found.setdefault(key, []).append(value)
        self.activity.values.update({key: tuple(values) for key, values in found.items()})
        if found.keys() & set(STATE_FIELDS):  # one list stands for both
            for key in set(STATE_FIELDS) - found.keys():
                self.activity.values.pop(key, None)
        if "fundedBy" in found:
            self.activity.findings = [one for one in self.activity.findings if one.rule != "funderNotRead"]

    def pages(self) -> Iterator[str]:
        """Addresses of the organization's web pages among the documents."""
        for link in self._element.iterfind("document-link"):
            url = link.get("url", "").strip()
            if link.get("format", "text/html").strip() == "text/html" and is_web_address(url) and self._is_own(url):
                yield url

    def _is_own(self, url: str) -> bool:
        """Whether an address is on the publisher's host or one below it."""
        own = self._options.page_host
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:  # an address that urllib cannot parse
            return False
        return bool(own) and f".{host}".endswith(f".{own}")

    def _set_field(self, name: str, text: str, element: etree._Element) -> None:
        """Set a field; of two different values the first counts and a Warning names the other."""
        if has_forbidden_character(text):
            self._add(element, _control_character(name))
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
            self._add(element, Finding("repeatedField", Severity.WARNING, problem, fix, field=name, value=text))

    def _add(self, element: etree._Element, finding: Finding) -> None:
        self.activity.findings.append(finding.at(self._place(element)))

    def _place(self, element: etree._Element) -> Place:
        return Place(self._file, line=element.sourceline)


def _without_replaced(budgets: list[etree._Element]) -> list[etree._Element]:
    """The budgets that count: a revised one (type 2) replaces the original of its period."""
    revised = {_period(budget) for budget in budgets if _given(budget, "type") == _REVISED}
    return [budget for budget in budgets if _given(budget, "type") == _REVISED or _period(budget) not in revised]


def _period(budget: etree._Element) -> tuple[str, ...]:
    """The first and last day of a budget's period."""
    ends = (budget.find(name) for name in ("period-start", "period-end"))
    days = (_given(end, "iso-date") for end in ends)
    return tuple(match["day"] if (match := _DAY.fullmatch(day)) else day for day in days)


def _given(element: etree._Element | None, name: str) -> str:
    """An attribute, trimmed; an empty attribute counts as absent."""
    return element.get(name, "").strip() if element is not None else ""


def _control_character(name: str) -> Finding:
    problem = message("'{name}' contains a control character.", name=name)
    return Finding("controlCharacter", Severity.VIOLATION, problem, message("Remove it."), field=name)


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def _language(tag: str | None) -> str | None:
    """A language tag in lower case; None if the text is not a tag."""
    language = (tag or "").strip().lower()
    return language if is_language_tag(language) else None
