"""The currencies that a table states outside its cells: in headings, and in the number formats of a workbook.

Source: ECMA-376 part 1, section 18.8.31 (number formats); [MS-LCID] for the numbers of languages.
"""

import re

from iomld.lexicon.currencies import currencies_of

# Folded words that name an amount only if a currency is next to them.
_AMOUNT_WORDS = (
    "amount;total budget;budget total;total amount;grant;grant amount;allocation;funding;montant total;"
    "montant du budget;subvention;financement;monto;monto total;presupuesto total;importe;subvencion;financiacion"
)
AMOUNT_WORDS = frozenset(_AMOUNT_WORDS.split(";"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z]{3}$)")
# In brackets or after an underscore a code may be small; bare it is in capitals, so that "all" is no currency.
_IN_BRACKETS = re.compile(r"[(\[]\s*(?:in\s+|en\s+)?(?P<word>[^()\[\]]+?)\s*[)\]]|_(?P<tag>[A-Za-z]{3})$")
_BARE = re.compile(r"(?<![^\s,/])(?P<word>[A-Z]{3}|[A-Za-z]{0,3}[^\w\s.,:;*?!/()\[\]'’-]+|euros?)(?![^\s,/:*])")
_CONNECTORS = re.compile(r"[\s,:/]+(?:in|en)?$")
_FORMAT_CURRENCY = re.compile(r"\[\$(?P<sign>[^\[\]\-]*)(?:-(?P<language>[0-9A-Fa-f]+))?\]")
_QUOTED = re.compile(r'"(?P<text>[^"]*)"|\\(?P<character>.)')
_LANGUAGE_DIGITS = 4  # the low half of the number; the rest is about calendars and digits
# The dollar of a language and country, by the number of the language.
_DOLLARS = {
    "0409": "USD", "540A": "USD", "1009": "CAD", "0C0C": "CAD", "0C09": "AUD", "1409": "NZD", "4809": "SGD",
    "1004": "SGD", "0C04": "HKD", "3C09": "HKD", "0404": "TWD", "080A": "MXN", "340A": "CLP", "240A": "COP",
    "2C0A": "ARS", "2009": "JMD", "2809": "BZD", "2C09": "TTD",
}  # fmt: skip
_UNKNOWN_DOLLAR = "$-"


def split_heading(text: str) -> tuple[str, str | None]:
    """A heading without the currency in it, and the currency; of several currencies all, with slashes.

    >>> split_heading("Grant amount (EUR)"), split_heading("Budget"), split_heading("budget_eur")
    (('Grant amount', 'EUR'), ('Budget', None), ('budget', 'EUR'))
    """
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        words = re.split(r"\s*[/,]\s*", match["word"] or match.groupdict().get("tag") or "")
        if not all(map(currencies_of, words)):
            return match[0]
        found.extend(words)
        return " "

    base = _CAMEL.sub("_", text.strip().rstrip("*:").strip())
    for pattern in (_IN_BRACKETS, _BARE):
        base = pattern.sub(take, base)
    if not found:
        return text, None
    names = dict.fromkeys(next(iter(codes)) if len(codes := currencies_of(word)) == 1 else word for word in found)
    return _CONNECTORS.sub("", base.strip()), "/".join(names)


def format_currency(code: str) -> str | None:
    """The code or sign of the currency that a number format shows; None if it shows none.

    >>> format_currency("#,##0.00 [$€-407]"), format_currency('"$"#,##0'), format_currency("0.00")
    ('€', '$', None)
    """
    section = code.partition(";")[0]
    if match := _FORMAT_CURRENCY.search(section):
        sign = match["sign"].strip()
        language = (match["language"] or "")[-_LANGUAGE_DIGITS:].rjust(_LANGUAGE_DIGITS, "0").upper()
        if sign == "$" and match["language"]:
            return _DOLLARS.get(language, _UNKNOWN_DOLLAR + match["language"])
        return sign or None
    texts = [match["text"] or match["character"] or "" for match in _QUOTED.finditer(section)]
    plain = _QUOTED.sub(" ", section)
    candidates = (text.strip() for text in (*texts, *re.findall(r"US\$|[$€£¥]", plain)))
    return next((text for text in candidates if currencies_of(text)), None)
