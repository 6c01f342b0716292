"""`/sparql?explain=1` and the query page: what is empty in a query and what was meant, for each kind of mistake."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from tests.serving import Server

pytestmark = pytest.mark.server

PREFIXES = """PREFIX iomld: <https://w3id.org/iomld/ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX cty: <https://w3id.org/iomld/id/country/>
PREFIX prj: <https://w3id.org/iomld/id/project/>
PREFIX status: <https://w3id.org/iomld/scheme/status/>
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX schema: <https://schema.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX oa: <http://www.w3.org/ns/oa#>
"""
RUNAWAY = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a = ?d && ?d = ?g && STR(?c) = CONCAT(STR(?f), STR(?i), 'x'))"
TRIES = 20  # an explanation has a second, which may be too little on a busy machine
ID, DOC = "https://w3id.org/iomld/id/project/PO.0105", "https://w3id.org/iomld/doc/project/PO.0105"
# The pattern of a query, the part that is empty (kind, and what is wrong there), and what was meant.
MISTAKES = {
    "property misspelt": (
        "?p iomld:benefitingContry ?c",
        "property",
        "iomld:benefitingContry",
        "iomld:benefitingCountry",
    ),
    "short property misspelt": ("?c iomld:is3 ?code", "property", "iomld:is3", "iomld:iso3"),
    "property of the history misspelt": (
        "?run iomld:suppliedPropery ?p",
        "property",
        "iomld:suppliedPropery",
        "iomld:suppliedProperty",
    ),
    "property in another case": ("?p iomld:budgetusd ?b", "property", "iomld:budgetusd", "iomld:budgetUSD"),
    "property of another namespace": ("?p dc:title ?t", "property", "dc:title", "dcterms:title"),
    "http for https in a namespace": (
        '?b <http://schema.org/currency> "USD"',
        "property",
        "<http://schema.org/currency>",
        "schema:currency",
    ),
    "a step of a path": ("?p iomld:status/skos:preflabel ?l", "property", "skos:preflabel", "skos:prefLabel"),
    "class misspelt": ("?p a iomld:Projcet ; dcterms:title ?t", "triple", "iomld:Projcet", "iomld:Project"),
    "class of another thing": (
        "?p a iomld:ProjectRecord ; iomld:status ?s",
        "together",
        "iomld:ProjectRecord",
        "iomld:Project",
    ),
    "http for https in an IRI of ours": (f"<{ID.replace('https', 'http')}> ?p ?o", "triple", None, "prj:PO.0105"),
    "document for thing": (f"<{DOC}> dcterms:title ?t", "triple", f"<{DOC}>", "prj:PO.0105"),
    "slash at the end": (f"<{ID}/> ?p ?o", "triple", f"<{ID}/>", "prj:PO.0105"),
    "code without its dot": ("prj:po0105 ?p ?o", "triple", "prj:po0105", "prj:PO.0105"),
    "code as a text": ('?p iomld:projectCode "po-0105"', "triple", '"po-0105"', '"PO.0105"'),
    "country by name": ('?p iomld:benefitingMemberState "China"', "triple", '"China"', "cty:CN"),
    "country by its name in French": ('?p iomld:benefitingMemberState "Chine"', "triple", '"Chine"', "cty:CN"),
    "country by ISO 3166-1 alpha-3": ("?p iomld:benefitingMemberState cty:CHN", "triple", "cty:CHN", "cty:CN"),
    "country in small letters": ("?p iomld:benefitingMemberState cty:cn", "triple", "cty:cn", "cty:CN"),
    "concept misspelt": ("?p iomld:status status:complete", "triple", "status:complete", "status:completed"),
    "concept by name": ('?p iomld:status "Completed"', "triple", '"Completed"', "status:completed"),
    "text without language": ('?c schema:name "China"', "triple", '"China"', '"China"@en'),
    "text in another language": ('?c schema:name "China"@fr', "triple", '"China"@fr', '"China"@en'),
    "text in another case": ('?c schema:name "china"@en', "triple", '"china"@en', '"China"@en'),
    "text of another property": (
        '?c skos:prefLabel "China"',
        "triple",
        'skos:prefLabel … "China"',
        'schema:name … "China"@en',
    ),
    "part of a text": (
        '?p dcterms:title "Migration"',
        "triple",
        '"Migration"',
        '?text … FILTER(CONTAINS(LCASE(STR(?text)), "migration"))',
    ),
    "year as a number": ("?p iomld:startYear 2018", "triple", "2018", '"2018"^^xsd:gYear'),
    "year as a text": ('?p iomld:startYear "2018"', "triple", '"2018"', '"2018"^^xsd:gYear'),
    "number as a text": ('?p iomld:budgetUSD "100000"', "triple", '"100000"', '"100000"^^xsd:decimal'),
    "subject and object changed": (
        "cty:CN iomld:benefitingMemberState ?p",
        "triple",
        "iomld:benefitingMemberState",
        "^iomld:benefitingMemberState",
    ),
    "year compared with a number": (
        "?p iomld:startYear ?y FILTER(?y >= 2016 && ?y < 2019)",
        "filter",
        "2016 … 2019",
        '"2016"^^xsd:gYear … "2019"^^xsd:gYear',
    ),
    "year compared with a day": (
        '?p iomld:startYear ?y FILTER("2016-01-01"^^xsd:date < ?y)',
        "filter",
        '"2016-01-01"^^xsd:date',
        '"2016"^^xsd:gYear',
    ),
    "number compared with a text": ('?p iomld:budgetUSD ?b FILTER(?b > "1000")', "filter", '"1000"', "1000"),
    "name compared with a thing": (
        '?p iomld:benefitingMemberState ?c FILTER(?c = "China")',
        "filter",
        '"China"',
        "cty:CN",
    ),
    "year cast to a number": (
        "?p iomld:startYear ?y FILTER(xsd:integer(?y) > 2016)",
        "filter",
        "?y",
        "STR(?y)",
    ),
    "graph that nobody has": ("GRAPH <urn:projects> { ?p a iomld:Project }", "graph", "<urn:projects>", "?graph"),
    "one of several": ("?p iomld:status ?s FILTER(?s IN (status:complete))", "filter", None, "status:completed"),
    "one of several, not the first": (
        "?p iomld:status ?s FILTER(?s IN (status:none, status:complete))",
        "filter",
        "status:complete",
        "status:completed",
    ),
    "day that is after": (
        "?p iomld:startYear ?y FILTER('2016-01-01'^^xsd:date <= ?y)",
        "filter",
        None,
        '"2016"^^xsd:gYear',
    ),
    "language in capitals": ('?p dcterms:title ?t FILTER(LANG(?t) = "EN")', "filter", '"EN"', '"en"'),
    "language by another code": (
        '?p dcterms:title ?t FILTER(LANGMATCHES(LANG(?t), "eng"))',
        "filter",
        '"eng"',
        '"en"',
    ),
    "text with case": (
        '?p dcterms:title ?t FILTER(CONTAINS(?t, "MIGRATION"))',
        "filter",
        '?t, "MIGRATION"',
        'LCASE(STR(?t)), "migration"',
    ),
    "pattern with case": (
        '?p dcterms:title ?t FILTER REGEX(STR(?t), "MIGRATION")',
        "filter",
        '"MIGRATION"',
        '"MIGRATION", "i"',
    ),
    "variable misspelt": (
        '?p dcterms:title ?title FILTER(CONTAINS(?titel, "igration"))',
        "unbound",
        "?titel",
        "?title",
    ),
    "variable misspelt twice": (
        "?p dcterms:title ?title FILTER(BOUND(?titel) && STRLEN(?titel) > 3)",
        "unbound",
        "?titel",
        "?title",
    ),
    "name of a graph": (f"GRAPH <{ID}> {{ ?s ?p ?o }}", "graph", f"<{ID}>", "doc:PO.0105"),
    "graph that has other things": (
        f"GRAPH <{DOC}> {{ ?s skos:prefLabel ?l }}",
        "elsewhere",
        f"<{DOC}>",
        "?graph",
    ),
    "in a graph": (f"GRAPH <{DOC}> {{ ?p iomld:statu ?s }}", "property", "iomld:statu", "iomld:status"),
    "property that names other things": (
        "?p rdfs:label ?l . ?p a iomld:Project",
        "together",
        "rdfs:label",
        "dcterms:title",
    ),
    "property that is a part of a name": ("?p iomld:country cty:CN", "property", None, "iomld:benefitingCountry"),
    "property of another vocabulary": ("?p schema:areaServed ?x", "property", None, "iomld:benefitingCountry"),
    "property and value": (
        "?p iomld:year 2018",
        "property",
        "iomld:year … 2018",
        'iomld:startYear … "2018"^^xsd:gYear',
    ),
    "step that names other things": ("?p iomld:status/rdfs:label ?l", "triple", "rdfs:label", "skos:prefLabel"),
    "prefixed name in angle brackets": ("?p <dcterms:title> ?t", "property", "<dcterms:title>", "dcterms:title"),
    "class that ours is a kind of": ("?m a oa:Annotation", "triple", "oa:Annotation", "iomld:FrameworkMention"),
    "thing of another dataset": (
        "?p iomld:benefitingCountry <http://www.wikidata.org/entity/Q148>",
        "triple",
        None,
        "cty:CN",
    ),
    "day as a year": ('?p iomld:periodStart "2018"^^xsd:gYear', "triple", None, '"2018-01-01"^^xsd:date'),
    "amount of another property": (
        "?p iomld:budget 100000",
        "triple",
        "iomld:budget … 100000",
        'iomld:budgetUSD … "100000"^^xsd:decimal',
    ),
    "in an inner query": ("{ SELECT ?p { ?p iomld:statu ?s } }", "property", "iomld:statu", "iomld:status"),
    "in what must exist": (
        "?p iomld:region ?r FILTER EXISTS { ?p iomld:status status:complete }",
        "triple",
        "status:complete",
        "status:completed",
    ),
}
# Queries that are empty for a reason that has no other spelling.
EMPTIED = {
    "?p iomld:status ?s MINUS { ?p iomld:status ?t }": "minus",
    "{ SELECT ?p { ?p iomld:status ?s } GROUP BY ?p HAVING (COUNT(*) < 0) }": "subselect",
    "?p iomld:startYear ?y FILTER(?y > '2016'^^xsd:gYear) FILTER(?y < '2016'^^xsd:gYear)": "filters",
    "?p iomld:status ?s FILTER NOT EXISTS { ?p iomld:status ?s }": "filter",
}


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as asking:
        yield asking


def explained(client: httpx.Client, query: str, *, whole: bool = True) -> dict[str, Any]:
    """What is said of a query; if the time did not suffice for all, it is asked again: what was tried is remembered."""
    for _ in range(TRIES):
        answer = client.get("/sparql", params={"query": PREFIXES + query, "explain": "1"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        found: dict[str, Any] = answer.json()
        if found["complete"] or (found["empty"] and not whole):
            break
    return found


def rows(client: httpx.Client, query: str) -> int:
    """How many rows a query has."""
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    return len(answer.text.splitlines()) - 1


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_and_mended(client: httpx.Client, mistake: str) -> None:
    """The part, its place, what was meant; and the query with it has rows."""
    pattern, kind, instead, text = MISTAKES[mistake]
    found = explained(client, f"SELECT * {{ {pattern} }}")
    assert (found["rows"], found["complete"]) == (0, True)
    (part,) = found["empty"]
    assert part["kind"] == kind
    assert part["line"] == PREFIXES.count("\n") + 1
    assert part["column"] > len("SELECT * {")
    meant = {one["text"]: one for one in part["suggestions"]}
    assert text in meant, part
    assert instead in {None, meant[text]["instead"]}
    assert meant[text]["finds"]
    assert rows(client, meant[text]["query"])


@pytest.mark.parametrize("pattern", EMPTIED)
def test_a_part_that_takes_all_away_is_named(client: httpx.Client, pattern: str) -> None:
    """Its kind says why."""
    (part,) = explained(client, f"SELECT * {{ {pattern} }}")["empty"]
    assert part["kind"] == EMPTIED[pattern]


def test_parts_that_do_not_go_together_are_named(client: httpx.Client) -> None:
    """Each finds something; the last one is named with the one it does not go with, and not with others."""
    query = "SELECT * { ?p dcterms:title ?t ; iomld:status ?s ; iomld:region ?r . ?s iomld:iso3 ?x }"
    (part,) = explained(client, query)["empty"]
    assert part["kind"] == "together"
    assert part["pattern"] == "?s iomld:iso3 ?x ."
    assert part["reason"].endswith(": ?p iomld:status ?s .")


def test_every_wrong_part_is_named(client: httpx.Client) -> None:
    """Two misspelt properties are two parts; mending one alone does not yet help, both does."""
    found = explained(client, "SELECT * { ?p iomld:statu ?s ; iomld:startYer ?y }")
    assert [part["pattern"] for part in found["empty"]] == ["?p iomld:statu ?s .", "?p iomld:startYer ?y ."]
    assert [one["finds"] for part in found["empty"] for one in part["suggestions"]] == [False, False]
    assert rows(client, found["query"])


def test_a_total_of_nothing_is_explained(client: httpx.Client) -> None:
    """COUNT has a row even of nothing; a count of something has nothing to explain."""
    found = explained(client, "SELECT (COUNT(*) AS ?n) { ?p iomld:statu ?s }")
    assert found["rows"] == 1
    assert [part["kind"] for part in found["empty"]] == ["property"]
    assert "COUNT(*)" in found["query"]
    assert explained(client, "SELECT (COUNT(*) AS ?n) { ?p iomld:status ?s }")["empty"] == []
    assert explained(client, "SELECT ?n { BIND(1 AS ?n) }")["empty"] == []


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("?p iomld:startYear ?y FILTER(?y > '2999'^^xsd:gYear)", 2),
        ("?p iomld:projectCode ?c FILTER(?c = 'Zzyzx')", 3),
        ("?p iomld:projectCode 'Zzyzx'", 3),
        ("?p iomld:status ?s MINUS { ?p iomld:status ?t }", 0),
    ],
)
def test_where_nothing_was_meant_values_are_shown(client: httpx.Client, pattern: str, values: int) -> None:
    """Some existing values; the least and the greatest for queries that compare."""
    (part,) = explained(client, f"SELECT * {{ {pattern} }}")["empty"]
    assert part["suggestions"] == []
    assert len(part["values"]) == values
    for value in part["values"]:
        assert rows(client, f"{PREFIXES} SELECT * {{ ?p iomld:startYear|iomld:projectCode {value} }}")


def test_what_is_optional_is_named_with_the_condition_on_it(client: httpx.Client) -> None:
    """A condition on a value that never is there: both are named, and one mended is enough."""
    found = explained(
        client, "SELECT * { ?p a iomld:Project OPTIONAL { ?p iomld:statu ?s } FILTER(?s != status:none) }"
    )
    assert [part["kind"] for part in found["empty"]] == ["property", "filter"]
    (one,) = found["empty"][0]["suggestions"]
    assert rows(client, one["query"])


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("ASK { ?p iomld:status status:complete }", "triple"),
        ("DESCRIBE prj:po0105", "triple"),
        ("CONSTRUCT { ?p a ?s } WHERE { ?p iomld:statu ?s }", "property"),
        ("CONSTRUCT { ?p a ?t } WHERE { ?p iomld:status ?s }", "template"),
        ("SELECT * FROM <http://w3id.org/iomld/graph/schemes> { ?s ?p ?o }", "graph"),
        ("SELECT * FROM <https://w3id.org/iomld/graph/schemes> { ?p iomld:status ?s }", "elsewhere"),
        ("SELECT * FROM NAMED <https://w3id.org/iomld/graph/schemes> { ?s skos:prefLabel ?l }", "elsewhere"),
        ("SELECT ?s (COUNT(*) AS ?n) { ?p iomld:status ?s } GROUP BY ?s HAVING (?n < 0)", "having"),
        ("SELECT * { ?p iomld:status ?s } LIMIT 3 OFFSET 100000", "slice"),
        ("SELECT * { ?p iomld:status ?s } VALUES ?s { status:none }", "together"),
    ],
)
def test_every_form_is_explained(client: httpx.Client, query: str, kind: str) -> None:
    """No, an empty graph, a graph that is not there, and what comes after the pattern."""
    assert [part["kind"] for part in explained(client, query)["empty"]] == [kind]


def test_a_query_that_finds_something_has_nothing_to_explain(client: httpx.Client) -> None:
    """Rows, triples and yes are counted."""
    everything = explained(client, "SELECT * { ?s ?p ?o }")
    assert everything["rows"] > 10_000
    assert everything["empty"] == []
    assert explained(client, "ASK { ?s ?p ?o }")["rows"] == 1
    assert explained(client, f"DESCRIBE <{ID}>")["rows"] > 10


def test_the_dataset_of_the_request_counts(client: httpx.Client) -> None:
    """What is there, but not in the graphs of the request, is not found; with POST too."""
    query = f"{PREFIXES}SELECT * {{ ?p iomld:status ?s }}"
    sent = {"query": query, "explain": "1", "default-graph-uri": "https://w3id.org/iomld/graph/schemes"}
    answer = client.post("/sparql", data=sent)
    assert [part["kind"] for part in answer.json()["empty"]] == ["property"]
    direct = {"Content-Type": "application/sparql-query"}
    assert client.post("/sparql?explain=1", content=query, headers=direct).json()["rows"] > 0


def test_text_is_for_people(client: httpx.Client) -> None:
    """As plain text, for clients that request it."""
    query = f"{PREFIXES}SELECT * {{ ?p iomld:status status:complete }}"
    explained(client, "SELECT * { ?p iomld:status status:complete }")
    answer = client.get("/sparql", params={"query": query, "explain": "1"}, headers={"Accept": "text/plain"})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "0 rows" in answer.text
    assert "Probably meant: status:completed instead of status:complete" in answer.text


def test_faults_are_told_as_ever(client: httpx.Client) -> None:
    """A query that does not parse, and a value that is none."""
    broken = client.get("/sparql", params={"query": "SELECT * {", "explain": "1"})
    assert (broken.status_code, broken.json()["line"]) == (400, 1)
    assert client.get("/sparql", params={"query": "ASK {}", "explain": "please"}).status_code == 400


def test_what_takes_long_is_left(client: httpx.Client) -> None:
    """A part that takes too long is stopped; the explanation has the other parts, and says that it is incomplete."""
    query = f"SELECT * {{ ?p iomld:statu ?s {{ {RUNAWAY} }} }}"
    found = explained(client, query, whole=False)
    assert not found["complete"]
    assert [part["pattern"] for part in found["empty"]] == ["?p iomld:statu ?s ."]


def test_a_value_of_another_type_is_named(client: httpx.Client) -> None:
    """A number for a year that no project has: the two types, that none is so, and how years are written."""
    (part,) = explained(client, "SELECT * { ?p iomld:startYear 1910 }")["empty"]
    assert part["types"] == {"written": "xsd:integer", "found": ["xsd:gYear"]}
    assert part["suggestions"] == []
    assert part["values"]
    page = page_of(client, "SELECT * { ?p iomld:startYear 1910 }")
    assert re.search(r"a value of the type <code[^>]*>xsd:integer</code>", page)
    assert "None of them is “1910”." in page
    (part,) = explained(client, "SELECT * { ?p iomld:startYear 2018 }")["empty"]
    assert part["types"]["found"] == ["xsd:gYear"]
    assert "types" not in explained(client, 'SELECT * { ?p iomld:projectCode "Zzyzx" }')["empty"][0]


def test_suggestions_declare_the_prefixes_they_need(client: httpx.Client) -> None:
    """As completion does; a prefix that the query gives another meaning is not used."""
    text = 'SELECT * { ?p <https://w3id.org/iomld/ns#benefitingMemberState> "China" }'
    for prologue, meant in (("", "cty:CN"), ("PREFIX cty: <urn:x> ", "<https://w3id.org/iomld/id/country/CN>")):
        for _ in range(TRIES):
            found = client.get("/sparql", params={"query": prologue + text, "explain": "1"}).json()
            if found["complete"]:
                break
        (one,) = (one for one in found["empty"][0]["suggestions"] if one["text"] == meant)
        assert one["query"].startswith("PREFIX cty: <")
        assert rows(client, one["query"])


def page_of(client: httpx.Client, query: str) -> str:
    """The query page with the answer to a query."""
    for _ in range(TRIES):
        answer = client.get("/query", params={"query": PREFIXES + query, "run": "1"}, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        if "Not every part of the query could be checked." not in answer.text:
            break
    return answer.text


def test_the_page_names_the_part(client: httpx.Client) -> None:
    """With its place, which the editor underlines."""
    page = page_of(client, "SELECT ?s {\n ?s <urn:none> ?o }")
    assert '<pre tabindex="0">?s &lt;urn:none&gt; ?o .</pre>' in page
    line = PREFIXES.count("\n") + 2
    assert f'id="fault" data-line="{line}" data-column="5">Nothing in the data has this property:' in page


@pytest.mark.parametrize("form", ["SELECT *", "ASK", "CONSTRUCT"])
def test_on_the_page_what_was_meant_is_a_link_away(client: httpx.Client, form: str) -> None:
    """For each form of query; the page behind the link has an answer."""
    page = page_of(client, f"{form} WHERE {{ ?s iomld:statu ?o }}")
    assert "<del>iomld:statu</del>" in page
    assert "<ins>iomld:status</ins>" in page
    (address,) = re.findall(r'<a class="btn" href="(/query[^"]+)#answer">', page)
    assert "<del>" not in client.get(unescape(address)).text


def test_the_page_mends_all_at_once(client: httpx.Client) -> None:
    """Where several parts are wrong, one link runs the query with all of them written anew."""
    page = page_of(client, "SELECT * { ?p iomld:statu ?s ; iomld:startYer ?y }")
    (address,) = re.findall(r'<a class="btn primary" href="(/query[^"]+)#answer">', page)
    assert "<del>" not in client.get(unescape(address)).text


def test_the_page_shows_a_total_of_nothing_with_its_reason(client: httpx.Client) -> None:
    """The row stays, and the part is named below it."""
    page = page_of(client, "SELECT (COUNT(*) AS ?n) { ?p iomld:statu ?s }")
    assert page.index("<table") < page.index("<ins>iomld:status</ins>")
