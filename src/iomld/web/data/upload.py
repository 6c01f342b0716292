"""What is sent to `POST /validate`: the bytes to check, and the shapes to check them against."""

import base64
import binascii
import codecs
import re
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from iomld.i18n import gettext_noop
from iomld.messages import message
from iomld.validate import ENGINES
from iomld.web.problems import ProblemError

PROFILES = ("submission", "published")  # of our own shapes, those that uploads are checked against
PASTED = gettext_noop("pasted text")  # in place of the name of a file
_FORM_MARKS_BYTES = 4096
_MOST_FIELDS = 12
_MOST_HELD = 1024 * 1024  # characters of base64 in a page
_LONGEST_PARAMETER = 16384  # characters of shapes in the address; a form may hold more
_ADDRESS = re.compile(r"<?(?:[A-Za-z][A-Za-z0-9+.-]*:/|www\.|//)\S*")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
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


@dataclass(frozen=True, slots=True)
class Rules:
    """What is checked against.

    Attributes:
        profile: Profile of our own shapes; empty for the usual one.
        name: Name of shapes of the sender's own, for places; empty where ours are asked for.
        data: Their bytes.
        engine: The engine that runs them.
    """

    profile: str = ""
    name: str = ""
    data: bytes = b""
    engine: str = "shacl"

    @property
    def shown(self) -> str:
        """What a page can show of the sender's own shapes."""
        return _text(self.data)


@dataclass(frozen=True, slots=True)
class Held:
    """The same bytes in a form that a field can hold: base64 (RFC 4648 section 4)."""

    data: str
    shapes: str


@dataclass(frozen=True, slots=True)
class UploadChoices:
    """What the fields of a form ask for; empty where they do not.

    Attributes:
        format_name: Form of the report, which is then sent as a file.
        language: Language of the findings.
    """

    format_name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent: the name and the bytes to check, what they are checked against, and what is asked for.

    Attributes:
        name: The file's name, for places.
        data: The bytes.
        rules: What they are checked against.
        asked: What the form asks for.
        max_bytes: Most bytes that may be sent.
    """

    name: str
    data: bytes
    rules: Rules
    asked: UploadChoices = UploadChoices()
    max_bytes: int = _MOST_HELD

    @property
    def held(self) -> Held | None:
        """What a page holds to ask for the same report in other forms; None where it would be too large."""
        held = Held(encoded(self.data), encoded(self.rules.data))
        return held if len(held.data) + len(held.shapes) <= min(_MOST_HELD, self.max_bytes) else None

    @property
    def text(self) -> str:
        """What a page can show of it: nothing, where it is no text."""
        return _text(self.data)


async def read_upload(request: Request, max_bytes: int, *, shapes: str, engine: str) -> Upload:
    """Read a request, counting its bytes.

    Args:
        request: The request: a raw body, or a form with `file` or `text`, and `shapes`.
        max_bytes: Most bytes of all that is sent, shapes included.
        shapes: What the address names or holds as shapes; empty for nothing.
        engine: The engine that the address names; empty for none.

    Raises:
        ProblemError: It is too large, of another type, empty, or ends too early; or its shapes are none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    rules = _rules(shapes, _known_engine(engine), "?shapes=", _LONGEST_PARAMETER)
    counted = Request(request.scope, _counted(request, max_bytes))
    try:
        if kind in FORM_TYPES:
            return await _from_form(counted, max_bytes, rules, engine)
        if kind and kind not in RAW_TYPES:
            raise ProblemError(
                415,
                "media-type",
                message("'{type}' is not read here. Send one of {types}.", type=kind, types=", ".join(RAW_TYPES)),
            )
        return Upload("upload", await counted.body(), _consistent(rules, engine))
    except ClientDisconnect as error:
        detail = message("The upload ended before all of it was sent. Send it again, whole.")
        raise ProblemError(400, "upload-cut", detail) from error


def _counted(request: Request, max_bytes: int) -> Receive:
    """Receive the body and stop where it grows too large; a form's own marks do not count."""
    allowance = max_bytes + _FORM_MARKS_BYTES
    announced = request.headers.get("content-length", "")
    too_large = announced.isascii() and announced.isdigit() and int(announced[:20]) > allowance
    size = 0

    async def receive() -> Message:
        nonlocal size
        if too_large:  # said beforehand: nothing is read
            raise _too_large(max_bytes)
        event = await request.receive()
        size += len(event.get("body", b""))
        if size > allowance:
            raise _too_large(max_bytes)
        return event

    return receive


async def _from_form(request: Request, max_bytes: int, rules: Rules, engine: str) -> Upload:
    async with request.form(max_files=2, max_fields=_MOST_FIELDS, max_part_size=max_bytes) as form:
        chosen = _consistent(await _form_rules(form, rules), engine)
        asked = UploadChoices(_field(form, "format"), _field(form, "lang"))
        file, text, held = form.get("file"), form.get("text"), _field(form, "data")
        if isinstance(file, UploadFile) and file.filename:
            return Upload(file.filename, await file.read(), chosen, asked, max_bytes)
        if held:
            return Upload(_field(form, "name") or "upload", _decoded(held), chosen, asked, max_bytes)
        if isinstance(text, str) and text.strip():
            return Upload(PASTED, text.encode(), chosen, asked, max_bytes)
    raise ProblemError(
        400, "nothing-sent", message("Nothing was sent. Choose a file, or paste records into the field.")
    )


async def _form_rules(form: FormData, rules: Rules) -> Rules:
    """The shapes of a form, sent as a file or as text; else the profile that it names, else those of the address."""
    for shapes in form.getlist("shapes"):
        if isinstance(shapes, UploadFile) and shapes.filename:
            data = await shapes.read()
            return Rules(name=shapes.filename, data=data, engine=rules.engine)
        if isinstance(shapes, str) and shapes.strip():
            return _rules(shapes, rules.engine, "shapes")
    if held := _field(form, "shapes_data"):
        return Rules(name=_field(form, "shapes_name") or "shapes", data=_decoded(held), engine=rules.engine)
    profile = _field(form, "profile")
    if profile and profile not in PROFILES:
        detail = message(
            "There is no profile '{name}'. Choose one of {names}.", name=profile[:40], names=", ".join(PROFILES)
        )
        raise ProblemError(400, "shapes-unknown", detail)
    return Rules(profile=profile, engine=rules.engine) if profile and not rules.name else rules


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def encoded(data: bytes) -> str:
    """Bytes as a field of a form holds them."""
    return base64.b64encode(data).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(400, "field-data", message("A field is not base64. Choose the file again.")) from error


def _rules(text: str, engine: str, where: str, longest: int | None = None) -> Rules:
    """The rules that a text names or holds; never an address.

    Args:
        text: The word of a profile, or shapes.
        engine: The engine asked for.
        where: What held the text, for a sentence.
        longest: Most characters.

    Raises:
        ProblemError: The text is too long, an address, or neither.
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


def _consistent(rules: Rules, engine: str) -> Rules:
    """The rules, unless an engine was asked for that they do not let anybody choose."""
    if engine and not rules.name:
        raise ProblemError(400, "engine", message("?engine= goes with shapes of your own. Send them, or leave it out."))
    return rules


def _text(data: bytes) -> str:
    """What the bytes say as text, as readers take it; nothing where they are none."""
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
