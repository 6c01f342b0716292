"""Folding of names: names that differ only in case, accents, apostrophes, dashes or spaces fold to the same text.

Each character is folded by itself: apostrophes and quotation marks, dashes and spaces to one form each; then
compatibility decomposition (NFKD, Unicode Annex 15), removal of marks, and full case folding. So composed (NFC) and
decomposed (NFD) texts fold alike, and the position of every folded character in the original is known.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

_APOSTROPHES = "'\u2019\u2018\u00b4\u02bc\u02b9\u2032\u0060\u201b"
_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb'
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d"
# A superscript digit after a name is a footnote mark, not part of the name.
_SUPERSCRIPTS = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079"
_SIGNS = {
    sign: plain
    for signs, plain in ((_APOSTROPHES, "'"), (_QUOTES, '"'), (_DASHES, "-"), (_SUPERSCRIPTS, " "))
    for sign in signs
}
# Letters that Unicode does not decompose, and that people type without the stroke or as two letters.
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ß": "ss"}
_MAX_REPLACED = 40  # distinct non-ASCII characters; French texts have 10 to 15


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


class _FoldingTable(dict[int, str]):
    """A cache of folded characters, as a table for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded_character(chr(code))
        return folded


_TABLE = _FoldingTable()
_ASCII = bytes(range(0x80))
_BYTES = "".join(_TABLE[code] for code in _ASCII).encode() + bytes(range(0x80, 0x100))


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text with the positions of its characters in the original.

    Attributes:
        text: The folded text.
        breaks: Positions in the folded text from which on the offset to the original is different; ascending.
        shifts: The offset from each break on: position in the original minus position in the folded text.
    """

    text: str
    breaks: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()

    def original(self, index: int) -> int:
        """The position in the original of a position in the folded text, in code points from 0.

        >>> folded("mise en œuvre du GCM").original(18)
        17
        """
        at = bisect_right(self.breaks, index)
        return index + self.shifts[at - 1] if at else index


def folded(text: str) -> Folded:
    r"""Fold a text and record positions; spaces and dashes are folded one by one, not joined.

    >>> folded("Côte d\u2019Ivoire").text
    "cote d'ivoire"
    """
    if text.isascii():  # known to Python, and no character changes its length
        return Folded(text.encode().translate(_BYTES).decode())
    others = _non_ascii(text)
    resized = "".join(character for character in others if len(_TABLE[ord(character)]) != 1)
    result = _folded_text(text, others)
    return _with_positions(text, result, resized) if resized else Folded(result)


def _non_ascii(text: str) -> set[str]:
    """The distinct non-ASCII characters of a text."""
    return set(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))


def _folded_text(text: str, others: set[str]) -> str:
    """Fold each character; `others` are the distinct non-ASCII ones."""
    if len(others) > _MAX_REPLACED:
        return text.translate(_TABLE)
    # `str.translate` folds 12 MB/s. Replacing the few distinct non-ASCII characters of most texts one after the other,
    # and translating the rest as bytes, folds 100 MB/s.
    for character in others:
        text = text.replace(character, _TABLE[ord(character)])
    return text.encode("utf-8", "surrogatepass").translate(_BYTES).decode("utf-8", "surrogatepass")


def _with_positions(text: str, result: str, resized: str) -> Folded:
    """The folded text with its offsets, which change at `resized` characters: those that do not fold to one."""
    breaks: list[int] = []
    shifts: list[int] = []
    shift = 0  # position in the original minus position in the folded text
    for match in re.finditer(f"[{re.escape(resized)}]", text):
        at, length = match.start(), len(_TABLE[ord(match[0])])
        start = at - shift
        for extra in range(1, length):
            breaks.append(start + extra)
            shifts.append(at - start - extra)
        shift += 1 - length
        breaks.append(start + length)
        shifts.append(shift)
    return Folded(result, tuple(breaks), tuple(shifts))


def name_order(name: str) -> tuple[str, str]:
    """The place of a name in an alphabetical list for people, in which letters with and without marks are alike.

    >>> sorted(["Zimbabwe", "Égypte", "Eswatini", "États-Unis"], key=name_order)
    ['Égypte', 'Eswatini', 'États-Unis', 'Zimbabwe']
    """
    return fold(name), name


def fold(name: str) -> str:
    """The key of a name for look-ups: folded, with each run of spaces and dashes as one space.

    >>> fold("Guinée-Bissau") == fold("  GUINEE  Bissau ")
    True
    """
    text = name.encode().translate(_BYTES).decode() if name.isascii() else _folded_text(name, _non_ascii(name))
    return " ".join(text.replace("-", " ").split())  # all white space is spaces now
