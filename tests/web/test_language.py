"""Pages in English, French and Spanish: how a language is chosen, and that every sentence has all three."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from jinja2 import Environment, nodes
from tests.serving import Server

from iomld.browse.rules import rule_entries
from iomld.i18n import LANGUAGES, catalogue
from iomld.i18n import gettext as translated
from iomld.messages import ForeignText, Message, Quantity, message
from iomld.web import templating
from iomld.web.i18n import PageRequest, gettext, gettext_html, making, message_html, ngettext_html, value_text
from iomld.web.pages.validate import EXAMPLES, example_record

PAGES = (
    "/",
    "/projects?q=migration&status=completed&sort=title",
    "/projects?q=nowhere",
    "/countries",
    "/frameworks",
    "/regions",
    "/query",
    "/query?run=1&query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D",
    "/saved",
    "/saved/projects-of-a-region",
    "/validate",
    "/downloads",
    "/ontology",
    "/about",
    "/changes",
    "/developers",
    "/shapes",
    "/doc/project/PO.0105",
    "/doc/country/CN",
    "/scheme/framework/gcm",
    "/dataset/projects",
    "/nowhere",
)
TEMPLATES = sorted(Path(templating.__file__).with_name("templates").glob("*.html"))
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[A-Za-z]{2,}")
_READ_ALOUD = re.compile(r'(?:aria-label|placeholder|title|alt)="([^"{]*)')
_VOID = {"br", "img", "input", "link", "meta", "rect", "use"}
_FOREIGN = {"pre", "code", "textarea", "script", "q"}
# What is written the same in every language, or is code.
_NAMES = {"iomld", "SHA", "BibTeX", "status", "active", "budgetUSD", "USD", "startYear"}


class Texts(HTMLParser):
    """The texts of a page in its own language, without code and data in other languages."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.language = ""
        self.found: list[str] = []
        self._other: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the language, and go into what is not ours."""
        language = dict(attrs).get("lang")
        if tag == "html":
            self.language = language or ""
        elif tag not in _VOID and (self._other or tag in _FOREIGN or language not in {None, self.language}):
            self._other.append(tag)
        self.found += [value for name, value in attrs if name in {"aria-label", "placeholder"} and value]

    def handle_endtag(self, tag: str) -> None:
        """Come out of what is not ours."""
        if self._other and self._other[-1] == tag:
            self._other.pop()

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if not self._other and data.strip():
            self.found.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def browser(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records that wants pages and keeps no cookies by itself."""
    with httpx.Client(base_url=bundled_server.address, headers={"Accept": "text/html"}, timeout=60) as client:
        yield client


def language_of(client: httpx.Client, address: str, **headers: str) -> str:
    """The language of a page, which its element and its header must agree on."""
    client.cookies.clear()
    answer = client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    language = Texts(answer.text).language
    assert answer.headers["content-language"] == language
    return language


def test_a_choice_comes_before_the_cookie_and_the_header(browser: httpx.Client) -> None:
    """`?lang=`, the cookie, Accept-Language with its weights, English; what is unknown does not count."""
    assert language_of(browser, "/about") == "en"
    assert language_of(browser, "/about", accept_language="de, es;q=0.4, fr-CH;q=0.7") == "fr"
    assert language_of(browser, "/about", accept_language="fr", cookie="lang=es") == "es"
    assert language_of(browser, "/about?lang=en", accept_language="fr", cookie="lang=es") == "en"
    assert language_of(browser, "/about?lang=xx", accept_language="fr") == "fr"
    assert language_of(browser, "/about", accept_language="fr", cookie='x="; lang=xx') == "fr"
    assert language_of(browser, "/about", cookie='prefs={"theme": "dark"}; p=a b; q; lang=es') == "es"


def test_only_a_choice_sets_the_cookie(browser: httpx.Client) -> None:
    """The cookie holds a language for a year and is set by `?lang=` alone, on pages alone."""
    browser.cookies.clear()
    assert "set-cookie" not in browser.get("/about", headers={"Accept-Language": "fr"}).headers
    chosen = browser.get("/about?lang=fr").headers["set-cookie"]
    assert chosen == "lang=fr; Path=/; Max-Age=31536000; SameSite=Lax"
    browser.cookies.clear()
    assert "set-cookie" not in browser.get("/about?lang=xx").headers
    assert "set-cookie" not in browser.get("/projects.csv?lang=fr").headers


def test_caches_keep_each_language_apart(browser: httpx.Client) -> None:
    """A page varies by Accept-Language and Cookie, with a tag for each language, also when it has not changed."""
    browser.cookies.clear()
    pages = {name: browser.get("/about", headers={"Accept-Language": name}) for name in LANGUAGES}
    assert len({page.headers["etag"] for page in pages.values()}) == len(LANGUAGES)
    for name, page in pages.items():
        again = browser.get("/about", headers={"Accept-Language": name, "If-None-Match": page.headers["etag"]})
        assert again.status_code == 304
        for answer in (page, again):
            assert {"Accept-Language", "Cookie"} <= {part.strip() for part in answer.headers["vary"].split(",")}
            assert answer.headers["content-language"] == name
    crossed = {"Accept-Language": "fr", "If-None-Match": pages["en"].headers["etag"]}
    assert browser.get("/about", headers=crossed).status_code == 200


@pytest.mark.parametrize(
    "address", ["/doc/project/PO.0105.ttl", "/projects.csv", "/editor/terms.json", "/sparql?query=ASK%7B%7D"]
)
def test_data_is_the_same_in_every_language(browser: httpx.Client, address: str) -> None:
    """Data neither changes with the language nor says that it might."""
    browser.cookies.clear()
    answers = [browser.get(address, headers={"Accept": "*/*", "Accept-Language": name}) for name in LANGUAGES]
    assert len({answer.content for answer in answers}) == 1
    assert "language" not in answers[0].headers.get("vary", "").lower()


def test_the_switch_keeps_the_page_and_its_filters(browser: httpx.Client) -> None:
    """Each language is a plain link to the same page; the choice is no filter and is in no link to data."""
    browser.cookies.clear()
    text = browser.get("/projects?region=africa&lang=fr").text
    assert 'href="/projects?region=africa&amp;lang=es" lang="es" hreflang="es"' in text
    assert not re.search(r'href="/(?:query|projects\.\w+)\?[^"]*lang=', text)
    assert re.search(r">Africa<|>Afrique<", text)


def test_an_error_has_the_frame_of_the_site(browser: httpx.Client) -> None:
    """The menu, the languages, a search and the footer, in the language of the page."""
    browser.cookies.clear()
    for address, status in (("/nowhere", 404), ("/projects?page=99", 404)):
        page = browser.get(address, headers={"Accept-Language": "fr"})
        assert page.status_code == status
        for part in ('id="site-menu"', 'href="/developers"', 'id="site-languages"', 'role="search"', "<footer>"):
            assert part in page.text, (address, part)
        assert "Développeurs" in page.text
        assert "/static/icon.svg" not in page.text.partition("<body>")[2]


def test_names_of_data_follow_the_language(browser: httpx.Client) -> None:
    """Countries and concepts have their names in the language, numbers and money its separators."""
    browser.cookies.clear()
    assert "Chine" in browser.get("/doc/country/CN?lang=fr").text
    assert "Fondo de la OIM para el Desarrollo" in browser.get("/doc/fund/idf?lang=es").text
    browser.cookies.clear()
    assert browser.get("/projects.csv?lang=fr").text == browser.get("/projects.csv").text


def test_a_name_in_english_is_marked(browser: httpx.Client) -> None:
    """In every list and heading, since some frameworks have no official name in the language."""
    listed = browser.get("/scheme/framework/micic?lang=fr").text
    badge = '<span class="in-language">en anglais</span>'
    assert re.search(rf'<span lang="en">Involve migrants in contingency planning</span></a>{badge}', listed)
    page = browser.get("/scheme/framework/micic-guideline-5?lang=fr").text
    assert badge in page
    assert '<h1>Ligne directrice 5\N{NO-BREAK SPACE}: <span lang="en">Involve' in page
    named = browser.get("/scheme/framework/gcm?lang=fr").text
    assert "en anglais" not in named.partition("<h2>Objectifs</h2>")[2].partition("</main>")[0]
    assert "<dt>Nature</dt><dd>pacte</dd>" in named


def test_names_are_sorted_as_people_sort_them(browser: httpx.Client) -> None:
    """Letters with and without accents are alike, in lists and in the choices of a form."""
    browser.cookies.clear()
    patterns = {"/countries": r'/doc/country/\w+">([^<]+)<', "/validate": r'<option value="[A-Z]{2}">([^<]+)<'}
    for path, pattern in patterns.items():
        address = f"{path}?lang=fr"
        names = [unescape(name) for name in re.findall(pattern, browser.get(address).text)]
        assert len(names) > 100
        between = names[names.index("Égypte") - 1], names[names.index("Égypte") + 1]
        assert between[0][0] in "DE", address
        assert between[1][0] in "EÉ", address


def test_numbers_are_written_as_the_language_writes_them() -> None:
    """Groups and decimals; French nought is singular."""
    with making(PageRequest("fr")):
        assert value_text(Decimal("1234.5")) == "1\u202f234,5"
        assert ngettext_html("{count} project", "{count} projects", 0) == "0 projet"
    with making(PageRequest("es")):
        assert value_text(1234567) == "1.234.567"
        assert ngettext_html("{count} project", "{count} projects", 0) == "0 proyectos"


def test_values_are_escaped_and_never_read_as_marks() -> None:
    """A value cannot bring markup, a link or another value."""
    hostile = "<b>[x](y) {words} `c`"
    text = gettext_html("{count} projects with “{words}”", count=2, words=hostile)
    assert text == "2 projects with “&lt;b&gt;[x](y) {words} `c`”"
    assert gettext("{name}: {value}", name=hostile, value=1) == f"{hostile}: 1"


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.stem != "docs"], ids=lambda path: path.stem)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    """Every word that a template shows goes through the catalogue, but for the reference, which is in English."""
    tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    source = "".join(
        one.data if isinstance(one, nodes.TemplateData) else "{}"
        for output in tree.find_all(nodes.Output)
        for one in output.nodes
    )
    spoken = [text for text in _READ_ALOUD.findall(source) if set(_WORD.findall(text)) - _NAMES]
    plain = re.sub(r"<(code|pre|script|svg)\b.*?</\1>", "", source, flags=re.DOTALL)
    words = set(_WORD.findall(re.sub(r"&\w+;", "", _TAG.sub(" ", plain)))) - _NAMES
    assert (spoken, sorted(words)) == ([], [])


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("address", PAGES)
def test_no_sentence_is_left_in_english(browser: httpx.Client, address: str, language: str) -> None:
    """A page in French or Spanish holds no text that the catalogue has otherwise in that language."""
    browser.cookies.clear()
    page = Texts(browser.get(address, headers={"Accept-Language": language}).text)
    assert page.language == language
    assert [text for text in page.found if text in _english_alone(language)] == []


@cache
def _english_alone(language: str) -> set[str]:
    """English sentences that the language says in other words, and that are none of its own."""
    entries = [entry for entry in catalogue(language) if isinstance(entry.id, str) and entry.id]
    return {str(entry.id) for entry in entries} - {str(entry.string) for entry in entries}


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_are_explained_in_the_language(browser: httpx.Client, language: str) -> None:
    """What a rule asks for, why, what its examples are and what it says: nothing on the page is in another language."""
    browser.cookies.clear()
    text = browser.get("/shapes", headers={"Accept-Language": language}).text
    main = text.split("<main")[1].split("</main>")[0]
    assert 'lang="' not in main
    shown = unescape(main)
    for entry in rule_entries():
        said_of = (entry.rule.descriptions, entry.rule.reasons, entry.fails.names, entry.passes.names)
        assert [one[language] for one in said_of if one[language] not in shown] == []
    if language != LANGUAGES[0]:
        findings = [finding for entry in rule_entries() for finding in entry.fails.findings]
        assert [finding for finding in findings if str(finding.message) in shown] == []


BROKEN = (
    "SELECT * { ?s ?p ?o",
    "SELECT * { ?s ?p 'o }",
    "SELECT * { ?s ?p ?o } }",
    "SELECT * { FILTER(true }",
    "SELECT * { ?s dcterms:title ?o }",
    "SELECT * { ?s <a b> ?o }",
    "SELECT * { ?s ?p ?o } LIMIT x",
    "SELECT ?s { ?s ?p }",
    "nothing",
    "INSERT DATA { <a:a> <a:b> <a:c> }",
    "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "SELECT * { FILTER(<http://x/f>(1)) }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT * " + "{" * 300 + "}" * 300,
)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("query", BROKEN)
def test_what_is_wrong_with_a_query_is_told_in_the_language(browser: httpx.Client, query: str, language: str) -> None:
    """The query page and the endpoint in a browser tell it in the page's language, and programs in English."""
    browser.cookies.clear()
    wanted = {"Accept": "text/html, */*;q=0.8", "Accept-Language": language}
    told_on = [
        browser.get(address, params={"query": query, "run": "1"}, headers=wanted) for address in ("/query", "/sparql")
    ]
    detail = browser.get("/sparql", params={"query": query}, headers={"Accept": "application/json"}).json()["detail"]
    for answer in told_on:
        sentence = re.search(r'<p class="(?:fault|lead wrapping)"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
        assert sentence
        assert 'lang="en"' not in sentence[1]
        assert detail not in unescape(answer.text)


def test_only_the_words_of_a_parser_stay_english(browser: httpx.Client) -> None:
    """In a sentence with words of a parser, the place is translated and those words are marked as English."""
    browser.cookies.clear()
    with making(PageRequest("fr")):
        fault = ForeignText("unexpected <aggregate>.")
        phrase = message_html(message("line {line}, column {column}: {rest}", line=1, column=9, rest=fault))
    assert phrase == 'Ligne 1, colonne 9\u00a0: <span lang="en">unexpected &lt;aggregate&gt;.</span>'
    shapes = {"shapes": "@prefix a <b>", "format": "html"}
    page = browser.post("/validate", params=shapes, content=b"<a:a> <a:b> 1 .", headers={"Accept-Language": "fr"})
    assert page.status_code == 400
    lead = "Les formes ne peuvent pas être utilisées. shapes\u00a0: ligne 1, colonne 9\u00a0: turtle non valide\u00a0: "
    assert re.search(rf'>{re.escape(lead)}<span lang="en">[^<]+</span>\.</p>', page.text)
    page = browser.post("/validate", params={"format": "html"}, content=b"\0", headers={"Accept-Language": "es"})
    told = page.text.partition('<p class="fault" role="alert">')[2].partition("</p>")[0]
    assert "upload: es un archivo binario. Dé una página de proyecto" in told
    assert 'lang="en"' not in told


def test_numbers_in_an_error_are_written_as_the_language_writes_them() -> None:
    """A quantity has the separators of the language; any other number stays as it is."""
    rows = "The answer has more than {limit} solutions, the limit. "
    rows += "Ask for fewer with LIMIT and OFFSET, or download the whole dataset."
    place = "line {line}, column {column}: {rest}"
    with making(PageRequest("fr")):
        assert "1\u202f000\u202f000 solutions" in message_html(Message(rows, {"limit": Quantity(1_000_000)}))
        assert "Ligne 1234, " in message_html(Message(place, {"line": 1234, "column": 1, "rest": ""}))


def test_an_error_without_a_translation_is_marked_as_english() -> None:
    """The whole of it, so that no sentence is half in another language; on an English page nothing is marked."""
    unknown = message("a sentence that <nobody> knows")
    with making(PageRequest("fr")):
        assert message_html(unknown) == '<span lang="en">a sentence that &lt;nobody&gt; knows</span>'
        assert message_html(message("{key} was withdrawn on {day}: {reason}", key="x", day="y", reason=unknown)) == (
            '<span lang="en">x was withdrawn on y: a sentence that &lt;nobody&gt; knows</span>'
        )
    assert message_html(unknown) == "A sentence that &lt;nobody&gt; knows"


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_of_a_check_is_in_the_language(browser: httpx.Client, name: str, language: str) -> None:
    """Findings, what to do, headings and the name of pasted text: nothing that both languages know is in English."""
    browser.cookies.clear()
    wanted = {"Accept": "text/html", "Accept-Language": language}
    answer = browser.post("/validate", data={"text": example_record(name)}, headers=wanted)
    page = Texts(re.sub(r"<table>.*?</table>", "", answer.text, flags=re.DOTALL))  # what was sent
    assert (answer.status_code, page.language) == (200, language)
    assert [text for text in page.found if text in _english_alone(language)] == []
    assert translated("pasted text", language) in page.found


def test_a_problem_is_told_in_the_language(browser: httpx.Client) -> None:
    """A page of an error is in the language; the problem for programs stays in English."""
    browser.cookies.clear()
    page = browser.get("/nowhere", headers={"Accept-Language": "es"})
    assert (page.status_code, "No hay nada en /nowhere." in page.text) == (404, True)
    data = browser.get("/nowhere", headers={"Accept": "application/json", "Accept-Language": "es"})
    assert data.json()["detail"] == "There is nothing at /nowhere. Begin at the home page."
