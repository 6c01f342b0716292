"""Lookups: what is taken for one means what the engine says, and is answered alike in few steps."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QueryBoolean, QueryResultsFormat, QuerySolutions, Store

from iomld import store
from iomld.store.lookup import lookup_json, read_lookup
from iomld.store.oxigraph import StoreReader

X = "http://x.example/"
_NAMES = [NamedNode(f"{X}{name}") for name in "abcd"]
_VALUES = [
    *_NAMES,
    BlankNode("b"),
    Literal("one"),
    Literal("one", language="en"),
    Literal("eins\n„\t\u2028/\x7f", language="de-AT"),
    Literal("1", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
    Literal("2017", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#gYear")),
    Literal(""),
]
_QUADS = st.builds(
    Quad,
    st.sampled_from([*_NAMES, BlankNode("b")]),
    st.sampled_from(_NAMES),
    st.sampled_from(_VALUES),
    st.just(_NAMES[0]),
)
_TERMS = [f"<{X}a>", f"<{X}b>", "x:c", "x:d", "?s", "?o", "$p", "?q", '"one"', '"one"@en', '"one"@EN', "a"]
_TERMS += [
    '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
    '""',
    "x:",
    "1",
    "_:b",
    "[]",
    "'one'",
    '"""one"""',
    "true",
]
_SIGNS = [
    ".",
    ";",
    ",",
    "}",
    "{",
    " ",
    "\n",
    "# note }\n",
    "x:a.",
    "x:a.b",
    ":a",
    "x",
    "^",
    "/",
    "|",
    "*",
    "\u00a0",
    '"',
]
_HEADS = ["SELECT *", "select ?s ?o", "SELECT DISTINCT $s", "ASK", "SELECT ?s ?s", "SELECT REDUCED *", "SELECT*"]
_ENDS = ["", "LIMIT 2", "limit 0", "LIMIT 1 2", "LIMIT 1x", "LIMIT -1", "ORDER BY ?s", "OFFSET 1", "LIMIT 2 OFFSET 1"]


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Texts that are nearly lookups, many of them whole ones."""
    head = draw(st.sampled_from(_HEADS[:4] if draw(st.integers(0, 3)) else _HEADS))
    if draw(st.integers(0, 3)):
        subjects, properties = st.sampled_from(_TERMS[:8]), st.sampled_from([*_TERMS[:4], "a", "?p", "?q"])
        patterns = st.tuples(subjects, properties, st.sampled_from(_TERMS[:13]))
        body = " . ".join(" ".join(draw(patterns)) for _ in range(draw(st.integers(1, 3))))
    else:
        body = draw(st.sampled_from(["", " "])).join(draw(st.lists(st.sampled_from(_TERMS + _SIGNS), max_size=12)))
    where = draw(st.sampled_from(["WHERE {", "{", "where{", "WHERE"]))
    prefix = draw(st.sampled_from([f"PREFIX x: <{X}>", f"prefix x:<{X}>", f"PREFIX x: <{X}> PREFIX x: <{X}a>", ""]))
    return f"{prefix} {head} {where} {body} }} {draw(st.sampled_from(_ENDS[:3] if draw(st.booleans()) else _ENDS))}"


def engine_json(found: Store, query: str) -> dict[str, object]:
    """What the engine answers; SyntaxError where it says that it is no query."""
    answer = found.query(query, use_default_graph_as_union=True)
    assert isinstance(answer, QuerySolutions | QueryBoolean)
    parsed: dict[str, object] = json.loads(answer.serialize(format=QueryResultsFormat.JSON) or b"")
    return parsed


def counted(answer: dict[str, object]) -> Counter[str]:
    """Its solutions, in no order."""
    results = answer["results"]
    assert isinstance(results, dict)
    return Counter(json.dumps(row, sort_keys=True) for row in results["bindings"])


@given(st.lists(_QUADS, min_size=4, max_size=30, unique=True), queries())
def test_a_lookup_is_answered_as_by_the_engine(quads: list[Quad], query: str) -> None:
    """Whatever text is taken for a lookup is a query, and has the same solutions."""
    lookup = read_lookup(query)
    if lookup is None:
        return
    found = Store()
    found.extend(quads)
    expected = engine_json(found, query)
    body = lookup_json(found, lookup, max_rows=1000)
    if body is None:  # nothing to begin with is known
        return
    answer = json.loads(body)
    # The engine sorts the columns of SELECT *, and a worker gives them to it in the order of the query.
    head, other = answer["head"], expected["head"]
    assert isinstance(other, dict)
    assert sorted(head.get("vars", ())) == sorted(other.get("vars", ()))
    if lookup.variables is None:
        assert answer == expected
    elif lookup.limit is None:
        assert counted(answer) == counted(expected)
    else:  # which of the solutions is anybody's choice
        unlimited = engine_json(found, query[: query.upper().rindex("LIMIT")])
        assert counted(answer) <= counted(unlimited)
        assert counted(answer).total() == counted(expected).total()


@pytest.mark.parametrize(
    ("query", "patterns"),
    [
        (f'SELECT ?s {{ ?s <{X}p> "a" }}', 1),
        (f'SELECT ?s ?t {{ ?s <{X}p> "a"@en ; <{X}t> ?t . }} LIMIT 10', 2),
        (f"PREFIX x: <{X}>\nSELECT DISTINCT * WHERE {{ x:s a ?c, ?d; x:p ?o. ?o x:q ?v }} # all", 4),
        (f"ask{{<{X}s> ?p <{X}o>}}", 1),
    ],
)
def test_lookups_are_known(query: str, patterns: int) -> None:
    """The ways in which programs write them."""
    lookup = read_lookup(query)
    assert lookup
    assert len(lookup.patterns) == patterns


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * {{ <{X}s> ?p ?o FILTER(?o > 1) }}",
        f"SELECT * {{ <{X}s> <{X}p>+ ?o }}",
        f"SELECT * {{ <{X}s> ?p ?o OPTIONAL {{ ?o ?q ?r }} }}",
        f"SELECT * {{ SERVICE <{X}s> {{ ?s ?p ?o }} }}",
        "SELECT * FROM <x:g> { <x:s> ?p ?o }",
        f"SELECT (NOW() AS ?n) {{ <{X}s> ?p ?o }}",
        f"SELECT * {{ <{X}s> ?p ?o }} ORDER BY ?o",
        f"CONSTRUCT {{ <{X}s> ?p ?o }} WHERE {{ <{X}s> ?p ?o }}",
        f"INSERT DATA {{ <{X}s> <{X}p> <{X}o> }}",
        f"SELECT * {{ <{X}s> ?p <relative> }}",
        f"SELECT * {{ <{X}s> ?p ?p }}",
        "ASK { <x:s> ?p ?o } LIMIT 0",
        f'SELECT * {{ <{X}s> ?p "a\\u0062" }}',
        f'SELECT * {{ <{X}s> ?p "a"@toolongalanguage }}',
        f"SELECT * {{ y:s ?p <{X}o> }}",
        f"SELECT * {{ {'<x:a> <x:b> <x:c> . ' * 9} }}",
        f"SELECT * {{ <{X}s> ?p ?o }} # {'long' * 500}",
        "",
        "{",
        "SELECT",
    ],
)
def test_all_else_is_left_to_workers(query: str) -> None:
    """Queries with more than triple patterns, and text that is not a query, go to workers."""
    assert read_lookup(query) is None


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> StoreReader:
    """A store with 300 things of one class, each with a name of its own."""
    path = tmp_path_factory.mktemp("lookup") / "store"
    graph, kind, name = (NamedNode(f"{X}{word}") for word in ("g", "Thing", "name"))
    things = [NamedNode(f"{X}{number}") for number in range(300)]
    quads = [Quad(thing, name, Literal(thing.value[len(X) :]), graph) for thing in things]
    quads += [
        Quad(thing, NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), kind, graph) for thing in things
    ]
    store.build_store(path, quads)
    return StoreReader(path)


@pytest.mark.parametrize(
    ("pattern", "is_answered"),
    [
        (f'?s a <{X}Thing> ; <{X}name> "7"', True),  # the name comes first, wherever it stands
        (f'?s <{X}name> "7" . ?s ?p ?o', True),
        (f"?s a <{X}Thing>", False),  # three hundred of them
        (f"?s <{X}name> ?o", False),  # nothing to begin with
        (f'<{X}7> a ?c . ?other a ?c ; <{X}name> "8"', True),
        (f"<{X}7> a ?c . ?other a ?c", False),
        ("?s ?p ?o", False),
    ],
)
def test_the_steps_are_few(reader: StoreReader, pattern: str, *, is_answered: bool) -> None:
    """What needs more than two hundred steps is not answered here."""
    body = reader.lookup(f"SELECT * {{ {pattern} }}", max_rows=1000)
    assert (body is not None) == is_answered
    assert body is None or json.loads(body)["results"]["bindings"]


def test_solutions_have_a_limit(reader: StoreReader) -> None:
    """With a limit of one solution, a lookup with more goes to the worker, which reports the limit."""
    query = f"SELECT * {{ <{X}7> ?p ?o }}"
    assert reader.lookup(query, max_rows=1) is None
    assert reader.lookup(query, max_rows=2) is not None
