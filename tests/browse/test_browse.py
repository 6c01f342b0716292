"""What pages are made of: values read from a release."""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.browse.released import AWKWARD, BASE, HOSTILE, NARRATIVE

from iomld import release, store
from iomld.browse.filters import Filters
from iomld.browse.lists import list_projects, totals_of
from iomld.browse.ontology import ontology_terms
from iomld.browse.overview import release_overview
from iomld.browse.project.page import project_page
from iomld.browse.resources import countries_page, resource_page, scheme_page
from iomld.browse.search import filter_projects, projects_of
from iomld.browse.view import LinkKind, ReleaseView, label_quads, link_to, open_view, project_document, resource_quads
from iomld.errors import StoreError
from iomld.iris import IOMLD
from iomld.model import Money
from iomld.release import Release


def test_a_project_document_is_the_graph_exactly(view: ReleaseView) -> None:
    """Every quad of the graph is in the document once, and the project comes first."""
    quads = project_document(view, "PO.0001")
    assert quads is not None
    assert set(quads) == set(view.reader.graph(view.iris.record("PO.0001")))
    assert len(quads) == len(set(quads))
    assert str(quads[0].subject) == f"<{BASE}id/project/PO.0001>"


def test_an_unknown_project_is_none(view: ReleaseView) -> None:
    """A key without a graph gives neither document nor page, whatever characters it holds."""
    for key in ("NO.0000", "", "a>b", '"} #', "PO.0001/rev/1"):
        assert project_document(view, key) is None
        assert project_page(view, key) is None


def test_a_page_has_texts_facts_sources_and_history(view: ReleaseView) -> None:
    """The page of a project holds its titles, statements with their fields, source and revisions."""
    page = project_page(view, "PO.0001")
    assert page is not None
    assert [(title.text, title.language) for title in page.titles] == [("A title", "en"), ("Un titre", "fr")]
    fields = {fact.label: (fact.field, [value.text for value in fact.values]) for fact in page.facts}
    assert fields["Budget in US dollars"] == ("budgetUSD", ["100000"])
    assert fields["Benefiting member states"] == ("benefitingMemberStates", ["Côte d’Ivoire"])
    assert "Benefits country" not in fields
    assert page.budget == Money(Decimal(100000), "USD")
    assert [source.url for source in page.sources] == ["https://example.org/page"]
    assert [note.number for note in page.history] == [2, 1]
    assert page.license == "https://example.org/licence"


def test_a_mention_is_cut_out_of_the_narrative(view: ReleaseView) -> None:
    """The words at a known position become a piece of their own; nothing of the text is lost."""
    page = project_page(view, "PO.0001")
    assert page is not None
    (narrative,) = page.narratives
    assert "\n".join("".join(piece.text for piece in paragraph) for paragraph in narrative.paragraphs) == NARRATIVE
    marked = [piece for paragraph in narrative.paragraphs for piece in paragraph if piece.mention]
    assert [piece.text for piece in marked] == ["Global Compact for Migration"]
    mention = page.mentions[0]
    assert (mention.framework.code, mention.method and mention.method.name, mention.confidence) == (
        "gcm",
        "exact label",
        "0.98",
    )


def test_a_project_without_facts_has_a_page(view: ReleaseView) -> None:
    """Where nothing but a title is known, the page shows the title in its language."""
    page = project_page(view, "prima-DZ10P0002")
    assert page is not None
    assert (page.title.text, page.title.language) == ("Sans code", "fr")
    assert not page.states
    assert not page.mentions
    assert not page.history


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("", ["A/B %", "CODE.ttl", "PO.0001", "XS.0001", "prima-DZ10P0002"]),
        ("po.0001", ["PO.0001"]),
        ("COTE D'IVOIRE", ["PO.0001"]),
        ("côte titre", ["PO.0001"]),
        ("dz10p0002", ["prima-DZ10P0002"]),
        ("Côte–d’Ivoire", ["PO.0001"]),
        ("compact africa", ["PO.0001"]),
        ("title nowhere", []),
        ('" } . ?zz ?p ?o #', []),
        ("script", ["XS.0001"]),
    ],
)
def test_a_search_finds_projects_with_every_word(view: ReleaseView, words: str, keys: list[str]) -> None:
    """Words are searched for in codes, titles and the names of linked resources, regardless of case and accents."""
    assert [entry.key for entry in filter_projects(view, Filters(words, sort="code"))] == keys


def test_a_list_keeps_to_its_pages(view: ReleaseView) -> None:
    """A page number beyond the list gives the last page."""
    listing = list_projects(view, page=99)
    assert (listing.page, listing.pages, listing.total) == (1, 1, 1 + len(AWKWARD))
    assert any(row.title == HOSTILE for row in listing.rows)


def test_the_overview_counts(view: ReleaseView) -> None:
    """States, regions, frameworks and years are counted by projects."""
    overview = release_overview(view)
    assert overview.projects == 5
    assert [(one.link.code, one.projects) for one in overview.countries] == [("CI", 1)]
    assert [(one.link.code, one.projects) for one in overview.frameworks] == [("gcm", 1)]
    assert overview.years == ((2017, 1),)
    assert overview.undated == 4
    assert overview.example is not None


def test_a_country_page_lists_its_projects(view: ReleaseView) -> None:
    """The page of a country has its names, region, and the projects that benefit it."""
    thing = resource_page(view, view.iris.country("CI"))
    assert thing is not None
    assert {name.language for name in thing.names} == {"en", "es", "fr"}
    assert [row.key for row in thing.projects.rows] == ["PO.0001"]
    assert [link.code for link, _ in countries_page(view)] == ["CI"]


def test_a_country_page_adds_its_projects_up(datadir: Path) -> None:
    """Years from the first to the last start, and the sum of budgets, as the query language counts them."""
    current = release.current_release(datadir)
    assert current is not None
    view = open_view(current)
    totals = totals_of(projects_of(view).figures("country", "GT"))
    asked = view.reader.select(
        f"SELECT (COUNT(?y) AS ?n) (SUM(?b) AS ?sum) {{ ?p <{IOMLD}benefitingCountry> <{view.iris.country('GT')}> "
        f"OPTIONAL {{ ?p <{IOMLD}budgetUSD> ?b }} OPTIONAL {{ ?p <{IOMLD}startYear> ?y }} }}"
    )
    row = next(iter(asked))
    assert sum(count for _, count in totals.years) == int(row["n"].value)
    assert totals.budgets == (Money(Decimal(row["sum"].value), "USD"),)
    assert totals.years[0][1] > 0
    thing = resource_page(view, view.iris.country("GT"))
    assert thing is not None
    assert thing.totals == totals


def test_a_framework_page_has_its_parts_by_number(view: ReleaseView) -> None:
    """Objective 2 comes before objective 10."""
    thing = resource_page(view, view.iris.concept("framework", "gcm"))
    assert thing is not None
    assert [group.role for group in thing.parts] == ["objective", "guiding principle"]
    objectives = [part.code for part in thing.parts[0].links]
    assert objectives == [f"gcm-objective-{number}" for number in range(1, len(objectives) + 1)]


def test_a_scheme_page_counts_projects(view: ReleaseView) -> None:
    """Each region has its number of projects; an unknown scheme is none."""
    scheme = scheme_page(view, "region")
    assert scheme is not None
    assert {link.code: count for link, count in scheme.concepts}["africa"] == 1
    assert scheme_page(view, "nothing") is None


def test_things_of_others_are_no_links(view: ReleaseView) -> None:
    """Only our own IRIs become links to pages."""
    assert link_to(view, "https://elsewhere.example/id/country/CI") is None
    assert link_to(view, f"{BASE}id/project/PO.0001#budget") is None
    link = link_to(view, f"{BASE}id/country/CI")
    assert link is not None
    assert (link.kind, link.name) == (LinkKind.STATE, "Côte d’Ivoire")


def test_labels_are_those_of_what_is_pointed_to(view: ReleaseView) -> None:
    """The labels of status, region, country and framework are added to the project's own quads."""
    quads = project_document(view, "PO.0001") or ()
    labelled = {str(quad.subject) for quad in label_quads(view, quads)}
    assert f"<{view.iris.country('CI')}>" in labelled
    assert f"<{view.iris.concept('status', 'completed')}>" in labelled
    assert not any("/id/project/" in subject for subject in labelled)


def test_a_scheme_document_holds_its_concepts(view: ReleaseView) -> None:
    """The document of a scheme has all statements about its concepts, but no projects."""
    quads = resource_quads(view, f"{BASE}scheme/status")
    subjects = {str(quad.subject) for quad in quads}
    assert f"<{view.iris.concept('status', 'active')}>" in subjects
    assert resource_quads(view, view.iris.project("PO.0001")) == ()


def test_terms_have_labels_and_definitions(view: ReleaseView) -> None:
    """Every term of the ontology is listed with a label and a definition."""
    terms = ontology_terms(view)
    assert {"Project", "benefitingMemberState", "budgetUSD"} <= {term.name for term in terms}
    assert all(term.label and term.definition for term in terms)


def test_a_release_without_a_store_is_our_fault(tmp_path: Path, view: ReleaseView) -> None:
    """A missing store is a store error that names the folder."""
    with pytest.raises(StoreError, match=str(tmp_path)):
        open_view(Release(tmp_path, view.release.manifest))


def test_a_query_of_ours_with_a_mistake_is_our_fault(view: ReleaseView) -> None:
    """A query that does not parse, or is no SELECT, is a store error."""
    for query in ("SELECT", "ASK {}"):
        with pytest.raises(StoreError):
            view.reader.select(query)


def test_the_bundled_records_read_as_published(datadir: Path) -> None:
    """Every published project has a page whose quotes and states have names."""
    current = release.current_release(datadir)
    assert current is not None
    view = open_view(current)
    pages = list_projects(view).pages
    rows = [row for page in range(1, pages + 1) for row in list_projects(view, page=page).rows]
    assert len(rows) == current.manifest.projects
    graphs = set(store.sorted_graphs(store.open_read_only(current.file("store"))))
    for row in rows:
        page = project_page(view, row.key)
        assert page is not None
        assert view.iris.record(row.key) in graphs
        assert page.title.text == row.title
        assert all(state.name != state.code for state in page.states)
        assert all(mention.quote for mention in page.mentions)
