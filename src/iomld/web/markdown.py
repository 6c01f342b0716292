"""Renders documents of the project, in Markdown (CommonMark with tables), as HTML for a page.

The only module that uses markdown-it-py. HTML in a document is left out, and so are links with schemes that a page must
not have.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from iomld.web.templating import breakable

_SHELL = frozenset({"sh", "bash"})
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")
_CONTENTS = ("h2", "h3")  # headings that the contents list
_PLAIN_COLUMNS = 2  # of a table whose first column says what the other one is about


@dataclass(frozen=True, slots=True)
class Section:
    """A heading below the title, with the headings of the next level that follow it."""

    text: str
    anchor: str
    below: tuple["Section", ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document as parts of a page.

    Attributes:
        title: Its first heading, as plain text.
        body: All that follows the title.
        headings: Its headings of the second level, with those of the third.
    """

    title: str
    body: Markup
    headings: tuple[Section, ...]


def render_markdown(text: str, target: Callable[[str], str | None]) -> Document:
    r"""Render a document.

    Args:
        text: The document.
        target: Gives the address on the site of what a link in the document leads to; None for a link that is to be
            left as text.

    >>> document = render_markdown("# A\n\n## To *do*\n\n[b](B.md) <b>", {"B.md": "/guide/b"}.get)
    >>> document.title, document.headings
    ('A', (Section(text='To do', anchor='to-do', below=()),))
    >>> str(document.body)
    '<h2 id="to-do">To <em>do</em></h2>\n<p><a href="/guide/b">b</a> </p>\n'
    """
    parser = _parser()
    tokens = parser.parse(text)
    title, rest = _title(tokens)
    headings = tuple(_set_anchors(rest))
    for inline in rest:
        inline.children = list(_with_targets(inline.children or (), target))
    _set_labels(rest)
    body = Markup(parser.renderer.render(rest, parser.options, {}))  # noqa: S704  # the renderer escapes all text
    return Document(title, body, tuple(_nested(headings)))


@cache
def _parser() -> MarkdownIt:
    """CommonMark with tables. HTML is recognized, so that it can be left out."""
    parser = MarkdownIt("commonmark").enable("table")
    for name in ("html_block", "html_inline"):
        parser.add_render_rule(name, _nothing)
    parser.add_render_rule("fence", _code)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _title(tokens: Sequence[Token]) -> tuple[str, list[Token]]:
    """The text of the first heading, if the document begins with one, and the tokens after it."""
    if len(tokens) > 1 and tokens[0].tag == "h1":
        return _plain(tokens[1]), list(tokens[3:])
    return "", list(tokens)


def _plain(inline: Token) -> str:
    return "".join(token.content for token in inline.children or () if token.type in {"text", "code_inline"})


def _set_anchors(tokens: Sequence[Token]) -> Iterator[tuple[str, Section]]:
    """Give each heading the `id` by which sites that host code link to it; yields the tags and headings."""
    taken: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = _plain(inline)
            anchor = _NOT_IN_ANCHOR.sub("", text.lower()).strip().replace(" ", "-")
            opening.attrSet("id", f"{anchor}-{taken[anchor]}" if taken[anchor] else anchor)
            taken[anchor] += 1
            yield opening.tag, Section(text, str(opening.attrs["id"]))


def _set_labels(tokens: Sequence[Token]) -> None:
    """Give the cells of a table of three columns or more their headings, which a narrow screen shows beside them."""
    headings: list[str] = []
    column = 0
    for token, inline in pairwise(tokens):
        match token.type:
            case "table_open":
                headings = []
            case "th_open":
                headings.append(_plain(inline))
            case "tr_open":
                column = 0
            case "td_open":
                if column > 0 and len(headings) > _PLAIN_COLUMNS and headings[column]:
                    token.attrSet("data-label", headings[column])
                column += 1


def _nested(headings: Iterable[tuple[str, Section]]) -> Iterator[Section]:
    """The headings of the second level, each with those of the third that follow it."""
    upper: Section | None = None
    below: list[Section] = []
    for tag, heading in headings:
        if tag == _CONTENTS[0]:
            if upper:
                yield Section(upper.text, upper.anchor, tuple(below))
            upper, below = heading, []
        elif tag == _CONTENTS[1]:
            below.append(heading)
    if upper:
        yield Section(upper.text, upper.anchor, tuple(below))


def _with_targets(tokens: Iterable[Token], target: Callable[[str], str | None]) -> Iterator[Token]:
    """Inline tokens with the addresses of links on the site; a link without one loses its marks."""
    is_link = True
    for token in tokens:
        if token.type == "link_open":
            address = target(str(token.attrs["href"]))
            is_link = address is not None
            token.attrs["href"] = address or ""
        if is_link or token.type not in {"link_open", "link_close"}:
            yield token


def _nothing(*_: object) -> str:
    return ""


def _code(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: object, environment: MutableMapping[str, Any]
) -> str:
    """A code block, which the keyboard can scroll; commands of a shell have a button that copies them."""
    language, text = tokens[index].info.strip(), tokens[index].content.rstrip("\n")
    code = breakable(text) if language in _SHELL else escape(text)
    if language not in _SHELL:
        return f'<pre tabindex="0"><code>{code}</code></pre>\n'
    number = environment["commands"] = environment.get("commands", 0) + 1
    button = (
        f'<button class="copy needs-js" type="button" data-copy="commands-{number}" data-copied="Copied">Copy</button>'
    )
    return f'<div class="command"><pre id="commands-{number}" tabindex="0">{code}</pre>{button}</div>\n'


def _table_open(*_: object) -> str:
    return '<div class="wide" role="region" aria-label="Table" tabindex="0"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"
