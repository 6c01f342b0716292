"""Split a saved page into lines of text, one for each block element, without menus and other navigation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from iomld.read.page.labels import label_in
from iomld.read.page.page import PageLine

_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i", "ins", "kbd",
     "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)  # fmt: skip
_DROPPED = frozenset(
    {"script", "style", "noscript", "template", "iframe", "object", "svg", "math", "canvas", "audio", "video", "head",
     "button", "select", "textarea", "input", "datalist", "del"}
)  # fmt: skip
_CHROME = frozenset({"nav", "header", "footer", "aside", "dialog"})
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "complementary"})
_CHROME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|breadcrumbs?|menu|navbar|nav|navigation|share|social|pager|skip-link)(?:$|[\s_-])"
)
_SPACES = re.compile(r"\s+")
_LONGEST_LABEL = 300  # characters, including spaces of the markup; an element with more is not a label
_MOST_PARTS = 8  # elements of a label
_WINDOW = 20_000  # characters of a line in which a text is searched for; some pages are a single line
_NEAR = 12  # lines around the parser's line number in which a text is searched for


@dataclass(frozen=True, slots=True)
class HtmlBlocks:
    """The text of a page, block by block.

    Attributes:
        lines: A line for each block of text, in order.
        owners: The element of each line.
        spans: For each block element, the indexes of its first line and of the line after its last.
    """

    lines: Sequence[PageLine]
    owners: Sequence[HtmlElement]
    spans: Mapping[HtmlElement, tuple[int, int]]


def joined(text: str) -> str:
    """A text with its white space joined to single spaces."""
    return _SPACES.sub(" ", text).strip()


def element_text(element: HtmlElement) -> str:
    """All the text of an element in one line."""
    return joined("".join(element.itertext()))


def html_blocks(root: HtmlElement, source: Sequence[str]) -> HtmlBlocks:
    """Split a page into lines.

    Args:
        root: The page.
        source: The lines of the file, for places.
    """
    walk = _Walk(source, _protected(root))
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            walk.enter(element)
        else:
            walk.leave(element)
    walk.flush(root)
    return HtmlBlocks(walk.lines, walk.owners, walk.spans)


class _Walk:
    """Collects text while walking through the elements."""

    def __init__(self, source: Sequence[str], protected: frozenset[HtmlElement]) -> None:
        self.lines: list[PageLine] = []
        self.owners: list[HtmlElement] = []
        self.spans: dict[HtmlElement, tuple[int, int]] = {}
        self._source, self._protected = source, protected
        self._starts: list[int] = []
        self._skipped: HtmlElement | None = None
        self._pieces: list[str] = []
        self._begin = self._at = 1
        self._found = (0, 0)  # line and column of the end of the last text that was found

    def enter(self, element: HtmlElement) -> None:
        if self._skipped is not None:
            return
        self._at = max(self._at, element.sourceline or 1)
        if self._is_chrome(element):
            self.flush(element)
            self._skipped = element
            return
        if not _is_inline(element):
            self.flush(_parent(element))
        self._starts.append(len(self.lines))
        self._add(element.text, element)

    def leave(self, element: HtmlElement) -> None:
        if self._skipped is not None:
            if self._skipped is element:
                self._skipped = None
                self._add(element.tail, _parent(element))
            return
        start = self._starts.pop()
        if not _is_inline(element):
            self.flush(element)
            self.spans[element] = (start, len(self.lines))
        self._add(element.tail, _parent(element))

    def flush(self, owner: HtmlElement) -> None:
        """End the current line."""
        text = joined("".join(self._pieces))
        if text:
            pieces = tuple(filter(None, map(joined, self._pieces)))
            self.lines.append(self._placed(text, pieces))
            self.owners.append(owner)
        self._pieces = []

    def _add(self, text: str | None, owner: HtmlElement) -> None:
        if not text:
            return
        parts = text.split("\n") if owner.tag == "pre" else [text]
        for number, part in enumerate(parts):
            if number:
                self._at += 1
                self.flush(owner)
            if not any(map(str.strip, self._pieces)):
                self._begin = self._at + part[: len(part) - len(part.lstrip())].count("\n")
            self._pieces.append(part)
            self._at += part.count("\n")

    def _placed(self, text: str, pieces: tuple[str, ...]) -> PageLine:
        """The line with its place in the file: that of its first word, near the parser's line number."""
        word = text.split(" ", 1)[0]
        for distance in range(_NEAR):
            for number in dict.fromkeys((self._begin + distance, self._begin - distance)):
                start = self._found[1] if number == self._found[0] else 0
                if 0 < number <= len(self._source):
                    at = self._source[number - 1].find(word, start, start + _WINDOW)
                    if at >= 0:
                        self._found = number, at + len(word)
                        return PageLine(text, number, at + 1, pieces)
        return PageLine(text, min(self._begin, len(self._source)), 1, pieces)

    def _is_chrome(self, element: HtmlElement) -> bool:
        # The labels of a filter form ("Year") belong to its controls.
        if element.tag in _DROPPED or (element.tag == "label" and element.get("for") is not None):
            return True
        if element in self._protected:
            return False
        if element.tag in _CHROME or element.get("role", "") in _CHROME_ROLES or element.get("hidden") is not None:
            return True
        names = f"{element.get('class', '')} {element.get('id', '')}".lower()
        return not _is_inline(element) and _CHROME_NAMES.search(names) is not None


def _parent(element: HtmlElement) -> HtmlElement:
    parent = element.getparent()
    return element if parent is None else parent


def _is_inline(element: HtmlElement) -> bool:
    """Whether an element is part of a line; the label of a field gets a line of its own."""
    return element.tag in _INLINE and not _is_label(element)


def _is_label(element: HtmlElement) -> bool:
    if len(list(islice(element.iter(), _MOST_PARTS + 1))) > _MOST_PARTS:
        return False
    text = "".join(element.itertext())
    if len(text) > _LONGEST_LABEL:
        return False
    found = label_in(PageLine(joined(text), 1))
    return found is not None and found[2] is None


def _protected(root: HtmlElement) -> frozenset[HtmlElement]:
    """The elements with a field's label or the main content, which are not chrome whatever their names."""
    protected = {root}
    for element in root.iter(etree.Element):
        is_content = element.tag in {"body", "main", "article", "h1"} or element.get("role") == "main"
        is_label = element.tag not in _DROPPED and element.get("for") is None and _is_label(element)
        if (is_content or is_label) and not _is_in_chrome(element):
            protected.update(_ancestors(element, protected))
    return frozenset(protected)


def _is_in_chrome(element: HtmlElement) -> bool:
    """Whether an element is in a menu, or in the header or footer of the page rather than of its content."""
    for outer in (element, *element.iterancestors()):
        if outer.tag in {"main", "article"}:
            return False
        if outer.tag in {"nav", "header", "footer"} or outer.get("role") in {"navigation", "search"}:
            return True
    return False


def _ancestors(element: HtmlElement, protected: set[HtmlElement]) -> Iterator[HtmlElement]:
    """An element and its ancestors, up to the first that is already in `protected`."""
    current: HtmlElement | None = element
    while current is not None and current not in protected:
        yield current
        current = current.getparent()
