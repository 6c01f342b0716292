"""Translated texts of pages, in the language of the current request.

`iomld.web.language` sets the current page for each request, so that templates and functions need no parameter for the
language. The catalogues are those of `iomld.i18n`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup, escape

from iomld import i18n
from iomld.i18n import ENGLISH, LANGUAGES
from iomld.messages import ForeignText, Message, Quantity

LANGUAGE_PARAMETER = "lang"  # in the query string

# A value, a link whose address is a value, and code: {count}, [the shapes](shapes), `.ttl`.
_MARKUP = re.compile(r"\{(\w+)\}|\[([^\]]+)\]\((\w+)\)|`([^`]+)`")
_VALUE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that a client requests.

    Attributes:
        language: One of `iomld.i18n.LANGUAGES`.
        path: Its path, percent-encoded.
        query: Its query string; empty if the page cannot be requested again by its address.
        takes_submissions: Whether the server has an inbox, so that the menu leads to it.
    """

    language: str = ENGLISH
    path: str = "/"
    query: str = ""
    takes_submissions: bool = False


_current: ContextVar[PageRequest] = ContextVar("page", default=PageRequest())  # noqa: B039  # frozen


def current_page() -> PageRequest:
    """The page that is being rendered."""
    return _current.get()


def page_language() -> str:
    """The language of the page that is being rendered; one of `iomld.i18n.LANGUAGES`."""
    return _current.get().language


@contextmanager
def making(page: PageRequest) -> Iterator[None]:
    """Render this page, in the current task and the threads it starts."""
    token = _current.set(page)
    try:
        yield
    finally:
        _current.reset(token)


def language_addresses() -> tuple[tuple[str, str], ...]:
    """The address of the current page in each language, with its other parameters unchanged.

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
    """A sentence as plain text in the page's language; in English if it has no translation.

    Args:
        sentence: The English sentence with placeholders, `{count} projects`.
        **values: The values; numbers are formatted for the language, so years must be text.
    """
    return _VALUE.sub(lambda place: value_text(values[place[1]]), i18n.gettext(sentence, page_language()))


def gettext_html(sentence: str, **values: object) -> Markup:
    """A sentence as HTML, escaped; `[words](name)` is a link to the value, and `` `text` `` is code."""
    return _filled(i18n.gettext(sentence, page_language()), values)


def ngettext_html(one: str, many: str, count: int, **values: object) -> Markup:
    """A sentence as HTML, in its form for a number, which is the value `count`.

    Args:
        one: The English sentence for one.
        many: The English sentence for none and for many.
        count: The number.
        **values: Other values.
    """
    return _filled(i18n.ngettext(one, many, count, page_language()), {"count": count, **values})


def message_html(message: Message) -> Markup:
    """A message as a sentence in HTML, in the page's language; texts without a translation are marked as English."""
    text = _translated_html(message)
    return text[:1].upper() + text[1:] if message.id[:1].islower() and text[:1] != "<" else text


def value_text(value: object) -> str:
    """A value as text: numbers with the separators of the page's language, all else unchanged.

    >>> value_text(Decimal("100000.50"))
    '100,000.50'
    """
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return i18n.decimal_text(value, page_language())
    return str(value)


def _translated_html(message: Message) -> Markup:
    language = page_language()
    if language == ENGLISH:
        return escape(str(message))
    if not i18n.is_translated(message, language):
        return _marked_english(str(message))
    text = i18n.gettext(message.id, language)
    if not message.values:
        return escape(text)
    values = {name: _value_html(value) for name, value in message.values.items()}
    parts = _VALUE.split(text)  # text, name, text, name, … text
    return Markup().join(values[part] if number % 2 else escape(part) for number, part in enumerate(parts))


def _value_html(value: object) -> Markup:
    if isinstance(value, Message):
        return _translated_html(value)
    if isinstance(value, ForeignText):
        return _marked_english(value)
    return escape(value_text(value) if isinstance(value, Quantity) else str(value))


def _marked_english(text: str) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(ENGLISH, str(text))


def _filled(text: str, values: Mapping[str, object]) -> Markup:
    """A translated sentence with its values, links and code as HTML."""
    return Markup("".join(part if isinstance(part, str) else _value_in(part, values) for part in _parts(text)))  # noqa: S704  # each part is escaped


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a value in a sentence; with words, that of a link to the value."""

    name: str
    words: str = ""


# A page has hundreds of sentences, all of them constants of templates or their translations.
@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[Markup | _Place, ...]:
    """A sentence as HTML, with the places of its values."""
    parts: list[Markup | _Place] = []
    end = 0
    for match in _MARKUP.finditer(text):
        name, words, link, code = match.groups()
        place = Markup("<code>{}</code>").format(code) if code else _Place(name or link, words or "")
        parts += [escape(text[end : match.start()]), place]
        end = match.end()
    return *parts, escape(text[end:])


def _value_in(place: _Place, values: Mapping[str, object]) -> Markup:
    value = values[place.name]
    if place.words:
        return Markup('<a href="{}">{}</a>').format(str(value), _filled(place.words, values))
    return value if isinstance(value, Markup) else escape(value_text(value))
