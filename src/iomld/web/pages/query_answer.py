"""Reads the answer to a query for a page: the first rows with links and names, or the first lines of a graph.

Solutions are requested as TSV, in which each line is a row, so that rows are counted without being parsed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, QuerySolutions, Triple, parse_query_results

from iomld.browse.view import LinkKind, ReleaseView, link_to
from iomld.formats import rdf, results
from iomld.iris import RDF, XSD
from iomld.web.pages.query_snippets import AnswerKind
from iomld.web.sparql.protocol import MediaTypes
from iomld.web.templating import local_path, shortened, web_address

# The formats that the page requests.
RESULT_TYPES = MediaTypes(results.TSV.media_type, results.JSON.media_type, rdf.TURTLE.media_type)

_MOST_LINES = 501  # of a graph
_MOST_CHARACTERS = 600  # of a value
_PLAIN = frozenset({f"{XSD}string", f"{RDF}langString"})
_AMOUNTS = frozenset(XSD + name for name in ("integer", "decimal", "double", "float"))
_NUMBERS = _AMOUNTS | {f"{XSD}gYear"}
_LARGEST_AMOUNT = Decimal("1e150")
_SOLUTION_FILES = (("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"), ("xml", "XML"))
_GRAPH_FILES = (("turtle", "Turtle"), ("ntriples", "N-Triples"), ("rdfxml", "RDF/XML"), ("jsonld", "JSON-LD"))


@dataclass(frozen=True, slots=True)
class ResultCell:
    """A value in a row of solutions.

    Attributes:
        text: Name of a resource, a prefixed name, an IRI without our base, or a literal; cut if it is very long.
        title: The IRI, if the text is not the IRI.
        href: A page of this server or an address elsewhere.
        kind: Kind of the resource, if it is one of ours.
        language: Language of a literal.
        datatype: Datatype of a literal that is neither text nor number, as a prefixed name.
        is_number: Whether it is a number or a year.
        amount: The number, if a chart can show it: finite, and not a year.
        code: Code of a country.
    """

    text: str = ""
    title: str = ""
    href: str | None = None
    kind: LinkKind | None = None
    language: str = ""
    datatype: str = ""
    is_number: bool = False
    amount: Decimal | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class ResultExcerpt:
    """The part of an answer that the page shows.

    Attributes:
        names: Variables; empty for a graph and for a boolean.
        rows: The first rows, a cell for each variable.
        total: Number of rows in the whole answer; of a graph, of lines.
        shown: Number of rows or lines in the excerpt.
        verdict: The answer of ASK.
        turtle: The first lines of a graph.
        files: The whole answer in other formats: name and address.
        number_columns: The columns whose values are all numbers, which are aligned as such.
    """

    names: tuple[str, ...] = ()
    rows: tuple[tuple[ResultCell, ...], ...] = ()
    total: int = 0
    shown: int = 0
    verdict: bool | None = None
    turtle: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    number_columns: frozenset[int] = frozenset()

    @property
    def kind(self) -> AnswerKind:
        """The kind of the answer."""
        if self.verdict is not None:
            return AnswerKind.BOOLEAN
        return AnswerKind.SOLUTIONS if self.turtle is None else AnswerKind.GRAPH

    @property
    def rows_found(self) -> int:
        """Number of rows or lines in the whole answer; of ASK 1 for yes."""
        return self.total if self.verdict is None else int(self.verdict)


def result_excerpt(
    view: ReleaseView, query: str, media_type: str, chunks: Iterable[bytes], most_rows: int
) -> ResultExcerpt:
    """The part of an answer that the page shows.

    Args:
        view: The release, for names.
        query: The query, for the addresses of the whole answer.
        media_type: Media type of the answer, one of `RESULT_TYPES`.
        chunks: The bytes of the answer.
        most_rows: The most rows that are shown.
    """
    is_graph = media_type == rdf.TURTLE.media_type
    head, lines = _first_lines(chunks, _MOST_LINES if is_graph else most_rows + 1)
    if media_type == results.JSON.media_type:
        files = answer_files(AnswerKind.BOOLEAN, "/sparql", {"query": query})
        return ResultExcerpt(verdict=bool(json.loads(head)["boolean"]), files=files)
    if is_graph:
        shown, text = min(lines, _MOST_LINES), head.decode()
        files = answer_files(AnswerKind.GRAPH, "/sparql", {"query": query})
        return ResultExcerpt(total=lines, shown=shown, turtle=text, files=files)
    names, rows = _table(view, head)
    return ResultExcerpt(
        names,
        rows,
        total=lines - 1,
        shown=len(rows),
        files=answer_files(AnswerKind.SOLUTIONS, "/sparql", {"query": query}),
        number_columns=frozenset(_number_columns(rows)),
    )


def _number_columns(rows: Iterable[Sequence[ResultCell]]) -> Iterator[int]:
    for index, cells in enumerate(zip(*rows, strict=True)):
        if all(cell.is_number for cell in cells if cell.text) and any(cell.is_number for cell in cells):
            yield index


def _first_lines(chunks: Iterable[bytes], limit: int) -> tuple[bytes, int]:
    """The first lines, and the number of all lines."""
    head: list[bytes] = []
    lines = 0
    for chunk in chunks:
        count = chunk.count(b"\n")
        if lines < limit:
            head.append(chunk if lines + count <= limit else _cut_lines(chunk, limit - lines))
        lines += count
    return b"".join(head), lines


def _cut_lines(chunk: bytes, count: int) -> bytes:
    return b"\n".join(chunk.split(b"\n", count)[:count]) + b"\n"


def _table(view: ReleaseView, tsv: bytes) -> tuple[tuple[str, ...], tuple[tuple[ResultCell, ...], ...]]:
    solutions = parse_query_results(tsv, QueryResultsFormat.TSV)
    assert isinstance(solutions, QuerySolutions)  # noqa: S101  # TSV has no boolean results
    prefixes = view.iris.prefixes()
    names = tuple(variable.value for variable in solutions.variables)
    return names, tuple(tuple(_cell(view, term, prefixes) for term in solution) for solution in solutions)


def _cell(
    view: ReleaseView, term: NamedNode | BlankNode | Literal | Triple | None, prefixes: Mapping[str, str]
) -> ResultCell:
    match term:
        case NamedNode(value=iri):
            return _iri_cell(view, iri, prefixes)
        case Literal(value=text, language=str(language)):
            return ResultCell(_cut(text), language=language)
        case Literal(value=text, datatype=NamedNode(value=datatype)):
            is_named = datatype not in _PLAIN and datatype not in _NUMBERS
            kind = shortened(datatype, prefixes) if is_named else ""
            amount = _amount(text) if datatype in _AMOUNTS else None
            return ResultCell(_cut(text), datatype=kind, is_number=datatype in _NUMBERS, amount=amount)
        case None:
            return ResultCell()
        case _:
            return ResultCell(_cut(str(term)))


def _iri_cell(view: ReleaseView, iri: str, prefixes: Mapping[str, str]) -> ResultCell:
    link, path = link_to(view, iri), local_path(iri, view.iris.base)
    name = link.name if link else shortened(iri, prefixes).removeprefix(view.iris.base)
    kind = link.kind if link else None
    code = link.code if link and kind is LinkKind.STATE else ""
    return ResultCell(_cut(name), "" if name == iri else iri, path or web_address(iri), kind, code=code)


def _amount(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None  # the lexical form of a literal may be any text
    return number if number.is_finite() and abs(number) < _LARGEST_AMOUNT else None


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}… ({len(text):,} characters)"


def answer_files(kind: AnswerKind, path: str, parameters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Name and address of a whole answer in each format.

    Args:
        kind: The kind of the answer.
        path: Path of the answer.
        parameters: Its parameters besides those of the format.
    """
    formats = {
        AnswerKind.SOLUTIONS: _SOLUTION_FILES,
        AnswerKind.BOOLEAN: _SOLUTION_FILES[2:],
        AnswerKind.GRAPH: _GRAPH_FILES,
    }[kind]
    return tuple(
        (name, f"{path}?{urlencode(dict(parameters) | {'format': format_, 'download': '1'})}")
        for format_, name in formats
    )
