"""The words of pages, in the language of the page that is being made.

`iomld.web.language` sets the page for each request, so that a macro or a function far below gives its words without
being handed the language. The catalogues are those of `iomld.i18n`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup, escape

from iomld import i18n
from iomld.i18n import ENGLISH, LANGUAGES
from iomld.messages import ForeignText, Message, Quantity

LANGUAGE_PARAMETER = "lang"  # of an address

# A value, a link whose address is a value, and code: {count}, [the shapes](shapes), `.ttl`.
_PIECE = re.compile(r"\{(\w+)\}|\[([^\]]+)\]\((\w+)\)|`([^`]+)`")
_VALUE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that is asked for.

    Attributes:
        language: One of `iomld.i18n.LANGUAGES`.
        path: Its path, percent-encoded.
        query: What comes after the question mark of a page that can be fetched again.
    """

    language: str = ENGLISH
    path: str = "/"
    query: str = ""


_current: ContextVar[PageRequest] = ContextVar("page", default=PageRequest())  # noqa: B039  # frozen


def current_page() -> PageRequest:
    """The page that is being made."""
    return _current.get()


def page_language() -> str:
    """The language of the page that is being made; one of `iomld.i18n.LANGUAGES`."""
    return _current.get().language


@contextmanager
def making(page: PageRequest) -> Iterator[None]:
    """Make this page, in this task and the threads it starts."""
    token = _current.set(page)
    try:
        yield
    finally:
        _current.reset(token)


def language_addresses() -> tuple[tuple[str, str], ...]:
    """For each language the address of the page that is being made, other parameters as they are.

    >>> with making(PageRequest(path="/projects", query="q=sea&lang=fr")):
    ...     language_addresses()[2]
    ('es', '/projects?q=sea&lang=es')
    """
    page = current_page()
    others = [pair for pair in parse_qsl(page.query, keep_blank_values=True) if pair[0] != LANGUAGE_PARAMETER]
    return tuple(
        (language, f"{page.path}?{urlencode([*others, (LANGUAGE_PARAMETER, language)])}") for language in LANGUAGES
    )


def gettext(sentence: str, **values: object) -> str:
    """A sentence as plain text in the page's language; English where it has no translation.

    Args:
        sentence: The English sentence with places for values, `{count} projects`.
        **values: The values; numbers are written as the language writes them, years are given as text.
    """
    return _VALUE.sub(lambda place: value_text(values[place[1]]), i18n.gettext(sentence, page_language()))


def gettext_html(sentence: str, **values: object) -> Markup:
    """A sentence for a page, escaped; `[words](name)` is a link to the value, and `` `text` `` is code."""
    return _filled(i18n.gettext(sentence, page_language()), values)


def ngettext_html(one: str, many: str, count: int, **values: object) -> Markup:
    """A sentence for a page in its form for a number, which is the value `count`.

    Args:
        one: The English sentence for one.
        many: The English sentence for none and for many.
        count: The number.
        **values: Other values.
    """
    return _filled(i18n.ngettext(one, many, count, page_language()), {"count": count, **values})


def message_html(message: Message) -> Markup:
    """A message in the page's language, as a sentence for a page; what is in English alone is marked as English."""
    words = _worded_html(message)
    return words[:1].upper() + words[1:] if message.id[:1].islower() and words[:1] != "<" else words


def value_text(value: object) -> str:
    """A value as the page's language writes it: numbers with its separators, all else as it is.

    >>> value_text(Decimal("100000.50"))
    '100,000.50'
    """
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return i18n.decimal_text(value, page_language())
    return str(value)


def _worded_html(message: Message) -> Markup:
    language = page_language()
    if language == ENGLISH:
        return escape(str(message))
    if not i18n.is_translated(message, language):
        return _in_english(str(message))
    text = i18n.gettext(message.id, language)
    if not message.values:
        return escape(text)
    values = {name: _value_html(value) for name, value in message.values.items()}
    pieces = _VALUE.split(text)  # text, name, text, name, … text
    return Markup().join(values[piece] if number % 2 else escape(piece) for number, piece in enumerate(pieces))


def _value_html(value: object) -> Markup:
    if isinstance(value, Message):
        return _worded_html(value)
    if isinstance(value, ForeignText):
        return _in_english(value)
    return escape(value_text(value) if isinstance(value, Quantity) else str(value))


def _in_english(text: str) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(ENGLISH, str(text))


def _filled(text: str, values: Mapping[str, object]) -> Markup:
    pieces, end = [], 0
    for match in _PIECE.finditer(text):
        pieces += [escape(text[end : match.start()]), _piece(match, values)]
        end = match.end()
    return Markup().join([*pieces, escape(text[end:])])


def _piece(match: re.Match[str], values: Mapping[str, object]) -> Markup:
    name, words, link, code = match.groups()
    if name:
        value = values[name]
        return value if isinstance(value, Markup) else escape(value_text(value))
    if code:
        return Markup("<code>{}</code>").format(code)
    return Markup('<a href="{}">{}</a>').format(str(values[link]), _filled(words, values))
