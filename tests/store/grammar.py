"""Queries as the grammar of SPARQL 1.1 lets them be, odd ones too; for tests of any query at all."""

from hypothesis import strategies as st

PROLOGUE = """PREFIX iomld: <https://w3id.org/iomld/ns#> PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> PREFIX x: <http://x/> PREFIX : <http://x/#>
"""
IRIS = (
    "x:a",
    ":",
    "x:",
    "x:a.b",
    r"x:a\-b\.",
    "x:%41",
    "<http://x/a>",
    "<http://x/it's>",
    "<http://x/#a>",
    "<rel/ative>",
    "<urn:a>",
    "<>",
    "iomld:status",
    "iomld:statu",
    "iomld:Project",
    "dcterms:title",
    "dcterms:titel",
    "iomld:startYear",
    "<http://w3id.org/iomld/id/project/PO.0105>",
    "<https://w3id.org/iomld/scheme/status/Completed>",
)
LITERALS = (
    '"a"',
    "'b'@en",
    "'''it's } \" '''",
    '"""{ "# """@fr-CH',
    '"2018"^^xsd:gYear',
    '"1"^^<urn:t>',
    r'"\" } #"',
    '"\U0001f30d\\u0041"',
    "1",
    "-2",
    "+.5",
    "2018",
    "1.5e-3",
    "true",
    "FALSE",
    '"completed"',
    '""',
)
VARIABLES = ("?s", "?p", "$o", "?hidden", "?hidden1", "?title", "?titel", "?été")
GAPS = (" ", "\n", "\t ", " # } ' \n", "\r\n")
_FUNCTIONS = ("STR", "LANG", "DATATYPE", "BOUND", "YEAR", "isIRI", "xsd:integer", "lcase")
_SIGNS = ("=", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "-", "*", "/")

Tokens = tuple[str, ...]


def row(*pieces: str | st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    """Tokens one after the other."""
    every = (st.just((piece,)) if isinstance(piece, str) else piece for piece in pieces)
    return st.tuples(*every).map(lambda found: tuple(token for tokens in found for token in tokens))


def one(*words: str) -> st.SearchStrategy[Tokens]:
    """One of several tokens."""
    return st.sampled_from(words).map(lambda word: (word,))


def some(
    piece: st.SearchStrategy[Tokens], between: str = "", least: int = 1, most: int = 3
) -> st.SearchStrategy[Tokens]:
    """Several of one sort."""

    def flat(found: list[Tokens]) -> Tokens:
        tokens = [token for tokens in found for token in (*tokens, *((between,) if between else ()))]
        return tuple(tokens[:-1] if between else tokens)

    return st.lists(piece, min_size=least, max_size=most).map(flat)


def maybe(piece: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    """It, or nothing."""
    return st.just(()) | piece


IRI, VARIABLE, LITERAL = one(*IRIS), one(*VARIABLES), one(*LITERALS)
PATH = st.recursive(
    IRI | one("a"),
    lambda path: (
        row("(", path, one("/", "|"), path, ")", maybe(one("*", "+", "?")))
        | row(one("^", "!"), IRI)
        | row("!(", "^", IRI, "|", IRI, ")")
        | row(path, "/", path)
    ),
    max_leaves=4,
)
NODE = st.recursive(
    IRI | VARIABLE | LITERAL | one("[]", "[]", "_:b", "()"),
    lambda node: row("[", PATH | VARIABLE, node, "]"),
    max_leaves=3,
)
SUBJECT = VARIABLE | IRI | one("[]", "_:b") | row("[", PATH, NODE, "]")
TRIPLES = row(SUBJECT, some(row(PATH | VARIABLE, some(NODE, ",", most=2)), ";"), maybe(one(";")))
EXPRESSION = st.recursive(
    VARIABLE | LITERAL | IRI,
    lambda inner: (
        row("(", inner, one(*_SIGNS), inner, ")")
        | row(one(*_FUNCTIONS), "(", inner, ")")
        | row("(", inner, one("IN", "NOT IN"), "(", some(inner, ","), ")", ")")
        | row(one("REGEX", "CONTAINS", "langMatches"), "(", inner, ",", inner, ")")
        | row("!", "(", inner, ")")
    ),
    max_leaves=4,
)
DATA = row("VALUES", VARIABLE, "{", some(IRI | LITERAL | one("UNDEF"), least=0), "}") | row(
    "VALUES ( ?v ?w ) {", some(row("(", IRI, LITERAL, ")"), least=0), "}"
)
SLICE = row(maybe(one("LIMIT 3", "OFFSET 2", "LIMIT 0 OFFSET 1")), maybe(DATA))
ORDER = row(maybe(row("ORDER BY", VARIABLE)), SLICE)
GROUPING = row("GROUP BY ?s", maybe(row("HAVING", "(", EXPRESSION, ")")))


def select(group: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    """A SELECT over a group."""
    return (
        row(one("SELECT *", "SELECT DISTINCT ?s", "SELECT REDUCED ?s ( STR( ?p ) AS ?q )"), DATASET, group, ORDER)
        | row("SELECT ( COUNT( * ) AS ?n )", DATASET, maybe(one("WHERE")), group, SLICE)
        | row("SELECT ?s ( COUNT( * ) AS ?n )", DATASET, group, GROUPING, SLICE)
    )


def _more(group: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    clause = (
        TRIPLES.map(lambda tokens: (*tokens, "."))
        | row(one("OPTIONAL", "MINUS", "GRAPH ?g", "GRAPH x:g", "FILTER EXISTS", "FILTER NOT EXISTS"), group)
        | row("FILTER", "(", EXPRESSION, ")")
        | row("FILTER", one("regex", "CONTAINS", "x:f"), "(", VARIABLE, ",", LITERAL, ")")
        | row("BIND", "(", EXPRESSION, "AS", "?bound", ")")
        | DATA
        | some(group, "UNION")
        | row("{", SUBSELECT, "}")
    )
    return row("{", some(clause, least=0), "}")


DATASET = maybe(one("FROM x:g", "FROM NAMED x:g", "FROM : FROM NAMED <urn:g>"))
SUBSELECT = st.deferred(lambda: row(one("SELECT *", "SELECT ?s"), GROUP, ORDER))
GROUP = st.recursive(row("{", TRIPLES, "}"), _more, max_leaves=4)
TEMPLATE = row("{", row(VARIABLE, one(*IRIS, "a", *VARIABLES), one(*LITERALS, *VARIABLES, "[]")), "}")
OTHER = (
    row("CONSTRUCT", TEMPLATE, DATASET, "WHERE", GROUP, ORDER)
    | row("CONSTRUCT WHERE {", row(VARIABLE, IRI, VARIABLE | LITERAL), "}")
    | row("ASK", DATASET, GROUP)
    | row(one("DESCRIBE ?s", "DESCRIBE *", "DESCRIBE x:a ?s"), DATASET, "WHERE", GROUP, ORDER)
    | row("DESCRIBE", some(IRI), DATASET)
)
QUERIES = st.builds(
    lambda gap, tokens: PROLOGUE + gap.join(tokens), st.sampled_from(GAPS), select(GROUP) | select(GROUP) | OTHER
)
_WORDS = ("SELECT", "ASK", "WHERE", "FILTER", "BIND", "UNION", "GRAPH", "VALUES", "PREFIX", "BASE", "FROM", "DESCRIBE")
_SCRAPS = (*IRIS, *LITERALS, *VARIABLES, *GAPS, *"{}()[].;,^|<>@\\'\"", *_WORDS)
SCRAPS = st.lists(st.sampled_from(_SCRAPS)).map(" ".join) | st.text()  # what is no query, or one by accident
