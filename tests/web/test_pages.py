"""Pages as browsers get them: whole, escaped, without anything from elsewhere."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from tests.browse.asking import Asker
from tests.browse.released import BASE, HOSTILE, make_release
from tests.web.one_worker import endpoint_of

from iomld.assets import load_vocabulary
from iomld.browse.examples import example_groups, example_queries
from iomld.browse.rules import rule_entries
from iomld.browse.view import ReleaseView, link_to, open_view
from iomld.check.checker import UploadReport
from iomld.check.report import Basis, Tally
from iomld.iris import DEFAULT_BASE
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.release import FILES
from iomld.validate import all_rules
from iomld.web.data.resources import resource_routes
from iomld.web.data.upload import Rules, Upload
from iomld.web.docs_page import docs_routes
from iomld.web.guide import guide_routes
from iomld.web.openapi import TAGS
from iomld.web.pages.charts import locator_map
from iomld.web.pages.overview import page_routes
from iomld.web.pages.query import query_routes
from iomld.web.pages.validate import validation_page
from iomld.web.problems import ProblemError
from iomld.web.saved.routes import saved_routes
from iomld.web.sparql.endpoint import SparqlLimits
from iomld.web.templating import local_path, static_directory

PAGES = (
    "/",
    "/projects",
    "/projects?q=title",
    "/projects?q=nowhere",
    "/projects?country=CI&country=ZZ&framework=gcm&year=2017&budget=100000-200000&year_from=2010&sort=title",
    "/countries",
    "/frameworks",
    "/regions",
    "/query",
    "/query?run=1&query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D",
    "/saved",
    "/validate",
    "/validate?example=1",
    "/downloads",
    "/ontology",
    "/about",
    "/developers",
    "/doc/project/PO.0001.html",
    "/doc/project/XS.0001.html",
    "/doc/project/prima-DZ10P0002.html",
    "/doc/country/CI.html",
    "/doc/fund/idf.html",
    "/scheme/framework/gcm.html",
    "/scheme/type/PO.html",
    "/scheme/region.html",
    "/shapes.html",
)
WHOLE_FRAMEWORKS = sum(concept.broader is None for concept in load_vocabulary().concepts["framework"].values())
_NAME = re.compile(r"%3Chttp.*?%3E|(?<=%3A)[\w.-]+(?=%20|$)")  # in an encoded query


class Page(HTMLParser):
    """What a test wants to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [value for _, attributes in self.tags if (value := attributes.get(name))]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """The small release."""
    return open_view(make_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Asker:
    """A browser of the pages, the documents and the static files."""
    app = FastAPI(openapi_tags=TAGS, docs_url=None)
    app.include_router(page_routes(lambda: opened))
    app.include_router(docs_routes(lambda: opened, app.openapi))
    many = SparqlLimits(timeout_s=20, client_s=1000)  # queries are linked to by their figures
    endpoint = endpoint_of(opened, limits=many)
    app.include_router(query_routes(lambda: opened, endpoint))
    app.include_router(saved_routes(lambda: opened, endpoint, opened.release.path.parent.parent))
    app.include_router(resource_routes(lambda: opened))
    app.include_router(guide_routes(lambda: opened))
    app.mount("/static", StaticFiles(directory=static_directory()))
    return Asker(app, {"Accept": "text/html"})


@pytest.fixture(scope="module")
def statuses() -> dict[str, int]:
    """Status of each address that was asked for, so that none is asked for twice.

    Of queries that differ in the names of terms alone the first is run.
    """
    return {}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_whole(client: Asker, address: str) -> None:
    """One h1, a language, a title, unique ids, no inline script or style, labels for all fields."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.index("title") < tags.index("body")
    assert page.tags[0] == ("html", {"lang": "en", "dir": "ltr"})
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert "style" not in tags
    assert not any(
        "style" in attributes or any(name.startswith("on") for name in attributes) for _, attributes in page.tags
    )
    inline = [attributes for tag, attributes in page.tags if tag == "script" and "src" not in attributes]
    assert all(attributes == {"type": "application/ld+json"} for attributes in inline)  # data, which no browser runs
    fields = {
        attributes["id"]
        for tag, attributes in page.tags
        if tag in {"input", "textarea", "select"} and attributes.get("type") != "hidden"
    }
    assert fields <= set(page.values("for"))


@pytest.mark.parametrize("address", PAGES)
def test_links_inside_lead_somewhere(client: Asker, statuses: dict[str, int], address: str) -> None:
    """Every link to this server answers; those that the pages do not serve themselves are named here."""
    elsewhere = ("/sparql", "/downloads/", "/selection/", "/changes", "/feed")
    page = Page(client.get(address).text)
    ids = set(page.values("id"))
    for target in set(page.values("href")) | set(page.values("src")):
        if target.startswith("#"):
            assert target[1:] in ids, target
        elif target.startswith("/") and not target.startswith(elsewhere):
            path = target.partition("#")[0]
            kind = _NAME.sub("…", path) if path.startswith("/query?") else path
            if kind not in statuses:
                statuses[kind] = client.get(path).status_code
            assert statuses[kind] == 200, target


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_nothing_from_elsewhere(client: Asker, address: str) -> None:
    """Scripts, styles, icons and pictures are ours; outside addresses are plain links."""
    for tag, attributes in Page(client.get(address).text).tags:
        for name in ("src", "href", "action"):
            value = attributes.get(name)
            if value and not value.startswith(("/", "#", "?")):
                assert tag == "a", (tag, value)
                assert value.startswith(("https://", "http://"))


def test_hostile_texts_are_texts(client: Asker) -> None:
    """A title with markup is shown as it is, everywhere; a script is no link."""
    for address in ("/doc/project/XS.0001.html", "/projects", "/projects?q=script"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
        assert "{{ 7*7 }}" in text
    assert "javascript:alert(1)" not in Page(client.get("/doc/project/XS.0001.html").text).values("href")
    words = client.get("/projects", params={"q": HOSTILE}).text
    assert "<script>alert" not in words
    query = client.get("/query", params={"query": f"</textarea>{HOSTILE}"}).text
    assert "</textarea><script>" not in query


def test_a_project_page_shows_the_record(client: Asker) -> None:
    """Title, IRI, facts with their source fields, the marked mention, the Turtle, the source."""
    text = client.get("/doc/project/PO.0001.html").text
    for part in (
        '<h1 dir="auto">A title</h1>',
        '<p class="also" dir="auto" lang="fr">Un titre</p>',
        f'<code id="thing-iri">{BASE}id/project/PO.0001</code>',
        "US$ 100,000",
        "<code>budgetUSD</code>",
        '<a class="mention" href="#m1">Global Compact for Migration<sup>1</sup></a> &amp; more.',
        'The words match <a href="/scheme/method/exact-label">a name</a> of the framework exactly.',
        "Confidence: 0.98 on a scale from 0 to 1.",
        "@prefix iomld:",
        'href="https://example.org/page"',
        "Revision 2",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("address", "sentences"),
    [
        (
            "/frameworks",
            f"The list has {WHOLE_FRAMEWORKS} policy frameworks. Projects mention 1 of them. Parts of a framework,",
        ),
        (
            "/regions",
            "The fund “IOM Development Fund” has 6 regions. Projects belong to 1 of them. The number after each name",
        ),
        ("/scheme/theme.html", "The list has 10 entries. No project uses any of them.</p>"),
        ("/scheme/method.html", "The list has 4 entries.</p>"),
    ],
)
def test_a_list_says_what_it_lists(client: Asker, address: str, sentences: str) -> None:
    """And how many of its entries projects use, if projects can point to them."""
    assert sentences in client.get(address).text


def test_parts_of_a_framework_have_their_numbers(client: Asker) -> None:
    """Below the headings that the framework gives them; the page of a part begins with its number."""
    text = client.get("/scheme/framework/gcm.html").text
    order = [
        "<h2>Objectives</h2>",
        ">7. Address and",
        ">10. Prevent",
        "<h2>Guiding principles</h2>",
        ">a. People-centred",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    part = client.get("/scheme/framework/gcm-objective-7.html").text
    assert "<h1>Objective 7: Address and reduce vulnerabilities in migration</h1>" in part
    crumbs = part.partition('class="crumbs"')[2].partition("</nav>")[0]
    assert 'href="/scheme/framework/gcm"' in crumbs
    assert '<li aria-current="page">Objective 7</li>' in crumbs


def test_a_term_of_mentions_has_no_list_of_projects(client: Asker) -> None:
    """A method is not called unused, since parts of records point to it."""
    text = client.get("/scheme/method/exact-label.html").text
    assert "parts of their records do" in text
    assert "No project refers to it" not in text


@pytest.mark.parametrize(
    ("address", "has_map"),
    [("/", True), ("/doc/country/CI.html", True), ("/projects", False), ("/validate", False), ("/query", False)],
)
def test_the_note_on_the_map_is_where_a_map_is(client: Asker, address: str, *, has_map: bool) -> None:
    """Other pages have nothing that it could be about."""
    assert ("The map draws no borders" in client.get(address).text) is has_map


@pytest.mark.parametrize(
    ("description", "sentences"),
    [
        ("", ("The operator of this site has not stated a name", "No address for questions is given.")),
        (
            f"""<{BASE}dataset/projects> <http://purl.org/dc/terms/publisher> <#p> .
            <{BASE}dataset/projects> <http://www.w3.org/ns/dcat#contactPoint> <#c> .
            <#p> <http://xmlns.com/foaf/0.1/name> "unnamed publisher of {BASE}" .
            <#c> <http://www.w3.org/2006/vcard/ns#hasURL> <{BASE}about> .""",
            ("The operator of this site has not stated a name", "No address for questions is given."),
        ),
        (
            f"""<{BASE}dataset/projects> <http://purl.org/dc/terms/publisher> <#p> .
            <{BASE}dataset/projects> <http://www.w3.org/ns/dcat#contactPoint> <#c> .
            <#p> <http://xmlns.com/foaf/0.1/name> "Office <3" .
            <#c> <http://www.w3.org/2006/vcard/ns#hasEmail> <mailto:a@example.org> .""",
            (
                "Office &lt;3 publishes these records.",
                'For questions: <a href="mailto:a@example.org">a@example.org</a>.',
            ),
        ),
    ],
)
def test_the_page_about_says_who_runs_the_site(
    opened: ReleaseView, tmp_path: Path, description: str, sentences: tuple[str, ...]
) -> None:
    """The publisher and the contact of the release; what nobody has set is called missing, not made up."""
    (tmp_path / FILES.description).write_text(f"@base <{BASE}> . {description}", encoding="utf-8")
    described = replace(opened, release=replace(opened.release, path=tmp_path))
    app = FastAPI()
    app.include_router(page_routes(lambda: described))
    text = Asker(app, {"Accept": "text/html"}).get("/about").text
    for sentence in sentences:
        assert sentence in text


def test_the_page_about_says_what_to_open_instead_of_an_identifier(client: Asker) -> None:
    """Identifiers under a base that is another server's lead here only if that one redirects."""
    text = client.get("/about", headers={"Host": "x.example"}).text
    here, base = (f'<code class="wrapping">{address}</code>' for address in ("http://x.example/", BASE))
    assert f"write {here} instead of {base}." in text


@pytest.mark.parametrize(
    ("address", "onward"),
    [
        ("/doc/project/XX.9999", "/projects"),
        ("/doc/country/ZZ", "/countries"),
        ("/scheme/framework/nothing", "/frameworks"),
        ("/guide/nothing", "/guide"),
        ("/guide/examples/nothing", "/guide/examples"),
    ],
)
def test_a_page_that_is_missing_leads_on(client: Asker, address: str, onward: str) -> None:
    """To the list in which it would be."""
    with pytest.raises(ProblemError) as caught:
        client.get(address)
    assert caught.value.onward is not None
    assert caught.value.onward[1] == onward


def test_a_search_says_what_it_found(client: Asker) -> None:
    """The number of results is announced, the words stay in the field, no result says what to do."""
    assert "1 project with “africa”" in client.get("/projects?q=africa").text
    assert 'value="africa"' in client.get("/projects?q=africa").text
    assert "Try fewer words" in client.get("/projects?q=nowhere").text
    for page in ("0", "-1", "x", "99999999999"):
        assert client.get("/projects", params={"page": page}).status_code == 200


def test_the_home_page_counts(client: Asker) -> None:
    """The figures are those of the release."""
    text = client.get("/").text
    assert re.search(r'Projects</a></dt><dd><a href="/projects">5</a></dd>', text)
    assert re.search(r'Benefiting countries</a></dt><dd><a href="/query\?[^"]*">1</a></dd>', text)
    assert text.count('class="dot"') == 1


def test_the_example_queries_run_on_click(client: Asker, opened: ReleaseView) -> None:
    """Each example of the release is a link that writes the query into the form and runs it, group by group."""
    links = [value for value in Page(client.get("/query").text).values("href") if value.startswith("/query?query=")]
    titles = [example.title for group in example_groups(opened) for example in group.examples]
    assert len(links) == len(titles) == len(example_queries(opened)) > 10
    text = client.get(links[titles.index("Money by region")].partition("#")[0]).text
    assert "SUM(?budget)" in text
    assert '<th scope="col">usDollars</th>' in text


@pytest.mark.parametrize("address", ["/projects?asOf=2020-01-01", "/?release=x", "/countries?Revision=2"])
def test_pages_of_another_time_are_refused(address: str, client: Asker) -> None:
    """A parameter that asks for them is refused by name, not ignored."""
    with pytest.raises(ProblemError, match="is not supported"):
        client.get(address)


def test_downloads_are_listed(client: Asker) -> None:
    """There is a page also for a release that holds no files, as one of an earlier version."""
    text = client.get("/downloads").text
    assert 'href="/downloads/dataset.nq.gz"' not in text
    assert 'href="/projects.jsonld"' in text


def test_every_term_has_an_anchor(client: Asker) -> None:
    """`/ns#budgetUSD` leads to the term on the page."""
    page = Page(client.get("/ns").text)
    assert {"Project", "budgetUSD", "mentionsFramework"} <= set(page.values("id"))


def test_pages_can_be_revalidated(client: Asker) -> None:
    """A page that is known is not sent again; HEAD has no body."""
    tag = client.get("/about").headers["etag"]
    assert client.get("/about", headers={"If-None-Match": tag}).status_code == 304
    assert client.head("/about").content == b""


def _report(*findings: Finding) -> UploadReport:
    tally = Tally()
    tally.add_records("x.json", 2)
    tally.add_focus_nodes({"http://x/shape": 2})
    for finding in findings:
        tally.add_finding(finding)
    return UploadReport(tally.report(Basis("submission", "shacl", "0", {}), projects=2))


def test_a_report_stands_beside_its_lines() -> None:
    """Findings are listed by severity, and beside the line they speak of; texts are escaped."""
    place = Place("x.json", 9, 3, excerpt="...")
    number = message("{value} a number.", value="<b>Not</b>")
    report = _report(
        Finding("note", Severity.INFO, Message("A note.")),
        Finding("unreadableBudget", Severity.VIOLATION, number, Message("Write 100."), place=place),
    )
    text = "\n".join(f'"line {number}": "</code><script>"' for number in range(1, 31))
    page = validation_page(report, Upload("x.json", text.encode(), Rules()))
    assert "Records with violations would be refused" in page
    assert page.index("unreadableBudget") < page.index("A note.")
    assert "&lt;b&gt;Not&lt;/b&gt; a number." in page
    assert '<li id="L9" class="err">' in page
    assert "<script>&#34;" not in page
    shown = re.findall(r'<span class="ln">(\d+)</span>', page)
    assert shown == [str(number) for number in range(6, 13)]


def test_a_report_without_findings_says_so() -> None:
    """What conforms can be published."""
    page = validation_page(_report(), Upload("x.json", b"[]", Rules()))
    assert "This can be published" in page
    assert "2 records read" in page


def test_paths_are_local() -> None:
    """Things lead to documents, terms to the ontology, other IRIs nowhere here."""
    assert local_path(f"{DEFAULT_BASE}ns#Project", "https://example.org/") == "/ns#Project"
    assert local_path("https://example.org/id/project/A%2FB", "https://example.org/") == "/doc/project/A%2FB"
    assert local_path("https://elsewhere.example/", "https://example.org/") is None


def test_every_country_has_a_place_on_the_map(opened: ReleaseView) -> None:
    """Each country of the list has a point inside the picture."""
    for code in opened.vocabulary.countries:
        link = link_to(opened, opened.iris.country(code))
        assert link is not None
        where = locator_map((link,))
        assert where is not None, code
        left, top, width, height = map(float, where.box.split())
        assert left <= where.dots[0].x <= left + width
        assert top <= where.dots[0].y <= top + height


def test_static_files_are_small_and_named() -> None:
    """Fonts under 130 KB, the script about 3 KB; what others made is named with its licence."""
    folder = static_directory()
    fonts = list((folder / "fonts").iterdir())
    assert sum(font.stat().st_size for font in fonts) < 130_000
    assert (folder / "site.js").stat().st_size < 3_500
    notices = (folder / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    assert all(f"fonts/{font.name}" in notices for font in fonts)
    assert "SIL OPEN FONT LICENSE Version 1.1" in notices


def test_every_rule_is_explained_with_examples(client: Asker) -> None:
    """Each rule has its anchor, severity, reason, a failing example with its message, and a passing one."""
    page = client.get("/shapes.html").text
    entries = {entry.rule.id: entry for entry in rule_entries()}
    assert list(entries) == [rule.id for rule in all_rules()]
    for rule in all_rules():
        entry = entries[rule.id]
        section = unescape(page.split(f'<article class="card rule" id="{rule.id}"')[1].split("</article>")[0])
        names = (entry.fails.names["en"], entry.passes.names["en"])
        for text in (rule.description, rule.reason, *names, *(str(found.message) for found in entry.fails.findings)):
            assert text in section
        assert entry.fails.findings
        assert not entry.passes.findings
        assert f'href="#{rule.id}"' in page
