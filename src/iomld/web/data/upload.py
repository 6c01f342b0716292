"""Reads the request of `POST /validate`: the bytes to check, and the shapes or profile to check them against."""

import base64
import codecs
import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from iomld.assets import load_fields
from iomld.fields.form import PREFIX, record_of
from iomld.messages import gettext_noop, message
from iomld.validate import ENGINES
from iomld.web.data.form_parts import SHOWN_FIELD, form_part, text_field
from iomld.web.form_decoder import FORM_TYPE, UrlencodedDecoder, sliced
from iomld.web.problems import ProblemError, media_type_of, unread_type

PROFILES = ("submission", "published")  # of our own shapes that uploads may be checked against
PASTED = gettext_noop("pasted text")  # in place of the name of a file
FORM_RECORD = "record.json"  # in place of the name of a file, for the form of one record
_MULTIPART = "multipart/form-data"
FORM_TYPES = (FORM_TYPE, _MULTIPART)
RAW_TYPES = (
    "application/json",
    "application/ld+json",
    "application/x-ndjson",
    "application/n-quads",
    "application/n-triples",
    "application/rdf+xml",
    "application/trig",
    "application/xml",
    "application/zip",
    "application/gzip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
    "text/csv",
    "text/html",
    "text/plain",
    "text/tab-separated-values",
    "text/turtle",
)

_FORM_OVERHEAD_BYTES = 4096  # boundaries and headers of a multipart form
_MOST_FIELDS = 500  # each code that is chosen in the form of a record is one
_MOST_FILES = 3  # records, shapes, a mapping: a browser sends each input, also without a file
_MOST_ENCODED = 1024 * 1024  # characters of base64 in a page
_LONGEST_PARAMETER = 16384  # characters of shapes in the address; a form may hold more
_FIELDS = frozenset(  # of forms, besides those of a record
    (
        *("text", "data", "name", "profile", "format", "lang", "shapes", "shapes_data", "shapes_name"),
        *("mapping", "mapping_data", "mapping_name", SHOWN_FIELD),
    )
)
_CUT = message("The upload ended before all of it was sent. Send it again, whole.")
_MAPPING_NAME = "mapping"  # of one that is sent as text
_ADDRESS = re.compile(r"<?(?:[A-Za-z][A-Za-z0-9+.-]*:/|www\.|//)\S*")


@dataclass(frozen=True, slots=True)
class Rules:
    """The shapes that an upload is checked against.

    Attributes:
        profile: Profile of our own shapes; empty for the default.
        name: Name of the client's own shapes, for places in findings; empty if our shapes are used.
        data: Bytes of the client's own shapes.
        engine: The engine that validates with them.
    """

    profile: str = ""
    name: str = ""
    data: bytes = b""
    engine: str = "shacl"

    @property
    def shown(self) -> str:
        """The client's own shapes as text."""
        return _text(self.data)


@dataclass(frozen=True, slots=True)
class MappingUpload:
    """The mapping for a table with headings of its own, as it was sent; empty if there is none.

    Attributes:
        name: Name of the file, for messages.
        data: Its bytes.
    """

    name: str = ""
    data: bytes = b""

    @property
    def shown(self) -> str:
        """The mapping as text."""
        return _text(self.data)


@dataclass(frozen=True, slots=True)
class EncodedUpload:
    """An upload, its shapes and its mapping in base64 (RFC 4648, section 4), for hidden fields of a form."""

    data: str
    shapes: str
    mapping: str


@dataclass(frozen=True, slots=True)
class UploadChoices:
    """The choices in the fields of a form; empty if a field is missing.

    Attributes:
        format_name: Format of the report, which is then sent as a file.
        language: Language of the findings.
    """

    format_name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload to check.

    Attributes:
        name: Name of the file, for places in findings.
        data: Its bytes.
        rules: The shapes to check it against.
        choices: The choices in the form.
        mapping: How its table says what our columns say.
        max_bytes: Largest upload.
        fields: The texts in other fields of a form, such as what shows that one of our pages sent it.
    """

    name: str
    data: bytes
    rules: Rules
    choices: UploadChoices = UploadChoices()
    mapping: MappingUpload = MappingUpload()
    max_bytes: int = _MOST_ENCODED
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def encoded(self) -> EncodedUpload | None:
        """The upload for a form that requests the report in other formats; None if it is too large for a page."""
        encoded = EncodedUpload(*map(_base64, (self.data, self.rules.data, self.mapping.data)))
        length = len(encoded.data) + len(encoded.shapes) + len(encoded.mapping)
        return encoded if length <= min(_MOST_ENCODED, self.max_bytes) else None

    @property
    def text(self) -> str:
        """The upload as text; empty for a binary file."""
        return _text(self.data)

    @property
    def record(self) -> Mapping[str, object]:
        """The record, if it comes from the form of one record; otherwise empty."""
        if self.name != FORM_RECORD:
            return {}
        try:
            record = json.loads(self.data)
        except (ValueError, RecursionError):  # a file of that name
            return {}
        return record if isinstance(record, dict) else {}


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What a form was filled in with, as texts, so that a page can show it again.

    Attributes:
        name: Name of the upload, for places.
        text: The records; empty for a binary file.
        shapes: Shapes of the client.
        mapping: A mapping of a table.
        profile: The chosen profile.
        choices: The other choices.
        record: The record in the form of one record.
        fields: The texts in other fields.
    """

    name: str = PASTED
    text: str = ""
    shapes: str = ""
    mapping: str = ""
    profile: str = ""
    choices: UploadChoices = UploadChoices()
    record: Mapping[str, object] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def filled_form(upload: Upload) -> FilledForm:
    """The form with an upload."""
    rules = upload.rules
    return FilledForm(
        upload.name,
        upload.text,
        rules.shown,
        upload.mapping.shown,
        rules.profile,
        upload.choices,
        upload.record,
        upload.fields,
    )


class UploadError(ProblemError):
    """A form that cannot be used as it is filled in.

    Attributes:
        form: What is filled in.
    """

    def __init__(self, problem: ProblemError, form: FilledForm) -> None:
        """Create it from the problem with the form."""
        super().__init__(
            problem.status,
            problem.kind,
            problem.message,
            headers=problem.headers,
            onward=problem.onward,
            **problem.extra,
        )
        self.form = form


async def read_upload(request: Request, max_bytes: int, *, shapes: str, engine: str) -> Upload:
    """Read an upload from a request, within a limit of bytes.

    Args:
        request: The request: a raw body, or a form with `file` or `text`, and `shapes` or `mapping`.
        max_bytes: Most bytes of the upload with its shapes and its mapping.
        shapes: The parameter `shapes` of the address; empty if it is missing.
        engine: The parameter `engine` of the address; empty if it is missing.

    Raises:
        UploadError: What the form holds is empty or invalid.
        ProblemError: The upload is too large, of an unsupported type or incomplete.
    """
    kind = media_type_of(request)
    rules = _rules(shapes, _known_engine(engine), "?shapes=", _LONGEST_PARAMETER)
    counted = Request(request.scope, sliced(_counted(request, max_bytes)))
    try:
        if kind == FORM_TYPE:
            return await _from_form(await _urlencoded_form(counted), max_bytes, rules)
        if kind == _MULTIPART:
            try:
                parsed = await counted.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=max_bytes)
            except ValueError as error:  # of the parser; older versions of Starlette let it through
                raise HTTPException(400, "Invalid multipart data.") from error
            try:
                return await _from_form(parsed, max_bytes, rules)
            finally:
                await parsed.close()
        if kind and kind not in RAW_TYPES:
            raise unread_type(kind, RAW_TYPES)
        return Upload("upload", await counted.body(), rules)
    except ClientDisconnect as error:
        raise ProblemError(400, "upload-cut", _CUT) from error


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request, within a limit of bytes.

    Raises:
        ProblemError: It is too large or incomplete.
    """
    try:
        return await Request(request.scope, _counted(request, max_bytes)).body()
    except ClientDisconnect as error:
        raise ProblemError(400, "upload-cut", _CUT) from error


def _counted(request: Request, max_bytes: int) -> Receive:
    """A `receive` that raises 413 when the body exceeds the limit, not counting the overhead of a form."""
    limit = max_bytes + _FORM_OVERHEAD_BYTES
    announced = request.headers.get("content-length", "")
    too_large = announced.isascii() and announced.isdigit() and int(announced[:20]) > limit
    size = 0

    async def receive() -> Message:
        nonlocal size
        if too_large:  # as announced: nothing is read
            raise _too_large(max_bytes)
        event = await request.receive()
        size += len(event.get("body", b""))
        if size > limit:
            raise _too_large(max_bytes)
        return event

    return receive


async def _urlencoded_form(request: Request) -> FormData:
    decoder = UrlencodedDecoder(_MOST_FIELDS)
    async for data in request.stream():
        decoder.feed(data)
    return FormData([*decoder.fields()])


async def _from_form(form: FormData, max_bytes: int, rules: Rules) -> Upload:
    try:
        return await _form_upload(form, max_bytes, rules)
    except ProblemError as error:
        raise UploadError(error, await _form_texts(form)) from error


async def _form_upload(form: FormData, max_bytes: int, rules: Rules) -> Upload:
    rules = await _form_rules(form, rules)
    mapping = await _form_mapping(form)
    if mapping.data and rules.name:
        detail = message("A mapping is for tables that are checked by our rules. Leave the mapping or the shapes out.")
        raise ProblemError(400, "mapping-and-shapes", detail)
    name, data = await _form_records(form)
    if not data:
        raise ProblemError(
            400, "nothing-sent", message("Nothing was sent. Choose a file, or paste records into the field.")
        )
    return Upload(name, data, rules, _form_choices(form), mapping, max_bytes, _other_fields(form))


async def _form_records(form: FormData) -> tuple[str, bytes]:
    """The name and the bytes of the records of a form: a file, encoded bytes, text, or the inputs of one record."""
    part = await form_part(form, "file", "text", encoded="data")
    if part is None:
        return FORM_RECORD, form_record(record_of(_filled(form), load_fields()))
    is_encoded = bool(text_field(form, "data"))
    return part.name or ("upload" if is_encoded else PASTED), part.data


def form_record(record: Mapping[str, object]) -> bytes:
    """The record of the form of one record, as it is sent on; empty for an empty form."""
    return json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8", "replace") if record else b""


def _form_choices(form: FormData) -> UploadChoices:
    return UploadChoices(text_field(form, "format"), text_field(form, "lang"))


async def _form_texts(form: FormData) -> FilledForm:
    """The texts in a form whose fields may be invalid."""
    name, data = PASTED, text_field(form, "text").encode("utf-8", "replace")
    with contextlib.suppress(ProblemError):
        name, data = await _form_records(form)
    upload = Upload(name, data, Rules())
    return FilledForm(
        name,
        upload.text,
        text_field(form, "shapes"),
        text_field(form, "mapping"),
        text_field(form, "profile"),
        _form_choices(form),
        upload.record,
        _other_fields(form),
    )


async def _form_rules(form: FormData, rules: Rules) -> Rules:
    """Rules of a form: its shapes as a file or as text, else its profile, else the rules of the address."""
    part = await form_part(form, "shapes", encoded="shapes_data")
    if part and (part.name or text_field(form, "shapes_data")):
        return Rules(name=part.name or "shapes", data=part.data, engine=rules.engine)
    if part:
        return _rules(part.data.decode(), rules.engine, "shapes")
    profile = text_field(form, "profile")
    if profile and profile not in PROFILES:
        detail = message(
            "There is no profile '{name}'. Choose one of {names}.", name=profile[:40], names=", ".join(PROFILES)
        )
        raise ProblemError(400, "shapes-unknown", detail)
    return Rules(profile=profile, engine=rules.engine) if profile and not rules.name else rules


def _filled(form: FormData) -> Iterator[tuple[str, str]]:
    """The inputs of the form of a record that are filled in."""
    yield from ((name, value) for name, value in form.multi_items() if isinstance(value, str))


def _other_fields(form: FormData) -> dict[str, str]:
    """The fields that say nothing of the records and their rules; of one that is repeated, the last."""
    return {name: value for name, value in _filled(form) if name not in _FIELDS and not name.startswith(PREFIX)}


async def _form_mapping(form: FormData) -> MappingUpload:
    """The mapping of a form, as a file or as text; empty if there is none."""
    part = await form_part(form, "mapping", encoded="mapping_data")
    return MappingUpload(part.name or _MAPPING_NAME, part.data) if part else MappingUpload()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _rules(text: str, engine: str, where: str, longest: int | None = None) -> Rules:
    """The rules in a text: the name of a profile, or shapes in Turtle, but never an address to fetch.

    Args:
        text: The text.
        engine: The requested engine.
        where: Name of the parameter or field that holds the text, for messages.
        longest: Most characters; None for no limit.

    Raises:
        ProblemError: The text is too long, an address, or neither a profile nor shapes.
    """
    word = text.strip()
    if longest is not None and len(text) > longest:
        detail = message(
            "“{name}” holds more than {longest} characters. Send the shapes in a form, in its field “shapes”.",
            name=where,
            longest=longest,
        )
        raise ProblemError(414, "shapes-too-long", detail)
    if not word or word in PROFILES:
        return Rules(profile=word, engine=engine)
    if _ADDRESS.fullmatch(word):
        detail = message(
            "“{name}” holds an address, and nothing is fetched here. Send the shapes themselves, as Turtle.", name=where
        )
        raise ProblemError(400, "shapes-address", detail)
    if len(word.split()) == 1:
        detail = message(
            "“{name}” holds neither shapes in Turtle nor the name of a profile. Send shapes, or one of {names}.",
            name=where,
            names=", ".join(PROFILES),
        )
        raise ProblemError(400, "shapes-unknown", detail)
    return Rules(name="shapes", data=text.encode(), engine=engine)


def _known_engine(engine: str) -> str:
    name = engine or "shacl"
    if name not in ENGINES:
        detail = message(
            "There is no SHACL engine '{name}'. Ask for one of {names}.", name=name, names=", ".join(ENGINES)
        )
        raise ProblemError(400, "engine", detail)
    return name


def _text(data: bytes) -> str:
    """Bytes decoded as the readers of sources decode them; empty for a binary file."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data or data.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _too_large(max_bytes: int) -> ProblemError:
    detail = message("The upload is larger than {size} bytes. Send fewer records.", size=max_bytes)
    return ProblemError(413, "upload-too-large", detail)
