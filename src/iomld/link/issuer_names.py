"""Other places of the issuer in the names of frameworks: before, inside and after the rest of the name.

"AU Free Movement Protocol" is also "the AU's Free Movement Protocol" and "the Free Movement Protocol of the AU"; French
and Spanish put the issuer behind the noun or at the end: "le Protocole de la CEDEAO sur la libre circulation".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Issuer:
    """How names in French and Spanish give an issuer.

    Attributes:
        fr: With its preposition, in French.
        es: With its preposition, in Spanish.
    """

    fr: tuple[str, ...]
    es: tuple[str, ...]


_UNITED_NATIONS = _Issuer(("des Nations Unies", "de l’ONU"), ("de las Naciones Unidas", "de la ONU"))
# By the first words of `iomld:issuingBody`.
_ISSUERS = {
    "United Nations": _UNITED_NATIONS,
    "UNFCCC": _UNITED_NATIONS,
    "African Union": _Issuer(("de l’Union africaine", "de l’UA"), ("de la Unión Africana", "de la UA")),
    "International Organization for Migration": _Issuer(("de l’OIM",), ("de la OIM",)),
    "International Labour Organization": _Issuer(("de l’OIT",), ("de la OIT",)),
    "World Health Organization": _Issuer(("de l’OMS",), ("de la OMS",)),
    "Economic Community of West African States": _Issuer(("de la CEDEAO",), ("de la CEDEAO",)),
    "Southern African Development Community": _Issuer(("de la SADC",), ("de la SADC",)),
    "Intergovernmental Authority on Development": _Issuer(("de l’IGAD",), ("de la IGAD",)),
}
_LEADING = re.compile(r"([A-Z]{2,}|African Union|United Nations|East African Community|Nansen Initiative) (?=\w+ \w)")
# "Convention | relative au statut des réfugiés": the noun of a name, and what it is about.
_NOUN = re.compile(
    r"(?P<noun>[^\W\d]+(?: [^\W\d]+){0,2}?) "
    r"(?=(?:sur|pour|relati(?:f|ve)s?|contre|visant|sobre|para|contra|relativ[oa]s?)(?!\w))"
)


def issuer_variants(name: str, language: str, issuer: str | None) -> Iterator[str]:
    """The name with its issuer elsewhere.

    Args:
        name: A name of a framework.
        language: Its language.
        issuer: The issuing body of the framework.

    >>> list(issuer_variants("AU Free Movement Protocol", "en", "African Union"))
    ["AU's Free Movement Protocol", 'Free Movement Protocol of AU']
    >>> list(issuer_variants("Cadre de l’OMS sur la santé", "fr", "World Health Organization"))
    ['Cadre sur la santé de l’OMS']
    >>> list(issuer_variants("Convenio sobre el trabajo forzoso", "es", "International Labour Organization"))
    ['Convenio de la OIT sobre el trabajo forzoso']
    """
    if language == "en":
        if leading := _LEADING.match(name):
            yield f"{leading[1]}'s {name[leading.end() :]}"
            yield f"{name[leading.end() :]} of {leading[1]}"
        return
    known = next((item for start, item in _ISSUERS.items() if issuer and issuer.startswith(start)), None)
    if known is None or language not in {"fr", "es"}:
        return
    genitives = known.fr if language == "fr" else known.es
    inside = next((words for words in genitives if f" {words} " in name), None)
    if inside:
        yield f"{name.replace(f' {inside}', '', 1)} {inside}"
    elif noun := None if name.endswith(genitives) else _NOUN.match(name):
        for words in genitives:
            yield f"{noun['noun']} {words} {name[noun.end() :]}"
