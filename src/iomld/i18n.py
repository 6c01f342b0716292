"""Translation with gettext catalogues, and numbers in the format of a language (Babel).

The msgid is the English sentence, with placeholders such as `{name}`. The catalogues are the files
`locale/LANGUAGE/LC_MESSAGES/iomld.po`, read once for each language; `make messages` updates them.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from iomld.messages import Message, Quantity

LANGUAGES = ("en", "fr", "es")
ENGLISH = LANGUAGES[0]
LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español"}

DOMAIN = "iomld"
_MAX_DIGITS = 28  # Babel's precision; longer numbers are not formatted


def gettext_noop(sentence: str) -> str:
    """Mark an English sentence that is translated later; pybabel finds it by this call."""
    return sentence


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
    return decimal_text(value, language) if isinstance(value, Quantity) else str(value)


def is_translated(message: Message, language: str) -> bool:
    """Whether a message and every message among its values have a translation; for English this is always true."""
    return (language == ENGLISH or message.id in catalogue(language)) and all(
        is_translated(value, language) for value in message.values.values() if isinstance(value, Message)
    )


def decimal_text(number: Decimal | int, language: str) -> str:
    """A number in the format of a language, with all its digits; infinite and very long numbers are not formatted.

    >>> decimal_text(Decimal("100000.50"), "en"), decimal_text(1234567, "es")
    ('100,000.50', '1.234.567')
    """
    exact = Decimal(number)
    _, digits, exponent = exact.as_tuple()
    if not isinstance(exponent, int) or exponent < -_MAX_DIGITS or len(digits) + max(exponent, 0) > _MAX_DIGITS:
        return str(number)
    decimals = f".{'0' * -exponent}" if exponent < 0 else ""
    return format_decimal(exact, f"#,##0{decimals}", locale=language, decimal_quantization=False)


def language_name(tag: str, language: str) -> str:
    """The name of a language in a language; the tag itself if it has none.

    >>> language_name("fr", "en"), language_name("en", "fr"), language_name("x-y", "en")
    ('French', 'anglais', 'x-y')
    """
    names: Mapping[str, str] = Locale.parse(language).languages
    return names.get(tag.lower().partition("-")[0], tag)


@cache
def catalogue(language: str) -> Catalog:
    """The catalogue of a language; cached.

    Args:
        language: One of `LANGUAGES`, but not English.
    """
    path = files("iomld") / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


@cache
def _translations(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
