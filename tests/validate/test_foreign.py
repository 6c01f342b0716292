"""Anyone's data against anyone's shapes, in a process that can be ended."""

from collections.abc import Callable

import pytest

from iomld.errors import SourceError
from iomld.messages import Message
from iomld.model import Finding, Severity
from iomld.validate.user_shapes import CheckLimits, UserDocument, check_graph, found_in
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
        language="",
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
        Message("There are fewer values than asked for. Add what is missing."),
        focus_node="http://example.org/a",
        path="http://example.org/name",
    ),
)


def _data(text: str = DATA, format_name: str = "turtle") -> UserDocument:
    return UserDocument("data", text.encode(), format_name)


def _shapes(text: str = SHAPES, format_name: str = "turtle") -> UserDocument:
    return UserDocument("shapes", text.encode(), format_name)


def _with_query(query: str) -> UserDocument:
    return _shapes(
        f'{PREFIXES}ex:S a sh:NodeShape ; sh:targetClass ex:Human ;\n sh:sparql [ sh:select """{query}""" ] .'
    )


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_both_engines_give_the_same_findings(engine: str) -> None:
    """Rule, severity, sentence, value, node and path do not depend on the engine, nor does a severity nobody knows."""
    assert check_graph(_data(), _shapes(), engine=engine) == FINDINGS


def test_data_come_in_any_format() -> None:
    """The union of the graphs is checked; shapes may be in another format than the data."""
    data = "<http://example.org/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Human> <x:g> ."
    shapes = """{"@context": {"sh": "http://www.w3.org/ns/shacl#"}, "@id": "x:#S", "@type": "sh:NodeShape",
      "sh:targetClass": {"@id": "http://example.org/Human"}, "sh:message": "Nobody is allowed.",
      "sh:not": {"sh:nodeKind": {"@id": "sh:IRI"}}}"""
    (finding,) = found_in(_data(data, "nquads"), _shapes(shapes, "jsonld"), "shacl")
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
    assert found_in(_data(), _shapes(shapes), "shacl") == FINDINGS


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        (
            _shapes(SHAPES + "ex:o owl:imports <http://127.0.0.1:1/shapes> ."),
            "shapes: line 11: owl:imports names <http",
        ),
        (
            _with_query("SELECT $this\n WHERE { $this a ex:Human . SERVICE <http://127.0.0.1:1/> { ?a ?b ?c } }"),
            "shapes: line 6: sh:select holds SERVICE",
        ),
        (
            _with_query("SELECT $this from named <file:///etc/passwd> WHERE { $this a ex:Human }"),
            "shapes: line 5: sh:select holds FROM",
        ),
        (
            _shapes(PREFIXES + 'ex:S a sh:NodeShape ; sh:targetClass ex:Human ;\n sh:js [ sh:jsFunctionName "f" ] .'),
            "shapes: line 5: sh:js",
        ),
        (
            _shapes('{\n "@context": ["http://127.0.0.1:1/context"],\n "@id": "x:a"}', "jsonld"),
            'shapes: line 2: the context "http://127.0.0.1:1/context" would',
        ),
        (_shapes("# nothing\n"), "shapes: there are no SHACL shapes in it"),
        (_shapes("ex:a a ex:b ."), "shapes: line 1, column 1: not valid turtle"),
        (_shapes(SHAPES, "word"), "shapes: 'word' is no RDF format"),
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


def test_words_that_only_look_like_keywords_pass() -> None:
    """A variable, a text, a comment, an IRI or a prefix may be called so."""
    query = (
        "SELECT $this ?from WHERE { # SERVICE\n $this <http://example.org/FROM> ?from . FILTER(STR(?from) = 'FROM') }"
    )
    assert found_in(_data(), _with_query(query), "shacl") == ()


def test_data_that_do_not_parse_say_where() -> None:
    """A fault in the data is told with file, line and column."""
    with pytest.raises(SourceError, match=r"^data: line 5, column \d+: not valid turtle"):
        check_graph(_data(PREFIXES + "ex:a a ex:b .\nex:c d ."), _shapes())
    remote = '{"@context": "https://schema.org/", "name": "a"}'
    with pytest.raises(SourceError, match="data: line 1: the context"):
        check_graph(_data(remote, "jsonld"), _shapes())


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
    assert check_graph(_data(deep), _shapes()) == ()
