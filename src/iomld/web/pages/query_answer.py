"""The answer to a query as a page shows it: the first rows with links and names, or the first lines of a graph.

Solutions are taken as TSV, where a line is a row, so that rows are counted without reading them.
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
from iomld.web.sparql.protocol import MediaTypes
from iomld.web.templating import local_path, shortened, web_address

# What the page asks for.
SHOWN_AS = MediaTypes(results.TSV.media_type, results.JSON.media_type, rdf.TURTLE.media_type)

_SHOWN = 500
_LONGEST = 600
_PLAIN = frozenset({f"{XSD}string", f"{RDF}langString"})
_AMOUNTS = frozenset(XSD + name for name in ("integer", "decimal", "double", "float"))
_NUMBERS = _AMOUNTS | {f"{XSD}gYear"}
_LARGEST_AMOUNT = Decimal("1e150")
_SOLUTION_FILES = (("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"), ("xml", "XML"))
_GRAPH_FILES = (("turtle", "Turtle"), ("ntriples", "N-Triples"), ("rdfxml", "RDF/XML"), ("jsonld", "JSON-LD"))


@dataclass(frozen=True, slots=True)
class ResultCell:
    """A value of a row.

    Attributes:
        text: The name of a thing, a prefixed name, an IRI without our base, or a literal; cut if it is very long.
        title: The IRI, where the text is another one.
        href: Where it leads: a page of this server or an address elsewhere.
        kind: Kind of thing (`iomld.browse.view.LinkKind`), where it is one of ours.
        language: Language of a text.
        datatype: Datatype of a literal that is neither text nor number, as a prefixed name.
        is_number: Whether it is a number or a year.
        amount: The number, where it can be drawn: finite, and no year.
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
class Shown:
    """An answer on the page.

    Attributes:
        names: Variables; empty for a graph and for a boolean.
        rows: The first rows, a cell for each variable.
        total: How many rows there are; of a graph, how many lines.
        shown: How many of them are here.
        verdict: The answer of ASK.
        turtle: The first lines of a graph.
        files: The whole answer in other formats: name, address and file name.
    """

    names: tuple[str, ...] = ()
    rows: tuple[tuple[ResultCell, ...], ...] = ()
    total: int = 0
    shown: int = 0
    verdict: bool | None = None
    turtle: str | None = None
    files: tuple[tuple[str, str, str], ...] = ()

    @property
    def rows_found(self) -> int:
        """How many rows or lines there are; of ASK 1 for yes."""
        return self.total if self.verdict is None else int(self.verdict)


def shown_answer(view: ReleaseView, query: str, media_type: str, pieces: Iterable[bytes]) -> Shown:
    """An answer in one of the types of `SHOWN_AS`, as the page shows it.

    Args:
        view: The release, for names.
        query: The query, for the addresses of the whole answer.
        media_type: Type of the answer.
        pieces: The answer's bytes, in pieces.
    """
    head, lines = _first_lines(pieces, _SHOWN + 1)
    if media_type == results.JSON.media_type:
        return Shown(verdict=bool(json.loads(head)["boolean"]), files=_files(query, _SOLUTION_FILES[2:]))
    if media_type == rdf.TURTLE.media_type:
        shown, text = min(lines, _SHOWN + 1), head.decode()
        return Shown(total=lines, shown=shown, turtle=text, files=_files(query, _GRAPH_FILES))
    names, rows = _table(view, head)
    return Shown(names, rows, total=lines - 1, shown=len(rows), files=_files(query, _SOLUTION_FILES))


def _first_lines(pieces: Iterable[bytes], limit: int) -> tuple[bytes, int]:
    """The first lines, and how many there are in all."""
    kept: list[bytes] = []
    lines = 0
    for piece in pieces:
        count = piece.count(b"\n")
        if lines < limit:
            kept.append(piece if lines + count <= limit else _lines(piece, limit - lines))
        lines += count
    return b"".join(kept), lines


def _lines(piece: bytes, count: int) -> bytes:
    return b"\n".join(piece.split(b"\n", count)[:count]) + b"\n"


def _table(view: ReleaseView, tsv: bytes) -> tuple[tuple[str, ...], tuple[tuple[ResultCell, ...], ...]]:
    solutions = parse_query_results(tsv, QueryResultsFormat.TSV)
    assert isinstance(solutions, QuerySolutions)  # noqa: S101  # TSV holds nothing else
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
        return None  # INF is read, but a literal may hold anything
    return number if number.is_finite() and abs(number) < _LARGEST_AMOUNT else None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _files(query: str, formats: Sequence[tuple[str, str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple(_file(query, formats))


def _file(query: str, formats: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    suffixes = {"turtle": "ttl", "ntriples": "nt", "rdfxml": "rdf"}
    for format_, name in formats:
        address = f"/sparql?{urlencode({'query': query, 'format': format_})}"
        yield name, address, f"result.{suffixes.get(format_, format_)}"
