"""The fund folder: the settings, lists and shapes of one publisher, and which folder is in use.

The top of the project is the fund folder of the IOM Development Fund; it is in use unless a command names another one.
Data files are looked for in the folder in use first (`iomld.assets`), so whatever is computed from them is cached for
each folder (`cached`). Like the language of a page, the folder in use belongs to the context, not to parameters.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache, wraps
from importlib.resources import files
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from iomld.errors import SettingsError
from iomld.iris import DEFAULT_BASE
from iomld.lexicon.currencies import CURRENCIES
from iomld.messages import ForeignText, Message, message

SETTINGS_FILE = "iomld.toml"
FUND_FILES = ("ontology/fund.ttl", "shapes/fund.ttl")  # about one fund alone: a folder has its own, or none
_LISTS, _SHAPES = "ontology", "shapes"
_OURS = re.compile(r"https?://w3id\.org/iomld(?![\w-])", re.IGNORECASE)
_PREFIX = re.compile(r"\S+-")
_ORGANIZATION_TYPE = re.compile(r"[1-9]0|1[15]|2[1-4]")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_TOML_PLACE = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.DOTALL)
_PARAMETERS = ParamSpec("_PARAMETERS")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, eq=False)
class FundFolder:
    """A fund folder; folders with the same content are equal, wherever they are.

    Attributes:
        path: The folder.
        base: Base of the IRIs of projects, lists and the fund.
        digest: Hash of its files; empty for the project's own, which are told apart by the version of the program.
        publisher: Name of the publisher; None if the folder does not say.
        license: Licence of the records; None if the folder does not say.
        fund: IRI of the publisher's own fund, which funds projects of sources that name nobody; None for nobody.
        iati_prefix: Start of the identifiers of the publisher's activities in IATI; empty if it has none.
        iati_name: Name of the organization that reports to IATI; empty for that of the publisher.
        iati_type: Its code in IATI's list OrganisationType; empty if no IATI file is to be written.
        iati_reporting: `primary`, or `secondary` if the organization of the activities reports them elsewhere.
        iati_dates: `days`, or `years` to write the first or last day of a year of which no day is known.
        page_host: Host of the publisher's web pages of projects, with all hosts below it; empty if it has none.
        currency: Currency (ISO 4217) of amounts that name none; empty for none, None for that of the fund.
        without: Ids of the rules that do not hold for the publisher.
    """

    path: Path
    base: str
    digest: str = ""
    publisher: str | None = None
    license: str | None = None
    fund: str | None = None
    iati_prefix: str = ""
    iati_name: str = ""
    iati_type: str = ""
    iati_reporting: str = "primary"
    iati_dates: str = "days"
    page_host: str = ""
    currency: str | None = None
    without: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Whether the content is the same."""
        return isinstance(other, FundFolder) and self.digest == other.digest

    def __hash__(self) -> int:
        """The hash of the digest."""
        return hash(self.digest)

    @property
    def is_own(self) -> bool:
        """Whether it is the project's own."""
        return not self.digest

    def files(self) -> tuple[str, ...]:
        """Its files that are read, sorted: the settings, lists, shapes and mappings."""
        return _files(self.path)


def read_fund_folder(path: Path) -> FundFolder:
    """Read the settings of a fund folder; its lists and shapes are checked by `iomld.check.fund`.

    Raises:
        SettingsError: Its `iomld.toml` is missing or wrong.
    """
    file = path / SETTINGS_FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        strerror = getattr(error, "strerror", None)
        reason = ForeignText(strerror) if strerror else message("it is not UTF-8")
        problem = message(
            "{file}: cannot be read ({reason}). A fund folder has its settings there.", file=file, reason=reason
        )
        raise SettingsError(problem) from error
    settings = _read_settings(text, file)
    names = _files(path)
    for scheme in settings.pop("schemes", ()):
        if f"{_LISTS}/{scheme}.ttl" not in names:
            absent = message("'schemes': there is no file ontology/{scheme}.ttl. Add it.", scheme=scheme)
            raise SettingsError(located(f"{file}", line_of_key(text, "schemes"), absent))
    digest = hashlib.sha256()
    for name in names:
        content = (path / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return FundFolder(path=path, digest=digest.hexdigest(), **settings)


def _files(path: Path) -> tuple[str, ...]:
    patterns = (SETTINGS_FILE, "*.mapping.toml", f"{_LISTS}/*.ttl", f"{_SHAPES}/*.ttl")
    found = (file for pattern in patterns for file in path.glob(pattern) if file.is_file())
    return tuple(sorted(file.relative_to(path).as_posix() for file in found))


# -- the folder in use --

_in_use: ContextVar[FundFolder | None] = ContextVar("fund folder", default=None)


@cache
def root_folder() -> Path:
    """The folder of the project's data files: inside the installed package, or the root of a checkout."""
    installed = files("iomld").joinpath("files")
    return Path(str(installed)) if installed.is_dir() else Path(__file__).resolve().parents[2]


@cache
def own_folder() -> FundFolder:
    """The project's own fund folder, that of the IOM Development Fund."""
    path = root_folder()
    text = (path / SETTINGS_FILE).read_text(encoding="utf-8")
    return FundFolder(path=path, **_read_settings(text, path / SETTINGS_FILE, is_own=True))


def folder_in_use() -> FundFolder:
    """The fund folder in use."""
    return _in_use.get() or own_folder()


def use_folder(folder: FundFolder) -> None:
    """Use a folder from now on, in a process that has one publisher: a command or a worker."""
    _in_use.set(folder)


@contextmanager
def using(folder: FundFolder) -> Iterator[None]:
    """Use a folder, in the current task and the threads it starts."""
    token = _in_use.set(folder)
    try:
        yield
    finally:
        _in_use.reset(token)


def cached(function: Callable[_PARAMETERS, _Result]) -> Callable[_PARAMETERS, _Result]:
    """Cache the results of a function that reads data files, for the folder in use and the arguments."""

    @lru_cache(maxsize=8)
    def result(folder: FundFolder, *args: _PARAMETERS.args, **kwargs: _PARAMETERS.kwargs) -> _Result:
        del folder
        return function(*args, **kwargs)

    @wraps(function)
    def call(*args: _PARAMETERS.args, **kwargs: _PARAMETERS.kwargs) -> _Result:
        folder = _in_use.get() or own_folder()  # records ask dozens of times, so that a further call would count
        return result(folder, *args, **kwargs)  # type: ignore[arg-type]  # the caller gives what can be hashed

    return call


# -- iomld.toml --


def web_address(text: str) -> str:
    """The address, if it is one that begins with `https://` or `http://`.

    Raises:
        ValueError: It is none.
    """
    if not text.startswith(("http://", "https://")) or any(character in text for character in ' <>"\\\n\t'):
        raise ValueError(message("write an address that begins with https:// or http://"))
    return text


def base_address(text: str) -> str:
    """The address, if it can be the base of IRIs.

    Raises:
        ValueError: It cannot.
    """
    if not web_address(text).endswith("/"):
        raise ValueError(message("end it with a slash"))
    return text


def _other_base(text: str) -> str:
    if _OURS.match(text):
        raise ValueError(
            message("{base} is the base of iomld itself; write an address of the publisher's own", base=DEFAULT_BASE)
        )
    return base_address(text)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError(message("write a text, or leave the key out"))
    return text


def _iati_prefix(text: str) -> str:
    if text and not _PREFIX.fullmatch(text):
        raise ValueError(message('end it with a hyphen ("XM-DAC-5-2-"), or write "" for none'))
    return text


def _iati_type(text: str) -> str:
    if not _ORGANIZATION_TYPE.fullmatch(text):
        raise ValueError(message('write a code of IATI\'s list OrganisationType ("10" to "90")'))
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in words:
            raise ValueError(message("write one of {words}", words=", ".join(f'"{word}"' for word in words)))
        return text

    return check


def _host(text: str) -> str:
    if text and not _HOST.fullmatch(text):
        raise ValueError(message('write the name of a host without https:// ("grants.example"), or "" for none'))
    return text


def _currency(text: str) -> str:
    if text and text not in CURRENCIES:
        raise ValueError(message('write a code of ISO 4217 ("EUR"), or "" for none'))
    return text


_TEXTS: Mapping[str, Callable[[str], str]] = {
    "base": _other_base,
    "publisher": _text,
    "license": web_address,
    "fund": web_address,
    "iati_prefix": _iati_prefix,
    "iati_name": _text,
    "iati_type": _iati_type,
    "iati_reporting": _one_of("primary", "secondary"),
    "iati_dates": _one_of("days", "years"),
    "page_host": _host,
    "currency": _currency,
}
_LISTS_OF_TEXTS = ("schemes", "without")


def _read_settings(text: str, file: Path, *, is_own: bool = False) -> dict[str, Any]:
    """The values of `iomld.toml`, checked."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.fullmatch(str(error))
        fault, line = (place[1], int(place[2])) if place else (str(error), 1)
        problem = message("not valid TOML: {fault}.", fault=ForeignText(fault))
        raise SettingsError(located(f"{file}", line, problem)) from error
    if "base" not in content:
        missing = message("'base' is missing. Write base = \"https://…/\", under which your IRIs are.")
        raise SettingsError(located(f"{file}", 1, missing))
    found: dict[str, Any] = {}
    for key, value in content.items():
        try:
            found[key] = base_address(value) if is_own and key == "base" else _checked(key, value)
        except ValueError as error:
            problem = message("'{key}': {reason}.", key=key, reason=error.args[0])
            raise SettingsError(located(f"{file}", line_of_key(text, key), problem)) from error
    start = f"{found['base']}id/fund/"
    if "fund" in found and not re.fullmatch(re.escape(start) + r"[^/?#]+", found["fund"]):
        problem = message("'fund': write an address that begins with {start}.", start=start)
        raise SettingsError(located(f"{file}", line_of_key(text, "fund"), problem))
    return found


def _checked(key: str, value: object) -> object:
    if key in _TEXTS:
        if not isinstance(value, str):
            raise ValueError(message("write a text in quotation marks"))
        return _TEXTS[key](value)
    if key in _LISTS_OF_TEXTS:
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise ValueError(message('write a list of texts: ["…", "…"]'))
        return tuple(value)
    known = (*_TEXTS, *_LISTS_OF_TEXTS)
    near = get_close_matches(key, known, n=1)
    if near:
        raise ValueError(message("there is no such key; did you mean {near}?", near=near[0]))
    raise ValueError(message("there is no such key; write {known}", known=", ".join(known)))


def located(file: str, line: int, fault: Message) -> Message:
    """A fault with its file and line."""
    return message("{file}, line {line}: {fault}", file=file, line=line, fault=fault)


def line_of_key(text: str, key: str) -> int:
    """The line of a key in `iomld.toml`."""
    match = re.search(rf"^[ \t]*\[*[ \t]*[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return text.count("\n", 0, match.start()) + 1 if match else 1
