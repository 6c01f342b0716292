"""Checks data of users against shapes of users, in a worker process with limits on time and memory.

A rule may never end, so it must be possible to kill the process that runs it. Nothing is fetched and no file is read:
imports, remote JSON-LD contexts, queries of other graphs or endpoints and JavaScript are refused. Each refusal is a
sentence with the file, the line if it can be found, and what to do.
"""

import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from iomld.errors import IomldError, SourceError
from iomld.formats import rdf
from iomld.iris import OWL, SH, local_name
from iomld.messages import Message, message, message_from_json, message_to_json
from iomld.model import Finding, Severity, finding_from_json, finding_to_json
from iomld.validate.engine import EngineError, GraphResult
from iomld.validate.engines import ENGINES, validate_graphs
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler
from iomld.workers.once import run_once
from iomld.workers.protocol import HEAD_BYTES, WorkerSpec

HANDLER = "iomld.validate.user_shapes:open_checker"

BASE = "http://upload.invalid/"  # base of relative IRIs in data and shapes (RFC 2606 section 2)
_ENGLISH = "en"
_HEAD_SIZE = struct.Struct("=I")
_SHORTENED = 1000  # characters of a message that fit the head of an answer, as JSON writes one with at most 12 bytes

_QUERY_PROPERTIES = frozenset(SH + term for term in ("select", "ask", "construct", "update"))
# Strings, comments, IRIs, variables and names are matched to be ignored.
_TOKEN = re.compile(
    r"""  <[^<>\s"{}|^`\\]*> | \#[^\n\r]*
        | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3} | "{3}(?:"{0,2}(?:[^"\\]|\\.))*+"{3}
        | '(?:[^'\\\n\r]|\\.)*+' | "(?:[^"\\\n\r]|\\.)*+"
        | [?$:@]\w+ | \w[\w.-]*: [\w.-]*
        | (?P<word>\w+)""",
    re.VERBOSE | re.DOTALL,
)
_REMOTE_CONTEXT = re.compile(r'"@(?:context|import)"\s*:\s*(?:\[[^\[\]{}"]*)?"(?P<iri>[^"]*)"')

# By constraint component (SHACL section 4), for shapes without messages of their own.
_DEFAULT_MESSAGES: Mapping[str, Message] = {
    "Class": message("The value is not of the class asked for. Correct the value, or say what class it has."),
    "Datatype": message(
        "The value does not have the datatype asked for, or its form does not fit it. Correct the value."
    ),
    "NodeKind": message("The value is not of the kind asked for (IRI, blank node or literal). Correct the value."),
    "MinCount": message("There are fewer values than asked for. Add what is missing."),
    "MaxCount": message("There are more values than allowed. Keep those that hold."),
    "MinExclusive": message("The value is too small. Correct it."),
    "MinInclusive": message("The value is too small. Correct it."),
    "MaxExclusive": message("The value is too large. Correct it."),
    "MaxInclusive": message("The value is too large. Correct it."),
    "MinLength": message("The value is too short. Correct it."),
    "MaxLength": message("The value is too long. Shorten it."),
    "Pattern": message("The value does not have the form asked for. Correct it."),
    "LanguageIn": message("The text is in none of the languages allowed. Correct its language tag."),
    "UniqueLang": message("There are several texts in one language. Keep one for each language."),
    "Equals": message("The values are not those of the other property. Make both the same."),
    "Disjoint": message("The value stands in the other property as well. Keep it in one of the two."),
    "LessThan": message("The value is not less than that of the other property. Correct one of the two."),
    "LessThanOrEquals": message("The value is greater than that of the other property. Correct one of the two."),
    "Not": message("The value is what the shape rules out. Correct it."),
    "And": message("The value does not fit all the shapes that it must fit. Correct it."),
    "Or": message("The value fits none of the shapes of which it must fit one. Correct it."),
    "Xone": message("The value does not fit exactly one of the shapes given. Correct it."),
    "Node": message("The value does not fit the shape given. Correct it."),
    "Property": message("The value does not fit the shape given. Correct it."),
    "QualifiedMinCount": message("Fewer values than asked for fit the shape given. Add what is missing."),
    "QualifiedMaxCount": message("More values than allowed fit the shape given. Keep those that hold."),
    "Closed": message("The property is not one that the shape allows. Take it out or rename it."),
    "HasValue": message("The value asked for is missing. Add it."),
    "In": message("The value is not in the list given. Choose one of the list."),
}
_OTHER_MESSAGE = message("A rule of the shapes is not met. Look it up in the shapes.")


class ShapesError(SourceError):
    """The shapes are at fault: they cannot be read, contain what is refused, or cannot be run."""


@dataclass(frozen=True, slots=True)
class UserDocument:
    """A file of a user in an RDF format.

    Attributes:
        name: Its name, with which error messages begin.
        data: Its contents.
        format_name: Name of its format, as in `iomld.formats.rdf.by_name`.
    """

    name: str
    data: bytes
    format_name: str


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """The limits of a check.

    Attributes:
        timeout_s: Seconds, including the start of the process.
        memory_bytes: Address space in addition to what the process has mapped when it is ready.
        answer_bytes: Size of all findings as JSON.
    """

    timeout_s: float = 30.0
    memory_bytes: int = 1 << 30
    answer_bytes: int = 32 << 20


def check_graph(
    data: UserDocument,
    shapes: UserDocument,
    *,
    engine: str = "shacl",
    language: str = _ENGLISH,
    limits: CheckLimits | None = None,
) -> tuple[Finding, ...]:
    """Check a data graph against a shapes graph in a new worker process.

    Args:
        data: The data; of a dataset, the union of its graphs is checked.
        shapes: The shapes.
        engine: `shacl` or `pyshacl`.
        language: Language of the messages of the shapes; where it is missing, English or no language.
        limits: Limits on time, memory and findings.

    Returns:
        A finding for each result, sorted by focus node and rule. The rule is the local name of the shape, or of the
        constraint (`minCount`) where the shape has none; severities that the shapes define count as Violation.

    Raises:
        SourceError: Data or shapes cannot be read, contain what is refused, or cannot be run; the message says where.
        JobTimeoutError: The check took too long.
        WorkerCrashedError: Memory ran out.
    """
    limits = limits or CheckLimits()
    spec = WorkerSpec(HANDLER, memory_limit_bytes=limits.memory_bytes, max_answer_bytes=limits.answer_bytes)
    reply = run_once(spec, _payload(data, shapes, engine, language), timeout_s=limits.timeout_s)
    if reply.fault:
        raise SourceError(message_from_json(json.loads(reply.head)))
    return tuple(map(finding_from_json, json.loads(reply.read())))


def _payload(data: UserDocument, shapes: UserDocument, engine: str, language: str) -> bytes:
    """The payload for a check: the size of the head, the head as JSON, data and shapes."""
    head = {
        "engine": engine,
        "language": language,
        "data": [data.name, data.format_name, len(data.data)],
        "shapes": [shapes.name, shapes.format_name],
    }
    text = json.dumps(head).encode()
    return b"".join((_HEAD_SIZE.pack(len(text)), text, data.data, shapes.data))


def open_checker(argument: str) -> Handler:
    """Open the handler of a worker.

    Args:
        argument: Ignored; the handler needs nothing.
    """
    del argument
    return _handle


def _handle(payload: bytes, writer: AnswerWriter) -> Answer:
    """Write the findings as JSON, or return a fault with the reason why there are none."""
    try:
        findings = graph_findings(*_unpacked(payload))
        writer.write(json.dumps([finding_to_json(finding) for finding in findings], ensure_ascii=False).encode())
    except IomldError as error:
        return _fault(error.message)
    except AnswerTooLargeError as error:
        limit = f"The findings are larger than {error.limit_bytes >> 20} MiB together. Check less data at a time."
        return _fault(Message(limit))
    return Answer(b"")


def _fault(reason: Message) -> Answer:
    """A fault with a message as JSON; one too large for the head is worded in English and shortened."""
    head = json.dumps(message_to_json(reason)).encode()
    if len(head) > HEAD_BYTES:
        head = json.dumps(message_to_json(Message(str(reason)[:_SHORTENED]))).encode()
    return Answer(head, fault=True)


def _unpacked(payload: bytes) -> tuple[UserDocument, UserDocument, str, str]:
    start = _HEAD_SIZE.size + _HEAD_SIZE.unpack_from(payload)[0]
    head = json.loads(payload[_HEAD_SIZE.size : start])
    data_name, data_format, size = head["data"]
    shapes_name, shapes_format = head["shapes"]
    return (
        UserDocument(data_name, payload[start : start + size], data_format),
        UserDocument(shapes_name, payload[start + size :], shapes_format),
        head["engine"],
        head["language"],
    )


def graph_findings(
    data: UserDocument, shapes: UserDocument, engine: str, language: str = _ENGLISH
) -> tuple[Finding, ...]:
    """Check a data graph in this process and without limits, for callers that are workers; see `check_graph`.

    Raises:
        ShapesError: The shapes are at fault.
        SourceError: The data cannot be read, or there is no such engine.
    """
    shapes_quads = _parsed_shapes(shapes)
    if engine not in ENGINES:
        raise SourceError(f"There is no SHACL engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    try:
        results = validate_graphs(
            rdf.serialize(_parsed(data), rdf.NTRIPLES),
            rdf.serialize(_in_one_language(shapes_quads, language), rdf.NTRIPLES),
            engine,
        )
    except EngineError as error:
        raise ShapesError(f"{shapes.name}: {error}. Correct the shapes, or try the other engine.") from error
    return tuple(sorted(map(_finding, results), key=_sort_key))


def _parsed_shapes(document: UserDocument) -> list[Quad]:
    try:
        quads = _parsed(document)
    except SourceError as error:
        raise ShapesError(error.message) from error
    refusal = _shapes_refusal(quads, document.data.decode(errors="replace"))
    if refusal:
        raise ShapesError(f"{document.name}: {refusal}.")
    return quads


def _parsed(document: UserDocument) -> list[Quad]:
    format_ = rdf.by_name(document.format_name)
    if format_ is None:
        known = ", ".join(format_.name for format_ in rdf.FORMATS)
        raise SourceError(f"{document.name}: {document.format_name!r} is no RDF format; choose one of {known}.")
    refusal = _context_refusal(document.data.decode(errors="replace")) if format_ is rdf.JSONLD else None
    if refusal:
        raise SourceError(f"{document.name}: {refusal}.")
    try:
        return list(rdf.parse(document.data, format_, base_iri=BASE))
    except SourceError as error:
        raise SourceError(message("{file}: {fault}.", file=document.name, fault=error.message)) from error


def _in_one_language(quads: Sequence[Quad], language: str) -> Iterator[Quad]:
    """The shapes with messages in one language, else in English; engines would each choose in their own way."""
    messages = [quad for quad in quads if quad.predicate.value == f"{SH}message"]
    english = {quad.subject for quad in messages if _language(quad) in (None, _ENGLISH)}
    translated = {quad.subject for quad in messages if _language(quad) == language}
    languages: dict[object, tuple[str | None, ...]] = dict.fromkeys(english, (None, _ENGLISH))
    languages |= dict.fromkeys(translated if language != _ENGLISH else (), (language,))
    return (
        quad
        for quad in quads
        if quad.predicate.value != f"{SH}message"
        or quad.subject not in languages
        or _language(quad) in languages[quad.subject]
    )


def _language(quad: Quad) -> str | None:
    return quad.object.language if isinstance(quad.object, Literal) else None


def _finding(result: GraphResult) -> Finding:
    constraint = local_name(result.component).removesuffix("ConstraintComponent")
    shape = result.source_shape or ""
    is_named = shape.startswith("<")
    severity = local_name(result.severity)
    return Finding(
        rule=local_name(shape[1:-1]) if is_named else constraint[:1].lower() + constraint[1:],
        severity=Severity(severity) if severity in set(Severity) else Severity.VIOLATION,
        message=Message(min(result.messages)) if result.messages else _default_message(constraint),
        value=None if result.value is None else _plain(result.value),
        focus_node=_plain(result.focus_node),
        path=None if result.path is None else _path_without_brackets(result.path),
        language="" if result.messages else _ENGLISH,
    )


def _plain(term: str) -> str:
    """A term without its N-Triples syntax; a blank node keeps it."""
    if term.startswith("<"):
        return term[1:-1]
    if term.startswith("_:"):
        return term
    quad = next(rdf.parse(f"<x:s> <x:p> {term} .", rdf.NTRIPLES))
    return quad.object.value if isinstance(quad.object, Literal) else term


def _path_without_brackets(path: str) -> str:
    """The IRI of a path that is a single property; other paths stay in SPARQL syntax."""
    return path[1:-1] if path.startswith("<") else path


def _sort_key(finding: Finding) -> tuple[str, ...]:
    return (finding.focus_node or "", finding.rule, finding.path or "", finding.value or "", str(finding.message))


def _default_message(constraint: str) -> Message:
    """The message for a constraint of a shape without messages.

    Args:
        constraint: Local name of its component without `ConstraintComponent`.

    >>> str(_default_message("MaxLength"))
    'The value is too long. Shorten it.'
    """
    return _DEFAULT_MESSAGES.get(constraint, _OTHER_MESSAGE)


# -- what shapes and data may not contain --


def _shapes_refusal(quads: Sequence[Quad], text: str) -> str | None:
    """The reason why shapes are refused, or None.

    Args:
        quads: The shapes graph.
        text: The text that it was parsed from.
    """
    if not any(quad.predicate.value.startswith(SH) for quad in quads):
        return "there are no SHACL shapes in it. Choose a file with shapes (http://www.w3.org/ns/shacl#)"
    return next(_imports(quads, text), None) or next(_programs(quads, text), None) or next(_queries(quads, text), None)


def _context_refusal(text: str) -> str | None:
    """The reason why JSON-LD is refused, a context that would have to be fetched, or None."""
    for match in _REMOTE_CONTEXT.finditer(text):
        return (
            f"line {_line(text, match.start())}: the context {json.dumps(match['iri'])} would have to be fetched, and "
            "nothing is fetched here. Write the context into the file"
        )
    return None


def _imports(quads: Iterable[Quad], text: str) -> Iterator[str]:
    """Refuse imports, except of ontologies that the graph itself describes."""
    described = {quad.subject for quad in quads}
    for quad in quads:
        if quad.predicate.value == f"{OWL}imports" and quad.object not in described:
            where = _line_prefix(text, r"owl#imports|\bimports\b")
            yield (
                f"{where}owl:imports names {quad.object}, and nothing is fetched "
                "here. Join the imported shapes to the file and take the import out"
            )


def _programs(quads: Iterable[Quad], text: str) -> Iterator[str]:
    for quad in quads:
        for term in (quad.predicate, quad.object):
            name = local_name(term.value) if isinstance(term, NamedNode) and term.value.startswith(SH) else ""
            if name.startswith(("js", "JS")):
                where = _line_prefix(text, rf"\b{re.escape(name)}(?!\w)")
                yield f"{where}sh:{name} asks for JavaScript, which is not run here. Write the rule in SHACL or SPARQL"


def _queries(quads: Iterable[Quad], text: str) -> Iterator[str]:
    for quad in quads:
        if quad.predicate.value in _QUERY_PROPERTIES and isinstance(quad.object, Literal):
            query = quad.object.value
            for match in _TOKEN.finditer(query):
                word = (match["word"] or "").upper()
                if word in {"FROM", "SERVICE"}:
                    start = text.find(query)
                    where = f"line {_line(text, start + match.start())}: " if start >= 0 else ""
                    yield (
                        f"{where}sh:{local_name(quad.predicate.value)} holds {word}, which would ask for other data "
                        f"than the file's. Take {word} out of the query"
                    )


def _line_prefix(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    return f"line {_line(text, match.start())}: " if match else ""


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
