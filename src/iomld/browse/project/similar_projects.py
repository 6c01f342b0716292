"""The projects most similar to a project, by shared countries and frameworks."""

from dataclasses import dataclass
from itertools import islice, pairwise

from pyoxigraph import NamedNode

from iomld.browse.search import projects_of
from iomld.browse.view import Link, ReleaseView, link_to
from iomld.iris import DCTERMS, IOMLD
from iomld.release.project_database import CODE_ORDER
from iomld.release.project_index import ProjectEntry
from iomld.release.project_reader import ProjectReader

_MOST = 5
_MOST_COMPARED = 500  # projects that share equally many resources and are compared one by one
_QUERY = f"""PREFIX iomld: <{IOMLD}>
PREFIX dcterms: <{DCTERMS}>

SELECT ?project (SAMPLE(?name) AS ?title) (COUNT(DISTINCT ?thing) AS ?shared) WHERE {{
  {{project}} iomld:benefitingCountry|iomld:mentionsFramework ?thing .
  ?project iomld:benefitingCountry|iomld:mentionsFramework ?thing ; dcterms:title ?name .
  FILTER(?project != {{project}})
}}
GROUP BY ?project
ORDER BY DESC(?shared) ?project
"""


@dataclass(frozen=True, slots=True)
class SimilarProject:
    """A project that shares countries or frameworks with another.

    Attributes:
        entry: The project.
        shared: The countries and frameworks that both point to, the rarest first.
    """

    entry: ProjectEntry
    shared: tuple[Link, ...]


def similar_projects(view: ReleaseView, iri: str) -> tuple[SimilarProject, ...]:
    """The few projects that share most with a project.

    Projects that share more countries and frameworks come first; then those of the same region, those with the nearest
    start year, and by code. A part of a framework counts in addition to the framework, so that the same objective
    weighs more than the same framework.

    Args:
        view: The release.
        iri: The project.
    """
    reader = projects_of(view)
    number = reader.number(iri)
    if number is None:
        return ()
    (project,) = reader.entries([number])
    things = _project_links(view, reader, project)
    found: list[ProjectEntry] = []
    for level in reversed(_levels([bits & ~(1 << number) for _, bits in things])):
        alike = reader.entries(islice(reader.in_order(level, CODE_ORDER), _MOST_COMPARED))
        found += sorted(alike, key=lambda entry: _distance(project, entry))[: _MOST - len(found)]
        if len(found) == _MOST:
            break
    return tuple(SimilarProject(entry, _shared_links(things, reader.number(entry.iri))) for entry in found)


def similar_projects_query(iri: str) -> str:
    """The query that counts what each project shares with a project.

    Args:
        iri: The project.
    """
    return _QUERY.replace("{project}", str(NamedNode(iri)))


def popularity_of(view: ReleaseView, links: tuple[Link, ...], facet: str) -> dict[str, int]:
    """The number of projects for each linked value of a facet, by IRI."""
    reader = projects_of(view)
    return {link.iri: reader.having(facet, link.code).bit_count() for link in links}


def _project_links(view: ReleaseView, reader: ProjectReader, project: ProjectEntry) -> list[tuple[Link, int]]:
    """The countries and frameworks of a project, each with its set of projects, the rarest first."""
    iris = [
        *(("country", code, view.iris.country(code)) for code in project.codes["country"]),
        *(("framework", code, view.iris.concept("framework", code)) for code in project.codes["framework"]),
    ]
    found = [(link, reader.having(facet, code)) for facet, code, iri in iris if (link := link_to(view, iri))]
    return sorted(found, key=lambda thing: thing[1].bit_count())


def _levels(sets: list[int]) -> list[int]:
    """The projects that are in exactly one, two, three … of some sets.

    >>> _levels([0b0111, 0b0011, 0b0001])
    [4, 2, 1]
    """
    at_least = [0] * (len(sets) + 1)
    for bits in sets:
        for count in range(len(sets) - 1, 0, -1):
            at_least[count] |= at_least[count - 1] & bits
        at_least[0] |= bits
    return [more & ~most for more, most in pairwise(at_least)]


def _distance(project: ProjectEntry, other: ProjectEntry) -> tuple[bool, int, str]:
    is_elsewhere = not set(project.codes["region"]) & set(other.codes["region"])
    return is_elsewhere, abs((project.start_year or 0) - (other.start_year or 0)), other.key


def _shared_links(things: list[tuple[Link, int]], number: int | None) -> tuple[Link, ...]:
    return tuple(link for link, projects in things if number is not None and projects >> number & 1)
