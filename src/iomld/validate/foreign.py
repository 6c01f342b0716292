"""Anyone's data against anyone's shapes, in a process of its own that can be ended.

Nothing is fetched, nothing is read from disk: imports, remote contexts, other graphs, other endpoints and JavaScript
are refused. Time and memory have limits, since a rule may never end. `open_checker` is what `iomld.workers` is given by
name; a server gives `HANDLER` to its pool, sends `payload(...)` and reads the answer with `findings_of`.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, Quad

from iomld.errors import IomldError, SourceError
from iomld.formats import rdf
from iomld.formats.findings import finding_from_json, finding_to_json
from iomld.iris import SH, local_name
from iomld.model import Finding, Message, Severity, message
from iomld.validate.engines import ENGINES, validate_graphs
from iomld.validate.port import EngineError, GraphResult
from iomld.validate.refusals import context_refusal, shapes_refusal
from iomld.validate.sentences import default_message
from iomld.workers.answer import Answer, AnswerTooLargeError, AnswerWriter, Handler
from iomld.workers.once import run_once
from iomld.workers.orders import WorkerSpec

HANDLER = "iomld.validate.foreign:open_checker"

BASE = "http://upload.invalid/"  # what relative IRIs of data and shapes are resolved against (RFC 2606 section 2)
_ENGLISH = "en"
_HEAD = struct.Struct("=I")


class ShapesError(SourceError):
    """The shapes are the broken part: they cannot be read, ask for what is refused, or cannot be run."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file in some RDF format.

    Attributes:
        name: What people call it; stands before each complaint.
        data: Its bytes.
        format_name: Name of its format, as in `iomld.formats.rdf.by_name`.
    """

    name: str
    data: bytes
    format_name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a check may take.

    Attributes:
        timeout_s: Seconds, start of the process included.
        memory_bytes: Address space beyond what the process has when it starts.
        answer_bytes: Size of all findings together.
    """

    timeout_s: float = 30.0
    memory_bytes: int = 1 << 30
    answer_bytes: int = 32 << 20


def check_graph(
    data: Document, shapes: Document, *, engine: str = "shacl", language: str = _ENGLISH, limits: Limits | None = None
) -> tuple[Finding, ...]:
    """Check a data graph against a shapes graph in a process of its own.

    Args:
        data: The data; where they are in several graphs, their union is checked.
        shapes: The shapes.
        engine: `shacl` or `pyshacl`.
        language: Which messages of the shapes are given; English ones or those without a language else.
        limits: Time and memory.

    Returns:
        One finding a result, in the order of focus node and rule. The rule is the local name of the shape, or of the
        constraint (`minCount`) where the shape has none; a severity of the shapes' own counts as Violation.

    Raises:
        SourceError: Data or shapes cannot be read, ask for what is refused, or cannot be run; the message says where.
        JobTimeoutError: The time was up.
        WorkerCrashedError: Memory ran out.
    """
    allowed = limits or Limits()
    spec = WorkerSpec(HANDLER, memory_limit_bytes=allowed.memory_bytes, max_answer_bytes=allowed.answer_bytes)
    reply = run_once(spec, payload(data, shapes, engine, language), timeout_s=allowed.timeout_s)
    if reply.fault:
        raise SourceError(reply.head.decode())
    return findings_of(reply.read())


def payload(data: Document, shapes: Document, engine: str = "shacl", language: str = _ENGLISH) -> bytes:
    """A check as a worker takes it."""
    head = {
        "engine": engine,
        "language": language,
        "data": [data.name, data.format_name, len(data.data)],
        "shapes": [shapes.name, shapes.format_name],
    }
    text = json.dumps(head).encode()
    return b"".join((_HEAD.pack(len(text)), text, data.data, shapes.data))


def findings_of(body: bytes) -> tuple[Finding, ...]:
    """The findings in a worker's answer."""
    return tuple(map(finding_from_json, json.loads(body)))


def open_checker(argument: str) -> Handler:
    """Open a worker; it needs nothing.

    Args:
        argument: Ignored.
    """
    del argument
    return _answer


def _answer(payload: bytes, writer: AnswerWriter) -> Answer:
    """Write the findings as JSON, or answer a fault with the reason why nothing can be checked."""
    try:
        found = found_in(*_unpacked(payload))
        writer.write(json.dumps([finding_to_json(finding) for finding in found], ensure_ascii=False).encode())
    except IomldError as error:
        return Answer(str(error).encode()[:4000], fault=True)
    except AnswerTooLargeError as error:
        limit = f"The findings are larger than {error.limit_bytes >> 20} MiB together. Check less data at a time."
        return Answer(limit.encode(), fault=True)
    return Answer(b"")


def _unpacked(payload: bytes) -> tuple[Document, Document, str, str]:
    start = _HEAD.size + _HEAD.unpack_from(payload)[0]
    head = json.loads(payload[_HEAD.size : start])
    data_name, data_format, size = head["data"]
    shapes_name, shapes_format = head["shapes"]
    return (
        Document(data_name, payload[start : start + size], data_format),
        Document(shapes_name, payload[start + size :], shapes_format),
        head["engine"],
        head["language"],
    )


def found_in(data: Document, shapes: Document, engine: str, language: str = _ENGLISH) -> tuple[Finding, ...]:
    """The findings, in this process and without limits; for workers.

    Raises:
        ShapesError: The shapes are at fault.
        SourceError: Something else, as `check_graph`.
    """
    shapes_quads = _shapes_of(shapes)
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
    return tuple(sorted(map(_finding, results), key=_position))


def _shapes_of(document: Document) -> list[Quad]:
    try:
        quads = _parsed(document)
    except SourceError as error:
        raise ShapesError(error.message) from error
    refusal = shapes_refusal(quads, document.data.decode(errors="replace"))
    if refusal:
        raise ShapesError(f"{document.name}: {refusal}.")
    return quads


def _parsed(document: Document) -> list[Quad]:
    format_ = rdf.by_name(document.format_name)
    if format_ is None:
        known = ", ".join(format_.name for format_ in rdf.FORMATS)
        raise SourceError(f"{document.name}: {document.format_name!r} is no RDF format; choose one of {known}.")
    refusal = context_refusal(document.data.decode(errors="replace")) if format_ is rdf.JSONLD else None
    if refusal:
        raise SourceError(f"{document.name}: {refusal}.")
    try:
        return list(rdf.parse(document.data, format_, base_iri=BASE))
    except SourceError as error:
        raise SourceError(message("{file}: {fault}.", file=document.name, fault=error.message)) from error


def _in_one_language(quads: Sequence[Quad], language: str) -> Iterator[Quad]:
    """Shapes with the messages of one language where they have it, else English: engines choose each in its way."""
    messages = [quad for quad in quads if quad.predicate.value == f"{SH}message"]
    english = {quad.subject for quad in messages if _language(quad) in (None, _ENGLISH)}
    wanted = {quad.subject for quad in messages if _language(quad) == language}
    kept: dict[object, tuple[str | None, ...]] = dict.fromkeys(english, (None, _ENGLISH))
    kept |= dict.fromkeys(wanted if language != _ENGLISH else (), (language,))
    return (
        quad
        for quad in quads
        if quad.predicate.value != f"{SH}message" or quad.subject not in kept or _language(quad) in kept[quad.subject]
    )


def _language(quad: Quad) -> str | None:
    return quad.object.language if isinstance(quad.object, Literal) else None


def _finding(result: GraphResult) -> Finding:
    constraint = local_name(result.component).removesuffix("ConstraintComponent")
    shape = result.source_shape or ""
    named = shape.startswith("<")
    severity = local_name(result.severity)
    return Finding(
        rule=local_name(shape[1:-1]) if named else constraint[:1].lower() + constraint[1:],
        severity=Severity(severity) if severity in set(Severity) else Severity.VIOLATION,
        message=Message(min(result.messages)) if result.messages else default_message(constraint),
        value=None if result.value is None else _plain(result.value),
        focus_node=_plain(result.focus_node),
        path=None if result.path is None else _simple(result.path),
        language="" if result.messages else _ENGLISH,
    )


def _plain(term: str) -> str:
    """An IRI or a lexical form without its syntax; a blank node as it is written."""
    if term.startswith("<"):
        return term[1:-1]
    if term.startswith("_:"):
        return term
    quad = next(rdf.parse(f"<x:s> <x:p> {term} .", rdf.NTRIPLES))
    return quad.object.value if isinstance(quad.object, Literal) else term


def _simple(path: str) -> str:
    """The IRI of a path of one property; others stay in SPARQL syntax."""
    return path[1:-1] if path.startswith("<") else path


def _position(finding: Finding) -> tuple[str, ...]:
    return (finding.focus_node or "", finding.rule, finding.path or "", finding.value or "", str(finding.message))
