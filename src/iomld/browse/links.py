"""What pages point to: things with their kind and name."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from iomld.browse.view import ReleaseView

_FUND = {
    "en": "IOM Development Fund",
    "fr": "Fonds de l’OIM pour le développement",
    "es": "Fondo de la OIM para el Desarrollo",
}


class LinkKind(StrEnum):
    """The kinds of thing; each has one colour and one shape on every page."""

    PROJECT = "project"
    STATE = "state"
    REGION = "region"
    FRAMEWORK = "framework"
    CONCEPT = "concept"


@dataclass(frozen=True, slots=True)
class Link:
    """A thing with an IRI of ours.

    Attributes:
        iri: Its IRI.
        kind: What it is.
        name: Its name in the view's language, else in English, else its code.
        code: The last segment of its IRI.
    """

    iri: str
    kind: LinkKind
    name: str
    code: str


def link_to(view: ReleaseView, iri: str) -> Link | None:
    """The thing that an IRI names, or None where it is none of ours."""
    path = iri.removeprefix(view.iris.base)
    if path == iri or "#" in path:
        return None
    family, _, rest = path.partition("/")
    group, _, segment = rest.partition("/")
    code = unquote(segment)
    match family, group:
        case "id", "country":
            country = view.vocabulary.countries.get(code)
            return Link(iri, LinkKind.STATE, country.name(view.language) if country else code, code)
        case "id", "fund":
            return Link(iri, LinkKind.CONCEPT, _FUND.get(view.language, _FUND["en"]), code)
        case "id", "project":
            return Link(iri, LinkKind.PROJECT, code, code)
        case "scheme", scheme if code:
            concept = view.vocabulary.concepts.get(scheme, {}).get(code)
            kinds = {"region": LinkKind.REGION, "framework": LinkKind.FRAMEWORK}
            return Link(
                iri, kinds.get(scheme, LinkKind.CONCEPT), concept.name(view.language) if concept else code, code
            )
    return None
