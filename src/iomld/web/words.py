"""The words of pages in English, French and Spanish; the English sentence is the key, as for findings.

The language is that of the request that is being answered: `iomld.web.language_choice` sets it, so that a macro or a
function far below says its words without being handed the language.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup, escape

from iomld.i18n import ENGLISH, LANGUAGES

Number = int | Decimal
LANGUAGE_PARAMETER = "lang"  # of an address
LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español"}

# A value, a link whose address is a value, and code: {count}, [the shapes](shapes), `.ttl`.
_PIECE = re.compile(r"\{(\w+)\}|\[([^\]]+)\]\((\w+)\)|`([^`]+)`")
_VALUE = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+\.\d+")
_FEWEST_WORDS = 3  # that tell a sentence by its own words: `{start} to {end}` would fit nearly any other
# How the separators of 1,234.5 are written; French sets a narrow no-break space.
_SEPARATORS = {"fr": str.maketrans({",": "\u202f", ".": ","}), "es": str.maketrans({",": ".", ".": ","})}


@dataclass(frozen=True, slots=True)
class Asked:
    """The page that is asked for.

    Attributes:
        language: One of `iomld.i18n.LANGUAGES`.
        path: Its path, percent-encoded.
        query: What comes after the question mark of a page that can be fetched again.
    """

    language: str = ENGLISH
    path: str = "/"
    query: str = ""


_asked: ContextVar[Asked] = ContextVar("asked", default=Asked())  # noqa: B039  # frozen


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A sentence with values: what its English form looks like, and what another language says."""

    english: re.Pattern[str]
    text: str


def page_language() -> str:
    """The language of the page that is being made; one of `iomld.i18n.LANGUAGES`."""
    return _asked.get().language


def page_asked() -> Asked:
    """The page that is being made."""
    return _asked.get()


@contextmanager
def asked(page: Asked) -> Iterator[None]:
    """Make pages in the language of what is asked, in this task and the threads it starts."""
    token = _asked.set(page)
    try:
        yield
    finally:
        _asked.reset(token)


def language_addresses() -> tuple[tuple[str, str], ...]:
    """For each language the address of the page that is being made, other parameters as they are.

    >>> with asked(Asked(path="/projects", query="q=sea&lang=fr")):
    ...     language_addresses()[2]
    ('es', '/projects?q=sea&lang=es')
    """
    page = page_asked()
    others = [pair for pair in parse_qsl(page.query, keep_blank_values=True) if pair[0] != LANGUAGE_PARAMETER]
    return tuple(
        (language, f"{page.path}?{urlencode([*others, (LANGUAGE_PARAMETER, language)])}") for language in LANGUAGES
    )


def key(sentence: str) -> str:
    """Mark an English sentence that is said later, by a name; tests look for it in the catalogue."""
    return sentence


def said(sentence: str, **values: object) -> str:
    """A sentence as plain text in the page's language; English where it has no translation.

    Args:
        sentence: The English sentence with places for values, `{count} projects`.
        **values: The values; numbers are written as the language writes them, years are given as text.
    """
    text = _translated(sentence)
    return _VALUE.sub(lambda match: shown(values[match[1]]), text)


def said_html(sentence: str, **values: object) -> Markup:
    """A sentence for a page, escaped; `[words](name)` is a link to the value, and `` `text` `` is code."""
    return _filled(_translated(sentence), values)


def counted_html(one: str, many: str, count: int, **values: object) -> Markup:
    """A sentence in its form for a number, which is the value `count`.

    Args:
        one: The English sentence for one.
        many: The English sentence for none and for many; in French none goes with one.
        count: The number.
        **values: Other values.
    """
    return said_html(one if _is_one(count) else many, count=count, **values)


def retold(sentence: str) -> str | None:
    """An English sentence that has its values already in the page's language; None where it has no translation."""
    language = page_language()
    if language == ENGLISH:
        return sentence
    whole = catalogue().get(sentence)
    if whole:
        return whole[language]
    for pattern in _patterns(language):
        match = pattern.english.fullmatch(sentence)
        if match:
            return _with_values(pattern.text, match.groupdict())
    return None


def parted(sentence: str, text: str) -> dict[str, str] | None:
    """The values of an English sentence that has its values already; None where the text is another sentence.

    >>> parted("{name}: {value}", "a: b")
    {'name': 'a', 'value': 'b'}
    """
    match = _pattern(sentence).fullmatch(text)
    return match.groupdict() if match else None


def shown(value: object) -> str:
    """A value as the page's language writes it: numbers in groups of three, all else as it is.

    >>> shown(Decimal("100000.50"))
    '100,000.50'
    """
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{value:,}".translate(_SEPARATORS.get(page_language(), {}))
    return str(value)


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All sentences of `words.toml` by their English form."""
    text = files("iomld.web").joinpath("words.toml").read_text(encoding="utf-8")
    return {entry[ENGLISH]: entry for entry in tomllib.loads(text)["sentence"]}


def _translated(sentence: str) -> str:
    entry = catalogue().get(sentence)
    return entry[page_language()] if entry else sentence


def _is_one(count: int) -> bool:
    return count in {0, 1} if page_language() == "fr" else count == 1


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
        return value if isinstance(value, Markup) else escape(shown(value))
    if code:
        return Markup("<code>{}</code>").format(code)
    return Markup('<a href="{}">{}</a>').format(str(values[link]), _filled(words, values))


@cache
def _patterns(language: str) -> tuple[_Pattern, ...]:
    """Sentences with values, those with most words of their own first; none that has hardly any."""
    entries = [
        entry
        for english, entry in catalogue().items()
        if _VALUE.search(english) and len(re.findall(r"\w+", _VALUE.sub("", english))) >= _FEWEST_WORDS
    ]
    entries.sort(key=lambda entry: -len(_VALUE.sub("", entry[ENGLISH])))
    return tuple(_Pattern(_pattern(entry[ENGLISH]), entry[language]) for entry in entries)


def _with_values(text: str, values: Mapping[str, str]) -> str:
    return _VALUE.sub(lambda place: _number(values[place[1]]), text)


def _number(text: str) -> str:
    """A value; a number with the separators of the page's language."""
    return text.translate(_SEPARATORS.get(page_language(), {})) if _NUMBER.fullmatch(text) else text


@cache
def _pattern(english: str) -> re.Pattern[str]:
    pieces = _VALUE.split(english)  # text, name, text, name, … text
    pattern = [re.escape(pieces[0])]
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        pattern.append(f"(?P<{name}>.*?){re.escape(literal)}")
    return re.compile("".join(pattern), re.DOTALL)
