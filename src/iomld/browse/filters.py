"""Filters of a list of projects, read from the parameters of its address."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

# The facets in the order of pages; each is the name of a parameter that may be repeated.
FACETS = ("status", "type", "coverage", "region", "country", "framework", "year", "budget")
SORTS = ("relevance", "code", "title", "start", "budget")
# Budget bands that pages offer, in US dollars; an address may use others.
BANDS = ("0-50000", "50000-100000", "100000-200000", "200000-500000", "500000-")

_LONGEST_WORDS = 200
_LONGEST_VALUE = 80
_MOST_VALUES = 50
_BAND = re.compile(r"([0-9]{1,12})-([0-9]{0,12})")
_YEAR = re.compile(r"[0-9]{4}")
_PAGE_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of projects: a project must match every facet, by any of its values.

    Attributes:
        words: Words to search for, separated by single spaces.
        values: The chosen values of each facet, without duplicates.
        year_from: Projects that are active in this year or later.
        year_to: Projects that are active in this year or earlier.
        sort: One of `SORTS`; empty for the default: by relevance if there are words, else by code.
        page: Number of the page, from 1.
    """

    words: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    year_from: int | None = None
    year_to: int | None = None
    sort: str = ""
    page: int = 1

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The equivalent parameters, without the page."""
        years = (("year_from", self.year_from), ("year_to", self.year_to))
        return (
            *((("q", self.words),) if self.words else ()),
            *((facet, value) for facet in FACETS for value in self.values.get(facet, ())),
            *((name, str(year)) for name, year in years if year is not None),
            *((("sort", self.sort),) if self.sort else ()),
        )

    def without(self, name: str, value: str = "") -> "Filters":
        """The filters without one value of a facet, or without another parameter."""
        match name:
            case "q":
                return replace(self, words="", page=1)
            case "year_from":
                return replace(self, year_from=None, page=1)
            case "year_to":
                return replace(self, year_to=None, page=1)
        left = tuple(other for other in self.values.get(name, ()) if other != value)
        others = {facet: values for facet, values in self.values.items() if facet != name}
        return replace(self, values=others | ({name: left} if left else {}), page=1)


def read_filters(parameters: Iterable[tuple[str, str]]) -> Filters:
    """Read filters from parameters; invalid values are ignored, and long ones are cut.

    Args:
        parameters: Names and values in the order of the address; unknown names are ignored.

    >>> read_filters([("q", " two  ports "), ("year", "2018"), ("year", "2018"), ("page", "-1")]).pairs()
    (('q', 'two ports'), ('year', '2018'))
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        text = _cleaned(value)
        if text:
            given.setdefault(name, []).append(text)
    first = {name: values[0] for name, values in given.items()}
    sort = first.get("sort", "")
    return Filters(
        words=first.get("q", ""),
        values={facet: _distinct(given[facet]) for facet in FACETS if facet in given},
        year_from=_year(first.get("year_from", "")),
        year_to=_year(first.get("year_to", "")),
        sort=sort if sort in SORTS else "",
        page=max(page_number(first.get("page", "")) or 1, 1),
    )


def ignored_parameters(parameters: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The parameters that `read_filters` ignores, as in the address: unknown names, and values that cannot be read.

    Args:
        parameters: Names and values in the order of the address; empty values are none.

    >>> ignored_parameters([("sort", "size"), ("sort", "title"), ("colour", "red"), ("year_to", "")])
    ('sort=size', 'colour=red')
    """
    texts = ((name, _cleaned(value)[:_LONGEST_VALUE]) for name, value in parameters)
    return tuple(f"{name[:_LONGEST_VALUE]}={text}" for name, text in texts if text and not _is_read(name, text))


def _is_read(name: str, text: str) -> bool:
    match name:
        case "sort":
            return text in SORTS
        case "year_from" | "year_to":
            return _year(text) is not None
        case "page":
            return bool(page_number(text))
    return name == "q" or name in FACETS


def page_number(text: str) -> int | None:
    """Read the number of a page; None for text that is not a number of at most six digits.

    >>> page_number("12"), page_number("1e3")
    (12, None)
    """
    return int(text) if _PAGE_NUMBER.fullmatch(text) else None


def budget_band(text: str) -> tuple[Decimal, Decimal | None] | None:
    """The ends of a band in US dollars, the lower one included, the upper one not; None for any other text.

    >>> budget_band("500000-")
    (Decimal('500000'), None)
    """
    band = _BAND.fullmatch(text)
    return (Decimal(band[1]), Decimal(band[2]) if band[2] else None) if band else None


def _cleaned(value: str) -> str:
    return " ".join("".join(map(_printable, value[:_LONGEST_WORDS])).split())


def _printable(character: str) -> str:
    return character if character.isprintable() else " "


def _distinct(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value[:_LONGEST_VALUE] for value in values))[:_MOST_VALUES]


def _year(text: str) -> int | None:
    return int(text) if _YEAR.fullmatch(text) else None
