"""One folding for all names: what differs only in case, accents, apostrophes, dashes or spaces is the same name.

Each character is folded by itself: apostrophes and quotation marks, dashes and spaces to one form each; then
compatibility decomposition (NFKD, Unicode Annex 15), marks off, and full case folding. So composed (NFC) and decomposed
(NFD) texts fold alike, and the place of every folded character in the original is known.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

_APOSTROPHES = "'\u2019\u2018\u00b4\u02bc\u02b9\u2032\u0060\u201b"
_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb'
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d"
# A raised digit after a name is a footnote, not a part of the name.
_RAISED = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079"
# Letters that Unicode does not decompose, and that people type without the stroke or as two letters.
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ß": "ss"}
_GAPS = re.compile(r"[ -]+")


def _folded_character(character: str) -> str:
    """The folded form of one character: empty for a mark, several letters for a ligature."""
    for marks, plain in ((_APOSTROPHES, "'"), (_QUOTES, '"'), (_DASHES, "-"), (_RAISED, " ")):
        if character in marks:
            return plain
    if character.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", character)
    bare = "".join(part for part in decomposed if not unicodedata.combining(part))
    lower = bare.casefold()
    letters = "".join(_LETTERS.get(letter, letter) for letter in lower)
    if len(letters) > 1 and not letters.isalpha():
        return character  # a fraction or a unit sign stays whole, so that no match can end inside it
    return letters


class _Table(dict[int, str]):
    """A table for `str.translate` that fills itself with the characters it meets."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded_character(chr(code))
        return folded


_TABLE = _Table()


@cache
def _odd() -> re.Pattern[str]:
    """Matches the characters that may fold to none or to several."""
    plain = [chr(code) for code in range(0x250) if len(_TABLE[code]) == 1]
    plain += [chr(code) for code in range(0x2010, 0x2027) if len(_TABLE[code]) == 1]
    return re.compile(f"[^{re.escape(''.join(plain))}]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text that knows where its characters come from.

    Attributes:
        text: The folded text.
        breaks: Places in the folded text from which on the distance to the original is another; ascending.
        shifts: For each break, what is added to a place in the folded text to get the place in the original.
    """

    text: str
    breaks: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()

    def original(self, index: int) -> int:
        """The place in the original of a place in the folded text; both are code points from 0.

        >>> folded("mise en œuvre du GCM").original(18)
        17
        """
        at = bisect_right(self.breaks, index)
        return index + self.shifts[at - 1] if at else index


def folded(text: str) -> Folded:
    r"""Fold a text and keep its places; spaces and dashes are folded one by one, not joined.

    >>> folded("Côte d\u2019Ivoire").text
    "cote d'ivoire"
    """
    result = text.translate(_TABLE)
    if text.isascii():
        return Folded(result)
    breaks: list[int] = []
    shifts: list[int] = []
    shift = 0  # original place minus folded place
    for match in _odd().finditer(text):
        at, length = match.start(), len(_TABLE[ord(match[0])])
        if length == 1:
            continue
        start = at - shift
        for extra in range(1, length):
            breaks.append(start + extra)
            shifts.append(at - start - extra)
        shift += 1 - length
        breaks.append(start + length)
        shifts.append(shift)
    return Folded(result, tuple(breaks), tuple(shifts))


def fold(name: str) -> str:
    """The key of a name: folded, with spaces and dashes joined to one space.

    >>> fold("Guinée-Bissau") == fold("  GUINEE  Bissau ")
    True
    """
    return _GAPS.sub(" ", name.translate(_TABLE)).strip()
