"""The figures of the home page."""

from dataclasses import dataclass

from iomld.browse.links import Link, link_to
from iomld.browse.lists import list_projects, project_counts
from iomld.browse.project import ProjectPage, project_page
from iomld.browse.view import ReleaseView
from iomld.iris import IOMLD

_SHOWN_FIRST = "PO.0105"


@dataclass(frozen=True, slots=True)
class Counted:
    """A thing, and how many projects point to it."""

    link: Link
    projects: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What a release holds, in figures.

    Attributes:
        projects: Number of projects.
        triples: Number of statements in the dataset.
        states: Member states that benefit, most projects first.
        regions: Regions of the projects, most projects first.
        frameworks: Frameworks that project texts name, without their parts, most projects first.
        years: For each start year the number of projects, in order, years without projects among them.
        undated: Number of projects without a start year.
        example: One project, to be drawn with its links; None in a release without projects.
    """

    projects: int
    triples: int
    states: tuple[Counted, ...]
    regions: tuple[Counted, ...]
    frameworks: tuple[Counted, ...]
    years: tuple[tuple[int, int], ...]
    undated: int
    example: ProjectPage | None


def release_overview(view: ReleaseView) -> Overview:
    """Count everything; takes some ten milliseconds for a hundred projects, so keep the result with the release."""
    manifest = view.release.manifest
    years = _years(view)
    return Overview(
        projects=manifest.projects,
        triples=manifest.quads,
        states=_ranked(view, f"{IOMLD}benefitingMemberState"),
        regions=_ranked(view, f"{IOMLD}region"),
        frameworks=tuple(counted for counted in _ranked(view, f"{IOMLD}mentionsFramework") if _is_whole(view, counted)),
        years=years,
        undated=manifest.projects - sum(count for _, count in years),
        example=_example(view),
    )


def shown_key(view: ReleaseView) -> str | None:
    """The key of the project that stands as an example for all; None in a release without projects."""
    if view.reader.has_graph(view.iris.record(_SHOWN_FIRST)):
        return _SHOWN_FIRST
    first = next(iter(list_projects(view).rows), None)
    return first.key if first else None


def _ranked(view: ReleaseView, predicate: str) -> tuple[Counted, ...]:
    counts = project_counts(view, predicate)
    counted = [Counted(link, count) for iri, count in counts.items() if (link := link_to(view, iri))]
    return tuple(sorted(counted, key=lambda one: (-one.projects, one.link.name)))


def _is_whole(view: ReleaseView, counted: Counted) -> bool:
    concept = view.vocabulary.concepts["framework"].get(counted.link.code)
    return concept is None or concept.broader is None


def _years(view: ReleaseView) -> tuple[tuple[int, int], ...]:
    counts = {int(year[:4]): count for year, count in project_counts(view, f"{IOMLD}startYear").items()}
    return tuple((year, counts.get(year, 0)) for year in range(min(counts), max(counts) + 1)) if counts else ()


def _example(view: ReleaseView) -> ProjectPage | None:
    key = shown_key(view)
    return project_page(view, key) if key else None
