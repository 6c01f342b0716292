"""Read the text of a project page, in whichever layout it was printed or saved.

Layouts are recognised by content: fields with labels (after a dash, behind a bullet, or alone), else bare values. The
site's menu stands before the title and is never read as part of the record.
"""

from iomld.errors import SourceError
from iomld.model import Origin, Record, message
from iomld.read.options import NoRecogniser, Recogniser
from iomld.read.page.blocks import labelled_draft
from iomld.read.page.draft import Draft, Page, normalised, record_of
from iomld.read.page.lines import text_lines
from iomld.read.page.marks import text_marks
from iomld.read.page.positional import unlabelled_draft
from iomld.read.plain_text import lines_of

__all__ = ["is_page", "normalised", "read_page"]

_NOBODY = NoRecogniser()


def is_page(text: str, recogniser: Recogniser = _NOBODY) -> bool:
    """Say whether the text is a project page in a layout that we know."""
    return _draft(text, recogniser) is not None


def read_page(text: str, origin: Origin, *, file: str, recogniser: Recogniser = _NOBODY) -> Record:
    """Read the one record of a page.

    Args:
        text: The page's text.
        origin: The bytes it came from.
        file: The file's name for places.
        recogniser: Knows the words of our lists; without one, pages without labels stay unread.

    Returns:
        The record; a field without a value is absent, as on the page.

    Raises:
        SourceError: This is no project page.
    """
    draft = _draft(text, recogniser)
    if draft is None:
        raise SourceError(
            message(
                "{file}: no project record found. Expected a project page with field labels such as 'Project "
                "Status' and 'Projects ID', or records in JSON.",
                file=file,
            )
        )
    return record_of(draft, Page(file, text, lines_of(text), origin))


def _draft(text: str, recogniser: Recogniser) -> Draft | None:
    lines = text_lines(text)
    marks = text_marks(lines)
    bare = unlabelled_draft(lines, marks, recogniser)
    return labelled_draft(lines, marks, recogniser) if marks and bare is None else bare
