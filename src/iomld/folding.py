"""One folding for all names: what differs only in case, accents, apostrophes, dashes or spaces is the same name.

Each character is folded by itself: apostrophes and quotation marks, dashes and spaces to one form each; then
compatibility decomposition (NFKD, Unicode Annex 15), marks off, and full case folding. So composed (NFC) and decomposed
(NFD) texts fold alike, and the place of every folded character in the original is known.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

_APOSTROPHES = "'\u2019\u2018\u00b4\u02bc\u02b9\u2032\u0060\u201b"
_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb'
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d"
# A raised digit after a name is a footnote, not a part of the name.
_RAISED = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079"
_SIGNS = {
    sign: plain
    for signs, plain in ((_APOSTROPHES, "'"), (_QUOTES, '"'), (_DASHES, "-"), (_RAISED, " "))
    for sign in signs
}
# Letters that Unicode does not decompose, and that people type without the stroke or as two letters.
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ß": "ss"}
_GAPS = re.compile(r"[ -]+")
_FEW = 40  # different characters beyond ASCII; French texts hold 10 to 15


def _folded_character(character: str) -> str:
    """The folded form of one character: empty for a mark, several letters for a ligature."""
    if character in _SIGNS:
        return _SIGNS[character]
    if character.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", character)
    bare = "".join(part for part in decomposed if not unicodedata.combining(part))
    lower = bare.casefold()
    letters = "".join(_LETTERS.get(letter) or _SIGNS.get(letter, letter) for letter in lower)
    is_composed = unicodedata.normalize("NFD", character) != character
    if len(letters) > 1 and not letters.isalpha() and not is_composed:
        return character  # a fraction or a unit sign stays whole, so that no match can end inside it
    return letters


class _Table(dict[int, str]):
    """A table for `str.translate` that fills itself with the characters it meets."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded_character(chr(code))
        return folded


_TABLE = _Table()
_ASCII = bytes(range(0x80))
_BYTES = "".join(_TABLE[code] for code in _ASCII).encode() + bytes(range(0x80, 0x100))


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
    data = text.encode("utf-8", "surrogatepass")
    others = set(data.translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    odd = "".join(character for character in others if len(_TABLE[ord(character)]) != 1)
    result = _folded_text(text, others)
    return _with_places(text, result, odd) if odd else Folded(result)


def _folded_text(text: str, others: set[str]) -> str:
    """Each character folded; `others` are those beyond ASCII."""
    if len(others) > _FEW:
        return text.translate(_TABLE)
    # `str.translate` does 12 MB/s. Most texts hold few characters beyond ASCII, each often: to replace these one after
    # the other and translate the rest as bytes gives 100 MB/s.
    for character in others:
        text = text.replace(character, _TABLE[ord(character)])
    return text.encode("utf-8", "surrogatepass").translate(_BYTES).decode("utf-8", "surrogatepass")


def _with_places(text: str, result: str, odd: str) -> Folded:
    """The folded text with the places where characters that fold to none or to several move it."""
    breaks: list[int] = []
    shifts: list[int] = []
    shift = 0  # original place minus folded place
    for match in re.finditer(f"[{re.escape(odd)}]", text):
        at, length = match.start(), len(_TABLE[ord(match[0])])
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
