"""Options of readers: the input that they need besides the bytes of a source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iomld.lexicon.words import NO_WORDS, Lexicon


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options of all readers.

    Attributes:
        url: Address of the page that a source was saved from; only for a source of one record.
        mapping: For foreign tables, our column for each of their headings.
        lexicon: The words of our lists, needed to read pages without labels.
    """

    url: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    lexicon: Lexicon = NO_WORDS
