"""Read a project page saved as HTML, by its elements and its labels rather than class names.

A label is an element whose whole text is a known label. Its values are the other blocks of the smallest element around
it, or the blocks up to the next label. Pages without labels are read by the rules of text pages. Nothing is fetched and
no entities are loaded.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from iomld.errors import SourceError
from iomld.lexicon.words import NO_WORDS, Lexicon
from iomld.messages import message
from iomld.model import STATE_FIELDS, Origin, Record
from iomld.read.page.html_blocks import HtmlBlocks, element_text, html_blocks, joined
from iomld.read.page.labelled import once, read_fields, title_above
from iomld.read.page.labels import (
    SEPARATOR,
    Mark,
    first_language,
    guessed_language,
    label_in,
    language_of,
    text_marks,
    unknown_label,
)
from iomld.read.page.page import PageDraft, PageLine, PageSource, PrintedField, are_countries, is_prose, record_of
from iomld.read.page.unlabelled import unlabelled_draft
from iomld.read.text import BOMS, forbidden_line, is_language_tag, is_web_address, lines_of

_DECLARED_WITHIN = 4096  # bytes at the beginning in which the encoding is declared
_CHARSET = re.compile(
    rb"(?:<meta[^>]{0,200}?charset|<\?xml[^>]{0,100}?encoding)\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)

# Browsers read Latin-1 and ASCII as Windows-1252 (WHATWG Encoding Standard, section 4.2).
_ENCODINGS = {
    "utf-8": "utf-8-sig", "ascii": "cp1252", "iso8859-1": "cp1252", "cp1252": "cp1252", "iso8859-15": "iso8859-15",
    "cp1250": "cp1250", "iso8859-2": "iso8859-2", "utf-16": "utf-8-sig", "utf-16-le": "utf-8-sig",
}  # fmt: skip
_CONTENT = ("main", "article", "body", "html")
_LISTS = frozenset({"dl", "table", "tbody", "ul", "ol"})
_FEWEST_LABELS = 3  # known labels that show which elements hold labels
_MOST_BLOCKS = 3  # of a field with one value
_NARRATIVE = re.compile(r"(?:^|\s)field--name-body(?:\s|$)")


def read_html(data: bytes, origin: Origin, *, file: str, lexicon: Lexicon = NO_WORDS) -> Record:
    """Read the one record of a saved page.

    Args:
        data: The page.
        origin: The bytes it came from; without an address it gets that of the page's canonical link.
        file: The file's name for places.
        lexicon: The words of our lists.

    Returns:
        The record. Places are lines of the HTML source.

    Raises:
        SourceError: The bytes are not text, or not a project page.
    """
    text = _decoded(data, file)
    source = lines_of(text)
    root = _parsed("\n".join(source), file)
    blocks = html_blocks(root, source)
    draft = _draft(root, blocks, lexicon)
    if draft is None:
        raise SourceError(
            message(
                "{file}: no project record was found. Give a project page with field labels such as 'Project "
                "Status' and 'Projects ID'.",
                file=file,
            )
        )
    address = origin.url or _address(root)
    return record_of(draft, PageSource(file, text, source, replace(origin, media_type="text/html", url=address)))


def _decoded(data: bytes, file: str) -> str:
    """Decode by byte order mark or declaration; without either as UTF-8, else as Windows-1252."""
    encoding = next((name for bom, name in BOMS if data.startswith(bom)), None) or _declared(data, file)
    tried = [encoding] if encoding else ["utf-8", "cp1252"]
    for name in tried:
        try:
            text = data.decode(name)
        except UnicodeError:
            continue
        line = forbidden_line(text)
        if line is None:
            return text
        raise SourceError(
            message(
                "{file}, line {line}: the text contains a control character. Remove it, or check that the file "
                "is a web page.",
                file=file,
                line=line,
            )
        )
    raise SourceError(
        message(
            "{file}: the text is not valid {encoding}. Save the page as UTF-8.",
            file=file,
            encoding=tried[0].removesuffix("-sig").upper(),
        )
    )


def _declared(data: bytes, file: str) -> str | None:
    found = _CHARSET.search(data[:_DECLARED_WITHIN])
    if found is None:
        return None
    name = found[1].decode("ascii")
    try:
        known = _ENCODINGS.get(codecs.lookup(name).name)
    except LookupError:
        known = None
    if known is None:
        raise SourceError(
            message("{file}: the encoding '{name}' is not supported. Save the page as UTF-8.", file=file, name=name)
        )
    return known


def _parsed(text: str, file: str) -> HtmlElement:
    parser = lxml_html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        return lxml_html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(message("{file} is not a readable HTML page. Save the page again.", file=file)) from error


def _draft(root: HtmlElement, blocks: HtmlBlocks, lexicon: Lexicon) -> PageDraft | None:
    lines = blocks.lines
    marks = list(_marks(blocks))
    if not marks or any(lines[mark.start - 1].text == SEPARATOR for mark in marks if mark.start):
        marks = text_marks(lines)  # a text page that is wrapped in HTML
    language = _language(root)
    draft = unlabelled_draft(lines, marks, lexicon, language)
    if draft:
        fields = tuple(_itemised(printed, lexicon) for printed in draft.fields)
        return replace(draft, title=_title(root, blocks, draft.first) or draft.title, fields=fields)
    if not marks:
        return None
    found = read_fields(lines, marks, lexicon)
    first = lines[found.start]
    title = _title(root, blocks, first.number) or title_above(lines, found.start)
    body = _body(blocks, title, found.start, found.end)
    text = "\n".join(line.text for line in body)
    return PageDraft(
        title=title,
        fields=tuple(_itemised(printed, lexicon) for printed in found.printed),
        body=body,
        first=first.number,
        language=first_language((language_of(found.labels), language, guessed_language(text))),
        unknown=found.unknown,
    )


def _marks(blocks: HtmlBlocks) -> Iterator[Mark]:
    """The labels of a page, each with the blocks that belong to it."""
    labels = {index: found for index, line in enumerate(blocks.lines) if (found := label_in(line)) is not None}
    labels = {i: found for i, found in labels.items() if not (found[2] and is_prose(found[2].text))}
    labels |= dict(_unknown_labels(blocks, labels))
    starts = sorted(labels)
    for number, index in enumerate(starts):
        label, field, inline = labels[index]
        following = (*starts[number + 1 : number + 2], len(blocks.lines))[0]
        around, end = _enclosing(blocks, index)
        until = min(following, end)
        is_list = around is not None and around.tag in _LISTS
        is_item = around is not None and around.tag not in _CONTENT and following >= end
        few = field in STATE_FIELDS or until - index - 1 <= _MOST_BLOCKS
        is_closed = few and (
            is_list or (is_item and not _holds_other(blocks, around, starts[max(0, number - 1) : number]))
        )
        yield Mark(label, field, index, blocks.lines[index], index + 1, until, is_closed, inline)


def _unknown_labels(blocks: HtmlBlocks, known: Iterable[int]) -> Iterator[tuple[int, tuple[str, str, PageLine | None]]]:
    """The labels that are not known: elements like those of the known labels, beside them in the same element."""
    owners = [blocks.owners[index] for index in known]
    if len(owners) < _FEWEST_LABELS:
        return
    around = set.intersection(*({owner, *owner.iterancestors()} for owner in owners))
    common = next(element for element in owners[0].iterancestors() if element in around)
    items = [next(one for one in (owner, *owner.iterancestors()) if one.getparent() is common) for owner in owners]
    values = {_shape(item.getnext()) for item in items[:-1]} if items[0] is owners[0] else set()
    shapes = {_shape(item) for item in items} - values
    for item in common:
        start, end = blocks.spans.get(item, (0, 0))
        if start == end or item in items or _shape(item) not in shapes:
            continue
        line, owner = blocks.lines[start], blocks.owners[start]
        if common.tag in _LISTS or item.get("class") or _shape(owner) in map(_shape, owners):
            label, *value = line.pieces if end == start + 1 and len(line.pieces) > 1 else (line.text,)
            found = unknown_label(replace(line, text=label), has_value=True)
            if found:
                yield start, (found[0], found[1], replace(line, text=" ".join(value)) if value else found[2])


def _shape(element: HtmlElement | None) -> tuple[str, str]:
    """The name and the class of an element, by which pages distinguish labels and values."""
    return ("", "") if element is None else (str(element.tag), element.get("class", ""))


def _enclosing(blocks: HtmlBlocks, index: int) -> tuple[HtmlElement | None, int]:
    """The smallest element around a line that contains more than the line, and the index after its last line."""
    element: HtmlElement | None = blocks.owners[index]
    while element is not None:
        start, end = blocks.spans.get(element, (index, index + 1))
        if end - start > 1:
            return element, end
        element = element.getparent()
    return None, index + 1


def _holds_other(blocks: HtmlBlocks, around: HtmlElement | None, before: Sequence[int]) -> bool:
    """Whether an element also contains an earlier label."""
    return around is None or any(blocks.spans[around][0] <= other for other in before)


def _itemised(printed: PrintedField, lexicon: Lexicon) -> PrintedField:
    """The field with a value for each item element; a name with markup inside stays whole."""
    if printed.field not in STATE_FIELDS:
        return printed
    return replace(printed, values=tuple(chain.from_iterable(_items(line, lexicon) for line in printed.values)))


def _items(line: PageLine, lexicon: Lexicon) -> Iterator[PageLine]:
    pieces = [piece for piece in line.pieces if any(map(str.isalpha, piece))]
    is_name = are_countries(line.text, lexicon) and not all(are_countries(piece, lexicon) for piece in pieces)
    if is_name or not pieces[1:]:
        yield line
        return
    for piece in pieces:
        yield replace(line, text=piece, pieces=())


def _title(root: HtmlElement, blocks: HtmlBlocks, before: int) -> PageLine | None:
    """The last heading above the fields, since logos are headings too; else the Open Graph title."""
    headings = [element for element in root.iter("h1") if element_text(element)]
    named = [element for element in headings if "page-title" in element.get("class", "").split()]
    above = [element for element in headings if (element.sourceline or 0) <= before]
    for element in (*named, *reversed(above), *headings):
        text = element_text(element)
        line = next((line for line in blocks.lines if line.text == text), None)
        return once(line or PageLine(text, element.sourceline or 1))
    for element in root.iter("meta"):
        content = joined(element.get("content", "")).rpartition(" | ")
        if element.get("property") == "og:title" and content[2]:
            return once(PageLine(content[0] or content[2], element.sourceline or 1))
    return None


def _body(blocks: HtmlBlocks, title: PageLine | None, start: int, end: int) -> tuple[PageLine, ...]:
    """The narrative: the element with its class name, else the text below the fields, else that above them."""
    for element, (first, last) in blocks.spans.items():
        if last > first and _NARRATIVE.search(element.get("class", "")) and (first >= end or last <= start):
            return tuple(blocks.lines[first:last])
    last = next(
        (blocks.spans[element][1] for element in blocks.owners[start].iterancestors() if _is_content(element)),
        len(blocks.lines),
    )
    below = tuple(blocks.lines[end : max(end, last)]) or tuple(blocks.lines[end:])
    if below or title is None:
        return below
    above = [line for line in blocks.lines[:start] if line.number > title.number]
    return tuple(line for line in above if line.text != title.text)


def _is_content(element: HtmlElement) -> bool:
    return element.tag in {"main", "article"} or element.get("role") == "main"


def _language(root: HtmlElement) -> str | None:
    """The language that the page declares, without its region."""
    tag = root.get("lang", root.get("{http://www.w3.org/XML/1998/namespace}lang", "")).lower().partition("-")[0]
    return tag if is_language_tag(tag) else None


def _address(root: HtmlElement) -> str | None:
    """The page's address from its canonical link, else from its Open Graph URL."""
    links = [element.get("href", "") for element in root.iter("link") if element.get("rel", "").lower() == "canonical"]
    links += [element.get("content", "") for element in root.iter("meta") if element.get("property") == "og:url"]
    return next((link for link in map(str.strip, links) if is_web_address(link)), None)
