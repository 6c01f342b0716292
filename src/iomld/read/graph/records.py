"""Read projects in RDF as records: the inverse of `iomld.convert`, for our graphs and those of others.

A graph is first converted to the form of a JSON record, so that one set of rules checks the content of records; then
each value gets its place in the text. Codes are read from the IRIs of our schemes under any data base. Graph names are
ignored, and blank nodes are read like named ones. Statements about other things are counted and ignored.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from json import JSONDecodeError
from pathlib import PurePath

from iomld.assets import jsonld_context
from iomld.errors import SourceError
from iomld.formats.rdf import JSONLD, RDFXML, Format, parse
from iomld.iris import DEFAULT_BASE, IOMLD, RDF, local_name
from iomld.messages import message
from iomld.model import Finding, Origin, Place, Record, Severity, Value
from iomld.read.graph.content import Graph, ProjectContent, project_content
from iomld.read.graph.places import ValuePlaces, find_places
from iomld.read.options import ReadOptions
from iomld.read.record.framed import CONTEXT_PATH
from iomld.read.record.json_faults import not_json, number_too_long
from iomld.read.record.json_record import read_content
from iomld.read.text import is_web_address, utf8_text
from iomld.read.xml import check_xml

MAX_STATEMENTS = 4_000_000
MAX_CONTEXTS = 1000
_TYPE = f"{RDF}type"
_PROJECT = f"<{IOMLD}Project>"
_SHOWN_TYPES = 5  # types of other resources that a message names


def read_rdf(data: bytes | str, format_: Format, *, file: str, options: ReadOptions) -> Iterator[Record]:
    """Read every project of a graph.

    Args:
        data: The whole source.
        format_: Its format, see `iomld.read.detect`.
        file: The file's name for places.
        options: The address of the page, for a source of one record.

    Raises:
        SourceError: The text does not parse, is too large, names an unknown context, or holds no project.
    """
    text = data if isinstance(data, str) else utf8_text(data, file)
    raw = text.encode("utf-8", "surrogatepass")
    if format_ is RDFXML:
        check_xml(raw, file)
    places = find_places(text, format_, file=file, base=DEFAULT_BASE) if format_ is RDFXML else None
    graph = _graph(_with_context(text, file) if format_ is JSONLD else text, format_, file)
    projects = [
        subject
        for subject, properties in graph.items()
        if any(str(kind) == _PROJECT for kind in properties.get(_TYPE, ()))
    ]
    if not projects:
        raise SourceError(
            message(
                "{file}: the graph contains no project. Give each project the type <{type}>, or check that this "
                "is the right file.",
                file=file,
                type=f"{IOMLD}Project",
            )
        )
    places = places or find_places(text, format_, file=file, base=DEFAULT_BASE)
    digest = hashlib.sha256(data if isinstance(data, bytes) else raw).hexdigest()
    origin = Origin(PurePath(file).name, digest, format_.media_type, url=options.url)
    contents = project_content(graph, projects)
    records = [_record(content, origin, places) for content in contents]
    reached = {subject for content in contents for subject in content.reached}
    yield replace(records[0], findings=(*records[0].findings, *_other_things(graph, reached, records[0].place)))
    yield from records[1:]


def _graph(text: str, format_: Format, file: str) -> Graph:
    """The properties of each subject, as N-Triples writes it; objects in the order of the text."""
    graph: Graph = {}
    statements = parse(text, format_, base_iri=DEFAULT_BASE)
    try:
        for quad in islice(statements, MAX_STATEMENTS):
            properties = graph.setdefault(str(quad.subject), {})
            properties.setdefault(quad.predicate.value, []).append(quad.object)
    except SourceError as error:
        raise SourceError(message("{file}, {fault}", file=file, fault=error.message)) from error
    if next(statements, None) is not None:
        raise SourceError(
            message(
                "{file} has more than {limit} triples. Split it into several files.", file=file, limit=MAX_STATEMENTS
            )
        )
    return graph


def _with_context(text: str, file: str) -> str:
    """The JSON-LD text with our context embedded in place of its IRI; other contexts are never fetched.

    Raises:
        SourceError: The text is not JSON, or names a context that is not ours.
    """
    try:
        document = json.loads(text)
        return json.dumps(_with_embedded(document)) if _names_context(document, file) else text
    except JSONDecodeError as error:
        raise not_json(file, error) from error
    except ValueError as error:
        raise number_too_long(file, text) from error
    except RecursionError as error:
        raise SourceError(
            message("{file}: the JSON is nested too deeply to be a project record.", file=file)
        ) from error


def _names_context(document: object, file: str) -> bool:
    """Say whether a document names our context; refuse other contexts, and too many of ours."""
    count = _count_contexts(document, file)
    if count > MAX_CONTEXTS:
        raise SourceError(
            message(
                "{file} has {count} contexts. Write one @context, and put the records in its @graph.",
                file=file,
                count=count,
            )
        )
    return count > 0


def _count_contexts(node: object, file: str) -> int:
    if isinstance(node, list):
        return sum(_count_contexts(item, file) for item in node)
    if not isinstance(node, dict):
        return 0
    named = node.get("@context")
    count = 0
    for context in named if isinstance(named, list) else [named]:
        if isinstance(context, str):
            base = context.removesuffix(CONTEXT_PATH)
            if base == context or not is_web_address(base):
                raise SourceError(
                    message(
                        "{file}: the JSON-LD context {context} is never fetched. Use {address}, or write the context "
                        "itself into the file.",
                        file=file,
                        context=context[:200],
                        address=f"{DEFAULT_BASE}{CONTEXT_PATH}",
                    )
                )
            count += 1
    return count + sum(_count_contexts(value, file) for value in node.values())


def _with_embedded(node: object) -> object:
    if isinstance(node, list):
        return [_with_embedded(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _context(value) if key == "@context" else _with_embedded(value) for key, value in node.items()}


def _context(value: object) -> object:
    if isinstance(value, list):
        return [_context(item) for item in value]
    if not isinstance(value, str):
        return _with_embedded(value)
    return json.loads(jsonld_context(value.removesuffix(CONTEXT_PATH)))


def _record(content: ProjectContent, origin: Origin, places: ValuePlaces) -> Record:
    """The record of one project, with places in the text instead of JSON pointers."""
    start = places.of_subject(content.subject)
    read = read_content(content.keys, origin, Place(places.file, pointer=""))

    def at(place: Place | None) -> Place:
        pointer = place.pointer or "" if place else ""
        while pointer and pointer not in content.sources:
            pointer = pointer.rpartition("/")[0]
        return places.of(*content.sources[pointer]) if pointer else start

    return Record(
        values={
            name: tuple(Value(value.text, at(value.place), value.language) for value in values)
            for name, values in read.values.items()
        },
        origin=origin,
        place=start,
        mentions=tuple(replace(mention, place=at(mention.place)) for mention in read.mentions),
        findings=tuple(finding.at(at(finding.place)) for finding in (*content.findings, *read.findings)),
        stated_origins=read.stated_origins,
    )


def _other_things(graph: Graph, reached: set[str], place: Place) -> tuple[Finding, ...]:
    """An Info with the number of other resources in the graph."""
    others = [subject for subject in graph if subject not in reached]
    if not others:
        return ()
    types = sorted({local_name(str(kind).strip("<>")) for subject in others for kind in graph[subject].get(_TYPE, ())})
    shown = f" ({', '.join(types[:_SHOWN_TYPES])}{' …' if len(types) > _SHOWN_TYPES else ''})" if types else ""
    problem = message(
        "Resources that do not belong to a project were not read: {number}{kinds}.",
        number=len(others),
        kinds=shown,
    )
    return (Finding("otherThings", Severity.INFO, problem, place=place),)
