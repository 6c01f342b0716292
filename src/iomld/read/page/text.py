"""Read the text of a project page, in any of the known layouts.

Layouts are recognized by content: fields with labels (after a dash, after a bullet, or alone), else bare values. The
site's menu, before the title, is not part of the record.
"""

from iomld.errors import SourceError
from iomld.lexicon.words import NO_WORDS, Lexicon
from iomld.messages import message
from iomld.model import Origin, Record
from iomld.read.page.labelled import labelled_draft
from iomld.read.page.labels import text_marks
from iomld.read.page.page import PageDraft, PageSource, record_of, text_lines
from iomld.read.page.unlabelled import unlabelled_draft
from iomld.read.text import lines_of


def read_page(text: str, origin: Origin, *, file: str, lexicon: Lexicon = NO_WORDS) -> Record:
    """Read the one record of a page.

    Args:
        text: The page's text.
        origin: The bytes it came from.
        file: The file's name for places.
        lexicon: The words of our lists; without it, pages without labels cannot be read.

    Returns:
        The record; a field without a value is absent, as on the page.

    Raises:
        SourceError: The text is not a project page.
    """
    draft = _draft(text, lexicon)
    if draft is None:
        raise SourceError(
            message(
                "{file}: no project record was found. Give a project page with field labels such as 'Project "
                "Status' and 'Projects ID', a table, or records in JSON.",
                file=file,
            )
        )
    return record_of(draft, PageSource(file, text, lines_of(text), origin))


def _draft(text: str, lexicon: Lexicon) -> PageDraft | None:
    lines = text_lines(text)
    marks = text_marks(lines)
    bare = unlabelled_draft(lines, marks, lexicon)
    return labelled_draft(lines, marks, lexicon) if marks and bare is None else bare
