"""Finds the parts of frameworks that a text names by number: "objective 23 of …", "SDG target 10.7"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from iomld.vocab import Concept

# Patterns of folded words, and the roles in the codes of parts that they mean (`gcm-objective-23`).
_ROLES: dict[str, tuple[str, ...]] = {
    r"objectives?|objectifs?|objetivos?|objs?\.": ("objective", "goal"),
    r"goals?": ("goal", "objective"),
    r"targets?|cibles?|metas?|indicators?|indicateurs?|indicador(?:es)?": ("target",),
    r"(?:guiding )?principles?|principes?|principios?": ("principle",),
    r"pillars?|piliers?|pilar(?:es)?": ("pillar",),
    r"sectors?|secteurs?|sectores": ("sector",),
    r"guidelines?|lignes? directrices?|directri(?:z|ces)": ("guideline",),
    r"priorit(?:y|ies)|priorites?|prioridad(?:es)?": ("priority",),
}
_ROLE = "|".join(_ROLES)
_NUMBER = r"[0-9]{1,2}(?:\.(?:[0-9]{1,2}|[a-d](?!\w)))?"
# "3, 8 and 10.7", "1 to 5"; an indicator ("10.7.1") counts as its target. Dashes are folded to one form.
_JOIN = r", ?(?:and |et |y )?| (?:and|et|y|&|or|ou|o|to|through|a|au|al) | ?/ ?|-"
_SIGN = r"(?:# ?|nos?\.? ?|n[°º]s? ?|num(?:bers?|eros?|s?\.) ?)?"
_HEADING = r"(?: ?\([^()0-9]{2,80}\))?"  # of a part, after its number
# What a part is about: "Objective 6 on fair recruitment and Objective 18".
_ABOUT = rf"(?: (?:on|for|sur|sobre|relati(?:f|ve)s?|relativ[oa]s?)|:)(?: (?!(?:{_ROLE})(?!\w))[a-z'-]+){{1,8}}"
_LIST = rf"(?P<list>{_NUMBER}(?:{_HEADING}(?:{_JOIN}){_SIGN}{_NUMBER})*)(?:\.[0-9])?(?!\w|\.[0-9])"
_ADDRESSED = r"(?: (?:addressed|supported|covered|concerned|targeted|concernes|vises|abordados|atendidos))?"
_AFTER = re.compile(
    rf"(?P<lead>(?:'s?)?\)?[,:]? ?(?:- )?\(?| ?-)(?:(?P<role>{_ROLE}){_ADDRESSED}:? \(?)?{_SIGN}{_LIST}"
)
# "…, in particular its objectives 3 and 5", "… and target 8.7"; but not "… and objective 2 of another framework".
_EMPHASIS = (
    "in particular|particularly|especially|notably|namely|specifically|including|through|under|notamment|"
    "above all|mainly|primarily|with respect to|in relation to|en particulier|surtout|principalement|a savoir|"
    "en s'appuyant sur|en lien avec|en particular|particularmente|especialmente|principalmente|concretamente|"
    "sobre todo|incluyendo|con respecto a|en relacion con"
)
_ITS = r"(?:(?:of|in|to|under|de|dans|en|a|d') ?)?(?:(?:its|the|ses|les|le|son|sa|sus|los|las|la|el|su) |l')?"
# A heading and signs are read as a whole (`?+`): no word begins like them, so that leaving them unread finds nothing.
_MORE = re.compile(
    rf"(?:{_HEADING}+\)?+|{_ABOUT})[,;]?+ ?+[(-]?+ ?+(?:(?:and|et|y) )?(?:(?:{_EMPHASIS}),? )?{_ITS}"
    rf"(?P<role>{_ROLE}) {_SIGN}{_LIST}(?! (?:of|du|de|des|del) | d')"
)
# "the GCM in Central Asia, in particular objectives 6 and 18": no comma, bracket, number or "and" between. Each word is
# read as a whole (`++`), since the ways to cut eight words into pieces are thousands.
_DISTANT = re.compile(
    rf" (?:(?!(?:and|et|y) )[a-z'-]++ ?+){{1,8}}, ?(?:in particular|particularly|especially|notably|specifically|"
    r"namely|notamment|en particulier|en particular|especialmente|particularmente|concretamente) "
    rf"{_ITS}(?P<role>{_ROLE}) {_SIGN}{_LIST}(?! (?:of|du|de|des|del) | d')"
)
_OF = r"(?:of|in|under|from|within|de|du|des|del|d') ?(?:(?:the|la|le|les|los|el) |l')?"
# Before a name: "objective 23 of the …", "target 10.7 (…", "target 10.7, …"
_BEFORE = re.compile(rf"(?<!\w)(?P<role>{_ROLE}) {_SIGN}{_LIST}(?:{_HEADING} {_OF}|(?P<beside> \(|, ))\Z")
# How the text before a name must end for that: with a number or a heading, and what joins it to the name.
_BEFORE_END = re.compile(rf"(?:[0-9]|\.[a-d]|\))(?: {_OF}| \(|, )\Z")
_LONGEST_END = len(".a within the ")
# "Goal 8, target 8.8 and" before "goal 10 of …".
_ARTICLE = r"(?:(?:the|la|le|les|los|las|el) |l')?"
_CHAINED = re.compile(
    rf"(?<!\w)(?P<role>{_ROLE}) {_SIGN}{_LIST}{_HEADING}(?:, ?(?:and |et |y )?| (?:and|et|y|&) | \(| {_OF}){_ARTICLE}\Z"
)
_OWN_ROLE = re.compile(rf"(?<!\w)(?:{_ROLE})\Z")  # at the end of a name: "Global Compact objectives"
# The goals of the 2030 Agenda are the Sustainable Development Goals.
_WITH_PARTS_OF = {"agenda-2030": "sdg"}
_WINDOW = 160  # characters before a name in which a part is searched
_NUMBERS = re.compile(rf"(?P<first>{_NUMBER})(?:(?: (?:to|through|a|au|al) |-)(?P<last>{_NUMBER}))?")


@dataclass(frozen=True, slots=True)
class NumberedPassage:
    """A passage that names parts of a framework, or several frameworks, by number.

    Attributes:
        codes: Codes of the parts or frameworks, in the order of the text; for a number that is no part, the code of the
            framework.
        start: Start of the passage in the folded text.
        end: Its end.
    """

    codes: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FrameworkParts:
    """The numbered parts of all frameworks.

    Attributes:
        codes: For each framework, the codes of its parts by role and number.
    """

    codes: Mapping[str, Mapping[tuple[str, str], str]]

    def around(self, framework: str, text: str, start: int, end: int, *, after: int = 0) -> NumberedPassage | None:
        """Find parts that are named directly after or before the name of a framework.

        Args:
            framework: Its code.
            text: The folded text.
            start: Start of its name.
            end: End of its name.
            after: Earliest position at which a part can start.
        """
        owner = _WITH_PARTS_OF.get(framework, framework)
        known = self.codes.get(owner)
        if not known:
            return None
        following = _after_name(framework, text, start, end, known)
        preceding = _before_name(framework, text, start, end, known, after)
        passage = following or preceding or NumberedPassage((), start, end)
        if following and preceding and all("-target-" in code for code in preceding.codes):
            passage = NumberedPassage((*preceding.codes, *following.codes), preceding.start, following.end)
        extended = _extended(framework, passage, text, known)
        if not extended.codes:
            return None
        codes = extended.codes if owner == framework else tuple(dict.fromkeys((framework, *extended.codes)))
        return NumberedPassage(codes, extended.start, _closed(text, extended.start, extended.end))

    def distant(self, framework: str, text: str, start: int, end: int) -> NumberedPassage | None:
        """Find parts that are named some words after the name of a framework and introduced by "in particular".

        Args:
            framework: Its code.
            text: The folded text.
            start: Start of its name.
            end: End of its name.
        """
        known = self.codes.get(framework)
        found = _DISTANT.match(text, end) if known else None
        codes = _codes(framework, _roles(found["role"])[:1], found["list"], known) if found and known else ()
        return NumberedPassage(codes, start, found.end()) if found and codes else None


def build_parts(frameworks: Mapping[str, Concept]) -> FrameworkParts:
    """Index the parts of frameworks by the role and the number in their codes (`sdg-target-10.7`)."""
    codes: dict[str, dict[tuple[str, str], str]] = {}
    for code, concept in frameworks.items():
        whole = concept.broader
        if whole and code.startswith(f"{whole}-"):
            role, _, number = code.removeprefix(f"{whole}-").rpartition("-")
            codes.setdefault(whole, {})[role, number] = code
    return FrameworkParts(codes)


def _after_name(
    framework: str, text: str, start: int, end: int, known: Mapping[tuple[str, str], str]
) -> NumberedPassage | None:
    """The passage of a name and the parts directly after it."""
    following = _AFTER.match(text, end)
    if not following:
        return None
    is_list = following["lead"] == ": " and len(_NUMBERS.findall(following["list"])) > 1
    if framework in _WITH_PARTS_OF and not following["role"]:
        return None
    if not (following["role"] or is_list or _is_adjacent(following["lead"], text[max(0, start - 1) : start])):
        return None
    own = _OWN_ROLE.search(text, start, end)
    codes = _codes(framework, _roles(following["role"] or (own and own[0])), following["list"], known)
    closed = "(" in following["lead"] and text.startswith(")", following.end())
    return NumberedPassage(codes, start, following.end() + closed) if codes else None


def _before_name(  # the name, and where a passage can start
    framework: str, text: str, start: int, end: int, known: Mapping[tuple[str, str], str], after: int
) -> NumberedPassage | None:
    """The passage of a name and the parts directly before it."""
    first = max(after, start - _WINDOW)
    # The long pattern is tried at each character of the window, and few names have a number directly before them.
    if not _BEFORE_END.search(text, max(first, start - _LONGEST_END), start):
        return None
    codes: tuple[str, ...] = ()
    at, pattern = start, _BEFORE
    while preceding := pattern.search(text[first:at]):
        found = _codes(framework, _roles(preceding["role"]), preceding["list"], known)
        if not found or (preceding.groupdict().get("beside") == ", " and "." not in preceding["list"]):
            break
        codes, at, pattern = (*found, *codes), first + preceding.start(), _CHAINED
    return NumberedPassage(tuple(dict.fromkeys(codes)), at, end) if codes else None


def _is_adjacent(lead: str, before: str) -> bool:
    """Whether numbers without a role belong to a name: "SDG 8", "Sustainable Development Goal (SDG) 8"."""
    return lead in {"", " ", "-"} or (lead == ") " and before == "(")


def _extended(
    framework: str, passage: NumberedPassage, text: str, known: Mapping[tuple[str, str], str]
) -> NumberedPassage:
    """A passage with the parts that follow it, each with its role: "SDG 8, in particular target 8.7"."""
    codes, end = passage.codes, passage.end
    while more := _MORE.match(text, end):
        found = _codes(framework, _roles(more["role"])[:1], more["list"], known)
        if not found:
            break
        codes, end = (*codes, *found), _closed(text, passage.start, more.end())
    return NumberedPassage(tuple(dict.fromkeys(codes)), passage.start, end)


def _closed(text: str, start: int, end: int) -> int:
    """The end of a passage with the bracket that it has opened."""
    return end + (text.startswith(")", end) and text.count("(", start, end) > text.count(")", start, end))


def _codes(
    framework: str, roles: tuple[str, ...], numbers: str, known: Mapping[tuple[str, str], str]
) -> tuple[str, ...]:
    """The parts of a list of numbers; empty if no number is a part."""
    found = [
        next((known[name, number] for name in roles if (name, number) in known), framework)
        for match in _NUMBERS.finditer(numbers)
        for number in _range(match["first"], match["last"])
    ]
    return () if set(found) <= {framework} else tuple(dict.fromkeys(found))


def _range(first: str, last: str | None) -> tuple[str, ...]:
    """The numbers of a range; only the two ends if they are not ascending numbers of one goal ("10.7 to 11.2").

    >>> _range("2", "4"), _range("8.7", "8.8"), _range("8", None)
    (('2', '3', '4'), ('8.7', '8.8'), ('8',))
    """
    if last is None:
        return (first,)
    goal, point, start = first.rpartition(".")
    other, _, end = last.rpartition(".")
    if goal != other or not (start.isdigit() and end.isdigit()):
        return first, last
    return tuple(f"{goal}{point}{number}" for number in range(int(start), int(end) + 1)) or (first, last)


def _roles(word: str | None) -> tuple[str, ...]:
    """The roles that a word can mean; a number without a word is a goal or a target ("SDG 8")."""
    if word is None:
        return ("goal", "target")
    named = next(roles for pattern, roles in _ROLES.items() if re.fullmatch(pattern, word))
    return (*named, "target") if "goal" in named else named
