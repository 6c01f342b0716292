"""Checks data of users against shapes of users, in a worker process with limits on time and memory.

A rule may never end, so it must be possible to kill the process that runs it. Nothing is fetched and no file is read:
imports, remote JSON-LD contexts, queries of other graphs or endpoints and JavaScript are refused. Each refusal is a
sentence with the file, the line if it can be found, and what to do.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyoxigraph import Literal, Quad

from iomld.errors import IomldError, SourceError
from iomld.formats import rdf
from iomld.iris import SH, local_name
from iomld.messages import ForeignText, Message, message, message_from_json, message_to_json
from iomld.model import Finding, Place, Severity, ValidationResult
from iomld.validate.engine import EngineError, plain, simple_path
from iomld.validate.engines import ENGINES, validate_graphs
from iomld.validate.shape_checks import ILL_FORMED, ShapeWarning, form_warnings, target_warnings
from iomld.validate.shape_restrictions import context_refusal, shapes_refusal
from iomld.validate.targets import FocusNodeCounter, targets_of
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler
from iomld.workers.once import run_once
from iomld.workers.protocol import HEAD_BYTES, WorkerSpec

HANDLER = "iomld.validate.user_shapes:open_checker"

BASE = "http://upload.invalid/"  # base of relative IRIs in data and shapes (RFC 2606 section 2)
_ENGLISH = "en"
_HEAD_SIZE = struct.Struct("=I")
_SHORTENED = 1000  # characters of a message that fit the head of an answer, as JSON writes one with at most 12 bytes

# By constraint component (SHACL section 4), for shapes without messages of their own.
_DEFAULT_MESSAGES: Mapping[str, Message] = {
    "Class": message("The value does not have the required class. Correct the value, or state its class."),
    "Datatype": message("The value does not have the required datatype, or is not valid for it. Correct the value."),
    "NodeKind": message("The value is not the required kind of node (IRI, blank node or literal). Correct the value."),
    "MinCount": message("A value is missing: there are fewer than the shape requires. Add it."),
    "MaxCount": message("There are more values than allowed. Remove the wrong ones."),
    "MinExclusive": message("The value is too small. Correct it."),
    "MinInclusive": message("The value is too small. Correct it."),
    "MaxExclusive": message("The value is too large. Correct it."),
    "MaxInclusive": message("The value is too large. Correct it."),
    "MinLength": message("The value is too short. Correct it."),
    "MaxLength": message("The value is too long. Shorten it."),
    "Pattern": message("The value does not match the required pattern. Correct it."),
    "LanguageIn": message("The text is not in an allowed language. Correct its language tag."),
    "UniqueLang": message("There are several texts in the same language. Keep one for each language."),
    "Equals": message("The values differ from those of the other property. Make them the same."),
    "Disjoint": message("The other property has the same value. Keep it in one of the two."),
    "LessThan": message("The value is not less than that of the other property. Correct one of the two."),
    "LessThanOrEquals": message("The value is greater than that of the other property. Correct one of the two."),
    "Not": message("The value matches what the shape forbids. Correct it."),
    "And": message("The value does not conform to all of the required shapes. Correct it."),
    "Or": message("The value does not conform to any of the alternative shapes. Correct it."),
    "Xone": message("The value must conform to exactly one of the alternative shapes. Correct it."),
    "Node": message("The value does not conform to the required shape. Correct it."),
    "Property": message("The value does not conform to the required shape. Correct it."),
    "QualifiedMinCount": message("Too few values conform to the given shape. Add what is missing."),
    "QualifiedMaxCount": message("Too many values conform to the given shape. Remove the wrong ones."),
    "Closed": message("The shape does not allow this property. Remove or rename it."),
    "HasValue": message("The required value is missing. Add it."),
    "In": message("The value is not in the list of allowed values. Choose one from the list."),
}
CORRECT_SHAPES = message("Correct the shapes, or try the other engine.")
_OTHER_MESSAGE = message("A constraint of the shapes is violated. Look it up in the shapes.")


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


@dataclass(frozen=True, slots=True)
class GraphCheck:
    """What a check of data against shapes found.

    Attributes:
        findings: A finding for each result, sorted by focus node and rule. The rule is the local name of the shape, or
            of the constraint (`minCount`) where the shape has none; severities that the shapes define count as
            Violation.
        focus_nodes: The number of focus nodes of each shape with a target, by shape in N-Triples syntax; None if its
            target is a query, whose nodes only the engine finds.
        warnings: Warnings about the shapes themselves.
        was_run: False if the engine cannot run the shapes because they are ill-formed; a warning says where.
    """

    findings: tuple[Finding, ...]
    focus_nodes: Mapping[str, int | None]
    warnings: tuple[ShapeWarning, ...]
    was_run: bool = True

    def to_json(self) -> bytes:
        """As JSON, for another process; messages are not translated yet."""
        document = {
            "findings": [_finding_to_json(finding) for finding in self.findings],
            "focus_nodes": dict(self.focus_nodes),
            "warnings": [[_finding_to_json(one.finding), one.statement] for one in self.warnings],
            "was_run": self.was_run,
        }
        return json.dumps(document, ensure_ascii=False).encode()


def _check_from_json(body: bytes) -> GraphCheck:
    written = json.loads(body)
    return GraphCheck(
        findings=tuple(map(_finding_from_json, written["findings"])),
        focus_nodes=written["focus_nodes"],
        warnings=tuple(
            ShapeWarning(_finding_from_json(finding), tuple(statement) if statement else None)
            for finding, statement in written["warnings"]
        ),
        was_run=written["was_run"],
    )


def check_graph(
    data: UserDocument,
    shapes: UserDocument,
    *,
    engine: str = "shacl",
    language: str = _ENGLISH,
    limits: CheckLimits | None = None,
) -> GraphCheck:
    """Check a data graph against a shapes graph in a new worker process.

    Args:
        data: The data; of a dataset, the union of its graphs is checked.
        shapes: The shapes.
        engine: `shacl` or `pyshacl`.
        language: Language of the messages of the shapes; where it is missing, English or no language.
        limits: Limits on time, memory and findings.

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
    return _check_from_json(reply.read())


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
        writer.write(checked_graph(*_unpacked(payload)).to_json())
    except IomldError as error:
        return _fault(error.message)
    except AnswerTooLargeError as error:
        mebibytes = error.limit_bytes >> 20
        return _fault(
            message("The findings are larger than {size} MiB in total. Check less data at a time.", size=mebibytes)
        )
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


def checked_graph(data: UserDocument, shapes: UserDocument, engine: str, language: str = _ENGLISH) -> GraphCheck:
    """Check a data graph in this process and without limits, for callers that are workers; see `check_graph`.

    Raises:
        ShapesError: The shapes are at fault.
        SourceError: The data cannot be read, or there is no such engine.
    """
    if engine not in ENGINES:
        raise SourceError(
            message("There is no SHACL engine '{name}'. Choose one of {names}.", name=engine, names=", ".join(ENGINES))
        )
    shapes_quads = list(rdf.numbered(_parsed_shapes(shapes, engine), "s"))
    facts = list(rdf.numbered(_parsed(data), "d"))
    text = shapes.data.decode(errors="replace")
    warnings = form_warnings(shapes_quads, text, shapes.name, _DEFAULT_MESSAGES)
    try:
        results = validate_graphs(
            rdf.serialize(facts, rdf.NTRIPLES),
            rdf.serialize(_in_one_language(shapes_quads, language), rdf.NTRIPLES),
            engine,
        )
    except EngineError as error:
        if any(one.finding.rule == ILL_FORMED for one in warnings):
            return GraphCheck((), {}, tuple(warnings), was_run=False)
        reason = ForeignText(" ".join(str(error).split())[:_SHORTENED].rstrip("."))
        raise ShapesError(
            message("{file}: {reason}. {rest}", file=shapes.name, reason=reason, rest=CORRECT_SHAPES)
        ) from error
    languages = {
        quad.object.value: quad.object.language
        for quad in shapes_quads
        if quad.predicate.value == f"{SH}message" and isinstance(quad.object, Literal) and quad.object.language
    }
    findings = sorted((_finding(result, languages) for result in results), key=_sort_key)
    counter = FocusNodeCounter(targets_of(shapes_quads))
    counter.add(facts)
    counts = counter.by_shape()
    warnings.extend(target_warnings(counts, shapes_quads, shapes.name))
    return GraphCheck(tuple(findings), counts, tuple(warnings))


def _parsed_shapes(document: UserDocument, engine: str) -> list[Quad]:
    try:
        quads = _parsed(document)
    except SourceError as error:
        raise ShapesError(error.message) from error
    refusal = shapes_refusal(quads, document.data.decode(errors="replace"), engine)
    if refusal:
        raise ShapesError(message("{file}: {fault}.", file=document.name, fault=refusal))
    return quads


def _parsed(document: UserDocument) -> list[Quad]:
    format_ = rdf.by_name(document.format_name)
    if format_ is None:
        known = ", ".join(format_.name for format_ in rdf.FORMATS)
        raise SourceError(
            message(
                "{file}: '{name}' is not an RDF format. Choose one of {names}.",
                file=document.name,
                name=document.format_name,
                names=known,
            )
        )
    refusal = context_refusal(document.data.decode(errors="replace")) if format_ is rdf.JSONLD else None
    if refusal:
        raise SourceError(message("{file}: {fault}.", file=document.name, fault=refusal))
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


def _finding(result: ValidationResult, languages: Mapping[str, str]) -> Finding:
    """The finding for a result.

    Args:
        result: The result.
        languages: The language of each message of the shapes that has one.
    """
    constraint = local_name(result.component).removesuffix("ConstraintComponent")
    shape = result.source_shape or ""
    severity = local_name(result.severity)
    is_ours = result.severity.startswith(SH) and severity in set(Severity)
    text = min(result.messages, default="")
    return Finding(
        rule=local_name(shape[1:-1]) if shape.startswith("<") else constraint[:1].lower() + constraint[1:],
        severity=Severity(severity) if is_ours else Severity.VIOLATION,
        message=Message(text) if text else _default_message(constraint),
        value=None if result.value is None else _plain(result.value),
        focus_node=_plain(result.focus_node),
        path=simple_path(result.path) or result.path,
        language=languages.get(text, "") if text else _ENGLISH,
        results=(result,),
    )


def _plain(term: str) -> str:
    """A term without its N-Triples syntax; a blank node keeps it."""
    return term if term.startswith("_:") else plain(rdf.parse_term(term))


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


def _finding_to_json(finding: Finding) -> dict[str, object]:
    """A finding as a JSON object, for another process; its messages are not translated yet."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": message_to_json(finding.message),
        "fix": message_to_json(finding.fix) if finding.fix else None,
        "field": finding.field,
        "value": finding.value,
        "focus_node": finding.focus_node,
        "path": finding.path,
        "place": finding.place,
        "language": finding.language,
        "results": finding.results,
    }


def _finding_from_json(written: Mapping[str, Any]) -> Finding:
    """The finding that `_finding_to_json` wrote."""
    fix, place = written["fix"], written["place"]
    return Finding(
        rule=written["rule"],
        severity=Severity(written["severity"]),
        message=message_from_json(written["message"]),
        fix=message_from_json(fix) if fix else None,
        field=written["field"],
        value=written["value"],
        focus_node=written["focus_node"],
        path=written["path"],
        place=Place(*place) if place else None,
        language=written["language"],
        results=tuple(ValidationResult(*terms)._replace(messages=tuple(terms[-1])) for terms in written["results"]),
    )
