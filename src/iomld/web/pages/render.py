"""Renders the pages of documents from the values of `iomld.browse`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from fastapi import Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.dataset import publisher_name
from iomld.browse.ontology import term_entries
from iomld.browse.project.page import ProjectPage
from iomld.browse.project.revisions import RecordRevision, RevisionChange
from iomld.browse.project.similar_projects import similar_projects, similar_projects_query
from iomld.browse.resources import ResourcePage, SchemePage, SubjectStatements, statement_names, statements
from iomld.browse.rules import Revalidation, check_record, publisher_of_examples, rule_entries
from iomld.browse.view import LinkKind, ReleaseView
from iomld.check.translation import worded_finding
from iomld.model import Finding
from iomld.validate.reading_rules import reading_rules
from iomld.web.data.documents import HTML_TYPE, turtle_bytes
from iomld.web.i18n import gettext, page_language
from iomld.web.pages.charts import locator_map, year_bars
from iomld.web.pages.frame import page_html
from iomld.web.pages.structured_data import citation_of, description_of, project_markup
from iomld.web.responses import answer
from iomld.web.templating import PageCache, answer_address, local_path

# Characters, of which the context of JSON-LD takes 9,000. With two sources of this length a page stays under 150 KB.
_LONGEST_SOURCE = 22_000
_SECTIONS = {LinkKind.STATE: "/countries", LinkKind.REGION: "/regions", LinkKind.FRAMEWORK: "/frameworks"}
_DESCRIPTIONS = frozenset({"/dataset", "/void"})  # of the dataset
_REVISION = re.compile(r"/doc/project/(?P<key>[^/]+)/rev/(?P<number>[0-9]+)")
_ontology_pages = PageCache()
_shapes_pages = PageCache()


def page_response(request: Request, page: bytes) -> Response:
    """The response with a page, or 304 if the client has it already."""
    return answer(request, page, HTML_TYPE)


@dataclass(frozen=True, slots=True)
class SourceView:
    """The source of a record in a format, for a page; the beginning if it is long."""

    text: str
    is_cut: bool


def project_html(view: ReleaseView, page: ProjectPage, quads: Sequence[Quad], jsonld: bytes) -> bytes:
    """The page of a project.

    Args:
        view: The release.
        page: The project.
        quads: Its graph, shown as Turtle and validated.
        jsonld: Its graph as JSON-LD.
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
        checked=_revalidation(view, quads),
        markup=project_markup(view, page),
        description=description_of(page) or "",
        citation=citation_of(page, view.iris.record(page.key), publisher_name(view)),
    )


def _source_view(source: bytes) -> SourceView:
    text = source.decode()
    if len(text) <= _LONGEST_SOURCE:
        return SourceView(text, is_cut=False)
    return SourceView(text[: text.rfind("\n", 0, _LONGEST_SOURCE) + 1], is_cut=True)


def _revalidation(view: ReleaseView, quads: Sequence[Quad]) -> Revalidation | None:
    """The validation of a served record, with findings in the page's language."""
    revalidation = check_record(view, quads)
    return replace(revalidation, findings=tuple(map(_worded, revalidation.findings))) if revalidation else None


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
    section = {"/scheme/framework": "/frameworks", "/scheme/region": "/regions"}.get(path, "")
    return page_html(view, "scheme.html", section, scheme=scheme, path=path, fund=fund_name(view))


def fund_name(view: ReleaseView) -> str:
    """The name of the publisher's own fund; empty if there is none."""
    fund = view.vocabulary.fund
    return fund.name(view.language) if fund else ""


def ontology_html(view: ReleaseView) -> bytes:
    """The page of the terms of the ontology; rendered once for a release and language."""

    def page() -> bytes:
        entries = term_entries(view)
        anchors = {entry.term.iri: entry.term.name for entry in entries}
        return page_html(
            view, "ontology.html", "/developers", entries=entries, anchors=anchors, answer_address=answer_address
        )

    return _ontology_pages.page(view, page)


def described_html(view: ReleaseView, iri: str, path: str, subjects: Sequence[SubjectStatements], count: int) -> bytes:
    """The page of a document without a template of its own: a table of its statements.

    Args:
        view: The release.
        iri: The resource.
        path: Path of the document.
        subjects: The statements, by subject; empty for a graph that is too long for a page.
        count: Number of statements.
    """
    names = statement_names(view, subjects)
    return page_html(
        view,
        "described.html",
        "",
        title=_described_title(iri, path, subjects, names),
        is_dataset=path in _DESCRIPTIONS,
        iri=iri,
        path=path,
        subjects=subjects,
        names=names,
        count=count,
    )


def _described_title(iri: str, path: str, subjects: Sequence[SubjectStatements], names: Mapping[str, str]) -> str:
    if path in _DESCRIPTIONS:
        return gettext("Description of the dataset")
    if revision := _REVISION.fullmatch(path):
        return gettext("About revision {number} of {key}", number=revision["number"], key=unquote(revision["key"]))
    kind = next((names[class_] for one in subjects if one.iri == iri for class_ in one.classes if class_ in names), "")
    title = unquote(path.rpartition("/")[2] if kind else path.removeprefix("/"))
    return f"{kind} {title}".strip()


def revision_html(
    view: ReleaseView,
    revision: RecordRevision,
    change: RevisionChange,
    newest: int,
    path: str,
    receipts: Sequence[str],
) -> bytes:
    """The page of a revision of a record.

    Args:
        view: The release.
        revision: The revision.
        change: What it changed.
        newest: Number of the newest revision of the record.
        path: Path of the document.
        receipts: The IRIs of the receipts of the submissions that led to it.
    """
    subjects = statements(revision.quads)
    return page_html(
        view,
        "revision.html",
        "/projects",
        revision=revision,
        change=change,
        newest=newest,
        receipts=receipts,
        path=path,
        iri=view.iris.revision(revision.key, revision.number),
        subjects=subjects,
        names=statement_names(view, subjects),
        count=len(revision.quads),
    )


def shapes_html(view: ReleaseView) -> bytes:
    """The page of the rules in the shapes, with examples; rendered once for a release and language."""

    def page() -> bytes:
        entries = rule_entries()
        reading = reading_rules({entry.rule.id for entry in entries})
        publisher = publisher_of_examples() or {}
        name = publisher.get(page_language()) or publisher.get("en", "")
        return page_html(
            view, "shapes.html", "/validate", entries=entries, reading=reading, worded=_worded, publisher=name
        )

    return _shapes_pages.page(view, page)
