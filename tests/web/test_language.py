"""Pages in English, French and Spanish: how a language is chosen, and that every sentence has all three."""

import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from jinja2 import Environment, nodes
from tests.serving import serve
from tests.web.interface_sentences import problem_details, said_sentences, template_paths

from iomld.browse.rules import rule_entries
from iomld.check.wording import LANGUAGES, wording
from iomld.check.wording import catalogue as sentences
from iomld.web.examples import EXAMPLES, example_record
from iomld.web.told import told
from iomld.web.words import Asked, asked, catalogue, counted_html, retold, said, said_html, shown

PAGES = (
    "/",
    "/projects?q=migration&status=completed&sort=title",
    "/projects?q=nowhere",
    "/countries",
    "/frameworks",
    "/regions",
    "/query",
    "/query?run=1&query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D",
    "/validate",
    "/downloads",
    "/ontology",
    "/about",
    "/shapes",
    "/doc/project/PO.0105",
    "/doc/country/CN",
    "/scheme/framework/gcm",
    "/dataset/projects",
    "/nowhere",
)
_MARKS = re.compile(r"\{\w+\}|\]\(\w+\)|`[^`]+`")
_PLACE = re.compile(r"\{\w*\}")
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[A-Za-z]{2,}")
_READ_ALOUD = re.compile(r'(?:aria-label|placeholder|title|alt)="([^"{]*)')
_VOID = {"br", "img", "input", "link", "meta", "rect", "use"}
_FOREIGN = {"pre", "code", "textarea", "script", "q"}
# What is written the same in every language, or is code.
_NAMES = {"iomld", "SHA", "status", "active", "budgetUSD", "USD", "startYear"}


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
def browser(datadir: Path) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records that wants pages and keeps no cookies by itself."""
    with serve(datadir) as server, httpx.Client(base_url=server.address, headers={"Accept": "text/html"}) as client:
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


def test_names_of_data_follow_the_language(browser: httpx.Client) -> None:
    """Countries and concepts have their names in the language, numbers and money its separators."""
    browser.cookies.clear()
    assert "Chine" in browser.get("/doc/country/CN?lang=fr").text
    assert "Fondo de la OIM para el Desarrollo" in browser.get("/doc/fund/idf?lang=es").text
    browser.cookies.clear()
    assert browser.get("/projects.csv?lang=fr").text == browser.get("/projects.csv").text


def test_numbers_are_written_as_the_language_writes_them() -> None:
    """Groups and decimals; French nought is singular."""
    with asked(Asked("fr")):
        assert shown(Decimal("1234.5")) == "1\u202f234,5"
        assert counted_html("{count} project", "{count} projects", 0) == "0 projet"
    with asked(Asked("es")):
        assert shown(1234567) == "1.234.567"
        assert counted_html("{count} project", "{count} projects", 0) == "0 proyectos"


def test_values_are_escaped_and_never_read_as_marks() -> None:
    """A value cannot bring markup, a link or another value."""
    hostile = "<b>[x](y) {words} `c`"
    text = said_html("{count} projects with “{words}”", count=2, words=hostile)
    assert text == "2 projects with “&lt;b&gt;[x](y) {words} `c`”"
    assert said("{name}: {value}", name=hostile, value=1) == f"{hostile}: 1"


def test_every_sentence_has_all_languages() -> None:
    """French and Spanish hold the same values, links and code as the English sentence, and are not empty."""
    for english, entry in catalogue().items():
        assert set(entry) == set(LANGUAGES), english
        for language in LANGUAGES[1:]:
            assert entry[language].strip(), english
            assert sorted(_MARKS.findall(entry[language])) == sorted(_MARKS.findall(english)), english


def test_french_sets_its_spaces_and_apostrophes() -> None:
    """A no-break space before a colon, a narrow one before ; ? and !, and no typewriter's apostrophe."""
    texts = (re.sub(r"`[^`]*`", "", entry["fr"]) for entry in catalogue().values())
    wrong = [text for text in texts if re.search(r"[^\u00a0:]:(?!\w)|[^\u202f][;!]|[^\u202f]\?(?!\w)|'", text)]
    assert wrong == []


def test_the_catalogue_holds_what_is_said_and_nothing_else() -> None:
    """Whatever a template or a module says is there, with the values it is given; nothing is there that nobody says."""
    uttered = said_sentences()
    assert sorted(set(uttered) - set(catalogue())) == []
    details = {detail for detail, _ in problem_details()}
    unused = {_PLACE.sub("{}", english) for english in catalogue() if english not in uttered} - details - _STATUSES
    assert {text for text in unused if not _is_told_elsewhere(text)} == set()


def _is_told_elsewhere(text: str) -> bool:
    """Whether a sentence is a detail that is put together in a way that the test does not read."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path("src/iomld/web").glob("*.py"))
    pieces = [piece for piece in re.split(r"\{\}", text) if len(piece) > len("{}")]
    return all(piece.strip() in source for piece in pieces)


def test_every_sentence_of_an_error_is_in_the_catalogue() -> None:
    """What is wrong with a request, a query or an upload is told in each language, but for a parser's own words."""
    known = {_PLACE.sub("{}", english) for english in catalogue()} | _NOT_OURS
    details = [*problem_details()]
    assert len(details) > 80
    assert [(where, detail) for detail, where in details if detail not in known] == []


# The parser's own phrase, and what nobody is there to read.
_NOT_OURS = {"{}{}.", "The client closed the connection."}
_STATUSES = {
    "Not Found",
    "Bad Request",
    "Gone",
    "Method Not Allowed",
    "Not Acceptable",
    "Service Unavailable",
    "Too Many Requests",
    "Unprocessable Entity",
    "Unprocessable Content",
    "Unsupported Media Type",
    "Request Entity Too Large",
    "Content Too Large",
    "Internal Server Error",
}


@pytest.mark.parametrize("path", [path for path in template_paths() if path.stem != "docs"], ids=lambda path: path.stem)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    """Every word that a template shows goes through the catalogue, but for the reference, which is in English."""
    tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    source = "".join(
        one.data if isinstance(one, nodes.TemplateData) else "{}"
        for output in tree.find_all(nodes.Output)
        for one in output.nodes
    )
    spoken = [text for text in _READ_ALOUD.findall(source) if _WORD.search(text)]
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
    same = {entry[language] for entry in catalogue().values()}
    left = [text for text in page.found if text in catalogue() and text not in same]
    assert left == []


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
        assert [text for entry in rule_entries() for text in entry.fails.messages if text in shown] == []


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
    with asked(Asked(language)):
        expected = told(detail)
    assert expected.language == language
    for answer in told_on:
        sentence = re.search(r'<p class="(?:fault|lead wrapping)"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
        assert sentence
        assert unescape(sentence[1]) == expected.lead + expected.sentence
        assert detail not in unescape(answer.text)


def test_only_the_words_of_a_parser_stay_english(browser: httpx.Client) -> None:
    """Where our sentence gives way to the parser's, the place is told in the language and the rest is marked."""
    browser.cookies.clear()
    with asked(Asked("fr")):
        phrase = told("line 1, column 9: unexpected <aggregate>.").__html__()
    assert phrase == 'Ligne 1, colonne 9\u00a0: <span lang="en">unexpected &lt;aggregate&gt;.</span>'
    shapes = {"shapes": "@prefix a <b>", "format": "html"}
    page = browser.post("/validate", params=shapes, content=b"<a:a> <a:b> 1 .", headers={"Accept-Language": "fr"})
    assert page.status_code == 400
    lead = "Les formes ne peuvent pas être utilisées. shapes, ligne 1, colonne 9\u00a0: turtle non valide\u00a0: "
    assert re.search(rf'>{re.escape(lead)}<span lang="en">[^<]+</span></p>', page.text)
    page = browser.post("/validate", params={"format": "html"}, content=b"\0", headers={"Accept-Language": "es"})
    assert "upload: es un archivo binario. Dé una página de proyecto" in page.text
    assert 'lang="en"' not in page.text


def test_numbers_in_an_error_are_written_as_the_language_writes_them() -> None:
    """Separators of numbers are those of the language; a version or a code keeps its own."""
    with asked(Asked("fr")):
        detail = "The answer has more than 1,000,000 solutions, the limit. "
        detail += "Ask for fewer with LIMIT and OFFSET, or download the whole dataset."
        assert "1\u202f000\u202f000 solutions" in told(detail).sentence
        assert "PO.0105 a été retiré le 2026-11-28" in told("PO.0105 was withdrawn on 2026-11-28: A copy.").sentence


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_of_a_check_is_in_the_language(browser: httpx.Client, name: str, language: str) -> None:
    """Findings, what to do, headings and the name of pasted text: nothing that both languages know is in English."""
    browser.cookies.clear()
    wanted = {"Accept": "text/html", "Accept-Language": language}
    answer = browser.post("/validate", data={"text": example_record(name)}, headers=wanted)
    page = Texts(re.sub(r"<table>.*?</table>", "", answer.text, flags=re.DOTALL))  # what was sent
    assert (answer.status_code, page.language) == (200, language)
    entries = [*catalogue().values(), *sentences()]
    same = {entry[language] for entry in entries}
    english = {entry["en"] for entry in entries} - same
    assert [text for text in page.found if text in english] == []
    assert wording(language).said("pasted text") in page.found


def test_a_problem_is_told_in_the_language(browser: httpx.Client) -> None:
    """A page of an error is in the language; the problem for programs stays in English."""
    browser.cookies.clear()
    page = browser.get("/nowhere", headers={"Accept-Language": "es"})
    assert (page.status_code, "No hay nada en /nowhere." in page.text) == (404, True)
    data = browser.get("/nowhere", headers={"Accept": "application/json", "Accept-Language": "es"})
    assert data.json()["detail"] == "There is nothing at /nowhere. Begin at the home page."
    with asked(Asked("fr")):
        assert retold("a sentence that nobody knows") is None
        assert retold("Ask for less: it took too long to answer.") is None  # though sentences are `… to …` and `…: …`
