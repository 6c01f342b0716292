"""Completions for the query editor: terms of the ontology and the release with their use, countries and concepts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from iomld.browse.dataset import term_use
from iomld.browse.ontology import ontology_terms
from iomld.browse.view import ReleaseView, link_to

_Shorten = Callable[[str], str | None]


class CompletionKind(StrEnum):
    """The position in a query that a term fits."""

    CLASS = "class"
    PROPERTY = "property"
    THING = "thing"


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A term that queries can use.

    Attributes:
        name: Its prefixed name.
        kind: Its kind.
        label: Its English name; empty for terms of other vocabularies, whose labels we do not have.
        comment: Its definition, if it is a term of ours.
        domain: Prefixed names of the classes in the domain of a property.
        count: Instances of the class, or triples with the property, in the release; 0 for a country or concept.
    """

    name: str
    kind: CompletionKind
    label: str = ""
    comment: str = ""
    domain: tuple[str, ...] = ()
    count: int = 0


def query_terms(view: ReleaseView) -> tuple[QueryTerm, ...]:
    """Our terms and others that the release uses, each kind by name, then countries and concepts.

    Terms without a prefix of ours are omitted.
    """
    view = replace(view, language="en")  # completions are the same in all languages
    short = partial(_short, prefixes=view.iris.prefixes())
    used = {term.name: term for term in _release_terms(view, short)}
    terms = used | {term.name: term for term in _ontology_terms(view, short, used)}
    ranked = sorted(terms.values(), key=lambda term: (term.kind, term.name))
    return (*ranked, *_named_resources(view, short))


def _short(iri: str, prefixes: Mapping[str, str]) -> str | None:
    """The prefixed name of an IRI as valid SPARQL; None if no prefix of ours fits."""
    for prefix, start in prefixes.items():
        local = iri.removeprefix(start)
        if iri.startswith(start) and local and all(one.isalnum() or one in "-_" for one in local):
            return f"{prefix}:{local}"
    return None


def _release_terms(view: ReleaseView, short: _Shorten) -> Iterator[QueryTerm]:
    """The classes and properties that the release uses."""
    use = term_use(view)
    for kind, counts in ((CompletionKind.CLASS, use.classes), (CompletionKind.PROPERTY, use.properties)):
        for iri, count in counts.items():
            if name := short(iri):
                yield QueryTerm(name, kind, count=count)


def _ontology_terms(view: ReleaseView, short: _Shorten, used: Mapping[str, QueryTerm]) -> Iterator[QueryTerm]:
    """The terms of the ontology, with their use."""
    for term in ontology_terms(view):
        name = short(term.iri)
        if name:
            kind = CompletionKind.CLASS if term.kind == "Class" else CompletionKind.PROPERTY
            domain = tuple(short(iri) or iri for iri in term.domain)
            yield QueryTerm(name, kind, term.label, term.definition, domain, used[name].count if name in used else 0)


def _named_resources(view: ReleaseView, short: _Shorten) -> Iterator[QueryTerm]:
    """Countries and concepts, by name."""
    concepts = (
        view.iris.concept(scheme, code) for scheme, codes in view.vocabulary.concepts.items() for code in sorted(codes)
    )
    for iri in (*map(view.iris.country, sorted(view.vocabulary.countries)), *concepts):
        name, link = short(iri), link_to(view, iri)
        if name and link:
            yield QueryTerm(name, CompletionKind.THING, link.name)
