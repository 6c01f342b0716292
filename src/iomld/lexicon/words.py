"""The lexicon: the names of concepts and countries in the controlled lists, with their codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from iomld.folding import fold
from iomld.lexicon.countries import LABEL_RANKS, Gazetteer, build_gazetteer
from iomld.messages import LocalizedText
from iomld.vocab import Concept, Vocabulary

_CLOSE = 0.7  # similarity (difflib) of names that are offered for an unknown word: "Completd" and Completed have 0.94


@dataclass(frozen=True, slots=True)
class ConceptTable:
    """The names of one scheme.

    Attributes:
        codes: Code of the concept for each folded name, notations included.
        names: Preferred names, for messages, by code.
        exact: Code of the concept for each name as written in the list.
        by_iati_code: Code of the concept for each code of IATI's own list.
    """

    codes: Mapping[str, str]
    names: Mapping[str, LocalizedText]
    exact: Mapping[str, str] = field(default_factory=dict)
    by_iati_code: Mapping[str, str] = field(default_factory=dict)

    def code(self, word: str) -> str | None:
        """The code of a notation or a name, or None."""
        return self.exact.get(word) or self.codes.get(fold(word))

    def closest(self, word: str) -> tuple[LocalizedText, ...]:
        """Up to three names that a word may be a misspelling of, best first, one for each concept."""
        near = get_close_matches(fold(word)[:100], self.codes, n=6, cutoff=_CLOSE)
        return tuple(self.names[code] for code in list(dict.fromkeys(self.codes[key] for key in near))[:3])


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All names of the concepts and countries of a vocabulary.

    Attributes:
        concepts: The names of each scheme.
        gazetteer: The names of countries.
        printed: The scheme of each field that pages print one concept of.
    """

    concepts: Mapping[str, ConceptTable]
    gazetteer: Gazetteer
    printed: Mapping[str, str] = field(default_factory=dict)

    def fields_of(self, text: str) -> tuple[str, ...]:
        """The fields whose list has the text as a name; 'Global' is a coverage and a region."""
        schemes = ((name, self.concepts.get(scheme)) for name, scheme in self.printed.items())
        return tuple(name for name, table in schemes if table is not None and table.code(text) is not None)

    def are_countries(self, text: str) -> bool:
        """Whether a text is nothing but country names, with or without separators."""
        found = self.gazetteer.states(text)
        return bool(found.codes) and not found.leftovers

    def resembles_country(self, text: str) -> bool:
        """Whether a text is similar to the name of a country, as a mistyped name is."""
        return self.gazetteer.resembles(text)


def build_concept_table(concepts: Mapping[str, Concept]) -> ConceptTable:
    """Index the concepts of a scheme by all their names; a notation counts first, then preferred names."""
    ranked = [(-1, fold(code), code) for code in concepts]
    ranked += [
        (LABEL_RANKS[label.kind], fold(label.text), code) for code, item in concepts.items() for label in item.labels
    ]
    codes: dict[str, str] = {}
    for _, key, code in sorted(ranked, key=lambda entry: entry[0]):
        codes.setdefault(key, code)
    texts = [*concepts, *(label.text for concept in concepts.values() for label in concept.labels)]
    exact = {text: codes[fold(text)] for text in texts}
    return ConceptTable(
        codes,
        {code: concept.names for code, concept in concepts.items()},
        exact,
        {number: code for code, concept in concepts.items() for number in concept.iati_codes},
    )


def build_lexicon(vocabulary: Vocabulary) -> Lexicon:
    """Index the names of a vocabulary."""
    return Lexicon(
        concepts={scheme: build_concept_table(concepts) for scheme, concepts in vocabulary.concepts.items()},
        gazetteer=build_gazetteer(vocabulary),
        printed={
            key: scheme for key, scheme in vocabulary.fields.concepts.items() if vocabulary.fields.given[key].labels
        },
    )


# An empty lexicon, which does not suffice to read pages without labels.
NO_WORDS = build_lexicon(Vocabulary({}, {}))
