"""Compute the statistics of a dataset in one pass over its sorted lines, and add up those of its parts."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from iomld.iris import IOMLD, OWL, RDF, SKOS

_TYPE = f"<{RDF}type>".encode()
_START, _END, _COUNTRY = (f"<{IOMLD}{name}>".encode() for name in ("periodStart", "periodEnd", "benefitingCountry"))
_LINKS = frozenset(f"<{iri}>".encode() for iri in (f"{SKOS}exactMatch", f"{SKOS}closeMatch", f"{OWL}sameAs"))
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


def added_up(
    parts: Iterable[Statistics], *, twice: Iterable[Statistics] = (), once: Iterable[Statistics] = ()
) -> Statistics:
    """The statistics of a dataset from those of its parts.

    Args:
        parts: The statistics of all parts.
        twice: Of what is in several parts: its statistics in each part.
        once: The statistics of the same when each triple and subject counts once.
    """
    numbers: Counter[str] = Counter()
    counts: dict[str, Counter[Any]] = {"properties": Counter(), "classes": Counter(), "links": Counter()}
    starts, ends, countries = set[str](), set[str](), set[str]()
    for sign, many in ((1, parts), (-1, twice), (1, once)):
        for part in many:
            for name in ("triples", "subjects", "entities", "size_bytes"):
                numbers[name] += sign * getattr(part, name)
            for name, counter in counts.items():
                for key, number in getattr(part, name).items():
                    counter[key] += sign * number
            countries.update(part.countries)
            starts.update(filter(None, [part.start]))
            ends.update(filter(None, [part.end]))
    sums: dict[str, dict[Any, int]] = {name: dict(sorted((+counter).items())) for name, counter in counts.items()}
    return Statistics(
        triples=numbers["triples"],
        subjects=numbers["subjects"],
        entities=numbers["entities"],
        properties=sums["properties"],
        classes=sums["classes"],
        links=sums["links"],
        start=min(starts, default=None),
        end=max(ends, default=None),
        countries=tuple(sorted(countries)),
        size_bytes=numbers["size_bytes"],
    )


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
        """Count what another graph repeats again; what the graphs of a dataset repeat is subtracted by `added_up`."""
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
