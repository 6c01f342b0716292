"""Finds lists of frameworks whose names differ in their number alone: "ILO Conventions 97 and 143"."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from iomld.link.framework_parts import NumberedPassage
from iomld.link.name_matcher import name_key, without_number_signs

_NUMBER_IN_NAME = re.compile(r"(?<![0-9.])[0-9]{1,4}(?![0-9.])")
_SIGN = r"(?:n(?:o|°|º)?s?(?:\.|°|º)? ?|num(?:s|eros?)?\.? ?|nr\.? ?|c)?"
_JOIN = r"(?:, ?(?:and |et |y )?| (?:and|et|y|&|or|ou|o) | ?/ ?)"
_LIST = rf"{_SIGN}[0-9]{{1,4}}(?:{_JOIN}{_SIGN}[0-9]{{1,4}})+"
# Two numbers of a list in bytes whose digits are all 0: one byte is found four times as fast as one of a set.
_ANY_LIST = re.compile(rf"0{_JOIN}{_SIGN}0".encode())
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_DIGITS = re.compile("[0-9]+")
_PLURAL = re.compile(r"[a-z]{4,}s(?!\w)")
_PLACEHOLDER = "0"  # in place of the number
_WORD = re.compile(r"[a-z]{4,}(?<!s)")  # has a plural in a list


@dataclass(frozen=True, slots=True)
class NumberedNames:
    """The names that several frameworks share but for their number.

    Attributes:
        pattern: Matches a list, in the group `list`, with what may stand around it in a name.
        codes: The framework of each number, by the key of the name with a placeholder for the number.
    """

    pattern: re.Pattern[str]
    codes: Mapping[str, Mapping[int, str]]

    def lists(self, text: str) -> Iterator[NumberedPassage]:
        """Find lists in a folded text: at least two numbers of frameworks, or one after a name in the plural.

        "Agenda 2030, 17 goals" is no list.
        """
        # Few texts have a list, and the pattern takes much longer to see that.
        if not _ANY_LIST.search(text.encode("utf-8", "surrogatepass").translate(_AS_ZEROS)):
            return
        for found in self.pattern.finditer(text):
            start, end = found.span("list")
            before = text[found.start() : start]
            known = self.codes.get(name_key(before + _PLACEHOLDER + text[end : found.end()]), {})
            numbers = map(int, _DIGITS.findall(found["list"]))
            codes = tuple(dict.fromkeys(known[number] for number in numbers if number in known))
            if len(codes) > 1 or (codes and _PLURAL.search(before)):
                yield NumberedPassage(codes, found.start(), found.end())


def numbered_names(names: Iterable[tuple[str, str]]) -> NumberedNames:
    """Find the names that several frameworks share but for one number.

    Args:
        names: The plain names of frameworks, each with the code of the framework.
    """
    codes: dict[str, dict[int, str]] = {}
    around: dict[str, tuple[str, str]] = {}
    for signed, code in names:
        name = without_number_signs(signed)
        numbers = _NUMBER_IN_NAME.findall(name)
        if len(numbers) == 1 and " " in name:
            before, after = _NUMBER_IN_NAME.split(name)
            if not before:  # "2024, 2030 Agenda" is no list
                continue
            key = name_key(before + _PLACEHOLDER + after)
            codes.setdefault(key, {})[int(numbers[0])] = code
            around[key] = before, after
    shared = {key: known for key, known in codes.items() if len(set(known.values())) > 1}
    return NumberedNames(_pattern([around[key] for key in shared]), shared)


def _pattern(around: Iterable[tuple[str, str]]) -> re.Pattern[str]:
    """Matches a list between the words of any of the names; whether they belong together is seen by their key."""
    befores, afters = (_alternatives(words) for words in zip(*around, strict=True)) if around else ("(?!)", "")
    return re.compile(rf"(?<!\w){befores}(?P<list>{_LIST})(?:{afters})?(?![\w])")


def _alternatives(words: Iterable[str]) -> str:
    """Words of names in any number, the longest first."""
    ordered = sorted(set(words), key=len, reverse=True)
    return f"(?:{'|'.join(_WORD.sub(_with_plural, re.escape(word)) for word in ordered)})"


def _with_plural(word: re.Match[str]) -> str:
    return f"{word[0]}s?"
