"""Filters, counts and orders over all projects, and the query that finds the same."""

import shutil
from dataclasses import astuple
from pathlib import Path

import pytest
from tests.browse import released
from tests.browse.released import make_release

from iomld import release
from iomld.browse.filter_query import filters_query
from iomld.browse.filters import Filters, read_filters
from iomld.browse.search import all_projects, filter_projects, find_projects, projects_of
from iomld.browse.view import ReleaseView, open_view
from iomld.release import FILES

Pairs = list[tuple[str, str]]
# Records of which all is known that filters look at; a dated one without the rest, and one in Arabic.
_KNOWN = """a iomld:Project ; dcterms:title "Ports in {code}"@en ; iomld:projectCode "{code}" ;
  iomld:status <scheme/status/{status}> ; iomld:projectType <scheme/type/PO> ; iomld:region <scheme/region/africa> ;
  iomld:benefitingCountry <id/country/{country}> ; iomld:startYear "{start}"^^xsd:gYear ;
  iomld:endYear "{end}"^^xsd:gYear ; iomld:budgetUSD "{budget}"^^xsd:decimal .{more}"""


def _known(code: str, *, country: str = "NA", years: tuple[int, int] = (2001, 2003), budget: str = "1.5") -> str:
    status = "active" if country == "NA" else "completed"
    return _KNOWN.format(
        code=code, country=country, status=status, start=years[0], end=years[1], budget=budget, more=""
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """A release of projects that differ in one thing each."""
    records = {
        "T.1": _known("T.1", budget="100000").replace('Code "T.1"', 'Code "T.1" ; iomld:primaId "NA1"'),
        "T.2": _known("T.2", country="ZA", years=(2003, 2005), budget="99999.99"),
        "T.3": _known("T.3", country="ZA", years=(2004, 2002)),
        "T.10": 'a iomld:Project ; dcterms:title "Names T.1"@en ; iomld:endYear "2003"^^xsd:gYear .',
        "T.0": 'a iomld:Project ; iomld:projectCode "T.100", "T.1000" .',
        "T.11": 'a iomld:Project ; dcterms:description "Ports of Namibia."@en .',
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(released, "AWKWARD", records)
        return open_view(make_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module")
def bundled(datadir: Path) -> ReleaseView:
    """The bundled records, published."""
    current = release.current_release(datadir)
    assert current is not None
    return open_view(current)


def _keys(view: ReleaseView, pairs: Pairs) -> list[str]:
    return [entry.key for entry in filter_projects(view, read_filters(pairs))]


@pytest.mark.parametrize(
    ("pairs", "keys"),
    [
        ([("country", "NA")], ["T.1"]),
        ([("country", "NA"), ("country", "ZA")], ["T.1", "T.2", "T.3"]),
        ([("country", "NA"), ("status", "completed")], []),
        ([("country", "ZA"), ("status", "completed"), ("type", "PO"), ("region", "africa")], ["T.2", "T.3"]),
        ([("framework", "gcm")], ["PO.0001"]),
        ([("year", "2003")], ["T.1", "T.10", "T.2"]),
        ([("year_to", "2003"), ("year_from", "2002")], ["T.1", "T.10", "T.2"]),
        ([("year_from", "2004")], ["PO.0001", "T.2"]),
        ([("budget", "0-100000")], ["T.2", "T.3"]),
        ([("budget", "100000-")], ["PO.0001", "T.1"]),
        ([("budget", "1-2"), ("budget", "100000-100001")], ["PO.0001", "T.1", "T.3"]),
        ([("budget", "cheap")], []),
        ([("year", "soon")], []),
        ([("country", "ZZ")], []),
    ],
)
def test_filters_leave_what_fits(small: ReleaseView, pairs: Pairs, keys: list[str]) -> None:
    """Any value of one facet is enough, all facets must fit; a value that nothing has leaves nothing."""
    assert _keys(small, pairs) == keys


def test_a_code_comes_before_a_title_before_a_name_before_a_text(small: ReleaseView) -> None:
    """The place where words are found orders the results; what is found in equal places comes by code."""
    assert _keys(small, [("q", "t.1")]) == ["T.1", "T.0", "T.10"]
    assert _keys(small, [("q", "ports")]) == ["T.1", "T.2", "T.3", "T.11"]
    assert _keys(small, [("q", "namibia")]) == ["T.1", "T.11"]
    assert _keys(small, [("q", "ports"), ("sort", "code")]) == ["T.1", "T.11", "T.2", "T.3"]


def test_sorting_puts_what_is_not_known_last(small: ReleaseView) -> None:
    """By start the newest comes first, by budget the largest; titles go by their letters."""
    assert _keys(small, [("sort", "start")]) == ["PO.0001", "T.10", "T.2", "T.1", "T.0", "T.11", "T.3"]
    assert _keys(small, [("sort", "budget")]) == ["PO.0001", "T.1", "T.2", "T.3", "T.0", "T.10", "T.11"]
    assert _keys(small, [("sort", "title")])[0] == "PO.0001"


def test_counts_leave_their_own_facet_aside(small: ReleaseView) -> None:
    """Countries are counted as if no country were chosen, statuses among the chosen countries alone."""
    found = find_projects(small, read_filters([("country", "NA"), ("country", "ZZ")]))
    assert found.counts["country"] == {"CI": 1, "NA": 1, "ZA": 2, "ZZ": 0}
    assert found.counts["status"] == {"active": 1}
    assert found.counts["budget"] == {"100000-200000": 1}


def test_counts_say_what_choosing_leaves(bundled: ReleaseView) -> None:
    """For each value, choosing it alone gives as many projects as its count says."""
    counts = find_projects(bundled, read_filters([("q", "migration")])).counts
    for facet, values in counts.items():
        for value, count in values.items():
            assert len(_keys(bundled, [("q", "migration"), (facet, value)])) == count, (facet, value)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("q", "migration")],
        [("q", "Guinée")],
        [("q", "peru")],
        [("q", "côte d\u2019ivoire")],
        [("q", "PO.01")],
        [("q", '" } . \\ [a-z]* ) #')],
        [("country", "GN"), ("country", "CN"), ("status", "completed")],
        [("country", '<> "{}')],
        [("framework", "gcm"), ("coverage", "national"), ("type", "PO")],
        [("year", "2017"), ("year", "2018")],
        [("year", "0017")],
        [("year_from", "2010"), ("year_to", "2012"), ("q", "labour")],
        [("budget", "0-50000"), ("budget", "200000-")],
        [("budget", "none"), ("region", "africa")],
    ],
)
def test_the_query_finds_the_same(bundled: ReleaseView, small: ReleaseView, pairs: Pairs) -> None:
    """The query of some filters finds exactly their projects."""
    filters = read_filters(pairs)
    for view in (bundled, small):
        found = {row["project"].value for row in view.reader.select(filters_query(view.iris, filters))}
        assert found == {entry.iri for entry in filter_projects(view, filters)}


def test_a_chip_takes_one_filter_away() -> None:
    """Without a value the rest stays, and the list begins at its first page."""
    filters = read_filters([("q", "a"), ("country", "NA"), ("country", "ZA"), ("year_from", "2001"), ("page", "3")])
    assert filters.without("country", "NA").pairs() == (("q", "a"), ("country", "ZA"), ("year_from", "2001"))
    assert filters.without("country", "NA").page == 1
    assert filters.without("q").without("year_from").without("year_to").words == ""


def test_nonsense_is_left_out() -> None:
    """An invalid page is the first; long values are cut; unknown names and orders are ignored."""
    for page in ("-1", "0", "abc", "9" * 30, "²"):
        assert read_filters([("page", page)]) == Filters()
    assert len(read_filters([("q", "x" * 10_000)]).words) == 200
    assert read_filters([("sort", "random"), ("colour", "red"), ("year_from", "soon"), ("q", " \n\0 ")]) == Filters()
    assert len(read_filters([("country", str(number)) for number in range(1000)]).values["country"]) == 50


def test_the_database_is_opened_once(small: ReleaseView) -> None:
    """The same release gives the same reader."""
    assert projects_of(small) is projects_of(small)


def test_signs_alone_find_nothing(small: ReleaseView) -> None:
    """A search without letters or digits is no search for everything."""
    assert _keys(small, [("q", "&")]) == []


def test_a_word_is_found_by_its_beginning(small: ReleaseView) -> None:
    """Not by letters in its middle."""
    assert _keys(small, [("q", "port")]) == _keys(small, [("q", "ports")])
    assert _keys(small, [("q", "orts")]) == []


def test_a_release_without_a_database_is_listed_all_the_same(bundled: ReleaseView, tmp_path: Path) -> None:
    """The published projects equal those from the store, and searches find the same."""
    shutil.copytree(bundled.release.path, tmp_path / "old")
    (tmp_path / "old" / FILES.projects).unlink()
    old = open_view(release.Release(tmp_path / "old", bundled.release.manifest))
    assert bundled.release.file(FILES.projects).exists()
    ours, theirs = (list(map(astuple, all_projects(view))) for view in (bundled, old))
    assert ours == theirs
    for words in ("migration", "pacte mondial", "guinee", "PO.0105", "asia ports"):
        assert _keys(bundled, [("q", words)]) == _keys(old, [("q", words)])
