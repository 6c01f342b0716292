"""Anyone's data against anyone's shapes, in a process that can be ended."""

import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from iomld.errors import SourceError
from iomld.messages import Message
from iomld.model import Finding, Severity
from iomld.validate.user_shapes import CheckLimits, GraphCheck, UserDocument, check_graph, checked_graph
from iomld.workers.errors import JobTimeoutError, WorkerCrashedError

PREFIXES = """@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
SHAPES = (
    PREFIXES
    + """
ex:Person a sh:NodeShape ; sh:targetClass ex:Human ;
  sh:property [ sh:path ex:name ; sh:minCount 1 ] ;
  sh:property ex:age ;
  sh:property [ sh:path ( ex:parent ex:name ) ; sh:maxLength 3 ; sh:severity sh:Warning ] .
ex:age a sh:PropertyShape ; sh:path ex:age ; sh:maxInclusive 150 ; sh:severity ex:Strange ;
  sh:message "Trop vieux."@fr, "Too old."@en .
"""
)
DATA = (
    PREFIXES
    + """
ex:a a ex:Human ; ex:age 151 ; ex:parent [ ex:name "Amalia" ] .
ex:b a ex:Human ; ex:name "Bo" ; ex:age 0150 .
"""
)
FINDINGS = (
    Finding(
        "age",
        Severity.VIOLATION,
        Message("Too old."),
        value="151",
        focus_node="http://example.org/a",
        path="http://example.org/age",
        language="en",
    ),
    Finding(
        "maxLength",
        Severity.WARNING,
        Message("The value is too long. Shorten it."),
        value="Amalia",
        focus_node="http://example.org/a",
        path="(<http://example.org/parent>/<http://example.org/name>)",
    ),
    Finding(
        "minCount",
        Severity.VIOLATION,
        Message("A value is missing: there are fewer than the shape requires. Add it."),
        focus_node="http://example.org/a",
        path="http://example.org/name",
    ),
)


def _data(text: str = DATA, format_name: str = "turtle") -> UserDocument:
    return UserDocument("data", text.encode(), format_name)


def _shapes(text: str = SHAPES, format_name: str = "turtle") -> UserDocument:
    return UserDocument("shapes", text.encode(), format_name)


def _without_results(check: GraphCheck) -> tuple[Finding, ...]:
    """The findings alone; their validation results are compared with the suite of the W3C."""
    return tuple(replace(finding, results=()) for finding in check.findings)


def _with_query(query: str) -> UserDocument:
    return _shapes(
        f'{PREFIXES}ex:S a sh:NodeShape ; sh:targetClass ex:Human ;\n sh:sparql [ sh:select """{query}""" ] .'
    )


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_both_engines_give_the_same_findings(engine: str) -> None:
    """Rule, severity, sentence, value, node and path do not depend on the engine, nor does a severity nobody knows."""
    assert _without_results(check_graph(_data(), _shapes(), engine=engine)) == FINDINGS


def test_data_come_in_any_format() -> None:
    """The union of the graphs is checked; shapes may be in another format than the data."""
    data = "<http://example.org/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Human> <x:g> ."
    shapes = """{"@context": {"sh": "http://www.w3.org/ns/shacl#"}, "@id": "x:#S", "@type": "sh:NodeShape",
      "sh:targetClass": {"@id": "http://example.org/Human"}, "sh:message": "Nobody is allowed.",
      "sh:not": {"sh:nodeKind": {"@id": "sh:IRI"}}}"""
    (finding,) = checked_graph(_data(data, "nquads"), _shapes(shapes, "jsonld"), "shacl").findings
    assert (finding.rule, str(finding.message), finding.focus_node) == (
        "S",
        "Nobody is allowed.",
        "http://example.org/a",
    )


def test_an_import_of_what_is_in_the_file_is_no_import() -> None:
    """Only imports that would have to be fetched are refused."""
    shapes = (
        SHAPES + "<http://example.org/o> owl:imports <http://example.org/p> . <http://example.org/p> a owl:Ontology ."
    )
    assert _without_results(checked_graph(_data(), _shapes(shapes), "shacl")) == FINDINGS


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        (
            _shapes(SHAPES + "ex:o owl:imports <http://127.0.0.1:1/shapes> ."),
            "shapes: line 11: owl:imports names <http",
        ),
        (
            _with_query("SELECT $this\n WHERE { $this a ex:Human . SERVICE <http://127.0.0.1:1/> { ?a ?b ?c } }"),
            "shapes: line 6: sh:select contains SERVICE",
        ),
        (
            _with_query("SELECT $this from named <file:///etc/passwd> WHERE { $this a ex:Human }"),
            "shapes: line 5: sh:select contains FROM",
        ),
        (
            _shapes(PREFIXES + 'ex:S a sh:NodeShape ; sh:targetClass ex:Human ;\n sh:js [ sh:jsFunctionName "f" ] .'),
            "shapes: line 5: sh:js",
        ),
        (
            _shapes('{\n "@context": ["http://127.0.0.1:1/context"],\n "@id": "x:a"}', "jsonld"),
            'shapes: line 2: the context "http://127.0.0.1:1/context" would',
        ),
        (_shapes(SHAPES + "ex:S <http://www.w3.org/ns/shacl#js(> 1 ."), "shapes: line 11: sh:js( needs"),
        (_shapes("# nothing\n"), "shapes: it contains no SHACL shapes"),
        (_shapes("ex:a a ex:b ."), "shapes: line 1, column 1: not valid turtle"),
        (_shapes(SHAPES, "word"), "shapes: 'word' is not an RDF format"),
        (
            _shapes(PREFIXES + 'ex:S a sh:NodeShape ; sh:targetClass ex:Human ; sh:pattern "(" .'),
            "shapes: shacl cannot",
        ),
    ],
)
def test_what_would_reach_out_is_refused_with_its_line(shapes: UserDocument, sentence: str) -> None:
    """Imports, other endpoints and graphs, JavaScript, remote contexts and what cannot be run are named with a line."""
    with pytest.raises(SourceError) as caught:
        check_graph(_data(), shapes)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(".")


class _Endpoint(BaseHTTPRequestHandler):
    """An endpoint that counts its requests."""

    requests = 0

    def do_GET(self) -> None:
        """Count a request."""
        type(self).requests += 1
        self.send_error(404)

    do_POST = do_GET  # noqa: N815  # the name that the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the signature of the base class
        """Write nothing."""


_QUERY_START = "SELECT $this WHERE { $this a <http://example.org/Human> ."


@pytest.mark.parametrize(
    "shape",
    [
        f'sh:select """{_QUERY_START} SERV\\\\u0049CE <ENDPOINT> {{ ?a ?b ?c }} }}"""',
        f'sh:select """{_QUERY_START} FILTER EXISTS {{ SERVIC\\\\u0045 <ENDPOINT> {{ ?a ?b ?c }} }} }}"""',
        'sh:select """SELECT $this \\\\u0046ROM <ENDPOINT> WHERE { $this a <http://example.org/Human> }"""',
        f"""sh:prefixes [ a owl:Ontology ; sh:declare [ sh:prefix "q" ;
          sh:namespace "x:> {_QUERY_START} SERVICE <ENDPOINT"^^<http://www.w3.org/2001/XMLSchema#anyURI> ] ] ;
          sh:select "{{ ?a ?b ?c }} }}" """,
    ],
    ids=["escape", "escape in EXISTS", "escaped FROM", "namespace"],
)
@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_no_trick_in_a_query_reaches_an_endpoint(shape: str, engine: str) -> None:
    """SERVICE and FROM that only show once an engine has read escapes or joined prefixes to the query are refused."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        before = _Endpoint.requests
        query = shape.replace("ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        shapes = _shapes(PREFIXES + f"ex:S a sh:NodeShape ; sh:targetClass ex:Human ; sh:sparql [ {query} ] .")
        with pytest.raises(SourceError, match=r"^shapes: "):
            checked_graph(_data(), shapes, engine)
        server.shutdown()
    assert _Endpoint.requests == before


def test_words_that_only_look_like_keywords_pass() -> None:
    """A variable, a text, a comment, an IRI or a prefix may be called so."""
    query = (
        "SELECT $this ?from WHERE { # SERVICE\n $this <http://example.org/FROM> ?from . FILTER(STR(?from) = 'FROM') }"
    )
    assert checked_graph(_data(), _with_query(query), "shacl").findings == ()


def test_data_that_do_not_parse_say_where() -> None:
    """A fault in the data is told with file, line and column."""
    with pytest.raises(SourceError, match=r"^data: line 5, column \d+: not valid turtle"):
        check_graph(_data(PREFIXES + "ex:a a ex:b .\nex:c d ."), _shapes())
    remote = '{"@context": "https://schema.org/", "name": "a"}'
    with pytest.raises(SourceError, match="data: line 1: the context"):
        check_graph(_data(remote, "jsonld"), _shapes())


def test_the_reason_keeps_its_message() -> None:
    """A reason comes out of the other process with identifier and values, so that it can be translated."""
    with pytest.raises(SourceError) as caught:
        check_graph(_data("ex:a a ex:b ."), _shapes())
    assert caught.value.message.id == "{file}: {fault}."
    assert caught.value.message.values["file"] == "data"


def test_a_long_reason_is_shortened() -> None:
    """A reason that is too long for the answer is cut; no character of several bytes breaks it."""
    name = "é" * 9000
    with pytest.raises(SourceError, match=r"^é+$"):
        check_graph(UserDocument(name, b"?", "turtle"), _shapes())


def test_no_such_engine() -> None:
    """Another engine than the two is refused."""
    with pytest.raises(SourceError, match="shacl, pyshacl"):
        check_graph(_data(), _shapes(), engine="jena")


def _endless() -> UserDocument:
    triples = " ".join(f"?a{number} ?b{number} ?c{number} ." for number in range(12))
    never = "FILTER(CONCAT(STR(?a0), STR(?b5), STR(?c11)) = 'never')"
    return _with_query(f"SELECT $this WHERE {{ $this a <http://example.org/Human> . {triples} {never} }}")


def _catastrophic() -> UserDocument:
    return _shapes(PREFIXES + 'ex:S a sh:NodeShape ; sh:targetNode "' + "a" * 60 + '!" ; sh:pattern "^(a|a)*$" .')


@pytest.mark.parametrize(("shapes", "engine"), [(_endless, "shacl"), (_endless, "pyshacl"), (_catastrophic, "pyshacl")])
def test_what_never_ends_is_ended(shapes: Callable[[], UserDocument], engine: str) -> None:
    """Endless queries and patterns are stopped at the limit."""
    data = PREFIXES + "\n".join(f"ex:h{number} a ex:Human ; ex:age {number} ." for number in range(300))
    with pytest.raises(JobTimeoutError):
        check_graph(_data(data), shapes(), engine=engine, limits=CheckLimits(timeout_s=2))


def test_memory_has_a_limit() -> None:
    """A worker that would take too much ends, and the caller is told."""
    data = PREFIXES + "\n".join(
        f'ex:h{number} a ex:Human ; ex:age {number}, "{"x" * 900}" .' for number in range(20_000)
    )
    with pytest.raises(WorkerCrashedError):
        check_graph(_data(data), _shapes(), limits=CheckLimits(memory_bytes=24 << 20))


def test_deep_nesting_is_survived() -> None:
    """Brackets within brackets end in findings or in a sentence, never in a lost caller."""
    deep = PREFIXES + "ex:a a ex:Human ; ex:name " + "[ ex:p " * 2000 + "1" + " ]" * 2000 + " ."
    assert check_graph(_data(deep), _shapes()).findings == ()


ADVANCED = {
    "expression": "sh:expression [ sh:exists [ sh:path ex:name ] ]",
    "maxListLength": "sh:property [ sh:path ex:list ; sh:maxListLength 1 ]",
    "memberShape": "sh:property [ sh:path ex:list ; sh:memberShape [ sh:maxExclusive 2 ] ]",
    "minListLength": "sh:property [ sh:path ex:list ; sh:minListLength 5 ]",
    "nodeByExpression": "sh:nodeByExpression ex:Other",
    "reificationRequired": "sh:property [ sh:path ex:age ; sh:reifierShape ex:Other ; sh:reificationRequired true ]",
    "rootClass": "sh:property [ sh:path ex:age ; sh:rootClass ex:Age ]",
    "someValue": "sh:property [ sh:path ex:age ; sh:someValue [ sh:hasValue 7 ] ]",
    "subsetOf": "sh:property [ sh:path ex:age ; sh:subsetOf ex:other ]",
    "targetWhere": "sh:targetWhere [ sh:property [ sh:path ex:age ; sh:minCount 1 ] ] ; sh:hasValue 7",
    "uniqueMembers": "sh:property [ sh:path ex:list ; sh:uniqueMembers true ]",
    "values": "sh:property [ sh:path ex:name ; sh:values [ sh:path ex:age ] ; sh:minCount 7 ]",
}


@pytest.mark.parametrize("term", ADVANCED)
def test_a_feature_that_an_engine_lacks_is_refused(term: str) -> None:
    """One engine runs the feature, and its result shows it or it says itself what it lacks; the other refuses it."""
    shapes = _shapes(
        f"{PREFIXES}ex:S a sh:NodeShape ; sh:targetClass ex:Human ; {ADVANCED[term]} .\n"
        "ex:Other a sh:NodeShape ; sh:hasValue ex:other ."
    )
    data = _data(PREFIXES + "ex:a a ex:Human ; ex:age 3 ; ex:list ( 2 2 ) .")
    with pytest.raises(SourceError, match=r"^shapes: line 4: the engine pyshacl does not support sh:(\w+) .* shacl\.$"):
        checked_graph(data, shapes, "pyshacl")
    if term == "expression":
        with pytest.raises(SourceError, match="unsupported node expression"):
            checked_graph(data, shapes, "shacl")
    else:
        assert checked_graph(data, shapes, "shacl").findings


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize(
    "statement",
    [
        "ex:S sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:p ; sh:object 1 ] .",
        "ex:o sh:entailment <http://www.w3.org/ns/entailment/RDFS> .",
        "ex:f a sh:SPARQLFunction .",
    ],
)
def test_a_feature_that_neither_runs_is_refused(statement: str, engine: str) -> None:
    """Rules, entailment regimes and functions would be ignored by both."""
    with pytest.raises(SourceError, match=r"^shapes: line 11: sh:\w+ is not supported and would be ignored\."):
        checked_graph(_data(), _shapes(SHAPES + statement), engine)


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_an_undeclared_prefix_is_one_line_with_its_place(engine: str) -> None:
    """Prefixes of the Turtle are not those of its queries; those of sh:declare, also imported, and PREFIX are."""
    declared = (
        "ex:o a owl:Ontology ; owl:imports ex:p . ex:p a owl:Ontology ; sh:declare "
        '[ sh:prefix "ex" ; sh:namespace "http://example.org/"^^<http://www.w3.org/2001/XMLSchema#anyURI> ] .\n'
    )
    query = "PREFIX q: <http://example.org/>\nSELECT $this WHERE { $this a q:Human ; ex:age ?age }"
    start = PREFIXES + declared + "ex:S a sh:NodeShape ; sh:targetClass ex:Human ; sh:sparql [ "
    with pytest.raises(SourceError) as caught:
        checked_graph(_data(), _shapes(f'{start} sh:select """{query}""" ] .'), engine)
    assert str(caught.value).startswith("shapes: line 6: the query in sh:select uses the undeclared prefix ex:.")
    assert "\n" not in str(caught.value)
    if engine == "shacl":  # the other does not follow owl:imports here
        assert checked_graph(
            _data(), _shapes(f'{start} sh:prefixes ex:o ; sh:select """{query}""" ] .'), engine
        ).findings


def test_counts_of_focus_nodes_by_each_target() -> None:
    """Classes with their subclasses, nodes, subjects, objects, and shapes that are classes; a node counts once."""
    shapes = (
        PREFIXES
        + """@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        ex:C a sh:NodeShape ; sh:targetClass ex:Human ; sh:targetNode ex:a, ex:z .
        ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:age . ex:O a sh:NodeShape ; sh:targetObjectsOf ex:parent .
        ex:Human a sh:NodeShape, rdfs:Class . ex:Robot a sh:NodeShape ; sh:targetClass ex:Robot .
        [] a sh:NodeShape ; sh:targetClass ex:Robot ."""
    )
    data = DATA + "ex:c a ex:Child . ex:Child <http://www.w3.org/2000/01/rdf-schema#subClassOf> ex:Human ."
    check = checked_graph(_data(data), _shapes(shapes), "shacl")
    counts = {shape.removeprefix("<http://example.org/"): count for shape, count in check.focus_nodes.items()}
    assert counts == {"C>": 4, "S>": 2, "O>": 1, "Human>": 3, "Robot>": 0, "_:s1": 0}
    assert [one.finding.value for one in check.warnings] == ["<http://example.org/Robot>", "_:s1"]


def test_shapes_without_a_target_check_nothing() -> None:
    """They are a warning, not a verdict."""
    check = checked_graph(_data(), _shapes(PREFIXES + "ex:S a sh:NodeShape ; sh:nodeKind sh:Literal ."), "shacl")
    assert (check.findings, [one.finding.rule for one in check.warnings]) == ((), ["noTarget"])


def test_equal_files_give_equal_blank_nodes() -> None:
    """Labels of blank nodes are numbers in the order of the file, the same from both engines."""
    shapes = _shapes(PREFIXES + "ex:S a sh:NodeShape ; sh:targetObjectsOf ex:parent ; sh:property [ sh:path ex:age ; "
                     "sh:minCount 1 ] .")  # fmt: skip
    found = {checked_graph(_data(), shapes, engine).findings[0].results for engine in ("shacl", "pyshacl") * 2}
    ((result,),) = found
    assert (result.focus_node, result.source_shape) == ("_:d1", "_:s1")
