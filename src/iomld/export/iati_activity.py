"""One project as an activity of IATI 2.03: the elements that the standard has for what a release states.

What the standard has no element for is in elements of our own namespace at the end of the activity, by the keys of
records, so that a file reads back to the same projects. Nothing is guessed: an activity that lacks what the standard
requires is left out, and `LeftOutError` says why.

Source: IATI Standard 2.03, activity standard; `iomld.read.iati_activity` reads the same elements.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from iomld.assets import load_fields, load_vocabulary
from iomld.errors import IomldError
from iomld.fields.declared import FieldKind
from iomld.fund_folder import FundFolder
from iomld.iris import Iris
from iomld.messages import message
from iomld.model import DOLLARS, Funder, Project, Text
from iomld.pipeline.records import written
from iomld.vocab import Concept

PRIMARY, SECONDARY = "primary", "secondary"
YEARS = "years"  # dates of `iomld.toml`: a year is written as its first or last day, which a narrative says
_COUNTRY_LETTERS = 2
_FIRST_DAY, _LAST_DAY = (1, 1), (12, 31)
# Codes of IATI's list ActivityStatus: what has begun, and what has ended.
_BEGUN, _ENDED = frozenset({"2", "3", "4"}), frozenset({"3", "4"})
_PLANNED_START, _ACTUAL_START, _PLANNED_END, _ACTUAL_END = "1", "2", "3", "4"  # of the list ActivityDateType
_WEB_PAGE = "A12"  # of the list DocumentCategory: activity web page


class LeftOutError(IomldError):
    """The release does not state what IATI requires of an activity."""


@dataclass(frozen=True, slots=True)
class _Written:
    """Elements of an activity, and the values of fields that they give back when they are read.

    Attributes:
        elements: The elements, each on a line.
        fields: The values by the key of the field, as records write them.
    """

    elements: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]


def activity_xml(project: Project, fund: FundFolder, base: str) -> str:
    """The element `iati-activity` of a project.

    Args:
        project: The project.
        fund: The publisher, who is the reporting organization.
        base: Data base of the IRIs.

    Raises:
        LeftOutError: It cannot be a valid activity.
    """
    return "\n".join(_ActivityWriter(project, fund, base).lines())


class _ActivityWriter:
    def __init__(self, project: Project, fund: FundFolder, base: str) -> None:
        self._project, self._fund, self._base = project, fund, base
        self._vocabulary = load_vocabulary(base)

    def lines(self) -> Iterator[str]:
        """The element and its content, in the order of the schema."""
        parts = (
            self._identity(),
            self._titles(),
            self._descriptions(),
            self._funders(),
            self._prima(),
            self._code("status", "activity-status"),
            self._dates(),
            self._code("coverage", "activity-scope"),
            self._countries(),
            self._type(),
            self._frameworks(),
            self._budget(),
            self._page(),
        )
        known = {key: values for part in parts for key, values in part.fields.items()}
        yield f"<iati-activity linked-data-uri={quoteattr(Iris(self._base).project(self._project.key))}>"
        yield from (element for part in parts for element in part.elements)
        yield from self._others(known)
        yield "</iati-activity>"

    def _identity(self) -> _Written:
        code, fund = self._project.code, self._fund
        if not code:
            raise LeftOutError(message("no project code, of which the identifier is made"))
        role = ' secondary-reporter="1"' if fund.iati_reporting == SECONDARY else ""
        reference = quoteattr(fund.iati_prefix.removesuffix("-"))
        name = _narrative(fund.iati_name or fund.publisher or "")
        return _Written(
            (
                f"<iati-identifier>{escape(fund.iati_prefix + code)}</iati-identifier>",
                f"<reporting-org ref={reference} type={quoteattr(fund.iati_type)}{role}>{name}</reporting-org>",
            ),
            {"projectCode": (code,)},
        )

    def _titles(self) -> _Written:
        titles = self._project.titles
        if not titles:
            raise LeftOutError(message("no title"))
        narratives = "".join(map(_text_narrative, titles))
        return _Written((f"<title>{narratives}</title>",), {"title": _texts(titles)})

    def _descriptions(self) -> _Written:
        """Narrative and abstract; without either, the titles, since a description is required."""
        project = self._project
        texts = {"narrative": project.narratives, "abstract": project.abstracts}
        found = {key: values for key, values in texts.items() if values} or {"title": project.titles}
        types = {"narrative": 'type="1"', "abstract": 'type="4" ext:field="abstract"', "title": 'ext:field="title"'}
        elements = (
            f"<description {types[key]}>{''.join(map(_text_narrative, values))}</description>"
            for key, values in found.items()
        )
        return _Written(tuple(elements), {key: _texts(values) for key, values in texts.items()})

    def _funders(self) -> _Written:
        funders = self._project.funders
        if not funders:
            raise LeftOutError(message("no funder, and an organization must take part"))
        references = [self._reference(funder) for funder in funders]
        elements = (
            f'<participating-org{f" ref={quoteattr(reference)}" if reference else ""} role="1">'
            f"{_narrative(name)}</participating-org>"
            for funder, reference in zip(funders, references, strict=True)
            for name in (self._name(funder),)
        )
        # Readers take no funder without a reference.
        return _Written(tuple(elements), {"fundedBy": tuple(map(written, funders))} if all(references) else {})

    def _reference(self, funder: Funder) -> str:
        if not funder.is_fund:
            return funder.identifier
        return next(
            (one.iati_organization or "" for one in self._vocabulary.funds if one.code == funder.identifier), ""
        )

    def _name(self, funder: Funder) -> str:
        names = (one.name() for one in self._vocabulary.funds if funder.is_fund and one.code == funder.identifier)
        return next(names, funder.name or "")

    def _prima(self) -> _Written:
        prima = self._project.prima_id
        if not prima:
            return _Written((), {})
        return _Written((f'<other-identifier ref={quoteattr(prima)} type="A1"/>',), {"primaId": (prima,)})

    def _code(self, field: str, element: str) -> _Written:
        """A concept for which a code of IATI's own list stands; the status is required."""
        concept = self._concept(field, next(iter(self._project.of(field)), None))
        code = next(iter(concept.iati_codes), "") if concept else ""
        if not code and field == "status":
            raise LeftOutError(message("no status that IATI has a code for"))
        read = {number: one.code for one in self._vocabulary.concepts[field].values() for number in one.iati_codes}
        elements = (f"<{element} code={quoteattr(code)}/>",) if code else ()
        return _Written(elements, {field: (read[code],)} if code else {})

    def _concept(self, field: str, code: object) -> Concept | None:
        return self._vocabulary.concepts[field].get(str(code))

    def _dates(self) -> _Written:
        """The first and the last day, actual ones where the status says that they have passed."""
        project = self._project
        status = self._concept("status", project.status)
        codes = frozenset(status.iati_codes if status else ())
        start = _ACTUAL_START if codes & _BEGUN else _PLANNED_START
        end = _ACTUAL_END if codes & _ENDED else _PLANNED_END
        ends = (
            ("start", start, project.start_date, project.start_year, _FIRST_DAY),
            ("end", end, project.end_date, project.end_year, _LAST_DAY),
        )
        elements: list[str] = []
        fields: dict[str, tuple[str, ...]] = {}
        for name, type_, day, year, bound in ends:
            if day:
                elements.append(f'<activity-date iso-date="{day.isoformat()}" type="{type_}"/>')
                fields |= {f"{name}Date": (day.isoformat(),), f"{name}Year": (f"{day.year:04}",)}
            elif year and self._fund.iati_dates == YEARS:
                note = _narrative(f"Only the year, {year:04}, is known.", "en")
                iso = date(year, *bound).isoformat()
                attributes = f'iso-date="{iso}" type="{type_}" ext:precision="year"'
                elements.append(f"<activity-date {attributes}>{note}</activity-date>")
                fields[f"{name}Year"] = (f"{year:04}",)
        if not elements:
            raise LeftOutError(message("no day on which it starts or ends"))
        return _Written(tuple(elements), fields)

    def _countries(self) -> _Written:
        members, others = self._project.member_states, self._project.other_countries
        if any(len(code) != _COUNTRY_LETTERS for code in (*members, *others)):
            return _Written((), {})  # a code that IATI's list does not have; all are written as our own
        elements = (f"<recipient-country code={quoteattr(code)}/>" for code in (*members, *others))
        # Readers take those for member states that are some, which the record may have said otherwise.
        countries = self._vocabulary.countries
        is_usual = not any(code in countries and countries[code].is_member for code in others)
        fields = {"benefitingMemberStates": members, "benefitingCountries": others} if is_usual else {}
        return _Written(tuple(elements), fields)

    def _type(self) -> _Written:
        code = self._project.project_type
        if not code:
            return _Written((), {})
        uri = quoteattr(f"{self._base}scheme/type")
        sector = f'<sector vocabulary="99" vocabulary-uri={uri} code={quoteattr(code)}/>'
        return _Written((sector,), {"projectType": (code,)})

    def _frameworks(self) -> _Written:
        uri = quoteattr(f"{self._base}scheme/framework")
        codes = self._project.frameworks
        tags = (f'<tag vocabulary="99" vocabulary-uri={uri} code={quoteattr(code)}/>' for code in codes)
        return _Written(tuple(tags), {})

    def _budget(self) -> _Written:
        """The amount, if days are known that are not more than a year apart, as the standard wants it."""
        project = self._project
        first, last, budget = project.start_date, project.end_date, project.budget
        if not budget or not first or not last or not first <= last < _next_year(first):
            return _Written((), {})
        days = f'<period-start iso-date="{first.isoformat()}"/><period-end iso-date="{last.isoformat()}"/>'
        amount = written(budget.amount)
        value = f'<value currency={quoteattr(budget.currency)} value-date="{first.isoformat()}">{amount}</value>'
        fields = {"budget": (amount,), "budgetCurrency": (budget.currency,)}
        return _Written((f"<budget>{days}{value}</budget>",), fields)

    def _page(self) -> _Written:
        """The page of the project, if it is on the publisher's host."""
        own = self._fund.page_host
        for url in (origin.url for origin in self._project.origins if origin.url and own):
            if f".{urlsplit(url).hostname or ''}".endswith(f".{own}"):
                title = _narrative("Web page of the project", "en")
                link = f'<document-link url={quoteattr(url)} format="text/html"><title>{title}</title>'
                return _Written((f'{link}<category code="{_WEB_PAGE}"/></document-link>',), {})
        return _Written((), {})

    def _others(self, known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        """The fields that are not read back from the elements of the standard."""
        for key, field in load_fields().given.items():
            values = self._project.of(key)
            if field.kind is FieldKind.TEXT:
                if _texts(values) != known.get(key, ()):
                    yield from (_field(key, text.value, text.language) for text in values if isinstance(text, Text))
                continue
            if key == "budgetUSD" and self._project.currency == DOLLARS:
                continue  # the same as `budget`
            if tuple(map(written, values)) != known.get(key, ()):
                yield from (_field(key, written(value)) for value in values)


def _texts(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(f"{text.language} {text.value}" for text in texts if isinstance(text, Text))


def _text_narrative(text: Text) -> str:
    return _narrative(text.value, text.language)


def _narrative(text: str, language: str = "") -> str:
    tag = f" xml:lang={quoteattr(language)}" if language else ""
    return f"<narrative{tag}>{escape(text)}</narrative>"


def _field(key: str, text: str, language: str = "") -> str:
    tag = f" xml:lang={quoteattr(language)}" if language else ""
    return f"<ext:field key={quoteattr(key)}{tag}>{escape(text)}</ext:field>"


def _next_year(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February, or the last year
        return date(day.year + 1, 3, 1) if day.year < date.max.year else date.max
