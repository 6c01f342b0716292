"""Pages of things, made from the values of `iomld.browse`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from pyoxigraph import Quad

from iomld.browse.ontology import term_entries
from iomld.browse.project import ProjectPage
from iomld.browse.resources import ResourcePage, SchemePage, SubjectStatements
from iomld.browse.rules import Revalidation, check_record, rule_entries
from iomld.browse.similar_projects import similar_projects, similar_projects_query
from iomld.browse.view import Link, LinkKind, ReleaseView
from iomld.check.translation import worded_finding
from iomld.i18n import gettext_noop
from iomld.iris import Iris
from iomld.model import Finding
from iomld.web.data.documents import turtle_bytes
from iomld.web.i18n import page_language
from iomld.web.pages.charts import locator_map, year_bars
from iomld.web.pages.structured_data import project_markup
from iomld.web.templating import KeptPages, answer_address, local_path, render

# Pages in the main menu: path and name.
MENU = (
    ("/projects", gettext_noop("Projects")),
    ("/countries", gettext_noop("Countries")),
    ("/frameworks", gettext_noop("Frameworks")),
    ("/ontology", gettext_noop("Ontology")),
    ("/query", gettext_noop("Query")),
    ("/validate", gettext_noop("Validate")),
    ("/downloads", gettext_noop("Downloads")),
)
_FORMATS = (
    ("ttl", "Turtle"),
    ("jsonld", "JSON-LD"),
    ("nt", "N-Triples"),
    ("nq", "N-Quads"),
    ("trig", "TriG"),
    ("rdf", "RDF/XML"),
)
_LONGEST_SOURCE = 13_000  # characters of a form of a record; two of them and the rest stay under 150 KB
_ontologies = KeptPages()
_SECTIONS = {LinkKind.STATE: "/countries", LinkKind.FRAMEWORK: "/frameworks"}


def page_html(view: ReleaseView | None, template: str, section: str = "", **values: object) -> bytes:
    """A page with its header and footer.

    Args:
        view: The release; None for a page that shows nothing of it.
        template: File name of the template.
        section: Path of the menu's entry that it belongs to.
        **values: What the template names.
    """
    iris = view.iris if view else Iris()

    def path_of(link: Link) -> str:
        return local_path(link.iri, iris.base) or "/"

    def term_path(iri: str) -> str:
        return local_path(iri, iris.base) or ""

    return render(
        template,
        menu=MENU,
        section=section,
        release=view.release.manifest.name if view else "",
        base=iris.base,
        prefixes=iris.prefixes(),
        path_of=path_of,
        term_path=term_path,
        formats=_FORMATS,
        **values,
    )


@dataclass(frozen=True, slots=True)
class SourceView:
    """A form of a record as a page shows it: its text, or the beginning of it."""

    text: str
    is_cut: bool


def project_html(view: ReleaseView, page: ProjectPage, quads: Sequence[Quad], jsonld: bytes) -> bytes:
    """The page of a project.

    Args:
        view: The release.
        page: What it shows.
        quads: The project's graph, shown as Turtle and checked.
        jsonld: The same as JSON-LD.
    """
    return page_html(
        view,
        "project.html",
        "/projects",
        page=page,
        path=local_path(page.iri, view.iris.base) or "",
        turtle=_source_view(turtle_bytes(quads, view.iris.prefixes())),
        jsonld=_source_view(jsonld),
        where=locator_map(page.states),
        neighbours=similar_projects(view, page.iri),
        neighbours_query=answer_address(similar_projects_query(page.iri)),
        checked=_checked(view, quads),
        markup=project_markup(view, page),
    )


def _source_view(source: bytes) -> SourceView:
    text = source.decode()
    if len(text) <= _LONGEST_SOURCE:
        return SourceView(text, is_cut=False)
    return SourceView(text[: text.rfind("\n", 0, _LONGEST_SOURCE) + 1], is_cut=True)


def _checked(view: ReleaseView, quads: Sequence[Quad]) -> Revalidation | None:
    """What the shapes say of a record, in the language of the page."""
    checked = check_record(view, quads)
    return replace(checked, findings=tuple(map(_worded, checked.findings))) if checked else None


def _worded(finding: Finding) -> Finding:
    return worded_finding(finding, page_language())


def thing_html(view: ReleaseView, thing: ResourcePage) -> bytes:
    """The page of a country, framework, region, type or other concept."""
    path = local_path(thing.link.iri, view.iris.base) or ""
    where = locator_map((thing.link,)) if thing.link.kind is LinkKind.STATE else None
    section = _SECTIONS.get(thing.link.kind, "")
    scheme = thing.link.iri.removeprefix(view.iris.base).split("/")[1]
    bars = year_bars(thing.totals.years)
    return page_html(view, "thing.html", section, thing=thing, path=path, where=where, scheme=scheme, bars=bars)


def scheme_html(view: ReleaseView, scheme: SchemePage) -> bytes:
    """The page of a scheme: its concepts with their number of projects."""
    path = local_path(scheme.iri, view.iris.base) or ""
    section = "/frameworks" if path == "/scheme/framework" else ""
    return page_html(view, "scheme.html", section, title=scheme.title, iri=scheme.iri, path=path, rows=scheme.concepts)


def ontology_html(view: ReleaseView) -> bytes:
    """The page of our terms; written once."""

    def page() -> bytes:
        entries = term_entries(view)
        anchors = {entry.term.iri: entry.term.name for entry in entries}
        return page_html(
            view, "ontology.html", "/ontology", entries=entries, anchors=anchors, answer_address=answer_address
        )

    return _ontologies.page(view, page)


def described_html(view: ReleaseView, iri: str, path: str, subjects: Sequence[SubjectStatements], count: int) -> bytes:
    """The page of what has no page of its own kind: all that is said of it.

    Args:
        view: The release.
        iri: What it is about.
        path: Its document on this server.
        subjects: What is said; empty for a graph that is too long for a page.
        count: How many statements there are.
    """
    title = unquote(path.removeprefix("/"))
    return page_html(view, "described.html", "", title=title, iri=iri, path=path, subjects=subjects, count=count)


def shapes_html(view: ReleaseView) -> bytes:
    """The page of the rules of the shapes."""
    return page_html(view, "shapes.html", "/validate", entries=rule_entries(), worded=_worded)
