"""Options of readers: the input that they need besides the bytes of a source."""

from dataclasses import dataclass, field

from iomld.fund_folder import folder_in_use
from iomld.lexicon.words import NO_WORDS, Lexicon
from iomld.read.table.mapping import NO_MAPPING, TableMapping


def _iati_prefix() -> str:
    return folder_in_use().iati_prefix


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options of all readers.

    Attributes:
        url: Address of the page that a source was saved from; only for a source of one record.
        mapping: For foreign tables, how they say what our columns say.
        lexicon: The words of our lists, needed to read pages without labels.
        iati_prefix: Start of the identifiers of the publisher's activities in IATI; empty if it has none.
    """

    url: str | None = None
    mapping: TableMapping = NO_MAPPING
    lexicon: Lexicon = NO_WORDS
    iati_prefix: str = field(default_factory=_iati_prefix)
