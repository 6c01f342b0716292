"""What the editor does to a query and says of it: formatting keeps its meaning, and no valid query has a mark."""

import json
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pyoxigraph import Store
from rdflib.plugins.sparql import prepareQuery
from tests.amount import amount
from tests.conftest import ROOT
from tests.store.grammar import QUERIES, SCRAPS

from iomld.assets import asset_text
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import SH
from iomld.store.query_text import TOKEN

EDITOR = ROOT / "editor"
NODE = shutil.which("node")
EXAMPLES = [
    quad.object.value
    for quad in parse(asset_text("ontology/queries.ttl"), TURTLE)
    if quad.predicate.value == f"{SH}select"
]
# What the grammar of the editor is known to miss or to misread, and what is easily laid out wrongly.
ODD = [
    "SELECT * { FILTER(MD5('a') = SHA1('b') || SHA256('c') = SHA512('d')) [ <u:a>/<u:b> 1 ] (<u:a>|<u:b>) 2 }",
    "SELECT * { ?s !(^<u:a>|<u:b>) ?o FILTER(!(<u:a>)) [] (<u:a> # comment\n | ^a)+ ?o }",
    "SELECT * { ?s ?p 1.e3, +1, -2.5, .5 . ?s ?p 1.?s ?p 2. FILTER(?a+1 = ?b-1 && ?a<?b&&?c>?d) }",
    "SELECT?x{?x ?y ?z.}ORDER BY?x",
    "# one\nSELECT * # two }\n{ # three\n?s ?p '#' ; # four\n?q <u:#a> . # five\n?a ?b ?c} # six\n# seven",
    "SELECT * {\n\n\n?s ?p '''a\n  b''' .\n\n\n\n?a ?b ?c }",
    "PREFIX été: <u:> SELECT ?ñ { été:à.b ?ñ été:\\,\\~ }",
    "ASK { ?caf\\u00E9 ?p ?o }",
    "",
]


def generated(count: int) -> list[str]:
    """Queries of the grammar, and scraps of queries, the same each time."""
    found: list[str] = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(QUERIES | SCRAPS)
    def collect(query: str) -> None:
        found.append(query)

    collect()
    return found


def is_valid(query: str) -> bool:
    """Whether the engine reads a query."""
    try:
        Store().query(query, base_iri="http://x/")
    except SyntaxError:
        return False
    except (OSError, ValueError, RuntimeError):
        return True  # it was read
    return True


def asked(module: str, expression: str, queries: list[str]) -> list[object]:
    """The value of an expression in JavaScript for each query, which it calls `query`."""
    if NODE is None:
        pytest.skip("Node.js is not on this machine")
    program = f"""import * as editor from "./{module}";
import {{ readFileSync }} from "node:fs";
const queries = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(queries.map((query) => {expression})));"""
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", program],
        input=json.dumps(queries).encode(),
        capture_output=True,
        check=False,
        cwd=EDITOR,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: list[object] = json.loads(done.stdout)
    return found


def words(query: str) -> list[str]:
    """Its tokens, with its comments."""
    return [match.group().rstrip() for match in TOKEN.finditer(query)]


def test_formatting_never_changes_the_meaning() -> None:
    """Tokens and comments are the same, what the engine reads it still reads, and formatting twice changes nothing."""
    queries = [*EXAMPLES, *ODD, *generated(amount(300))]
    formatted = asked("format.js", "editor.formatted(query)", queries)
    for query, text in zip(queries, formatted, strict=True):
        assert isinstance(text, str)
        assert words(text) == words(query)
        assert is_valid(text) == is_valid(query), query
    assert asked("format.js", "editor.formatted(query)", [str(text) for text in formatted]) == formatted
    assert sum(text != query for query, text in zip(queries, formatted, strict=True)) > len(queries) / 3


def test_a_formatted_example_has_the_same_algebra() -> None:
    """As another SPARQL engine reads it; examples are laid out already, so all breaks are taken out first."""
    flat = [" ".join(query.split()) for query in EXAMPLES]
    for query, text in zip(EXAMPLES, asked("format.js", "editor.formatted(query)", flat), strict=True):
        assert str(prepareQuery(str(text)).algebra) == str(prepareQuery(query).algebra)
        assert str(text).count("\n") > 5


def test_no_valid_query_is_marked() -> None:
    """No false alarm; of queries that do not parse most are found out, the examples without one of their signs."""
    if not (EDITOR / "node_modules" / "codemirror-lang-sparql").is_dir():
        pytest.skip("the packages of the editor are not here; run 'make editor' to have them")
    queries = [query for query in (*EXAMPLES, *ODD, *generated(amount(300))) if is_valid(query)]
    assert len(queries) > amount(100)
    marked = asked("lint.js", "editor.faults(query)", queries)
    assert [query for query, faults in zip(queries, marked, strict=True) if faults] == []
    broken = [
        example.replace(sign, "", 1) for example in EXAMPLES for sign in ("SELECT", "{", "WHERE {", "}", ")", "PREFIX ")
    ]
    broken = [query for query in broken if query not in EXAMPLES and not is_valid(query)]
    assert all(asked("lint.js", "editor.faults(query)", broken))
