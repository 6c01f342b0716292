"""Options of readers: what they need to know besides the bytes of a source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iomld.lexicon.words import NO_WORDS, Lexicon


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options of all readers.

    Attributes:
        url: Address of the page that a source was saved from; only for a source of one record.
        mapping: For foreign tables: our column for each heading of theirs.
        lexicon: The words of our lists, by which pages without labels are read.
    """

    url: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    lexicon: Lexicon = NO_WORDS
