"""The structure of a saved query, by its tokens: what it may not contain, and how its answer gets one order only."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from iomld.messages import message
from iomld.saved.decorators import LineFaultError
from iomld.store.sparql_tokens import Token, TokenStream, query_tokens

_VOLATILE = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})
_COUNTS = frozenset({"LIMIT", "OFFSET"})
_AFTER_ORDER = _COUNTS | {"VALUES"}
_MARKS = ("?_", "$_", "'", "#")  # in `<…>` that is no IRI with an authority, they may be of an expression


def is_parameter(token: Token) -> bool:
    """Whether a token is a parameter: a variable whose name begins with an underscore."""
    return token.kind == "variable" and token.text[1:2] == "_"


def is_count(tokens: Sequence[Token], index: int) -> bool:
    """Whether the token at this index stands after LIMIT or OFFSET."""
    return index > 0 and tokens[index - 1].word in _COUNTS


def check_structure(query: str, form: str) -> None:
    """Check that a query can be saved: that it has one reading, one answer, and that its parameters only have values.

    Args:
        query: The text.
        form: SELECT, CONSTRUCT, DESCRIBE or ASK.

    Raises:
        LineFaultError: It cannot.
    """
    tokens = [*query_tokens(query)]
    for token in tokens:
        _check_token(query, token)
    for index, token in enumerate(tokens):
        if token.word in _VOLATILE and tokens[index + 1 : index + 2] and tokens[index + 1].word == "(":
            fault = message(
                "{name}() gives another value each time, and a saved query the same answer. Remove it.", name=token.word
            )
            raise LineFaultError(line_of(query, token.start), fault)
    for token in (*_projected_parameters(tokens), *_bound_parameters(tokens)):
        fault = message(
            "The parameter {variable} is projected or bound here, but its value comes from the request. Use a variable "
            "without an underscore: (… AS ?name).",
            variable=token.text,
        )
        raise LineFaultError(line_of(query, token.start), fault)
    if form == "CONSTRUCT" and (node := _blank_node(tokens)):
        fault = message("A blank node in the template is another one each time. Use an IRI or a variable.")
        raise LineFaultError(line_of(query, node.start), fault)


def _check_token(query: str, token: Token) -> None:
    if token.kind == "iri" and "://" not in token.text and any(mark in token.text for mark in _MARKS):
        fault = message(
            "{text} may be an IRI or a comparison. Put blanks around < and >, or write the IRI in full.",
            text=token.text[:60],
        )
        raise LineFaultError(line_of(query, token.start), fault)
    if token.kind == "other" and token.text in "'\"":
        raise LineFaultError(line_of(query, token.start), message("The text that begins here is not closed."))


def line_of(query: str, offset: int) -> int:
    """The line of an offset, counted from 1."""
    return query.count("\n", 0, offset) + 1


def _projected_parameters(tokens: Sequence[Token]) -> Iterator[Token]:
    """The parameters that SELECT names outside of expressions, in subqueries too."""
    for index, token in enumerate(tokens):
        if token.word != "SELECT":
            continue
        depth = 0
        for each in tokens[index + 1 :]:
            if not depth and each.word in {"WHERE", "FROM", "{"}:
                break
            depth += (each.word == "(") - (each.word == ")")
            if not depth and is_parameter(each):
                yield each


def _bound_parameters(tokens: Sequence[Token]) -> Iterator[Token]:
    """The parameters that get a value from the query: after AS, and those of VALUES."""
    for index, token in enumerate(tokens):
        after = tokens[index + 1 : index + 2]
        if token.word == "AS":
            yield from filter(is_parameter, after)
        elif token.word == "VALUES" and after and after[0].word == "(":
            names = tokens[index + 2 :]
            end = next((at for at, each in enumerate(names) if each.word == ")"), len(names))
            yield from filter(is_parameter, names[:end])
        elif token.word == "VALUES":
            yield from filter(is_parameter, after)


def _blank_node(tokens: Sequence[Token]) -> Token | None:
    """The first blank node in the template of a CONSTRUCT."""
    at = next(index for index, token in enumerate(tokens) if token.word == "CONSTRUCT") + 1
    depth = 0
    for token in tokens[at:]:
        depth += (token.word == "{") - (token.word == "}")
        if not depth:  # after the template, or there is none
            return None
        if token.word in {"[", "("} or token.text.startswith("_:"):
            return token
    return None


def totally_ordered(query: str, variables: Sequence[str]) -> str:
    """A query whose solutions have one order only: after its own order, by the texts of all its variables.

    Without this, the order of an answer could change with the version of the engine, and under LIMIT its rows too. The
    texts are compared since the engine has no total order of values of several types, and may end when it sorts them.

    Args:
        query: A query that parses.
        variables: What it projects; for CONSTRUCT, nothing is needed here. The text of other forms is not changed.

    Raises:
        UnsupportedSyntaxError: Its brackets are nested too deeply.

    >>> totally_ordered("SELECT ?a (1 AS ?b) { ?a ?p ?o } ORDER BY DESC(?b) LIMIT 2", ["a", "b"])
    'SELECT ?a (1 AS ?b) { ?a ?p ?o } ORDER BY DESC(?b) STR(?a) STR(?b) LIMIT 2'
    >>> totally_ordered("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", [])
    'CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } ORDER BY STR(?s) STR(?p) STR(?o)'
    """
    form = next((token.word for token in query_tokens(query) if token.word in {"SELECT", "CONSTRUCT"}), "")
    where = _where(query, form) if form else None
    if where is None:
        return query
    start, end = where
    if form == "CONSTRUCT":
        inside = query_tokens(query, start, end)
        variables = [*dict.fromkeys(token.text[1:] for token in inside if token.kind == "variable")]
    if not variables:
        return query
    tail = [*query_tokens(query, end)]
    is_ordered = any(token.word == "ORDER" for token in tail)
    before = [*takewhile(lambda token: token.word not in _AFTER_ORDER, tail)]
    place = before[-1].end if before else end
    texts = " ".join(f"STR(?{name})" for name in variables)
    return f"{query[:place]} {'' if is_ordered else 'ORDER BY '}{texts}{query[place:]}"


def without_solutions(query: str, form: str) -> str:
    """A query of the same variables that has no solutions, so that an engine parses it and evaluates nothing.

    Args:
        query: The text, whose parameters have values.
        form: SELECT, CONSTRUCT, DESCRIBE or ASK.

    Raises:
        UnsupportedSyntaxError: Its brackets are nested too deeply.

    >>> without_solutions("SELECT * { SELECT ?s { ?s ?p ?o } }", "SELECT")
    'SELECT * { SELECT ?s { FILTER(false) ?s ?p ?o } }'
    """
    stream = TokenStream(query, query_tokens(query))
    while stream.next.kind and stream.next.word != form:
        stream.take()
    is_short = False
    if form == "CONSTRUCT" and stream.took("CONSTRUCT"):
        if stream.next.word == "{":
            stream.skip_brackets()
        else:
            is_short = True  # its pattern may have no filter, and needs none over no data
    while stream.next.kind and not is_short:
        if stream.next.word in {"(", "["}:
            stream.skip_brackets()
        elif stream.took("{"):
            if stream.next.word != "SELECT":
                return f"{query[: stream.end]} FILTER(false){query[stream.end :]}"
        else:
            stream.take()
    return query


def _where(query: str, form: str) -> tuple[int, int] | None:
    """The offsets of the group of a WHERE clause; None if there is none."""
    stream = TokenStream(query, query_tokens(query))
    while stream.next.kind and stream.next.word != form:
        stream.take()
    stream.take(form)
    if form == "CONSTRUCT" and stream.next.word == "{":
        stream.skip_brackets()
    while stream.next.kind and stream.next.word != "{":
        if stream.next.word == "(":
            stream.skip_brackets()
        else:
            stream.take()
    if not stream.next.kind:
        return None
    start = stream.next.start
    stream.skip_brackets()
    return start, stream.end
