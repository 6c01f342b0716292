"""Saved queries as values: what is read from a file, what is refused, and that values never change a query."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store
from tests.conftest import ROOT

from iomld.saved.decorators import QueryFileError
from iomld.saved.parameters import ParameterError, ParameterType
from iomld.saved.query import SavedQuery, check_name, parse_saved_query
from iomld.store.sparql_tokens import query_tokens

XSD = "http://www.w3.org/2001/XMLSchema#"
# A parameter beside whatever looks like it: a longer name, and its own name in a comment, an IRI and texts.
DISGUISED = """#+ title: Disguised
#+ defaults:
#+   - q: q
#+   - qq: qq
#+   - at: http://x/a
#+   - n: 5
# ?_q and $_q in a comment, with " and ' and {
SELECT ?out ?other ?there ?texts ?n ?iri WHERE {
  BIND(?_q AS ?out) BIND(?_qq AS ?other) BIND($_at_iri AS ?there) BIND(?_n_integer AS ?n)
  BIND(CONCAT("?_q", '$_q', \"\"\"?_q "?_q" \"\"\", '''?_qq''') AS ?texts)
  BIND(<http://x/?_q=1> AS ?iri) FILTER(?n < 3 || ?n > 2)
}"""


def parsed(body: str, *comments: str) -> SavedQuery:
    """The query with a title, and with these comments."""
    return parse_saved_query("q", "\n".join(["#+ title: A title", *(f"#+ {line}" for line in comments), body]))


def fault(body: str, *comments: str) -> str:
    """The sentence for a query that is refused."""
    with pytest.raises(QueryFileError) as refused:
        parsed(body, *comments)
    return str(refused.value)


def row_of(query: SavedQuery, texts: Mapping[str, str]) -> Mapping[str, object]:
    """The only solution of a query over no data, by variable."""
    solutions = Store().query(query.bound(query.values(texts)))
    assert isinstance(solutions, QuerySolutions)
    (row,) = solutions
    return {variable.value: row[variable] for variable in solutions.variables}


@pytest.mark.parametrize("name", ["projects-of-a-region", "largest-budgets"])
def test_the_examples_can_be_saved(name: str) -> None:
    """The files in `examples/` are queries with a title, a summary and parameters."""
    query = parse_saved_query(name, (ROOT / "examples" / f"{name}.rq").read_bytes())
    assert query.title
    assert query.summary
    assert len(query.parameters) == 2
    assert query.tags


def test_names_say_the_types_of_parameters() -> None:
    """Each type, a language, and names that only look like a type."""
    variables = (
        "_a_iri",
        "_b_integer",
        "_c_number",
        "_d_boolean",
        "_e_gYear",
        "_f_date",
        "_g_dateTime",
        "_h_literal",
        "_i_fr",
        "_j",
        "_k_xsd_date",
        "_start_year",
    )
    values = {
        "a": "http://x/",
        "b": "+07",
        "c": "-1.50",
        "d": "true",
        "e": "2017",
        "f": "2024-02-29",
        "g": "2024-02-29T12:00:00Z",
        "h": "h",
        "i": "i",
        "j": "j",
        "k": "2020-01-01",
        "start_year": "1990",
    }
    body = "ASK { VALUES ?x { " + " ".join(f"?{name}" for name in variables) + " } }"
    query = parsed(body, "defaults:", *(f"  - {name}: {value}" for name, value in values.items()))
    found = {one.name: one.default for one in query.parameters}
    assert found["a"] == NamedNode("http://x/")
    assert found["b"] == Literal("7", datatype=NamedNode(f"{XSD}integer"))
    assert found["c"] == Literal("-1.50", datatype=NamedNode(f"{XSD}decimal"))
    assert found["e"] == Literal("2017", datatype=NamedNode(f"{XSD}gYear"))
    assert found["g"] == Literal("2024-02-29T12:00:00Z", datatype=NamedNode(f"{XSD}dateTime"))
    assert (found["h"], found["i"], found["start_year"]) == (Literal("h"), Literal("i", language="fr"), Literal("1990"))
    assert found["k"] == Literal("2020-01-01", datatype=NamedNode(f"{XSD}date"))


def test_comments_as_grlc_writes_them() -> None:
    """Lists with and without indentation, quotes, comments, choices, and keys of grlc that mean nothing here."""
    query = parsed(
        "ASK { ?s ?_p_iri ?_o }",
        "summary: 'It''s one: yes'   # said",
        "endpoint: http://elsewhere/sparql",
        "tags:",
        "- one",
        '- "two # 2"',
        "defaults:",
        "  - p: http://x/a#b",
        '  - ?_o: "a \\"b\\""',
        "enumerate:",
        "  - p:",
        "    - http://x/a#b",
        "    - http://x/c#d",
        "  - o",
    )
    assert (query.summary, query.tags) == ("It's one: yes", ("one", "two # 2"))
    predicate, text = query.parameters
    assert [predicate.text_of(choice) for choice in predicate.choices] == ["b", "http://x/c#d"]
    assert text.default == Literal('a "b"')
    assert not text.choices
    with pytest.raises(ParameterError, match="must be one of b, http://x/c#d"):
        query.values({"p": "http://x/a#c"})


REFUSED = {
    "no title": ("ASK {}", "title is missing"),
    "misspelt": ("#+ titel: x\nASK {}", "line 1: “titel” is not known. Did you mean “title”?"),
    "unknown": ("#+ title: x\n#+ colour: x\nASK {}", "line 2: “colour” is not known"),
    "twice": ("#+ title: x\n#+ title: x\nASK {}", "line 2: “title” is given twice"),
    "block text": ("#+ title: |\n#+   x\nASK {}", "line 1: The text | cannot be read"),
    "open quote": ("#+ title: 'x\nASK {}", "line 1: The text 'x cannot be read"),
    "no key": ("#+ title: x\n#+ a b\nASK {}", "line 2: A name with a colon is missing"),
    "no decorator": ("#+   - x\nASK {}", "line 1: This line belongs to no name"),
    "nothing": ("#+ title: x\n# ASK {}\n", "There is no query"),
    "update": ("#+ title: x\n\nDELETE WHERE { ?s ?p ?o }", "line 3: This is an update"),
    "service": ("#+ title: x\nASK {\n SERVICE <http://x/> {} }", "line 3: A saved query cannot use SERVICE"),
    "no default": ("#+ title: x\nASK {\n ?s ?p ?_o }", "line 3: The parameter “o” has no default"),
    "wrong default": ("#+ title: x\n#+ defaults:\n#+   - o: x\nASK { ?s ?p ?_o_integer }", "line 3: “x” is no value"),
    "unused default": ("#+ title: x\n#+ defaults:\n#+   - o: x\nASK {}", "line 3: The query has no variable for"),
    "two types": ("#+ title: x\nASK { ?s ?_o_iri\n ?_o }", "line 3: The parameter “o” has two types"),
    "reserved": ("#+ title: x\n#+ defaults:\n#+   - format: x\nASK { ?s ?p ?_format }", "cannot be called “format”"),
    "projected": ("#+ title: x\nSELECT ?_o { ?s ?p ?_o }", "line 2: The parameter ?_o is projected or bound here"),
    "projected inside": ("#+ title: x\nASK { { SELECT ?s $_o { ?s ?p $_o } } }", "The parameter $_o is projected"),
    "bound": ("#+ title: x\nASK { ?s ?p ?o\n BIND(1 AS ?_o) }", "line 3: The parameter ?_o is projected or bound"),
    "bound by VALUES": ("#+ title: x\nASK { VALUES ?_o { 1 } }", "The parameter ?_o is projected or bound"),
    "bound by rows": ("#+ title: x\nASK { VALUES (?a ?_o) { (1 2) } }", "The parameter ?_o is projected or bound"),
    "limit": ("#+ title: x\nSELECT * { ?s ?p ?o } LIMIT ?_n", "line 2: After LIMIT and OFFSET stands a whole number"),
    "syntax": ("#+ title: x\n\nASK { ?s ?p", "line 3: the query ends too early"),
    "open text": ("#+ title: x\nASK { ?s ?p 'a }", "line 2: The text that begins here is not closed"),
    "unknown prefix": ("#+ title: x\nASK { ?s ?p ex:a }", "line 2: the prefix “ex:” is not declared"),
    "clock": ("#+ title: x\nSELECT (now() AS ?t) {}", "line 2: NOW() gives another value each time"),
    "blank nodes": ("#+ title: x\nCONSTRUCT { _:b ?p ?o } { ?s ?p ?o }", "line 2: A blank node in the template"),
    "IRI or comparison": ("#+ title: x\nASK { FILTER(?a<ex:b&&?_o>1) }", "line 2: <ex:b&&?_o> may be an IRI"),
    "IRI or text": ("#+ title: x\nASK { FILTER(?a<'?_o'&&?b>1) }", "may be an IRI or a comparison"),
    "escaped twice": ("#+ title: x\nASK { ?s ?p \\u005Cu0027 }", "A backslash is escaped outside of a text"),
    "brackets": ("#+ title: x\nSELECT * " + "{" * 50 + "}" * 50, "nests its brackets too deeply"),
    "patterns": ("#+ title: x\nASK { " + "?s ?p ?o ." * 201 + " }", "more than 200 operators or triple patterns"),
    "long": ("#" * 100_001, "The file is longer than"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_saved_has_a_sentence(case: str) -> None:
    """Each fault names the file, mostly the line, and what to do."""
    text, sentence = REFUSED[case]
    with pytest.raises(QueryFileError) as refused:
        parse_saved_query("q", text.encode())
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("q.rq")


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    """With the line of the first wrong byte."""
    with pytest.raises(QueryFileError, match="line 2: The file is not UTF-8"):
        parse_saved_query("q", b"#+ title: x\n# caf\xe9\nASK {}")


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "a/b", ".a", "a.b", "a@b", "-a", "é", "a" * 65])
def test_a_name_is_that_of_a_file_and_of_an_address(name: str) -> None:
    """Others are refused."""
    with pytest.raises(QueryFileError, match="small letters"):
        check_name(name)


TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=50) | st.sampled_from(
    [
        '"',
        "\\",
        "'''",
        '"""',
        "\\u0022",
        '" . } #',
        "?_qq",
        "<",
        ">",
        "}",
        "\n\r\t",
        "\u2028",
        "SERVICE <x:y> {}",
        "$_q",
    ]
)


@given(q=TEXTS, qq=TEXTS)
def test_a_text_never_changes_the_query(q: str, qq: str) -> None:
    """The engine reads each text as it was given, and everything else of the query as it was before."""
    query = parse_saved_query("q", DISGUISED)
    row = row_of(query, {"q": q, "qq": qq})
    assert (row["out"], row["other"]) == (Literal(q), Literal(qq))
    assert row["texts"] == Literal('?_q$_q?_q "?_q" ?_qq')
    assert (row["there"], row["iri"]) == (NamedNode("http://x/a"), NamedNode("http://x/?_q=1"))
    default = [*query_tokens(query.bound(query.values({})))]
    bound = [*query_tokens(query.bound(query.values({"q": q, "qq": qq})))]
    assert [token.kind for token in bound] == [token.kind for token in default]
    differing = {one.text for one, other in zip(bound, default, strict=True) if one.text != other.text}
    assert differing <= {str(Literal(q)), str(Literal(qq))}


@given(text=TEXTS | st.from_regex(r"[a-z:/#?<>{} '\"\\]{1,30}", fullmatch=True))
def test_an_iri_never_changes_the_query(text: str) -> None:
    """What is an IRI is that IRI, what is a code is beside the default, and the rest is refused in a sentence."""
    query = parse_saved_query("q", DISGUISED)
    try:
        values = query.values({"at": text})
    except ParameterError:
        return
    assert values["at"].value in {text, f"http://x/{text}"}
    assert row_of(query, {"at": text})["there"] == values["at"]


@given(text=st.text(max_size=30) | st.integers().map(str))
def test_other_types_take_only_their_values(text: str) -> None:
    """A number, a date, a year: read back as the same value, or refused."""
    for type_ in (ParameterType.INTEGER, ParameterType.DECIMAL, ParameterType.DATE, ParameterType.YEAR):
        default = {"integer": "1", "decimal": "1.5", "date": "2020-01-01", "gYear": "2020"}[type_]
        query = parsed(f"SELECT ?out {{ BIND(?_v_{type_} AS ?out) }}", "defaults:", f"  - v: {default}")
        try:
            values = query.values({"v": text})
        except ParameterError:
            continue
        assert text.isascii()
        assert row_of(query, {"v": text})["out"] == values["v"]


def test_a_parameter_of_the_wrong_type_has_a_sentence() -> None:
    """It names the parameter, the value, what to write and the default; and so does one that does not exist."""
    query = parsed(
        "SELECT * { ?_iri_iri ?p ?_year_gYear } LIMIT ?_most_integer",
        "defaults:",
        "  - year: 2017",
        "  - most: 10",
        "  - iri: http://x/a",
    )
    for given_, sentence in (
        ({"year": "17"}, "“year” is “17”, but must be a year of four digits. The default is year=2017."),
        ({"year": "x" * 3000}, f"“year” is “{'x' * 60}…”, but"),
        ({"year": ""}, "“year” is “”, but must be a year"),
        ({"most": "-1"}, "must be a whole number of at most 18 digits, from 0 upwards. The default is most=10."),
        ({"iri": "a b"}, "“iri” is “a b”, but must be an IRI. The default is iri=a."),
        ({"yeer": "2017"}, "The query has no parameter “yeer”. Write year, or remove it."),
    ):
        with pytest.raises(ParameterError) as refused:
            query.values(given_)
        assert sentence in str(refused.value)
    with pytest.raises(ParameterError, match="has no parameters"):
        parsed("ASK {}").values({"x": "1"})


ORDERED = {
    "SELECT ?s { ?s ?p ?o }": "SELECT ?s { ?s ?p ?o } ORDER BY STR(?s)",
    "SELECT ?s { ?s ?p ?o } ORDER BY DESC(?o) LIMIT 3": "SELECT ?s { ?s ?p ?o } ORDER BY DESC(?o) STR(?s) LIMIT 3",
    "SELECT * { { SELECT ?o { ?s ?p ?o } LIMIT 1 } } VALUES ?o { 1 }": (
        "SELECT * { { SELECT ?o { ?s ?p ?o } LIMIT 1 } } ORDER BY STR(?o) VALUES ?o { 1 }"
    ),
    "SELECT (SUM(?o) AS ?n) ?s FROM <http://x/> WHERE { ?s ?p ?o } GROUP BY ?s # }": (
        "SELECT (SUM(?o) AS ?n) ?s FROM <http://x/> WHERE { ?s ?p ?o } GROUP BY ?s ORDER BY STR(?n) STR(?s) # }"
    ),
    "CONSTRUCT WHERE { ?s ?p ?o }": "CONSTRUCT WHERE { ?s ?p ?o } ORDER BY STR(?s) STR(?p) STR(?o)",
    "ASK { ?s ?p ?o }": "ASK { ?s ?p ?o }",
    "DESCRIBE <http://x/>": "DESCRIBE <http://x/>",
}


@pytest.mark.parametrize("text", ORDERED)
def test_an_answer_has_one_order_only(text: str) -> None:
    """After its own order, solutions are ordered by all variables; before LIMIT and VALUES, behind everything else."""
    query = parsed(text)
    assert query.bound({}) == f"# A title\n{ORDERED[text]}\n"
    Store().query(query.bound({}))


def test_a_query_is_parsed_without_being_evaluated() -> None:
    """The engine's sort of values of several types would end this process; so would an endless join take for ever."""
    terms = [f"{n} '{n}' <x:{n}> '{n}'@fr true 1.{n}" for n in range(10, 60)]
    values = " ".join(term for row in zip(*(term.split() for term in terms), strict=True) for term in row)
    for text in (
        f"SELECT * {{ VALUES ?x {{ {values} }} }} ORDER BY ?x",
        f"SELECT * {{ SELECT ?x {{ VALUES ?x {{ {values} }} }} ORDER BY ?x }}",
        f"SELECT * {{ ?s ?p ?o }} ORDER BY ?x VALUES ?x {{ {values} }}",
        f"CONSTRUCT {{ <x:s> <x:p> ?x }} WHERE {{ VALUES ?x {{ {values} }} }} ORDER BY ?x",
        "ASK { " + " ".join(f"VALUES ?x{n} {{ {values} }}" for n in range(8)) + " FILTER(?x0 = 'none') }",
        "CONSTRUCT WHERE { ?s ?p ?o }",
        "DESCRIBE <http://x/>",
    ):
        assert parsed(text)


def test_the_same_rows_in_any_store_are_the_same_bytes() -> None:
    """The order of the rows does not depend on that of the data, and LIMIT cuts the same ones."""
    query = parsed("SELECT ?s ?o { ?s ?p ?o } LIMIT 5")
    mixed = (Literal("a"), Literal(1), Literal("2020-01-01", datatype=NamedNode(f"{XSD}date")), NamedNode("http://x/o"))
    quads = [Quad(NamedNode(f"http://x/{n % 70}"), NamedNode("http://x/p"), mixed[n % 4]) for n in range(400)]
    answers = set()
    for order in (quads, quads[::-1], sorted(quads, key=str)):
        store = Store()
        for quad in order:
            store.add(quad)
        answers.add(str([*map(str, store.query(query.bound({})))]))  # type: ignore[arg-type]  # solutions
    assert len(answers) == 1
