"""The data files of the package (ontology, controlled lists, shapes), and the controlled lists as values.

The files use the default base IRI. For a publisher with another base it is replaced; the namespaces of our terms and
shapes (`iomld.iris`) are fixed.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from iomld.formats.graph import Subject, SubjectGraph
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import DCTERMS, DEFAULT_BASE, FOAF, IOMLD, RDF, SCHEMA, SKOS, local_name
from iomld.vocab import Concept, Country, Fund, Label, LabelKind, Vocabulary

SCHEMES = ("status", "type", "coverage", "region", "framework", "theme", "line", "method", "review")

# The shared graphs of a release (`Iris.graph`) and their files. decoys.ttl is for the matcher and is not published.
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
    f"{FOAF}name": LabelKind.PREFERRED,
    f"{SKOS}altLabel": LabelKind.ALTERNATIVE,
    f"{SKOS}hiddenLabel": LabelKind.HIDDEN,
}


def asset_text(name: str, *, base: str = DEFAULT_BASE) -> str:
    """The text of a data file, with its IRIs under a base.

    Args:
        name: Folder and file, such as `ontology/status.ttl`.
        base: The base IRI, ending in a slash.

    Raises:
        FileNotFoundError: There is no such file.
    """
    text = _root().joinpath(name).read_text(encoding="utf-8")
    return text if base == DEFAULT_BASE else _DATA_IRI.sub(lambda _: base, text)


@lru_cache(maxsize=8)
def jsonld_context(base: str) -> str:
    """The context of our JSON-LD documents, the same for all under a base: a JSON array on one line."""
    context = json.loads(asset_text("ontology/context-v1.jsonld", base=base))["@context"]
    return json.dumps(context, ensure_ascii=False, separators=(",", ":"))


def asset_names(folder: str) -> tuple[str, ...]:
    """Names of the files in a folder (`ontology`, `shapes`), as `asset_text` takes them, sorted."""
    entries = _root().joinpath(folder).iterdir()
    return tuple(sorted(f"{folder}/{entry.name}" for entry in entries if entry.is_file()))


@lru_cache(maxsize=2)
def load_vocabulary(base: str = DEFAULT_BASE) -> Vocabulary:
    """The controlled lists, the countries and the decoys, in the order of their files; read once for a base."""
    decoys = _graph("ontology/decoys.ttl", base)
    return Vocabulary(
        concepts={scheme: _concepts(f"ontology/{scheme}.ttl", base) for scheme in SCHEMES},
        countries=_countries(base),
        decoys=tuple(label for iri in decoys for label in _labels(decoys[iri])),
        funds=_funds(base),
    )


def _root() -> Traversable:
    """The folder of the data files: inside the installed package, or the root of a checkout."""
    installed = files("iomld").joinpath("files")
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2]


def _concepts(name: str, base: str) -> dict[str, Concept]:
    graph = _graph(name, base)
    concepts = (_concept(graph[iri]) for iri in graph)
    return {concept.code: concept for concept in concepts if concept}


def _concept(subject: Subject) -> Concept | None:
    if subject.iri(f"{SKOS}inScheme") is None:
        return None  # the scheme itself
    broader = subject.iri(f"{SKOS}broader")
    return Concept(
        code=subject.value(f"{SKOS}notation") or "",
        labels=_labels(subject),
        broader=local_name(broader) if broader else None,
        kind=subject.value(f"{IOMLD}frameworkKind"),
        issuer=subject.value(f"{IOMLD}issuingBody"),
    )


def _countries(base: str) -> dict[str, Country]:
    graph = _graph("ontology/countries.ttl", base)
    return {local_name(iri): _country(local_name(iri), graph[iri]) for iri in graph}


def _country(code: str, subject: Subject) -> Country:
    region = subject.iri(f"{IOMLD}inRegion")
    return Country(
        code=code,
        labels=_labels(subject),
        is_member=f"{IOMLD}MemberState" in subject.iris(f"{RDF}type"),
        region=local_name(region) if region else None,
    )


def _funds(base: str) -> tuple[Fund, ...]:
    graph = _graph("ontology/fund.ttl", base)
    return tuple(
        Fund(
            code=local_name(iri),
            labels=_labels(graph[iri]),
            currency=graph[iri].value(f"{IOMLD}assumedCurrency"),
            iati_organisation=graph[iri].value(f"{DCTERMS}identifier"),
        )
        for iri in graph
    )


def _graph(name: str, base: str) -> SubjectGraph:
    return SubjectGraph(parse(asset_text(name, base=base), TURTLE))


def _labels(subject: Subject) -> tuple[Label, ...]:
    """All labels of a resource by kind, in the order of the file."""
    return tuple(
        Label(text, language, kind)
        for predicate, kind in _LABEL_KINDS.items()
        for text, language in subject.texts(predicate)
    )
