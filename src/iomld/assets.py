"""The package's own files: ontology, controlled lists, shapes; and the controlled lists as values.

The files name the default data base. Whoever publishes under another base gets them with that base in its place; the
namespaces of our terms and shapes are the same everywhere and stay (`iomld.iris`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from iomld.formats.rdf import TURTLE, parse
from iomld.iris import DEFAULT_BASE, IOMLD, RDF, SCHEMA, SKOS, local_name
from iomld.vocab import Concept, Country, Label, LabelKind, Vocabulary

SCHEMES = ("status", "type", "coverage", "region", "framework", "theme", "line", "method", "review")

# Shared graphs of a release (`Iris.graph`) and the files they hold. decoys.ttl is read by the matcher, never published.
REFERENCE_GRAPHS: Mapping[str, tuple[str, ...]] = {
    "ontology": ("ontology/iomld.ttl", "ontology/alignment.ttl"),
    "schemes": (*(f"ontology/{scheme}.ttl" for scheme in SCHEMES), "ontology/fund.ttl"),
    "countries": ("ontology/countries.ttl",),
    "queries": ("ontology/queries.ttl",),
}

_DATA_IRI = re.compile(re.escape(DEFAULT_BASE) + r"(?!(?:ns|shapes)\b)")
_LABEL_KINDS = {
    f"{SKOS}prefLabel": LabelKind.PREFERRED,
    f"{SCHEMA}name": LabelKind.PREFERRED,
    f"{SKOS}altLabel": LabelKind.ALTERNATIVE,
    f"{SKOS}hiddenLabel": LabelKind.HIDDEN,
}


@dataclass(slots=True)
class _Subject:
    """What a file says of one IRI, while it is being read."""

    labels: list[Label] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.values[f"{SKOS}notation"]


def asset_text(name: str, *, base: str = DEFAULT_BASE) -> str:
    """The text of one of our files, naming things under a data base.

    Args:
        name: Folder and file, such as `ontology/status.ttl`.
        base: The data base, ending in a slash.

    Raises:
        FileNotFoundError: We have no such file.
    """
    text = _root().joinpath(name).read_text(encoding="utf-8")
    return text if base == DEFAULT_BASE else _DATA_IRI.sub(lambda _: base, text)


def asset_names(folder: str) -> tuple[str, ...]:
    """Names of the files in a folder (`ontology`, `shapes`), as `asset_text` takes them, sorted."""
    entries = _root().joinpath(folder).iterdir()
    return tuple(sorted(f"{folder}/{entry.name}" for entry in entries if entry.is_file()))


def load_vocabulary(base: str = DEFAULT_BASE) -> Vocabulary:
    """Read the controlled lists, the countries and the decoys, in the order of their files."""
    return Vocabulary(
        concepts={scheme: _concepts(f"ontology/{scheme}.ttl", base) for scheme in SCHEMES},
        countries=_countries(base),
        decoys=tuple(label for subject in _subjects("ontology/decoys.ttl", base).values() for label in subject.labels),
    )


def _root() -> Traversable:
    """Where the folders are: inside the installed package, or at the top of a checkout."""
    packed = files("iomld").joinpath("files")
    return packed if packed.is_dir() else Path(__file__).resolve().parents[2]


def _concepts(name: str, base: str) -> dict[str, Concept]:
    return {concept.code: concept for concept in map(_concept, _subjects(name, base).values()) if concept}


def _concept(subject: _Subject) -> Concept | None:
    if f"{SKOS}inScheme" not in subject.values:
        return None  # the scheme itself
    broader = subject.values.get(f"{SKOS}broader")
    return Concept(
        code=subject.code,
        labels=tuple(subject.labels),
        broader=local_name(broader) if broader else None,
        kind=subject.values.get(f"{IOMLD}frameworkKind"),
    )


def _countries(base: str) -> dict[str, Country]:
    subjects = _subjects("ontology/countries.ttl", base)
    return {local_name(iri): _country(local_name(iri), subject) for iri, subject in subjects.items()}


def _country(code: str, subject: _Subject) -> Country:
    region = subject.values.get(f"{IOMLD}inRegion")
    return Country(
        code=code,
        labels=tuple(subject.labels),
        is_member=subject.values[f"{RDF}type"] == f"{IOMLD}MemberState",
        region=local_name(region) if region else None,
    )


def _subjects(name: str, base: str) -> dict[str, _Subject]:
    """What a file says, by IRI in file order: all labels, and the last value of each other property."""
    subjects: dict[str, _Subject] = {}
    for iri, predicate, value, language in _statements(name, base):
        subject = subjects.setdefault(iri, _Subject())
        kind = _LABEL_KINDS.get(predicate)
        if kind:
            subject.labels.append(Label(value, language, kind))
        else:
            subject.values[predicate] = value
    return subjects


def _statements(name: str, base: str) -> Iterator[tuple[str, str, str, str]]:
    """Subject, predicate, value and language of each triple; the language is empty where there is none."""
    for quad in parse(asset_text(name, base=base), TURTLE):
        # Our files have neither blank nodes nor triple terms (tests see to it), so that each term has a value.
        yield (
            getattr(quad.subject, "value", ""),
            quad.predicate.value,
            getattr(quad.object, "value", ""),
            getattr(quad.object, "language", None) or "",
        )
