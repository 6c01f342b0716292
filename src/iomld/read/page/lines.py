"""The lines of a page as readers pass them on: each with its place, and what a sentence looks like."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iomld.lexicon.words import Lexicon
from iomld.read.text import lines_of

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*(?:\s|$)|[:;]$")
# "(Bolivarian Republic of)." ends a name, "St. Lucia" holds one: an abbreviation ends no sentence.
_ABBREVIATION = re.compile(r"\b(?:St|Ste|Sta|Sto|Rep|Dem|Fed|[A-Z])\.(?=\s|$)")
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS = 4  # of a stretch of small words that is taken for prose
_SMALL_SHARE = 0.5
LONGEST_VALUE = 4000  # characters; all countries of the world in a row need less
_CHECKED = 1000  # characters of a line that show whether it is prose


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of text with its place.

    Attributes:
        text: The text, trimmed; empty for a blank line.
        number: The line it begins on, from 1.
        column: The column it begins at, from 1.
        pieces: The text of each element inside, where the source sets several items into one line.
    """

    text: str
    number: int
    column: int = 1
    pieces: tuple[str, ...] = ()


def text_lines(text: str) -> list[Line]:
    """The lines of a text, trimmed, with their places."""
    lines = []
    for number, raw in enumerate(lines_of(text), start=1):
        stripped = raw.strip()
        lines.append(Line(stripped, number, raw.find(stripped) + 1 if stripped else 1))
    return lines


def filled(lines: Sequence[Line], start: int, end: int) -> Iterator[int]:
    """The indexes of the lines with text from `start` up to `end`."""
    return (index for index in range(start, min(end, len(lines))) if lines[index].text)


def is_prose(text: str) -> bool:
    """Say whether a line reads like a sentence: it ends like one, or most of its words are small.

    >>> is_prose("The ministry asked for help."), is_prose("Bosnia and Herzegovina St. Lucia")
    (True, False)
    """
    if len(text) > LONGEST_VALUE:
        return True
    text = text[:_CHECKED]
    if _SENTENCE_END.search(_ABBREVIATION.sub("", text)):
        return True
    words = _WORD.findall(text)
    small = sum(word.islower() for word in words)
    return len(words) >= _FEWEST_WORDS and small > _SMALL_SHARE * len(words)


def are_countries(text: str, lexicon: Lexicon) -> bool:
    """Whether a line is wholly a list of countries; a very long one is not looked at."""
    return len(text) <= LONGEST_VALUE and lexicon.are_countries(text)
