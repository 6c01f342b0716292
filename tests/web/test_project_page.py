"""The page of a project: all that its graph says, where it comes from, what is near, and what the shapes say."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.browse.released import make_release
from tests.conftest import run_iomld

from iomld.browse.project.page import project_page
from iomld.browse.project.provenance import history_of
from iomld.browse.project.similar_projects import similar_projects, similar_projects_query
from iomld.browse.rules import check_record
from iomld.browse.search import all_projects
from iomld.browse.view import ReleaseView, open_view, project_document
from iomld.release import current_release
from iomld.validate import all_rules
from iomld.web.data.resources import resource_routes
from iomld.web.i18n import PageRequest, making
from iomld.web.pages.structured_data import citation_of

_HEAVIEST = 150_000  # bytes of a page, not compressed
_HEAVIEST_BUNDLED = 80_000
_TAG = re.compile(r"<[^>]*>")
NARRATIVE = "The ports follow the Global Compact for Migration.\nThey also name the 2030 Agenda."
RECORD = {
    "projectCode": "PO.9001",
    "title": {"en": "Planning for Mobility", "ar": "تخطيط التنقل"},
    "status": "completed",
    "projectType": "PO",
    "coverage": "national",
    "region": "africa",
    "startYear": 2018,
    "endYear": 2020,
    "allocationYear": 2018,
    "budgetUSD": 100000,
    "benefitingMemberStates": ["NA"],
    "narrative": {"en": NARRATIVE},
}
NEAR = RECORD | {"projectCode": "PO.9002", "title": {"ar": "ميناء"}, "narrative": {"en": "The 2030 Agenda."}}


@cache
def asker(view: ReleaseView) -> Asker:
    """A browser of the documents of a release."""
    app = FastAPI()
    app.include_router(resource_routes(lambda: view))
    return Asker(app, {"Accept": "text/html"})


def page_of(view: ReleaseView, key: str) -> str:
    """The page of a project."""
    answer = asker(view).get(f"/doc/project/{key}.html")
    assert answer.status_code == 200
    return answer.text


def section(page: str, start: str, end: str) -> str:
    """A part of a page."""
    return page.split(start, 1)[1].split(end, 1)[0]


def words(html: str) -> str:
    """The text of a part of a page."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def rows(page: str) -> dict[str, str]:
    """The rows of the table of statements, by the short name of the property."""
    table = section(page, '<table class="facts-table">', "</table>")
    found = re.findall(r"<tr[^>]*><th scope=\"row\">.*?<code>(.*?)</code></th>(.*?)</tr>", table, re.DOTALL)
    return {words(name): row for name, row in found}


def opened_of(datadir: Path) -> ReleaseView:
    """The release that a folder serves."""
    current = current_release(datadir)
    assert current is not None
    return open_view(current)


@pytest.fixture(scope="module")
def bundled(datadir: Path) -> ReleaseView:
    """The bundled records."""
    return opened_of(datadir)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """Records that publishing would refuse."""
    return open_view(make_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module", params=["0", "1"])
def with_narrative(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[bool, str]:
    """Whether narratives are published, and the page of a record that has one."""
    folder = tmp_path_factory.mktemp("narrative")
    source = folder / "records.json"
    source.write_text(json.dumps([RECORD, NEAR]), encoding="utf-8")
    done = run_iomld("publish", source, "--to", folder / "data", IOMLD_PUBLISH_NARRATIVE=request.param)
    assert done.returncode == 0, done.stderr
    return request.param == "1", page_of(opened_of(folder / "data"), "PO.9001")


def keys_of(view: ReleaseView) -> Iterator[str]:
    """The keys of all projects."""
    return (entry.key for entry in all_projects(view))


def test_every_statement_has_a_row(bundled: ReleaseView) -> None:
    """Each property of the project has its row, each value is in it, unless it is long."""
    prefixes = bundled.iris.prefixes()
    for key in list(keys_of(bundled))[::7]:
        page, project = rows(page_of(bundled, key)), bundled.iris.project(key)
        for quad in project_document(bundled, key) or ():
            if str(quad.subject) != f"<{project}>":
                continue
            name, start = next(
                (prefix, start) for prefix, start in prefixes.items() if quad.predicate.value.startswith(start)
            )
            short = f"{name}:{quad.predicate.value.removeprefix(start)}"
            if short == "iomld:benefitingCountry":  # said once, by the narrower property
                continue
            if hasattr(quad.object, "language"):
                assert quad.object.value[:100] in words(page[short]), (key, short)
            assert page[short]


def test_a_statement_names_the_field_and_the_sources_that_gave_it(bundled: ReleaseView) -> None:
    """As the newest revision says it: fields with the numbers of their sources, or that the software added it."""
    page = page_of(bundled, "PO.0068")
    supplied = history_of(bundled, "PO.0068").supplied
    sources = re.findall(r'id="source-(\d)".*?prov/source/(\w+)"', page, re.DOTALL)
    assert len(sources) == 2
    for name, row in rows(page).items():
        gave = supplied.get(f"https://w3id.org/iomld/ns#{name.removeprefix('iomld:')}")
        if name.startswith("iomld:") and gave:
            numbers = {number for number, digest in sources if any(digest in iri for iri in gave)}
            assert numbers == set(re.findall(r'href="#source-(\d)"', row)), name
    assert words(rows(page)["iomld:periodStart"]).endswith("added by the software")
    assert "found in the text" in rows(page)["iomld:mentionsFramework"]
    assert 'href="#m1"' in rows(page)["iomld:mentionsFramework"]


def test_sources_are_shown_as_they_are_served(bundled: ReleaseView) -> None:
    """Turtle and JSON-LD of the page are the documents, to be copied, and downloaded under the code's name."""
    page = page_of(bundled, "PO.0105")
    for id_, suffix in (("turtle", "ttl"), ("json-ld", "jsonld")):
        served = asker(bundled).get(f"/doc/project/PO.0105.{suffix}").text
        shown = re.search(rf'<pre id="{id_}"[^>]*>(.*?)</pre>', page, re.DOTALL)
        assert shown is not None
        assert unescape(shown[1]) == served
        assert f'data-copy="{id_}"' in page
        assert f'href="/doc/project/PO.0105.{suffix}" download="PO.0105.{suffix}"' in page
    formats = section(page, '<ul class="formats"', "</ul>")
    assert re.findall(r'href="/doc/project/PO.0105\.(\w+)"', formats) == ["ttl", "jsonld", "nt", "nq", "trig", "rdf"]


def test_things_with_a_fragment_have_an_anchor(bundled: ReleaseView) -> None:
    """The budget, each mention, its words, its place and its text are where their IRIs lead a browser to."""
    page = page_of(bundled, "PO.0105")
    starts = [f"<{bundled.iris.base}{root}/project/PO.0105#" for root in ("id", "doc")]
    quads = project_document(bundled, "PO.0105") or ()
    terms = {str(term) for quad in quads for term in (quad.subject, quad.object)}
    fragments = {term.rpartition("#")[2][:-1] for start in starts for term in terms if term.startswith(start)}
    assert (
        {"budget", "m1", "m1-quote", "m1-position", "m1-target", "narrative-en"}
        <= fragments
        <= set(re.findall(r' id="([^"]+)"', page))
    )


def test_the_nearest_projects_share_most(bundled: ReleaseView) -> None:
    """They are the first of the query that counts what every project shares, and the page leads to that query."""
    for key in keys_of(bundled):
        iri = bundled.iris.project(key)
        found = similar_projects(bundled, iri)
        counts = {
            row["project"].value: int(row["shared"].value) for row in bundled.reader.select(similar_projects_query(iri))
        }
        assert [len(one.shared) for one in found] == [counts[one.entry.iri] for one in found]
        assert [len(one.shared) for one in found] == sorted(counts.values(), reverse=True)[:5]
    page = page_of(bundled, "PO.0068")
    card = section(page, 'id="near"', "</nav>")
    assert len(re.findall('<a dir="auto" href="/doc/project/', card)) == 5
    assert similar_projects_query(bundled.iris.project("PO.0068")) in unquote(unescape(card))


def test_checks_are_those_of_publishing(bundled: ReleaseView) -> None:
    """All records together get the findings that the report of the release counts."""
    report = json.loads((bundled.release.path / "report.json").read_text(encoding="utf-8"))
    rules = {rule.id for rule in all_rules()}
    broken = set()
    for key in keys_of(bundled):
        checked = check_record(bundled, project_document(bundled, key) or ())
        assert checked is not None
        assert checked.count("Violation") == 0
        assert rules > {rule.id for rule in checked.holding}
        broken |= {finding.rule for finding in checked.findings}
    assert broken == set(report["warnings"])


def test_the_page_shows_what_the_shapes_say(bundled: ReleaseView, awkward: ReleaseView) -> None:
    """The number of findings by severity, each with a link to its rule, and the rules that hold."""
    card = section(page_of(bundled, "PO.0105"), 'id="checks"', "</details>")
    assert words(card).startswith("> Check of this record 0 violations 1 info")
    assert 'href="/shapes#snapshotTimeKnown">' in section(card, '<ul class="found">', "</ul>")
    rules = section(card, '<ul class="rules">', "</ul>")
    assert 'href="/shapes#budget">' in rules
    assert "Status</a> <code>status</code>" in rules  # several rules have one name
    assert re.search(r"<summary>\d+ rules are not broken</summary>", card)
    bad = section(page_of(awkward, "XS.0001"), 'id="checks"', "</details>")
    assert re.search(r'<span class="pill err">\d+ violations</span>', bad)
    assert 'href="/shapes#statusMissing">' in section(bad, '<ul class="found">', "</ul>")


def test_checks_run_in_many_threads(bundled: ReleaseView) -> None:
    """Pages are made in threads: the same record gets the same findings in each."""
    quads = project_document(bundled, "PO.0105") or ()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: check_record(bundled, quads), range(64)))
    assert all(one == found[0] for one in found)


def test_revisions_and_sources_lead_to_their_documents(bundled: ReleaseView) -> None:
    """The revision, the run that made it, the source and the software all answer."""
    card = section(page_of(bundled, "PO.0105"), "Where this record comes from", "</aside>")
    paths = re.findall(r'href="(/[^"]*)"', card)
    assert {path.split("/")[2] for path in paths} == {"project", "run", "source", "matcher"}
    for path in paths:
        assert asker(bundled).get(path).status_code == 200, path
    assert re.search(r'<time datetime="[\d\-:TZ]{20}">\d{4}-\d\d-\d\d \d\d:\d\d UTC</time>', card)


@pytest.mark.parametrize("key", ["prima-DZ10P0002", "CODE.ttl", "A%2FB%20%25"])
def test_a_bare_record_has_a_whole_page(awkward: ReleaseView, key: str) -> None:
    """Without dates, region, mentions, text and source the page says so, and leaves no empty part."""
    page = page_of(awkward, key)
    text = words(re.sub("<pre.*?</pre>", "", section(page, "<main", "</main>"), flags=re.DOTALL))
    for sentence in (
        "The record has no text about the project.",
        "It names no country, region or framework.",
        "The record names no source.",
    ):
        assert sentence in text
    for part in ("Frameworks named in the text", "share most", "None", "Revision", "Years Budget"):
        assert part not in text
    assert not re.search(r"<(ul|ol|dl|p|dd)[^>]*>\s*</\1>", section(page, '<div class="wrap cols">', "</main>"))
    assert rows(page)["dcterms:title"]


def test_a_narrative_is_published_or_only_its_mentions(with_narrative: tuple[bool, str]) -> None:
    """With narratives the mention is marked in the text; without, its words stand alone and a sentence says why."""
    is_published, page = with_narrative
    assert page.count('<li id="m') == 2
    assert words(section(page, '<li id="m1">', "</li>")).startswith(
        "1 Global Compact for Safe, Orderly and Regular Migration The ports follow the Global Compact for Migration"
    )
    assert "Narrative (English), characters 22 to 49." in page
    assert 'href="/scheme/method/exact-label"' in page
    assert ("They also name" in section(page, 'id="txt"', "</section>")) == is_published
    assert ('<a class="mention" href="#m1">' in page) == is_published
    assert ("Only these excerpts are published." in page) != is_published


def test_texts_from_right_to_left_keep_their_direction(with_narrative: tuple[bool, str]) -> None:
    """Every element with Arabic words finds its direction by itself, and says its language."""
    _, page = with_narrative
    shown = section(page, "<main", '<details class="src">') + section(page, 'id="near"', "</nav>")
    found = re.findall(r"<(\w+)([^>]*)>[^<]*[\u0600-\u06ff]", shown)
    assert {tag for tag, _ in found} >= {"p", "span", "a"}
    for tag, attributes in found:
        assert 'dir="auto"' in attributes, tag
        assert 'lang="ar"' in attributes, tag


def test_pages_are_light(bundled: ReleaseView, tmp_path: Path) -> None:
    """All pages of the bundled records; one with a very long text and many mentions; one of the whole world."""
    assert max(len(page_of(bundled, key).encode()) for key in keys_of(bundled)) < _HEAVIEST_BUNDLED
    source = tmp_path / "records.json"
    words = "It follows the Global Compact for Migration in each of its many ports. "
    world = RECORD | {"coverage": "regional", "benefitingMemberStates": sorted(bundled.vocabulary.countries)}
    long = RECORD | {"projectCode": "PO.9003", "narrative": {"en": words * 60}}
    source.write_text(json.dumps([world, long]), encoding="utf-8")
    assert run_iomld("publish", source, "--to", tmp_path / "data").returncode == 0
    opened = opened_of(tmp_path / "data")
    pages = {key: page_of(opened, key) for key in ("PO.9001", "PO.9003")}
    assert all(len(page.encode()) < _HEAVIEST for page in pages.values())
    assert pages["PO.9003"].count('<li id="m') == 60
    assert pages["PO.9003"].count("This is the beginning; the file has it all.") == 2
    table = section(pages["PO.9001"], '<table class="facts-table">', "</table>")
    assert all(f'href="/doc/country/{code}"' in table for code in bundled.vocabulary.countries)
    assert re.search(r'<a href="#stm">and \d+ more</a>', section(pages["PO.9001"], 'id="lk"', "</nav>"))


def test_a_record_can_be_cited_and_looked_up(bundled: ReleaseView) -> None:
    """As a sentence and for BibTeX, with title, revision, day and address; its IATI identifier is a link."""
    page = unescape(page_of(bundled, "PO.0105"))
    cited = section(page, 'id="cite"', "</aside>")
    title = words(section(page, "<h1", "</h1>").partition(">")[2])
    assert re.search(rf"{re.escape(title)} \(PO\.0105\)\. Revision 1, \d{{4}}-\d\d-\d\d\. https://", cited)
    assert "iomld" not in cited.replace("w3id.org/iomld", "")  # the software is no publisher
    assert "@misc{PO.0105,\n  title = {{" in cited
    assert re.search(r"\n  url = \{https://\S+doc/project/PO\.0105\}\n\}<", cited)
    identifier = "XM-DAC-47066-PO.0105"
    assert f'{identifier}</span> <a class="small" href="https://d-portal.org/q.html?aid={identifier}"' in page


def test_a_citation_names_the_publisher_that_is_set(bundled: ReleaseView) -> None:
    """Before the revision, and in the entry for BibTeX; without a publisher, neither names any."""
    page = project_page(bundled, "PO.0105")
    assert page is not None
    named = citation_of(page, "https://x.example/r", "Harbour & Cities")
    assert ". Harbour & Cities, revision 1, " in named.sentence
    assert r"publisher = {{Harbour \& Cities}}" in named.bibtex
    assert "publisher" not in citation_of(page, "https://x.example/r", None).bibtex


def test_a_page_says_who_wrote_the_abstract(bundled: ReleaseView, awkward: ReleaseView) -> None:
    """If the record says it; and what the licence covers."""
    page = page_of(bundled, "PO.0105")
    assert "is not a text of the source: whoever prepared the record wrote it." in section(
        page, 'id="txt"', "</section>"
    )
    assert "It does not cover titles and excerpts taken from the web pages of others." in page
    assert "whoever prepared the record" not in page_of(awkward, "XS.0001")


def test_a_title_in_another_language_says_so(bundled: ReleaseView, awkward: ReleaseView) -> None:
    """In the language of the page, at the title and in lists; the head of the page has title and description."""
    assert "in-language" not in section(page_of(bundled, "PO.0105"), "<main", "<aside")
    text = page_of(awkward, "prima-DZ10P0002")
    assert '<span class="in-language">in French</span>' in section(text, 'class="badges"', "<h1")
    assert '<meta property="og:title" content="Sans code (prima-DZ10P0002) · iomld">' in text
    assert '<meta property="og:type" content="article">' in text
    with making(PageRequest("fr")):
        assert '<span class="in-language">en anglais</span>' in page_of(bundled, "PO.0105")
