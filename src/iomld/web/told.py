"""Errors as people are told them: in the page's language, where the sentence is one of ours.

Problems for programs stay in English. What a parser says is never ours; only what stands before it is translated.
"""

from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from iomld.i18n import ENGLISH
from iomld.web.words import key, page_language, parted, retold, said

# What stands before a sentence that may be somebody else's.
_LEADS = (
    key("line {line}, column {column}: {rest}"),
    key("The query does not parse: {rest}"),
    key("The query could not be evaluated: {rest}"),
    key("The shapes cannot be used. {rest}"),
    key("No query can be answered now: {rest}"),
    key("{file}, line {line}, column {column}: not valid {format}: {rest}"),
    key("{file}: line {line}, column {column}: not valid {format}: {rest}"),
)
_REST = "rest"


@dataclass(frozen=True, slots=True)
class Told:
    """An error as it is told.

    Attributes:
        lead: What stands before the sentence, in the page's language; often empty.
        sentence: The sentence.
        language: Its language; English where we have it in no other.
    """

    lead: str
    sentence: str
    language: str

    def __html__(self) -> Markup:
        """For a page: escaped, and marked where the sentence has another language than the page."""
        if self.language == page_language():
            return escape(self.lead + self.sentence)
        return Markup('{}<span lang="{}">{}</span>').format(self.lead, self.language, self.sentence)


def told(detail: str) -> Told:
    """The English detail of a problem in the page's language.

    >>> told("line 1, column 2: the text that begins here is not closed.").lead
    'Line 1, column 2: '
    """
    for lead in _LEADS:
        values = parted(lead, detail)
        if values is not None:
            before, after = said(lead, **(values | {_REST: ""})), told(values[_REST])
            if lead[0] != "{":  # a name of a file stays as it is
                before = before[:1].upper() + before[1:]
            return replace(after, lead=before + after.lead)
    own = retold(detail)
    return Told("", detail, ENGLISH) if own is None else Told("", own, page_language())
