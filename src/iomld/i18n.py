"""Translation with gettext catalogues, and numbers in the format of a language (Babel).

What reads catalogues is imported when the first one is read: most commands use English, which has none.

The msgid is the English sentence, with placeholders such as `{name}`. The catalogues are the files
`locale/LANGUAGE/LC_MESSAGES/iomld.po`, read once for each language; `make messages` updates them. A language is there
when its file is, and English takes the place of what is not translated.
"""

import logging
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations, c2py
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from string import Formatter
from typing import TYPE_CHECKING

from babel import localedata
from babel.core import Locale
from babel.numbers import format_decimal, get_currency_precision

from iomld.messages import LocalizedText, Message, Quantity
from iomld.model import language_rank

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog
    from babel.messages.catalog import Message as Entry

ENGLISH = "en"
DOMAIN = "iomld"
_MARK = re.compile(r"\{\w+\}|\]\(\w+\)")  # a value in a sentence, or the address of a link
_NUMBER = "{count}"
_LOG = logging.getLogger(__name__)
_MAX_DIGITS = 28  # Babel's precision; longer numbers are not formatted
_MOST_PLAIN = 10**_MAX_DIGITS


def _catalogue_file(language: str) -> Traversable:
    return files("iomld") / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _languages() -> tuple[str, ...]:
    """English, and each language that Babel knows and that has a catalogue; the languages of texts first."""
    folders = (files("iomld") / "locale").iterdir()
    found = (one.name for one in folders if localedata.exists(one.name) and _catalogue_file(one.name).is_file())
    return (ENGLISH, *sorted(found, key=language_rank))


def _own_name(language: str) -> str:
    """The name of a language in itself, as the heading of its pages."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


# Read once, when the program starts: commands and routes list them in their descriptions.
LANGUAGES = _languages()


@cache
def language_names() -> Mapping[str, str]:
    """The name of each language in itself, by its code; the first call reads the data of all of them."""
    return {code: _own_name(code) for code in LANGUAGES}


def direction(language: str) -> str:
    """The direction in which a language is written, `ltr` or `rtl`.

    >>> direction("fr"), direction("ar")
    ('ltr', 'rtl')
    """
    return Locale.parse(language).text_direction


def gettext(sentence: str, language: str) -> str:
    """The translation of an English sentence, with its placeholders; the sentence itself if there is none.

    Args:
        sentence: The English sentence.
        language: One of `LANGUAGES`.

    >>> gettext("Projects", "fr")
    'Projets'
    """
    return _translations(language).gettext(sentence)


def ngettext(one: str, many: str, count: int, language: str) -> str:
    """The translation of an English sentence in the plural form for a number, with its placeholders.

    Args:
        one: The English singular.
        many: The English plural.
        count: The number.
        language: One of `LANGUAGES`.

    >>> ngettext("{count} project", "{count} projects", 0, "fr")
    '{count} projet'
    """
    return _translations(language).ngettext(one, many, count)


def worded(message: Message, language: str) -> str:
    """A message as a sentence in a language; messages and quantities among its values are in that language too.

    Args:
        message: The message.
        language: One of `LANGUAGES`.
    """
    text = gettext(message.id, language)
    if not message.values:
        return text
    return text.format_map({name: _value_text(value, language) for name, value in message.values.items()})


def _value_text(value: object, language: str) -> str:
    if isinstance(value, Message):
        return worded(value, language)
    if isinstance(value, LocalizedText):
        return value.in_language(language)
    return decimal_text(value, language) if isinstance(value, Quantity) else str(value)


def is_translated(message: Message, language: str) -> bool:
    """Whether a message and every message among its values have a translation; for English this is always true."""
    return (language == ENGLISH or not message.id or message.id in catalogue(language)) and all(
        is_translated(value, language) for value in message.values.values() if isinstance(value, Message)
    )


def decimal_text(number: Decimal | int, language: str) -> str:
    """A number in the format of a language, with all its digits; infinite and very long numbers are not formatted.

    >>> decimal_text(Decimal("100000.50"), "en"), decimal_text(1234567, "es")
    ('100,000.50', '1.234.567')
    """
    if type(number) is int and abs(number) < _MOST_PLAIN:
        return _formatted(str(number), 0, language)
    exact = Decimal(number)
    _, digits, exponent = exact.as_tuple()
    if not isinstance(exponent, int) or exponent < -_MAX_DIGITS or len(digits) + max(exponent, 0) > _MAX_DIGITS:
        return str(number)
    return _formatted(str(exact), -min(exponent, 0), language)


def amount_text(amount: Decimal | int, currency: str, language: str) -> str:
    r"""The number of a sum of money: an amount with decimals has at least as many as its currency (ISO 4217).

    >>> amount_text(Decimal("156750.5"), "EUR", "fr"), amount_text(Decimal("20000"), "EUR", "es")
    ('156\u202f750,50', '20.000')
    """
    exact = Decimal(amount)
    _, digits, exponent = exact.as_tuple()
    usual = get_currency_precision(currency)
    if isinstance(exponent, int) and 0 < -exponent < usual and len(digits) + usual <= _MAX_DIGITS:
        exact = exact.quantize(Decimal(1).scaleb(-usual))
    return decimal_text(exact, language)


# A page has hundreds of numbers, mostly the same few. The key is their digits, since 1.5 and 1.50 are equal numbers.
@lru_cache(maxsize=4096)
def _formatted(digits: str, decimals: int, language: str) -> str:
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(Decimal(digits), pattern, locale=language, decimal_quantization=False)


def language_name(tag: str, language: str) -> str:
    """The name of a language in a language; the tag itself if it has none.

    >>> language_name("fr", "en"), language_name("en", "fr"), language_name("x-y", "en")
    ('French', 'anglais', 'x-y')
    """
    names: Mapping[str, str] = Locale.parse(language).languages
    return names.get(tag.lower().partition("-")[0], tag)


@cache
def catalogue(language: str) -> "Catalog":
    """The entries of a language that can be used; cached. English takes the place of all others.

    Args:
        language: One of `LANGUAGES`, but not English.
    """
    from babel.messages.catalog import Catalog  # noqa: PLC0415  # see above
    from babel.messages.pofile import PoFileError  # noqa: PLC0415

    path = _catalogue_file(language)
    try:
        entries = _read_catalogue(path.read_bytes(), language)
    except (OSError, ValueError, PoFileError) as error:
        _LOG.warning("%s cannot be read (%s), so English is used instead. Install iomld again.", path, error)
        return Catalog(locale=language, domain=DOMAIN)
    unusable = [entry for entry in entries if entry.id and not (_is_translated(entry) and _has_its_values(entry))]
    broken = [entry for entry in unusable if _is_translated(entry)]
    if broken:
        _LOG.warning(
            "%s: %d translations do not have the values of their sentences, the first in line %s, so English is used "
            "instead. Correct their words in braces and links.",
            path,
            len(broken),
            broken[0].lineno,
        )
    for entry in unusable:
        entries.delete(entry.id)
    return entries


def _read_catalogue(content: bytes, language: str) -> "Catalog":
    """Read a catalogue.

    Raises:
        PoFileError: It is damaged.
        ValueError: It is not in UTF-8, or its rule for plurals cannot be read.
    """
    from babel.messages.pofile import read_po  # noqa: PLC0415  # see above

    # Otherwise Babel prints what is wrong to standard output and goes on.
    entries = read_po(BytesIO(content), locale=language, domain=DOMAIN, abort_invalid=True)
    c2py(entries.plural_expr)
    return entries


def _is_translated(entry: "Entry") -> bool:
    return all(_forms(entry.string))


def _has_its_values(entry: "Entry") -> bool:
    """Whether a translation has the values and links of its sentence and no others.

    A plural may leave out its number.
    """
    sentences, texts = _forms(entry.id), _forms(entry.string)
    known = {mark for sentence in sentences for mark in _MARK.findall(sentence)}
    needed = known - ({_NUMBER} if len(sentences) > 1 else set())
    has_closed_braces = all(map(_closes_braces, sentences))
    return all(
        needed <= set(_MARK.findall(text)) <= known and _closes_braces(text) >= has_closed_braces for text in texts
    )


def _closes_braces(text: str) -> bool:
    try:
        list(Formatter().parse(text))
    except ValueError:
        return False
    return True


def _forms(text: object) -> tuple[str, ...]:
    """The singular and the plurals of a text, or the text alone."""
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text or ""),)


@cache
def _translations(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415  # see above

    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
