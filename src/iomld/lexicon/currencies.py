"""The currencies of ISO 4217, and the signs for them next to an amount.

A sign can stand for several currencies: `$` is the dollar of the United States, of Canada and of others, so that only
a second statement or the publisher's own currency decides.
"""

import re
from functools import lru_cache

# ISO 4217, list one and some codes withdrawn since 2010, without funds, metals and test codes. The shape has the
# same list (`moneyCurrency`), which a test compares.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
    "HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD "
    "LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP "
    "PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL"
)
CURRENCIES = frozenset(_CODES.split())

_SIGNS = {
    "$": "USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD "
    "UYU XCD",
    "us$": "USD",
    "us dollar": "USD",
    "us dollars": "USD",
    "dollar": "USD AUD CAD NZD",
    "dollars": "USD AUD CAD NZD",
    "a$": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "can$": "CAD",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "r$": "BRL",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "¥": "JPY CNY",
    "kr": "SEK NOK DKK ISK",
    "fr.": "CHF",
    "₣": "CHF",
    "₹": "INR",
    "₦": "NGN",
    "₱": "PHP",
    "₫": "VND",
    "₩": "KRW KPW",
    "₪": "ILS",
    "₴": "UAH",
    "₽": "RUB",
    "₺": "TRY",
    "₸": "KZT",
    "₾": "GEL",
    "₼": "AZN",
    "₵": "GHS",
    "฿": "THB",
    "₡": "CRC",
    "₲": "PYG",
    "₭": "LAK",
    "៛": "KHR",
    "৳": "BDT",
    "₮": "MNT",
    "֏": "AMD",
}
_CODES_OF_SIGNS = {sign: frozenset(codes.split()) for sign, codes in _SIGNS.items()}
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_DIGIT = re.compile(r"[0-9]")
_LEADING = re.compile(r"[^\s.,+-]")  # a character with which a word before an amount can begin
_TRAILING = re.compile(r"[^\s.,]")


@lru_cache(maxsize=256)  # most records have the same few
def currencies_of(word: str) -> frozenset[str]:
    """The currencies that a code or a sign can mean; empty for any other word.

    >>> sorted(currencies_of("eur")), sorted(currencies_of("¥")), sorted(currencies_of("XYZ"))
    (['EUR'], ['CNY', 'JPY'], [])
    """
    code = word.strip().upper()
    return frozenset({code}) if code in CURRENCIES else _CODES_OF_SIGNS.get(word.strip().lower(), frozenset())


def split_currency(text: str) -> tuple[str, tuple[str, ...]]:
    """An amount as written, and the words before and after it.

    >>> split_currency("€ 125,000"), split_currency("815500.00 EUR"), split_currency("100000")
    (('125,000', ('€',)), ('815500.00', ('EUR',)), ('100000', ()))
    """
    amount = text.strip()
    if _NUMBER.fullmatch(amount):
        return amount, ()
    digits = [match.start() for match in _DIGIT.finditer(amount)]
    if not digits:
        return amount, ()
    first, last = digits[0], digits[-1] + 1
    first -= amount[first - 1 : first] == "-"
    before, after = amount[:first].rstrip(), amount[last:].lstrip()
    words = []
    if _LEADING.match(before):
        words.append(before)
    else:
        first = 0
    if _TRAILING.match(after):
        words.append(after)
    else:
        last = len(amount)
    return amount[first:last], tuple(words)
