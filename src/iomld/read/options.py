"""Options of readers: the input that they need besides the bytes of a source."""

from dataclasses import dataclass, field

from iomld.fund_folder import folder_in_use
from iomld.lexicon.words import NO_WORDS, Lexicon
from iomld.read.table.mapping import NO_MAPPING, TableMapping


def _iati_prefix() -> str:
    return folder_in_use().iati_prefix


def _page_host() -> str:
    return folder_in_use().page_host


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options of all readers.

    Attributes:
        url: Address of the page that a source was saved from; only for a source of one record.
        mapping: For foreign tables, how they say what our columns say.
        lexicon: The words of the lists, needed to read pages without labels and codes of IATI.
        iati_prefix: Start of the identifiers of the publisher's activities in IATI; empty if it has none.
        page_host: Host of the publisher's web pages of projects, with all hosts below it; empty if it has none.
        takes_sources: Whether sources that a record states itself, as our exports do, replace the file that is read; if
            not, the names of entries of an archive are not taken either.
    """

    url: str | None = None
    mapping: TableMapping = NO_MAPPING
    lexicon: Lexicon = NO_WORDS
    iati_prefix: str = field(default_factory=_iati_prefix)
    page_host: str = field(default_factory=_page_host)
    takes_sources: bool = True
