"""Anyone's data against anyone's shapes, in a process of its own that can be ended.

Nothing is fetched, nothing is read from disk: imports, remote contexts, other graphs, other endpoints and JavaScript
are refused. Time and memory have limits, since a rule may never end. `open_checker` is what `iomld.workers` is given by
name; a server gives `HANDLER` to its pool, sends `payload(...)` and reads the answer with `findings_of`.

What anyone's data and shapes may not hold: whatever would make a validator fetch something or run a program.

Each refusal is a sentence that names the file, the line where it can be found, and what to do.

What is said where shapes have no message of their own, by constraint component (SHACL section 4).
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
from iomld.messages import Message, message
from iomld.model import Finding, Severity, finding_from_json, finding_to_json
from iomld.validate.engine import EngineError, GraphResult
from iomld.validate.engines import ENGINES, validate_graphs
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler
from iomld.workers.once import run_once
from iomld.workers.protocol import WorkerSpec

_QUERIES = frozenset(SH + term for term in ("select", "ask", "construct", "update"))
_SKIPPED_OR_WORD = re.compile(
    r"""  <[^<>\s"{}|^`\\]*> | \#[^\n\r]*
        | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3} | "{3}(?:"{0,2}(?:[^"\\]|\\.))*+"{3}
        | '(?:[^'\\\n\r]|\\.)*+' | "(?:[^"\\\n\r]|\\.)*+"
        | [?$:@]\w+ | \w[\w.-]*: [\w.-]*
        | (?P<word>\w+)""",
    re.VERBOSE | re.DOTALL,
)
_CONTEXT = re.compile(r'"@(?:context|import)"\s*:\s*(?:\[[^\[\]"]*)?"(?P<iri>[^"]*)"')


def shapes_refusal(quads: Sequence[Quad], text: str) -> str | None:
    """Why shapes are not run, or None.

    Args:
        quads: The shapes graph.
        text: What it was parsed from.
    """
    if not any(quad.predicate.value.startswith(SH) for quad in quads):
        return "there are no SHACL shapes in it. Choose a file with shapes (http://www.w3.org/ns/shacl#)"
    return next(_imports(quads, text), None) or next(_programs(quads, text), None) or next(_queries(quads, text), None)


def context_refusal(text: str) -> str | None:
    """Why JSON-LD is not read, or None: a context that would have to be fetched."""
    for match in _CONTEXT.finditer(text):
        return (
            f"line {_line(text, match.start())}: the context {json.dumps(match['iri'])} would have to be fetched, and "
            "nothing is fetched here. Write the context into the file"
        )
    return None


def _imports(quads: Iterable[Quad], text: str) -> Iterator[str]:
    """Imports of what the graph itself describes ask for nothing more; others do."""
    described = {quad.subject for quad in quads}
    for quad in quads:
        if quad.predicate.value == f"{OWL}imports" and quad.object not in described:
            where = _where(text, r"owl#imports|\bimports\b")
            yield (
                f"{where}owl:imports names {quad.object}, and nothing is fetched "
                "here. Join the imported shapes to the file and take the import out"
            )


def _programs(quads: Iterable[Quad], text: str) -> Iterator[str]:
    for quad in quads:
        for term in (quad.predicate, quad.object):
            name = local_name(term.value) if isinstance(term, NamedNode) and term.value.startswith(SH) else ""
            if name.startswith(("js", "JS")):
                where = _where(text, rf"\b{name}\b")
                yield f"{where}sh:{name} asks for JavaScript, which is not run here. Write the rule in SHACL or SPARQL"


def _queries(quads: Iterable[Quad], text: str) -> Iterator[str]:
    for quad in quads:
        if quad.predicate.value in _QUERIES and isinstance(quad.object, Literal):
            query = quad.object.value
            for match in _SKIPPED_OR_WORD.finditer(query):
                word = (match["word"] or "").upper()
                if word in {"FROM", "SERVICE"}:
                    start = text.find(query)
                    where = f"line {_line(text, start + match.start())}: " if start >= 0 else ""
                    yield (
                        f"{where}sh:{local_name(quad.predicate.value)} holds {word}, which would ask for other data "
                        f"than the file's. Take {word} out of the query"
                    )


def _where(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    return f"line {_line(text, match.start())}: " if match else ""


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


_SENTENCES: Mapping[str, Message] = {
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
_OTHER = message("A rule of the shapes is not met. Look it up in the shapes.")


def default_message(constraint: str) -> Message:
    """A sentence for a constraint without a message.

    Args:
        constraint: Local name of its component, without `ConstraintComponent`.

    >>> str(default_message("MaxLength"))
    'The value is too long. Shorten it.'
    """
    return _SENTENCES.get(constraint, _OTHER)


HANDLER = "iomld.validate.user_shapes:open_checker"

BASE = "http://upload.invalid/"  # what relative IRIs of data and shapes are resolved against (RFC 2606 section 2)
_ENGLISH = "en"
_HEAD = struct.Struct("=I")


class ShapesError(SourceError):
    """The shapes are the broken part: they cannot be read, ask for what is refused, or cannot be run."""


@dataclass(frozen=True, slots=True)
class UserDocument:
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
class CheckLimits:
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
    data: UserDocument,
    shapes: UserDocument,
    *,
    engine: str = "shacl",
    language: str = _ENGLISH,
    limits: CheckLimits | None = None,
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
    allowed = limits or CheckLimits()
    spec = WorkerSpec(HANDLER, memory_limit_bytes=allowed.memory_bytes, max_answer_bytes=allowed.answer_bytes)
    reply = run_once(spec, payload(data, shapes, engine, language), timeout_s=allowed.timeout_s)
    if reply.fault:
        raise SourceError(reply.head.decode())
    return findings_of(reply.read())


def payload(data: UserDocument, shapes: UserDocument, engine: str = "shacl", language: str = _ENGLISH) -> bytes:
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


def _unpacked(payload: bytes) -> tuple[UserDocument, UserDocument, str, str]:
    start = _HEAD.size + _HEAD.unpack_from(payload)[0]
    head = json.loads(payload[_HEAD.size : start])
    data_name, data_format, size = head["data"]
    shapes_name, shapes_format = head["shapes"]
    return (
        UserDocument(data_name, payload[start : start + size], data_format),
        UserDocument(shapes_name, payload[start + size :], shapes_format),
        head["engine"],
        head["language"],
    )


def found_in(data: UserDocument, shapes: UserDocument, engine: str, language: str = _ENGLISH) -> tuple[Finding, ...]:
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


def _shapes_of(document: UserDocument) -> list[Quad]:
    try:
        quads = _parsed(document)
    except SourceError as error:
        raise ShapesError(error.message) from error
    refusal = shapes_refusal(quads, document.data.decode(errors="replace"))
    if refusal:
        raise ShapesError(f"{document.name}: {refusal}.")
    return quads


def _parsed(document: UserDocument) -> list[Quad]:
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
