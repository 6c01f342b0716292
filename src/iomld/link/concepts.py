"""Words of a controlled list to their codes, in any of the languages that the list has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from iomld.folding import fold
from iomld.model import Finding, Severity, Value, message
from iomld.vocab import Concept, LabelKind

# A list of at most this many names is shown whole to who wrote a word that is like none of them.
_SHORT_LIST = 8
_RANKS = {LabelKind.PREFERRED: 0, LabelKind.ALTERNATIVE: 1, LabelKind.HIDDEN: 2}


@dataclass(frozen=True, slots=True)
class ConceptTable:
    """The names of one scheme.

    Attributes:
        codes: Code of the concept for each name, folded and as it stands, notation included.
        names: Preferred English names, for messages, by code.
    """

    codes: Mapping[str, str]
    names: Mapping[str, str]
    exact: Mapping[str, str] = field(default_factory=dict)

    def code(self, word: str) -> str | None:
        """The code that a notation or a name stands for, or None."""
        return self.exact.get(word) or self.codes.get(fold(word))

    def closest(self, word: str) -> tuple[str, ...]:
        """Up to three names of concepts that look most like a word, best first."""
        near = get_close_matches(fold(word)[:100], self.codes, n=6, cutoff=0.6)
        return tuple(dict.fromkeys(self.names[self.codes[key]] for key in near))[:3]


def build_concept_table(concepts: Mapping[str, Concept]) -> ConceptTable:
    """Index the concepts of a scheme by all their names; a notation counts first, then preferred names."""
    ranked = [(-1, fold(code), code) for code in concepts]
    ranked += [(_RANKS[label.kind], fold(label.text), code) for code, item in concepts.items() for label in item.labels]
    codes: dict[str, str] = {}
    for _, key, code in sorted(ranked, key=lambda entry: entry[0]):
        codes.setdefault(key, code)
    texts = [*concepts, *(label.text for concept in concepts.values() for label in concept.labels)]
    exact = {text: codes[fold(text)] for text in texts}
    return ConceptTable(codes, {code: concept.name() for code, concept in concepts.items()}, exact)


def read_concept(value: Value, table: ConceptTable, *, field: str, rule: str) -> tuple[str | None, tuple[Finding, ...]]:
    """Find the code of a word.

    Args:
        value: What the source says.
        table: The names of the scheme.
        field: The record's field, for the finding.
        rule: Name of the rule that an unknown word breaks (`unknownStatus`).

    Returns:
        The code, or None and a Violation that names the closest words of the list.
    """
    code = table.code(value.text)
    if code is not None:
        return code, ()
    near = table.closest(value.text)
    if near:
        fix = message("Closest: {names}.", names=", ".join(near))
    elif len(table.names) <= _SHORT_LIST:
        fix = message("Write one of: {names}.", names=", ".join(table.names.values()))
    else:
        fix = message("Write a name or a code from the list.")
    finding = Finding(
        rule=rule,
        severity=Severity.VIOLATION,
        message=message("“{value}” is not in the list.", value=value.text),
        fix=fix,
        field=field,
        value=value.text,
        place=value.place,
    )
    return None, (finding,)
