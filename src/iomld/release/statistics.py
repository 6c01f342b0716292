"""Compute the statistics of a dataset in one pass over its sorted lines, and add up those of its parts."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from iomld.iris import IOMLD, OWL, RDF, SKOS

_TYPE = f"<{RDF}type>".encode()
_START, _END, _COUNTRY = (f"<{IOMLD}{name}>".encode() for name in ("periodStart", "periodEnd", "benefitingCountry"))
_LINKS = frozenset(f"<{iri}>".encode() for iri in (f"{SKOS}exactMatch", f"{SKOS}closeMatch", f"{OWL}sameAs"))
_ONCE = ("triples", "subjects", "entities")  # what several parts have counts once
_NUMBERS = (*_ONCE, "size_bytes")
_COUNTED = ("properties", "classes", "links")
_VALUES = ("start", "end", "countries")
_SPACE = re.compile(rb"<(https?://[^/>]+/)")


@dataclass(frozen=True, slots=True)
class Statistics:
    """The statistics of a dataset for VoID and DCAT.

    Attributes:
        triples: Number of triples; a triple in two graphs counts once.
        subjects: Number of distinct subjects.
        entities: Number of distinct subjects in the URI space of our resources.
        properties: Number of triples of each property.
        classes: Number of instances of each class.
        links: Number of links for each mapping property and URI space of another dataset.
        start: First day of the earliest period, if any.
        end: Last day of the latest period, if any.
        countries: IRIs of the countries that benefit, sorted.
        size_bytes: Length of the lines.
    """

    triples: int
    subjects: int
    entities: int
    properties: Mapping[str, int]
    classes: Mapping[str, int]
    links: Mapping[tuple[str, str], int]
    start: str | None
    end: str | None
    countries: tuple[str, ...]
    size_bytes: int

    def to_json(self) -> dict[str, object]:
        """As a JSON object; a link is an array of property, URI space and number."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # `asdict` would copy all of them
        return values | {"links": [[*link, number] for link, number in self.links.items()]}

    @staticmethod
    # Typing the parsed JSON would add nothing to the check of the file's hash.
    def from_json(values: dict[str, Any]) -> "Statistics":
        """Read what `to_json` wrote."""
        links = {(predicate, space): number for predicate, space, number in values["links"]}
        return Statistics(**values | {"links": links, "countries": tuple(values["countries"])})


class StatisticsTotals:
    """Sums of statistics, to which those of a part are added, and from which they are taken away again."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._numbers: Counter[str] = Counter()
        self._counts: dict[str, Counter[Any]] = {name: Counter() for name in _COUNTED}
        # The number of parts that have a value, since a part that goes may not have been the only one.
        self._values: dict[str, Counter[str]] = {name: Counter() for name in _VALUES}

    def add(self, part: Statistics, sign: int = 1) -> None:
        """Add the statistics of a part, or with the sign -1 take them away."""
        self.correct(part, sign)
        self._numbers["size_bytes"] += sign * part.size_bytes
        for name, values in self._values.items():
            values.update(dict.fromkeys(_values_of(part, name), sign))

    def correct(self, part: Statistics, sign: int) -> None:
        """Count more or less often what the parts have anyway; that does not change their lengths."""
        for name in _ONCE:
            self._numbers[name] += sign * getattr(part, name)
        for name, counter in self._counts.items():
            for key, number in getattr(part, name).items():
                counter[key] += sign * number

    def copy(self) -> Self:
        """A copy, to be changed without this one."""
        return self.from_json(self.to_json())

    def result(self) -> Statistics:
        """The sums as the statistics of the whole."""
        sums: dict[str, dict[Any, int]] = {name: dict(sorted((+one).items())) for name, one in self._counts.items()}
        values = {name: sorted(+counter) for name, counter in self._values.items()}
        return Statistics(
            **{name: self._numbers[name] for name in _NUMBERS},
            properties=sums["properties"],
            classes=sums["classes"],
            links=sums["links"],
            start=min(values["start"], default=None),
            end=max(values["end"], default=None),
            countries=tuple(values["countries"]),
        )

    def to_json(self) -> dict[str, object]:
        """As a JSON object, equal for equal sums."""
        return {
            **{name: self._numbers[name] for name in _NUMBERS},
            **{name: [[*_parts(key), n] for key, n in sorted((+one).items())] for name, one in self._counts.items()},
            **{name: sorted((+one).items()) for name, one in self._values.items()},
        }

    @classmethod
    # Typing the parsed JSON would add nothing to the check of the file's hash.
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        totals = cls()
        totals._numbers.update({name: values[name] for name in _NUMBERS})
        for name, counter in totals._counts.items():
            counter.update({key[0] if len(key) == 1 else tuple(key): number for *key, number in values[name]})
        for name, found in totals._values.items():
            found.update(dict(values[name]))
        return totals


def _values_of(part: Statistics, name: str) -> tuple[str, ...]:
    value = getattr(part, name)
    return value if isinstance(value, tuple) else (value,) if value else ()


def _parts(key: str | tuple[str, str]) -> tuple[str, ...]:
    return key if isinstance(key, tuple) else (key,)


class StatisticsCount:
    """Counts N-Quads lines one by one."""

    def __init__(self, base: str) -> None:
        """Start at zero; links to IRIs under `base` do not count as links to other datasets."""
        self._base = f"<{base}".encode()
        self._things = f"<{base}id/".encode()
        self._triple = self._subject = b""
        self._triples = self._subjects = self._entities = self._bytes = 0
        self._properties: Counter[bytes] = Counter()
        self._classes: Counter[bytes] = Counter()
        self._links: Counter[tuple[bytes, bytes]] = Counter()
        self._days: dict[bytes, bytes] = {}
        self._countries: set[bytes] = set()

    def begin_graph(self) -> None:
        """Count what another graph repeats again; what the graphs of a dataset repeat is subtracted later."""
        self._triple = self._subject = b""

    def add(self, line: bytes) -> None:
        """Count an N-Quads line; equal triples must be consecutive, as in sorted lines."""
        self._bytes += len(line)
        triple = line.rstrip()[:-2].rpartition(b" ")[0]
        if triple == self._triple:
            return
        self._triple = triple
        subject, predicate, value = triple.split(b" ", 2)
        if subject != self._subject:
            self._subject = subject
            self._subjects += 1
            self._entities += subject.startswith(self._things)
        self._triples += 1
        self._properties[predicate] += 1
        if predicate == _TYPE:
            self._classes[value] += 1
        elif predicate in _LINKS:
            self._link(predicate, value)
        elif predicate == _COUNTRY:
            self._countries.add(value)
        elif predicate in (_START, _END):
            choose = min if predicate == _START else max
            day = value.split(b'"')[1]
            self._days[predicate] = choose(self._days.get(predicate, day), day)

    def result(self) -> Statistics:
        """The statistics so far."""
        start, end = self._days.get(_START), self._days.get(_END)
        return Statistics(
            triples=self._triples,
            subjects=self._subjects,
            entities=self._entities,
            properties=_by_iri(self._properties),
            classes=_by_iri(self._classes),
            links={(_iri(name), space.decode()): count for (name, space), count in sorted(self._links.items())},
            start=start.decode() if start else None,
            end=end.decode() if end else None,
            countries=tuple(map(_iri, sorted(self._countries))),
            size_bytes=self._bytes,
        )

    def _link(self, predicate: bytes, value: bytes) -> None:
        match = _SPACE.match(value)
        if match and not value.startswith(self._base):
            self._links[predicate, match[1]] += 1


def _by_iri(counts: Mapping[bytes, int]) -> dict[str, int]:
    return {_iri(name): count for name, count in sorted(counts.items())}


def _iri(written: bytes) -> str:
    return written[1:-1].decode()
