"""Other places and forms of the issuer in the names of frameworks.

"AU Free Movement Protocol" is also "the African Union's Free Movement Protocol" and "the Free Movement Protocol of the
AU"; "the Protocol of ECOWAS on Free Movement" has the issuer behind its noun, as French and Spanish do: "le Protocole
de la CEDEAO sur la libre circulation".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class _Issuer:
    """How names give an issuer.

    Attributes:
        en: Its names in English.
        fr: With its preposition, in French.
        es: With its preposition, in Spanish.
        is_regional: Whether its texts are said to be those of a region: "the protocol on … in the IGAD region".
    """

    en: tuple[str, ...]
    fr: tuple[str, ...]
    es: tuple[str, ...]
    is_regional: bool = True


_NO_ISSUER = _Issuer((), (), (), is_regional=False)


_UNITED_NATIONS = _Issuer(
    ("United Nations", "UN"),
    ("des Nations Unies", "de l’ONU"),
    ("de las Naciones Unidas", "de la ONU"),
    is_regional=False,
)
# By the first words of `iomld:issuingBody`.
_ISSUERS = {
    "United Nations": _UNITED_NATIONS,
    "UNFCCC": _UNITED_NATIONS,
    "African Union": _Issuer(
        ("African Union", "AU"), ("de l’Union africaine", "de l’UA"), ("de la Unión Africana", "de la UA")
    ),
    "International Organization for Migration": _Issuer(
        ("IOM", "International Organization for Migration"),
        ("de l’OIM", "de l’Organisation internationale pour les migrations"),
        ("de la OIM", "de la Organización Internacional para las Migraciones"),
        is_regional=False,
    ),
    "International Labour Organization": _Issuer(
        ("ILO", "International Labour Organization"),
        ("de l’OIT", "de l’Organisation internationale du Travail"),
        ("de la OIT", "de la Organización Internacional del Trabajo"),
        is_regional=False,
    ),
    "World Health Organization": _Issuer(
        ("WHO", "World Health Organization"), ("de l’OMS",), ("de la OMS",), is_regional=False
    ),
    "Economic Community of West African States": _Issuer(
        ("ECOWAS", "Economic Community of West African States"),
        ("de la CEDEAO", "de la Communauté économique des États de l’Afrique de l’Ouest"),
        ("de la CEDEAO", "de la Comunidad Económica de los Estados de África Occidental"),
    ),
    "East African Community": _Issuer(
        ("EAC", "East African Community"),
        ("de la CAE", "de la Communauté d’Afrique de l’Est"),
        ("de la CAO", "de la Comunidad de África Oriental"),
    ),
    "Southern African Development Community": _Issuer(
        ("SADC", "Southern African Development Community"),
        ("de la SADC", "de la Communauté de développement de l’Afrique australe"),
        ("de la SADC", "de la Comunidad de Desarrollo del África Meridional"),
    ),
    "Intergovernmental Authority on Development": _Issuer(
        ("IGAD", "Intergovernmental Authority on Development"),
        ("de l’IGAD", "de l’Autorité intergouvernementale pour le développement"),
        ("de la IGAD", "de la Autoridad Intergubernamental para el Desarrollo"),
    ),
}
_OTHER_LEADING = re.compile(r"([A-Z]{2,}|Nansen Initiative) (?=\w+ \w)")
# "Convention | relative au statut des réfugiés": the noun of a name, and what it is about.
_NOUN = re.compile(
    r"(?P<noun>[^\W\d]+(?: [^\W\d]+){0,2}?) "
    r"(?=(?:on|for|relating|against|to|sur|pour|relati(?:f|ve)s?|contre|visant|sobre|para|contra|relativ[oa]s?)(?!\w))"
)


def issuer_variants(name: str, language: str, issuer: str | None) -> Iterator[tuple[str, str]]:
    """The name with its issuer elsewhere or in another form, each with the rest of the name without it.

    Args:
        name: A name of a framework.
        language: Its language.
        issuer: The issuing body of the framework.

    >>> for variant, rest in issuer_variants("AU Migration Policy", "en", "African Union"):
    ...     print(variant)
    African Union Migration Policy
    African Union's Migration Policy
    Migration Policy of African Union
    AU's Migration Policy
    Migration Policy of AU
    >>> [variant for variant, _ in issuer_variants("Cadre de l’OMS sur la santé", "fr", "World Health Organization")]
    ['Cadre sur la santé de l’OMS']
    >>> next(issuer_variants("Convenio sobre el trabajo forzoso", "es", "International Labour Organization"))[0]
    'Convenio de la OIT sobre el trabajo forzoso'
    """
    known = _issuer(issuer) if issuer else _NO_ISSUER
    if language == "en":
        yield from _english(name, known)
    elif language in {"fr", "es"}:
        yield from _with_genitive(name, known.fr if language == "fr" else known.es)


@cache
def _issuer(body: str) -> _Issuer:
    """How names give an issuing body."""
    return next((item for start, item in _ISSUERS.items() if body.startswith(start)), _NO_ISSUER)


def _english(name: str, known: _Issuer) -> Iterator[tuple[str, str]]:
    """Variants of an English name that begins with its issuer."""
    issuers = known.en
    leading = next((issuer for issuer in issuers if name.startswith(f"{issuer} ")), None)
    if leading is None:
        other = _OTHER_LEADING.match(name)
        if other is None:
            return
        leading, issuers = other[1], (other[1],)
    rest = name[len(leading) + 1 :]
    if " " not in rest:
        return
    noun = _NOUN.match(rest)
    for issuer in issuers:
        if issuer != leading:
            yield f"{issuer} {rest}", rest
        yield f"{issuer}'s {rest}", rest
        if issuer.endswith(("S", "s")):
            yield f"{issuer}' {rest}", rest
        yield f"{rest} of {issuer}", rest
        if noun:
            yield f"{noun['noun']} of {issuer} {rest[noun.end() :]}", rest
        if noun and known.is_regional:
            yield f"{rest} in {issuer} Region", rest


def _with_genitive(name: str, genitives: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Variants of a French or Spanish name: the issuer behind the noun, and at the end."""
    given = next((words for words in genitives if f" {words} " in f"{name} "), None)
    rest = f"{name} ".replace(f" {given} ", " ", 1).strip() if given else name
    noun = _NOUN.match(rest)
    for words in genitives:
        if given and f"{rest} {words}" != name:
            yield f"{rest} {words}", rest
        variant = f"{noun['noun']} {words} {rest[noun.end() :]}" if noun else name
        if variant != name:
            yield variant, rest
